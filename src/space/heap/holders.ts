import { HeapGraph, type Step } from './graph.js';
import { Ownership } from './ownership.js';
import type { Snapshot } from './snapshot.js';
import { describeHolder, pathText, type HolderKind } from './words.js';

/** One kind of thing that holds a revision. */
export interface Holder {
  kind: HolderKind;
  /** In words, such as `a listener of process 'SIGTERM'`. */
  by: string;
  /** How many such things. */
  count: number;
  /** What of the revision the first of them holds: the name of a function or class, where it has one. */
  held: string;
  /** The way from the root in V8's terms. */
  path: string;
}

export interface HeldRevision {
  label: string;
  /** Bytes that would be free without it; what several revisions share is counted for one of them. */
  bytes: number;
  /** What is nearest to the roots comes first. Empty when nothing holds it any more. */
  holders: Holder[];
}

/** Holders of one revision that are looked at, and kinds of them that are told. */
const MOST_LOOKED_AT = 2_000;
const MOST_TOLD = 12;

/** Who holds revisions that should be gone. @param labels of those revisions */
export function findHolders(snapshot: Snapshot, labels: readonly string[]): HeldRevision[] {
  const graph = new HeapGraph(snapshot);
  const ownership = new Ownership(graph);
  const gone = new Set(labels);
  const isScope = (node: number): boolean => graph.name(node) === 'system / Context' && graph.type(node) === 'object';
  /** The scopes of modules are what all the rest of a revision hangs on. */
  const isGone = (node: number): boolean => {
    if (!isScope(node) && !ownership.tokens.has(node)) return false;
    const owner = ownership.ownerOf(node);
    return owner !== undefined && gone.has(owner);
  };
  const all = graph.reach();
  const others = graph.reach(isGone);
  const holders = new Map(labels.map((label) => [label, new Map<string, Holder>()]));
  const lookedAt = new Map<string, number>();
  for (const node of nearestFirst(graph, others)) {
    const [first, end] = graph.edges(node);
    for (let edge = first; edge < end; edge++) {
      const to = graph.target(edge);
      if (!isGone(to) || !graph.isStrong(node, edge)) continue;
      const label = ownership.ownerOf(to)!;
      const count = (lookedAt.get(label) ?? 0) + 1;
      lookedAt.set(label, count);
      if (count <= MOST_LOOKED_AT) note(holders.get(label)!, [...graph.path(node, others), graph.step(node, edge)]);
    }
  }
  const bytes = retained(graph, ownership, gone, all.by, others.by);
  return labels
    .filter((label) => [...ownership.tokens].some(([node, each]) => each === label && all.by[node] !== -1))
    .map((label) => {
      const found = [...holders.get(label)!.values()];
      return { label, bytes: bytes.get(label) ?? 0, holders: found.length > 0 ? found : [throughAnother(label)] };
    });

  function note(into: Map<string, Holder>, steps: Step[]): void {
    const inside = steps.findIndex(({ to }) => gone.has(ownership.ownerOf(to) ?? ''));
    const { kind, sentence } = describeHolder(graph, steps.slice(0, inside + 1), ownership);
    const known = into.get(sentence);
    if (known) {
      known.count++;
      return;
    }
    if (into.size >= MOST_TOLD) return;
    const held = inside === -1 ? '' : heldName(steps, inside);
    into.set(sentence, { kind, by: sentence, count: 1, held, path: pathText(graph, steps) });
  }

  /** An instance is named by its class, not by the method through which the way happens to go. */
  function heldName(steps: readonly Step[], inside: number): string {
    let at = inside;
    while (steps[at - 1]?.name === '__proto__') at--;
    const node = at < inside ? steps[at]!.from : steps[inside]!.to;
    return isScope(node) ? '' : graph.name(node);
  }

  /** Held by another revision that is held. */
  function throughAnother(label: string): Holder {
    const token = [...ownership.tokens].find(([node, each]) => each === label && all.by[node] !== -1)![0];
    const steps = graph.path(token, all);
    const owner = steps.map(({ to }) => ownership.ownerOf(to)).find((each) => each !== undefined && gone.has(each));
    const by = owner === undefined || owner === label ? 'something without a name' : `${owner}, which is itself held`;
    return { kind: owner === label ? 'unknown' : 'revision', by, count: 1, held: '', path: pathText(graph, steps) };
  }
}

/** Nodes that are alive, in the order in which they are reached from the roots. */
function nearestFirst(graph: HeapGraph, { by, from }: { by: Int32Array; from: Int32Array }): number[] {
  const alive: number[] = [];
  const distance = new Int32Array(graph.size).fill(-1);
  distance[0] = 0;
  const distanceOf = (node: number): number => {
    const way: number[] = [];
    let at = node;
    while (distance[at] === -1) {
      way.push(at);
      at = from[at]!;
    }
    for (let i = way.length - 1; i >= 0; i--) distance[way[i]!] = distance[at]! + way.length - i;
    return distance[node]!;
  };
  for (let node = 0; node < graph.size; node++) {
    if (by[node] === -1) continue;
    distanceOf(node);
    alive.push(node);
  }
  return alive.sort((a, b) => distance[a]! - distance[b]!);
}

/** Bytes that are alive through the scopes of revisions that are gone, and not otherwise. */
function retained(
  graph: HeapGraph,
  ownership: Ownership,
  gone: ReadonlySet<string>,
  all: Int32Array,
  others: Int32Array,
): Map<string, number> {
  const bytes = new Map<string, number>();
  const counted = new Uint8Array(graph.size);
  for (let start = 0; start < graph.size; start++) {
    if (all[start] === -1 || others[start] !== -1 || counted[start] === 1) continue;
    const label = ownership.ownerOf(start);
    if (label === undefined || !gone.has(label)) continue;
    let sum = 0;
    const open = [start];
    counted[start] = 1;
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      sum += graph.bytes(node);
      const [first, end] = graph.edges(node);
      for (let edge = first; edge < end; edge++) {
        const to = graph.target(edge);
        if (counted[to] === 1 || all[to] === -1 || others[to] !== -1 || !graph.isStrong(node, edge)) continue;
        const owner = ownership.ownerOf(to);
        if (owner !== undefined && owner !== label) continue;
        counted[to] = 1;
        open.push(to);
      }
    }
    bytes.set(label, (bytes.get(label) ?? 0) + sum);
  }
  return bytes;
}
