import { RackwattError } from '../../errors.js';

interface Meta {
  node_fields: string[];
  node_types: [string[], ...unknown[]];
  edge_fields: string[];
  edge_types: [string[], ...unknown[]];
}

/** A heap snapshot of V8 as it came: flat arrays of numbers, and strings. */
export interface Snapshot {
  meta: Meta;
  nodes: Uint32Array;
  edges: Uint32Array;
  strings: string[];
}

const SECTIONS = ['"nodes":[', '"edges":[', '"strings":['] as const;
const [ZERO, NINE, END] = [0x30, 0x39, 0x5d];

/**
 * Reads a heap snapshot piece by piece: the text of one is larger than the heap that it shows, and none of it but the
 * strings is kept.
 */
export class SnapshotReader {
  /** Section that is being read or looked for: nodes, edges, strings. */
  #section = 0;
  #inside = false;
  #rest: Buffer = Buffer.alloc(0);
  #meta: Meta | undefined;
  #numbers: [Uint32Array, Uint32Array] = [new Uint32Array(), new Uint32Array()];
  #at = 0;
  #value = 0;
  #hasValue = false;
  readonly #strings: Buffer[] = [];

  push(chunk: Uint8Array): void {
    let data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (data.length > 0) data = this.#inside ? this.#read(data) : this.#find(data);
  }

  /** Looks for the head of the next section. @returns what is left of the data */
  #find(data: Buffer): Buffer {
    const text = Buffer.concat([this.#rest, data]);
    const head = SECTIONS[this.#section]!;
    const at = text.indexOf(head, 0, 'latin1');
    if (at < 0) {
      // Before the nodes stands what says how to read them.
      this.#rest = this.#section === 0 ? text : text.subarray(-head.length);
      return Buffer.alloc(0);
    }
    if (this.#section === 0) this.#begin(text.toString('utf8', 0, at));
    this.#rest = Buffer.alloc(0);
    this.#inside = true;
    this.#at = 0;
    return text.subarray(at + head.length);
  }

  #begin(head: string): void {
    const { snapshot } = JSON.parse(`${head.trimEnd().replace(/,$/, '')}}`) as {
      snapshot: { meta: Meta; node_count: number; edge_count: number };
    };
    this.#meta = snapshot.meta;
    this.#numbers = [
      new Uint32Array(snapshot.node_count * snapshot.meta.node_fields.length),
      new Uint32Array(snapshot.edge_count * snapshot.meta.edge_fields.length),
    ];
  }

  #read(data: Buffer): Buffer {
    if (this.#section === 2) {
      this.#strings.push(Buffer.from(data));
      return Buffer.alloc(0);
    }
    const into = this.#numbers[this.#section as 0 | 1];
    for (let i = 0; i < data.length; i++) {
      const byte = data[i]!;
      if (byte >= ZERO && byte <= NINE) {
        this.#value = this.#value * 10 + byte - ZERO;
        this.#hasValue = true;
        continue;
      }
      if (this.#hasValue) into[this.#at++] = this.#value;
      this.#value = 0;
      this.#hasValue = false;
      if (byte !== END) continue;
      this.#section++;
      this.#inside = false;
      return data.subarray(i + 1);
    }
    return Buffer.alloc(0);
  }

  /** @throws RackwattError `HEAP_SNAPSHOT` when the end is missing */
  end(): Snapshot {
    const text = Buffer.concat(this.#strings).toString();
    const at = text.lastIndexOf(']');
    if (!this.#meta || at < 0) throw new RackwattError('HEAP_SNAPSHOT', 'the heap snapshot ends before its strings');
    const [nodes, edges] = this.#numbers;
    return { meta: this.#meta, nodes, edges, strings: JSON.parse(`[${text.slice(0, at)}]`) as string[] };
  }
}
