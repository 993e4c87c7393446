import type { Snapshot } from './snapshot.js';

/** One reference, from what holds to what is held. */
export interface Step {
  from: number;
  /** `context`, `element`, `property`, `internal`, `hidden`, `shortcut`. */
  kind: string;
  /** Name of the variable or property; an index as text. */
  name: string;
  to: number;
}

const ROOT = 0;

type NodeField = 'type' | 'name' | 'id' | 'self_size' | 'edge_count';
type EdgeField = 'type' | 'name_or_index' | 'to_node';

/** The objects of a heap snapshot and their references. Nodes are numbers, in the order of the snapshot. */
export class HeapGraph {
  readonly size: number;
  readonly #snapshot: Snapshot;
  readonly #nodeWidth: number;
  readonly #edgeWidth: number;
  readonly #field: Record<NodeField, number>;
  readonly #edgeField: Record<EdgeField, number>;
  readonly #nodeTypes: readonly string[];
  readonly #edgeTypes: readonly string[];
  /** Where the edges of a node begin, and one more for the end. */
  readonly #first: Uint32Array;

  constructor(snapshot: Snapshot) {
    const { meta, nodes } = snapshot;
    this.#snapshot = snapshot;
    this.#nodeWidth = meta.node_fields.length;
    this.#edgeWidth = meta.edge_fields.length;
    const place = (fields: string[]) => Object.fromEntries(fields.map((name, at) => [name, at]));
    this.#field = place(meta.node_fields) as Record<NodeField, number>;
    this.#edgeField = place(meta.edge_fields) as Record<EdgeField, number>;
    this.#nodeTypes = meta.node_types[0];
    this.#edgeTypes = meta.edge_types[0];
    this.size = nodes.length / this.#nodeWidth;
    this.#first = new Uint32Array(this.size + 1);
    for (let node = 0; node < this.size; node++)
      this.#first[node + 1] = this.#first[node]! + nodes[node * this.#nodeWidth + this.#field.edge_count]!;
  }

  #of(node: number, field: NodeField): number {
    return this.#snapshot.nodes[node * this.#nodeWidth + this.#field[field]]!;
  }

  /** `object`, `closure`, `string`, `array`, `native`, `hidden`, `synthetic` ... */
  type(node: number): string {
    return this.#nodeTypes[this.#of(node, 'type')] ?? '';
  }

  /** Class of an object, name of a function, text of a string. */
  name(node: number): string {
    return this.#snapshot.strings[this.#of(node, 'name')] ?? '';
  }

  /** Bytes of the object alone. */
  bytes(node: number): number {
    return this.#of(node, 'self_size');
  }

  target(edge: number): number {
    return this.#snapshot.edges[edge * this.#edgeWidth + this.#edgeField.to_node]! / this.#nodeWidth;
  }

  edgeType(edge: number): string {
    return this.#edgeTypes[this.#snapshot.edges[edge * this.#edgeWidth + this.#edgeField.type]!] ?? '';
  }

  edgeName(edge: number): string {
    const value = this.#snapshot.edges[edge * this.#edgeWidth + this.#edgeField.name_or_index]!;
    const type = this.edgeType(edge);
    return type === 'element' || type === 'hidden' ? String(value) : (this.#snapshot.strings[value] ?? '');
  }

  /** First and last-but-one edge of a node. */
  edges(node: number): [number, number] {
    return [this.#first[node]!, this.#first[node + 1]!];
  }

  step(from: number, edge: number): Step {
    return { from, kind: this.edgeType(edge), name: this.edgeName(edge), to: this.target(edge) };
  }

  /** The node that a node refers to by this name. */
  follow(node: number, name: string): number | undefined {
    const [first, end] = this.edges(node);
    for (let edge = first; edge < end; edge++) if (this.edgeName(edge) === name) return this.target(edge);
    return undefined;
  }

  /**
   * What is alive, by shortest ways from the roots.
   * @param blocked nodes that are not gone through
   * @returns for each node the edge by which it was reached, and -1 where it was not; the root's is its own
   */
  reach(blocked: (node: number) => boolean = () => false): { by: Int32Array; from: Int32Array } {
    const by = new Int32Array(this.size).fill(-1);
    const from = new Int32Array(this.size).fill(-1);
    const queue = new Uint32Array(this.size);
    let end = 0;
    queue[end++] = ROOT;
    by[ROOT] = 0;
    for (let at = 0; at < end; at++) {
      const node = queue[at]!;
      const [first, last] = this.edges(node);
      for (let edge = first; edge < last; edge++) {
        const to = this.target(edge);
        if (by[to] !== -1 || !this.isStrong(node, edge) || blocked(to)) continue;
        by[to] = edge;
        from[to] = node;
        queue[end++] = to;
      }
    }
    return { by, from };
  }

  /** Whether what refers also holds. */
  isStrong(from: number, edge: number): boolean {
    const at = edge * this.#edgeWidth;
    const type = this.#edgeTypes[this.#snapshot.edges[at + this.#edgeField.type]!];
    if (type === 'weak') return false;
    if (type !== 'internal') return true;
    // The value of a WeakMap is drawn from its key and from its table; only the key holds it.
    const table = /^\d* ?\/? ?part of key \(.* pair in WeakMap \(table @(\d+)\)$/s.exec(this.edgeName(edge))?.[1];
    return table === undefined || Number(table) !== this.#of(from, 'id');
  }

  /** The way from the root to a node. */
  path(node: number, { by, from }: { by: Int32Array; from: Int32Array }): Step[] {
    const steps: Step[] = [];
    for (let at = node; at !== ROOT && by[at] !== -1; at = from[at]!) steps.push(this.step(from[at]!, by[at]!));
    return steps.reverse();
  }
}
