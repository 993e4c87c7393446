import { createHash } from 'node:crypto';
import { createScanner, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { ConfigurationProblem } from './contract.js';
import { keysOf, pointerOf } from './pointer.js';

export const MAX_BYTES = 8 * 1024 * 1024;
export const MAX_DEPTH = 64;

/** Counts from 1; columns are UTF-16 units, as editors count them. */
export interface Position {
  line: number;
  column: number;
}

/** A configuration file that is sound JSON. What its values mean is not yet looked at. */
export interface ParsedFile {
  readonly text: string;
  /** SHA-256 of the bytes, in hex. */
  readonly revision: string;
  readonly document: unknown;
  /** Root of the syntax tree. */
  readonly tree: Node;
  /** Where a value (or its key) stands; for a value that is not there, the nearest one around it. */
  readonly positionOf: (pointer: string, part?: 'value' | 'key') => Position;
}

export type ParseOutcome =
  | { ok: true; file: ParsedFile; revision: string }
  | { ok: false; problems: ConfigurationProblem[]; revision: string };

/** Digest of a file's bytes, by which a change in between is noticed. */
export function revisionOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Parses strict JSON from outside: bounded in size and depth, no comments, no duplicate keys, no `__proto__`.
 * Gives the first mistake of syntax (what follows one is guesswork), or all forbidden keys.
 */
export function parseFile(content: string | Uint8Array): ParseOutcome {
  const revision = revisionOf(content);
  const fail = (message: string, position: Position, pointer = ''): ParseOutcome => ({
    ok: false,
    revision,
    problems: [{ message, pointer, ...position }],
  });
  const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
  if (bytes > MAX_BYTES)
    return fail(`the file has ${bytes} bytes, more than the ${MAX_BYTES} allowed`, { line: 1, column: 1 });
  let text: string;
  try {
    text =
      typeof content === 'string'
        ? content
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    return fail(
      `the file is not UTF-8 (${(error as Error).name}); save it as UTF-8`,
      positionOfBadByte(content as Uint8Array),
    );
  }
  const lines = new Lines(text);
  if (text.startsWith('\uFEFF'))
    return fail('the file starts with a byte order mark; save it as UTF-8 without one', { line: 1, column: 1 });
  const tooDeep = offsetBelow(text, MAX_DEPTH);
  if (tooDeep !== undefined) return fail(`values are nested more than ${MAX_DEPTH} deep`, lines.positionAt(tooDeep));
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, {
    disallowComments: true,
    allowTrailingComma: false,
    allowEmptyContent: false,
  });
  const first = errors.toSorted((a, b) => a.offset - b.offset)[0];
  if (first !== undefined || tree === undefined) {
    const offset = text.trim() === '' ? 0 : (first?.offset ?? 0);
    return fail(syntaxSentence(text, first, offset, tree), lines.positionAt(offset));
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    return fail(`this is not JSON: ${(error as Error).message}`, lines.positionAt(Number(at ?? 0)));
  }
  const problems = forbiddenKeys(tree, lines);
  if (problems.length > 0) return { ok: false, revision, problems };
  const positionOf = (pointer: string, part: 'value' | 'key' = 'value'): Position => {
    let node = tree;
    for (const key of keysOf(pointer)) {
      const child = childOf(node, key);
      if (child === undefined) return lines.positionAt(node.offset);
      node = child;
    }
    const keyed = part === 'key' && node.parent?.type === 'property' ? node.parent : node;
    return lines.positionAt(keyed.offset);
  };
  return { ok: true, revision, file: { text, revision, document, tree, positionOf } };
}

/** The value of a key in an object, or of an index in an array. */
export function childOf(node: Node, key: string | number): Node | undefined {
  if (node.type === 'array') return /^(0|[1-9]\d*)$/.test(String(key)) ? node.children?.[Number(key)] : undefined;
  if (node.type !== 'object') return undefined;
  return node.children?.find((property) => property.children?.[0]?.value === String(key))?.children?.[1];
}

class Lines {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (const end of text.matchAll(/\r\n|\r|\n/g)) this.#starts.push(end.index + end[0].length);
  }

  positionAt(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1 };
  }
}

/** Looked for before parsing, because the parser recurses. */
function offsetBelow(text: string, limit: number): number | undefined {
  let depth = 0;
  const scanner = createScanner(text, true);
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const start = text[scanner.getTokenOffset()];
    if (start === '{' || start === '[') {
      depth += 1;
      if (depth > limit) return scanner.getTokenOffset();
    } else if (start === '}' || start === ']') depth -= 1;
  }
  return undefined;
}

const SYNTAX: Readonly<Partial<Record<string, string>>> = {
  InvalidSymbol: 'this is no JSON value; text stands in double quotes',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected between a key and its value',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'nothing may follow the closing }',
  InvalidCommentToken: 'comments are not allowed in this file',
  UnexpectedEndOfComment: 'comments are not allowed in this file',
  UnexpectedEndOfString: 'this text is not closed with a double quote',
  UnexpectedEndOfNumber: 'this number ends too early',
  InvalidUnicode: 'this text holds a \\u without four hexadecimal digits',
  InvalidEscapeCharacter: 'this text holds an escape that JSON does not know; write \\\\ for a backslash',
  InvalidCharacter: 'this text holds a control character; write it as an escape such as \\n',
};

/** Where a comma was expected and another bracket is closed, the bracket is what is missing. */
const CLOSES: Readonly<Partial<Record<string, string>>> = { '}': 'CloseBracketExpected', ']': 'CloseBraceExpected' };

function syntaxSentence(text: string, error: ParseError | undefined, offset: number, tree: Node | undefined): string {
  if (text.trim() === '') return 'the file is empty; the smallest one is { "id": "my-node" }';
  const name = error === undefined ? 'InvalidSymbol' : printParseErrorCode(error.error);
  if (name === 'InvalidSymbol' && tree !== undefined && tree.length > 1 && offset >= tree.offset + tree.length)
    return SYNTAX['EndOfFileExpected']!;
  const closed = name === 'CommaExpected' ? CLOSES[text[offset] ?? ''] : undefined;
  const sentence = SYNTAX[closed ?? name] ?? `this is not JSON (${name})`;
  const afterComma = /[}\]]/.test(text[offset] ?? '') && /,\s*$/.test(text.slice(Math.max(0, offset - 200), offset));
  return afterComma ? `${sentence}; no comma may stand after the last entry` : sentence;
}

function forbiddenKeys(tree: Node, lines: Lines): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const visit = (node: Node, path: (string | number)[]): void => {
    if (node.type === 'array') node.children?.forEach((child, index) => visit(child, [...path, index]));
    if (node.type !== 'object') return;
    const seen = new Map<string, Node>();
    for (const property of node.children ?? []) {
      const [name, value] = property.children as [Node, Node];
      const key = String(name.value);
      const pointer = pointerOf(...path, key);
      const twin = seen.get(key);
      if (twin !== undefined) {
        const { line, column } = lines.positionAt(twin.offset);
        problems.push({
          message: `the key ${JSON.stringify(key)} stands here a second time; it is at line ${line}, column ${column} already`,
          pointer,
          ...lines.positionAt(name.offset),
        });
      }
      if (key === '__proto__')
        problems.push({ message: 'the key "__proto__" is not allowed', pointer, ...lines.positionAt(name.offset) });
      seen.set(key, name);
      visit(value, [...path, key]);
    }
  };
  visit(tree, []);
  return problems;
}

function positionOfBadByte(content: Uint8Array): Position {
  const decoder = new TextDecoder('utf-8');
  const before = decoder.decode(content).split('\uFFFD')[0] ?? '';
  return new Lines(before).positionAt(before.length);
}
