import type { Node } from 'jsonc-parser';

const LINE_WIDTH = 120;

/** How the author of a JSON text writes: indent, line ends, blanks. New values follow it. */
export class Style {
  readonly #text: string;
  readonly #eol: string;
  readonly #indent: string;
  /** Blank after colons, commas and inside braces on one line. */
  readonly #blank: string;
  readonly #oneLine: boolean;

  constructor(text: string, root: Node) {
    this.#text = text;
    this.#eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
    const first = root.children?.[0];
    this.#oneLine = !/[\r\n]/.test(text.trim());
    const before =
      first === undefined ? '' : (/[\r\n]([ \t]+)$/.exec(text.slice(root.offset, first.offset))?.[1] ?? '');
    this.#indent = before === '' ? '  ' : before;
    const colon = firstColon(root);
    this.#blank = colon !== undefined && !/\s/.test(text[colon + 1] ?? ' ') ? '' : ' ';
  }

  /** Text of a new value in the place of `node`. */
  replacement(node: Node, value: unknown): string {
    const old = this.#text.slice(node.offset, node.offset + node.length);
    return this.#print(value, this.#indentOf(node.offset), /[\r\n]/.test(old), this.#columnOf(node.offset));
  }

  /** What puts new entries at the end of an object or list. */
  insertion(
    node: Node,
    entries: readonly [key: string, value: unknown][],
  ): { offset: number; length: number; content: string } {
    const last = node.children?.at(-1);
    if (last === undefined) {
      const outer = this.#indentOf(node.offset);
      const inner = outer + this.#indent;
      const lines = entries.map((entry) => this.#entry(node, entry, inner));
      const [open, close, between] = this.#oneLine
        ? [this.#blank, this.#blank, `,${this.#blank}`]
        : [this.#eol + inner, this.#eol + outer, `,${this.#eol}${inner}`];
      return { offset: node.offset + 1, length: node.length - 2, content: open + lines.join(between) + close };
    }
    const gap = /\s*$/.exec(this.#text.slice(node.offset + 1, last.offset))?.[0] ?? '';
    const ownLine = /[\r\n]/.test(gap);
    const indent = ownLine
      ? gap.slice(Math.max(gap.lastIndexOf('\n'), gap.lastIndexOf('\r')) + 1)
      : this.#indentOf(last.offset);
    const before = `,${ownLine ? this.#eol + indent : this.#blank}`;
    return {
      offset: last.offset + last.length,
      length: 0,
      content: entries.map((entry) => before + this.#entry(node, entry, indent)).join(''),
    };
  }

  #entry(node: Node, [key, value]: [string, unknown], indent: string): string {
    const label = node.type === 'array' ? '' : `${JSON.stringify(key)}:${this.#blank}`;
    return label + this.#print(value, indent, false, indent.length + label.length);
  }

  /** On one line where it fits, else an entry a line. */
  #print(value: unknown, indent: string, block: boolean, column: number): string {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    const entries = Object.entries(value);
    if (entries.length === 0) return open + close;
    const label = (key: string): string => (Array.isArray(value) ? '' : `${JSON.stringify(key)}:${this.#blank}`);
    if (!block || this.#oneLine) {
      const pad = Array.isArray(value) ? '' : this.#blank;
      const line =
        open +
        pad +
        entries.map(([key, entry]) => label(key) + this.#print(entry, '', false, -Infinity)).join(`,${this.#blank}`) +
        pad +
        close;
      if (this.#oneLine || column + line.length <= LINE_WIDTH) return line;
    }
    const inner = indent + this.#indent;
    const lines = entries.map(
      ([key, entry]) => inner + label(key) + this.#print(entry, inner, false, inner.length + label(key).length),
    );
    return open + this.#eol + lines.join(`,${this.#eol}`) + this.#eol + indent + close;
  }

  #lineStart(offset: number): number {
    return Math.max(this.#text.lastIndexOf('\n', offset - 1), this.#text.lastIndexOf('\r', offset - 1)) + 1;
  }

  #indentOf(offset: number): string {
    return /^[ \t]*/.exec(this.#text.slice(this.#lineStart(offset), offset))![0];
  }

  #columnOf(offset: number): number {
    return offset - this.#lineStart(offset);
  }
}

function firstColon(node: Node): number | undefined {
  for (const child of node.children ?? []) {
    const colon = child.colonOffset ?? firstColon(child);
    if (colon !== undefined) return colon;
  }
  return undefined;
}
