import { TOKEN_CLASS, TOKEN_VARIABLE } from '../token.js';
import type { HeapGraph, Step } from './graph.js';

const UNKNOWN = 0;
const NOBODY = 1;

/** Which revision a scope or function belongs to: that whose token its outermost scope has. */
export class Ownership {
  readonly #graph: HeapGraph;
  readonly #labels = new Map<number, string>();
  /** By node: unknown, nobody, or two more than the place in the list of owners. */
  readonly #known: Uint32Array;
  readonly #owners: string[] = [];

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    this.#known = new Uint32Array(graph.size);
    for (let node = 0; node < graph.size; node++) {
      if (graph.type(node) !== 'object' || graph.name(node) !== TOKEN_CLASS) continue;
      const label = graph.follow(node, 'label');
      if (label !== undefined && graph.type(label) === 'string') this.#labels.set(node, graph.name(label));
    }
  }

  /** Tokens and their labels. */
  get tokens(): ReadonlyMap<number, string> {
    return this.#labels;
  }

  /** Label of the revision that a token, scope, function or suspended function belongs to. */
  ownerOf(node: number): string | undefined {
    const way: number[] = [];
    let found = NOBODY;
    for (let at: number | undefined = node; at !== undefined; at = this.#outer(at)) {
      if (this.#known[at] !== UNKNOWN) {
        found = this.#known[at]!;
        break;
      }
      const label = this.#labels.get(at);
      if (label !== undefined) {
        found = this.#indexOf(label) + 2;
        break;
      }
      way.push(at);
      if (way.length > 1_000) break;
    }
    for (const each of way) this.#known[each] = found;
    return found < 2 ? undefined : this.#owners[found - 2];
  }

  #indexOf(label: string): number {
    const at = this.#owners.indexOf(label);
    return at >= 0 ? at : this.#owners.push(label) - 1;
  }

  /** One scope further out, or the token. */
  #outer(node: number): number | undefined {
    const graph = this.#graph;
    const isScope = graph.name(node) === 'system / Context' && graph.type(node) === 'object';
    if (!isScope && graph.type(node) !== 'closure' && graph.name(node) !== 'Generator') return undefined;
    let outer: number | undefined;
    const [first, end] = graph.edges(node);
    for (let edge = first; edge < end; edge++) {
      const name = graph.edgeName(edge);
      if (isScope && name === TOKEN_VARIABLE) return graph.target(edge);
      if (name === (isScope ? 'previous' : 'context') && graph.edgeType(edge) === 'internal')
        outer = graph.target(edge);
    }
    return outer;
  }

  /** The file of the function through which the way comes into a scope. */
  scriptOf(steps: readonly Step[], at: number): string {
    const graph = this.#graph;
    for (let i = at; i >= 0; i--) {
      const { from } = steps[i]!;
      if (graph.type(from) !== 'closure') continue;
      const shared = graph.follow(from, 'shared');
      const script = shared === undefined ? undefined : graph.follow(shared, 'script');
      const name = script === undefined ? undefined : graph.follow(script, 'name');
      if (name !== undefined && graph.type(name) === 'string' && graph.name(name) !== '') return graph.name(name);
      break;
    }
    return 'Node, the container or a package that all share';
  }
}
