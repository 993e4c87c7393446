import { isDeepStrictEqual } from 'node:util';
import type { Node } from 'jsonc-parser';
import type { ConfigurationEdit, ConfigurationProblem } from './contract.js';
import { MAX_DEPTH, childOf, parseFile } from './file.js';
import { pointerOf } from './pointer.js';
import { Style } from './style.js';

export type EditOutcome = { ok: true; text: string } | { ok: false; problems: ConfigurationProblem[] };

type Key = string | number;

interface Splice {
  offset: number;
  length: number;
  content: string;
}

/**
 * Changes values in the text of a JSON file and nothing else: every byte that does not belong to a changed value, its
 * key or its comma stays. New values are written the way their neighbours are.
 */
export function editText(text: string, edits: readonly ConfigurationEdit[]): EditOutcome {
  let current = text;
  let rest = edits;
  while (rest.length > 0) {
    const parsed = parseFile(current);
    if (!parsed.ok) return parsed;
    const batch = new Batch(current, parsed.file.tree);
    let taken = 0;
    while (taken < rest.length) {
      const verdict = batch.take(rest[taken]!);
      if (verdict === 'later') break;
      if (verdict !== 'taken')
        return {
          ok: false,
          problems: [
            { message: verdict.message, pointer: verdict.pointer, ...parsed.file.positionOf(verdict.pointer) },
          ],
        };
      taken += 1;
    }
    current = batch.apply();
    rest = rest.slice(taken);
  }
  const result = parseFile(current);
  return result.ok ? { ok: true, text: current } : result;
}

/** Edits bytes only when they are text: decoding others would lose some. */
export function editBytes(content: Uint8Array, edits: readonly ConfigurationEdit[]): EditOutcome {
  const parsed = parseFile(content);
  return parsed.ok ? editText(parsed.file.text, edits) : parsed;
}

interface Refusal {
  message: string;
  pointer: string;
}

/** Edits that do not touch each other, so that one syntax tree serves them all: importing 800 devices parses twice. */
class Batch {
  readonly #text: string;
  readonly #tree: Node;
  readonly #style: Style;
  readonly #splices: Splice[] = [];
  readonly #added = new Map<Node, [key: string, value: unknown][]>();
  readonly #removed = new Map<Node, Set<Node>>();
  readonly #touched = new Set<string>();
  readonly #around = new Set<string>();
  #sealed = false;

  constructor(text: string, tree: Node) {
    this.#text = text;
    this.#tree = tree;
    this.#style = new Style(text, tree);
  }

  take(edit: ConfigurationEdit): 'taken' | 'later' | Refusal {
    if (this.#sealed) return 'later';
    if (edit.value !== undefined && !isJson(edit.value)) {
      const pointer = pointerOf(...edit.path);
      return { message: `the value for ${pointer} cannot be written as JSON`, pointer };
    }
    let node = this.#tree;
    for (const [depth, key] of edit.path.entries()) {
      if (this.#touched.has(pointerOf(...edit.path.slice(0, depth + 1)))) return 'later';
      const child = childOf(node, key);
      if (child === undefined) return this.#takeMissing(edit, node, depth);
      node = child;
    }
    const pointer = pointerOf(...edit.path);
    if (this.#touched.has(pointer) || this.#around.has(pointer)) return 'later';
    return edit.value === undefined ? this.#remove(edit, node) : this.#replace(edit, node);
  }

  apply(): string {
    for (const [node, entries] of this.#added) this.#splices.push(this.#style.insertion(node, entries));
    for (const [node, gone] of this.#removed) this.#splices.push(...removals(node, gone));
    const parts: string[] = [];
    let end = 0;
    for (const splice of this.#splices.sort((a, b) => a.offset - b.offset)) {
      parts.push(this.#text.slice(end, splice.offset), splice.content);
      end = splice.offset + splice.length;
    }
    return parts.join('') + this.#text.slice(end);
  }

  #takeMissing(edit: ConfigurationEdit, node: Node, depth: number): 'taken' | 'later' | Refusal {
    const here = edit.path.slice(0, depth);
    if (node.type !== 'object' && node.type !== 'array') {
      return {
        message: `${pointerOf(...here)} is no object or list, so nothing can be set in it`,
        pointer: pointerOf(...here),
      };
    }
    if (edit.value === undefined) return 'taken';
    if (this.#removed.has(node)) return 'later';
    const key = edit.path[depth]!;
    const value = wrapped(edit.path.slice(depth + 1), edit.value);
    if (node.type === 'array') {
      const length = node.children?.length ?? 0;
      if (String(key) !== String(length)) {
        return {
          message: `${pointerOf(...here)} has ${length} entries; the next one is ${length}, not ${String(key)}`,
          pointer: pointerOf(...here),
        };
      }
      this.#sealed = true;
    }
    const entries = this.#added.get(node) ?? [];
    entries.push([String(key), value]);
    this.#added.set(node, entries);
    this.#mark(edit.path.slice(0, depth + 1));
    return 'taken';
  }

  #replace(edit: ConfigurationEdit, node: Node): 'taken' {
    const old: unknown = JSON.parse(this.#text.slice(node.offset, node.offset + node.length));
    if (!isDeepStrictEqual(old, JSON.parse(JSON.stringify(edit.value)))) {
      this.#splices.push({
        offset: node.offset,
        length: node.length,
        content: this.#style.replacement(node, edit.value),
      });
    }
    this.#mark(edit.path);
    return 'taken';
  }

  /** Neighbours share a comma, so what goes from one object goes together; in a list every later index moves, so one goes alone. */
  #remove(edit: ConfigurationEdit, value: Node): 'taken' | 'later' | Refusal {
    if (edit.path.length === 0) return { message: 'the whole document cannot be removed', pointer: '' };
    const node = value.parent?.type === 'property' ? value.parent : value;
    const parent = node.parent!;
    if (this.#added.has(parent)) return 'later';
    if (parent.type === 'array') {
      if (this.#touched.size > 0) return 'later';
      this.#sealed = true;
    }
    const removed = this.#removed.get(parent) ?? new Set();
    this.#removed.set(parent, removed.add(node));
    this.#mark(edit.path);
    return 'taken';
  }

  #mark(path: readonly Key[]): void {
    this.#touched.add(pointerOf(...path));
    for (let depth = 0; depth < path.length; depth += 1) this.#around.add(pointerOf(...path.slice(0, depth)));
  }
}

/** Cuts entries out of an object or list, each run of them with one comma. */
function removals(node: Node, gone: ReadonlySet<Node>): Splice[] {
  const entries = node.children!;
  const end = (entry: Node): number => entry.offset + entry.length;
  const splices: Splice[] = [];
  for (let first = 0; first < entries.length; first += 1) {
    if (!gone.has(entries[first]!)) continue;
    let last = first;
    while (last + 1 < entries.length && gone.has(entries[last + 1]!)) last += 1;
    const [before, after] = [entries[first - 1], entries[last + 1]];
    const from = after ? entries[first]!.offset : before ? end(before) : node.offset + 1;
    const to = after ? after.offset : before ? end(entries[last]!) : end(node) - 1;
    splices.push({ offset: from, length: to - from, content: '' });
    first = last;
  }
  return splices;
}

/** Only what JSON carries without loss; prototypes do not count, since values come from other module spaces. */
function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((entry) => isJson(entry, depth + 1));
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  return Object.values(value).every((entry) => entry === undefined || isJson(entry, depth + 1));
}

/** Objects and lists that a path needs around its value. */
function wrapped(path: readonly Key[], value: unknown): unknown {
  return path.reduceRight<unknown>(
    (inner, key) =>
      typeof key === 'number' ? (key === 0 ? [inner] : { [key]: inner }) : Object.fromEntries([[key, inner]]),
    value,
  );
}
