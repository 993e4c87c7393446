import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { ReferenceDescription } from 'rackwatt';
import { rackwatt, TestContainer } from '../support/container.js';

const { component, contract, many, one, optional } = rackwatt;

interface Edge {
  /** Of whom; made a node before the one that refers to it, so that the graph has no circle. */
  to: number;
  kind: 'one' | 'optional' | 'many' | 'some';
  dynamic: boolean;
}

interface Node {
  /** Several may provide the same. */
  provides: number;
  edges: Edge[];
  /** Refers to any contract, also of those that refer to it: optional and dynamic, so that nobody waits for it. */
  back: number | undefined;
  slow: boolean;
}

type Step = { node: number; up: boolean };

const CONTRACTS = Array.from({ length: 8 }, (_, i) => contract<object>(`graph/C${i}`, { major: 1, local: true }));

const edge = fc.record<Edge>({
  to: fc.nat({ max: CONTRACTS.length - 1 }),
  kind: fc.constantFrom('one', 'optional', 'many', 'some'),
  dynamic: fc.boolean(),
});
const node = fc.record<Node>({
  provides: fc.nat({ max: CONTRACTS.length - 1 }),
  edges: fc.array(edge, { maxLength: 3 }),
  back: fc.option(fc.nat({ max: CONTRACTS.length - 1 }), { nil: undefined }),
  slow: fc.boolean(),
});

/** A graph, two orders in which the same of its components are started in the end, and what else is started and stopped on the way. */
const scenario = fc.array(node, { minLength: 5, maxLength: 16, size: 'max' }).chain((nodes) => {
  const all = nodes.map((_, i) => i);
  const step = fc.record<Step>({ node: fc.constantFrom(...all), up: fc.boolean() });
  const way = fc.record({
    detours: fc.array(step, { maxLength: 10 }),
    order: fc.shuffledSubarray(all, { minLength: all.length }),
    awaited: fc.boolean(),
  });
  return fc.record({
    nodes: fc.constant(nodes),
    started: fc.subarray(all, { minLength: 1 }),
    ways: fc.tuple(way, way),
  });
});

function referenceOf({ to, kind, dynamic }: Edge): ReferenceDescription {
  const of = CONTRACTS[to]!;
  const options = { greedy: true, ...(dynamic ? { dynamic } : {}) } as { greedy: true };
  if (kind === 'one') return one(of, options);
  if (kind === 'optional') return optional(of, options);
  return many(of, kind === 'some' ? { ...options, atLeastOne: true } : options);
}

/** Each a component of a bundle of its own, started and stopped by its number. */
class Graph {
  readonly #c: TestContainer;
  readonly #nodes: readonly Node[];
  readonly #up = new Map<number, ReturnType<TestContainer['components']>>();

  constructor(t: TestContext, nodes: readonly Node[]) {
    this.#c = new TestContainer(t);
    this.#nodes = nodes;
  }

  start(i: number): void {
    if (this.#up.has(i)) return;
    const { provides, edges, back, slow } = this.#nodes[i]!;
    const references = edges.filter(({ to }) => to < provides).map(referenceOf);
    if (back !== undefined) references.push(referenceOf({ to: back, kind: 'many', dynamic: true }));
    const definition = component({
      name: `n${i}`,
      provides: CONTRACTS[provides]!,
      properties: { who: i, 'service.ranking': i },
      references: Object.fromEntries(references.map((reference, k) => [`r${k}`, reference])),
      activate: (): object | Promise<object> => (slow ? new Promise((resolve) => setImmediate(() => resolve({}))) : {}),
    });
    this.#up.set(i, this.#c.components(`b${i}`, definition));
  }

  async stop(i: number): Promise<void> {
    const set = this.#up.get(i);
    this.#up.delete(i);
    if (set) await this.#c.framework.components.remove(set);
  }

  /** By component: its state, and the numbers of those that its references hold. */
  async bindings(): Promise<Record<string, unknown>> {
    await this.#c.settled();
    const told = this.#c.framework.components.instances().map(({ name, state, bindings }) => {
      const held = bindings.map((binding) => binding.boundReferences().map((reference) => reference.property('who')));
      return [name, { state, held: held.map((whos) => whos.toSorted((a, b) => Number(a) - Number(b))) }] as const;
    });
    return Object.fromEntries(told.toSorted(([a], [b]) => a.localeCompare(b)));
  }
}

test('whatever the order in which components start and stop, they end with the same bindings (property)', async (t) => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ nodes, started, ways }) => {
      const ends: unknown[] = [];
      for (const { detours, order, awaited } of ways) {
        const graph = new Graph(t, nodes);
        for (const { node: i, up } of detours) await (up ? graph.start(i) : graph.stop(i));
        for (const i of order) {
          if (started.includes(i)) graph.start(i);
          else if (awaited) await graph.stop(i);
          else void graph.stop(i);
        }
        ends.push(await graph.bindings());
      }
      assert.deepEqual(ends[0], ends[1]);
    }),
    { numRuns: 150 },
  );
});
