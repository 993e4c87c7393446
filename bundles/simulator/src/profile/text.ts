/** A text that has to match a regular expression, with what its groups have to hold, by name or number. */
export interface Wanted {
  pattern: string;
  groups?: Readonly<Record<string, string>>;
}

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'set'; source: string }
  | { kind: 'all'; nodes: Node[] }
  | { kind: 'one'; nodes: Node[] }
  | { kind: 'group'; names: string[]; node: Node }
  | { kind: 'repeat'; node: Node; least: number; most: number };

/** Letters that sets of characters are filled from. */
const LETTERS = 'a1 -A0._:/x%#2'.split('');
const MOST_TRIES = 60;

const made = new Map<string, string | undefined>();

/**
 * A text that matches all of these patterns and captures what is wanted, made of the patterns' own letters; undefined when none is
 * found. Look-around and back references are not followed, only tested at the end.
 */
export function textMatching(wanted: readonly Wanted[], words = ''): string | undefined {
  const key = JSON.stringify([wanted, words]);
  if (!made.has(key)) made.set(key, search(wanted, words));
  return made.get(key);
}

/** Whether a text matches and captures what is wanted. */
export function fits(text: string, { pattern, groups = {} }: Wanted): boolean {
  const match = new RegExp(pattern).exec(text);
  if (!match) return false;
  return Object.entries(groups).every(([name, value]) => (match.groups?.[name] ?? match[Number(name)]) === value);
}

function search(wanted: readonly Wanted[], words: string): string | undefined {
  const nodes = wanted.map(({ pattern }) => parse(pattern));
  const order = [...wanted.keys()].toSorted((a, b) => rank(wanted[a]!) - rank(wanted[b]!));
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const fitting = (text: string) => wanted.every((each) => fits(text, each));
    const pieces: string[] = [];
    for (const i of order) {
      const piece = write(nodes[i]!, wanted[i]!.groups ?? {}, { attempt, place: 0 });
      if (!pieces.some((text) => fits(text, wanted[i]!))) pieces.push(piece);
    }
    const first = wanted.some(({ pattern }) => pattern.startsWith('^'));
    const texts =
      words === '' ? [pieces] : first ? [[...pieces, words], pieces] : [[words, ...pieces], [...pieces, words], pieces];
    for (const list of texts) if (fitting(list.join(' '))) return list.join(' ');
    for (const piece of pieces) if (fitting(piece)) return piece;
  }
  return undefined;
}

/** What has to begin the text comes first, what has to end it last. */
const rank = ({ pattern }: Wanted): number => (pattern.startsWith('^') ? 0 : pattern.endsWith('$') ? 2 : 1);

interface Writing {
  attempt: number;
  /** Choices made so far. */
  place: number;
}

/** One of `count`: the first at the first attempt, others later. */
function choose(writing: Writing, count: number): number {
  writing.place++;
  return writing.attempt === 0 ? 0 : (writing.attempt * (2 * writing.place + 1) + (writing.attempt >> 2)) % count;
}

function write(node: Node, groups: Readonly<Record<string, string>>, writing: Writing): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'set': {
      const set = new RegExp(`^${node.source}$`);
      const letters = LETTERS.filter((letter) => set.test(letter));
      return letters[choose(writing, letters.length)] ?? '';
    }
    case 'all':
      return node.nodes.map((each) => write(each, groups, writing)).join('');
    case 'one': {
      const holding = node.nodes.filter((each) => holds(each, groups));
      const nodes = holding.length > 0 ? holding : node.nodes;
      return write(nodes[choose(writing, nodes.length)]!, groups, writing);
    }
    case 'group': {
      const given = node.names.map((name) => groups[name]).find((text) => text !== undefined);
      return given ?? write(node.node, groups, writing);
    }
    case 'repeat': {
      const least = Math.max(node.least, holds(node.node, groups) ? 1 : 0);
      const times = Math.min(node.most, least + choose(writing, 3));
      return Array.from({ length: times }, () => write(node.node, groups, writing)).join('');
    }
  }
}

/** Whether a wanted group lies in it. */
function holds(node: Node, groups: Readonly<Record<string, string>>): boolean {
  if (node.kind === 'group') return node.names.some((name) => groups[name] !== undefined) || holds(node.node, groups);
  if (node.kind === 'repeat') return holds(node.node, groups);
  return (node.kind === 'all' || node.kind === 'one') && node.nodes.some((each) => holds(each, groups));
}

const TOKEN =
  /(?<assertion>\^|\$|\\[bB])|(?<look>\(\?<?[=!])|(?<open>\((?:\?<(?<name>\w+)>|\?[a-z]*:)?)|(?<close>\))|(?<or>\|)|(?<set>\[(?:\\.|[^\]\\])*\]|\\[dDwWsS]|\.)|(?<code>\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4})|\\(?<escaped>.)|(?<letter>.)/suy;
const QUANTIFIER = /(?:(?<sign>[*+?])|\{(?<least>\d+)(?<open>,(?<most>\d*))?\})\??/y;
const MOST_REPEATED = 8;

/** The parts of regular expressions that profiles use. */
function parse(source: string): Node {
  let at = 0;
  let count = 0;
  return alternatives();

  function alternatives(): Node {
    const nodes: Node[] = [];
    let sequence: Node[] = [];
    for (;;) {
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(source);
      if (token) at = TOKEN.lastIndex;
      const kind = token?.groups ?? { close: ')' };
      if (kind['close'] || kind['or']) {
        nodes.push({ kind: 'all', nodes: sequence });
        sequence = [];
        if (kind['close']) return nodes.length === 1 ? nodes[0]! : { kind: 'one', nodes };
        continue;
      }
      const node = nodeOf(kind);
      if (node) sequence.push(quantified(node));
    }
  }

  function nodeOf(kind: Readonly<Record<string, string | undefined>>): Node | undefined {
    if (kind['assertion']) return undefined;
    if (kind['look']) {
      alternatives();
      return undefined;
    }
    if (kind['open']) {
      const names = kind['open'] === '(' || kind['name'] ? [String(++count)] : [];
      if (kind['name']) names.push(kind['name']);
      return { kind: 'group', names, node: alternatives() };
    }
    if (kind['set']) return { kind: 'set', source: kind['set'] };
    if (kind['code']) return { kind: 'text', text: String.fromCharCode(Number.parseInt(kind['code'].slice(2), 16)) };
    return { kind: 'text', text: kind['escaped'] ?? kind['letter']! };
  }

  function quantified(node: Node): Node {
    QUANTIFIER.lastIndex = at;
    const found = QUANTIFIER.exec(source)?.groups;
    if (!found) return node;
    at = QUANTIFIER.lastIndex;
    const least = found['sign'] ? (found['sign'] === '+' ? 1 : 0) : Number(found['least']);
    const most =
      found['sign'] === '?' ? 1 : found['least'] && !found['open'] ? least : Number(found['most'] || Infinity);
    return { kind: 'repeat', node, least, most: Math.min(most, Math.max(least, MOST_REPEATED)) };
  }
}
