import assert from 'node:assert/strict';
import { rackwatt, type TestContainer } from '../support/container.js';
import { Meter, meters } from './meters.js';
import { bothStyles, type Described, type Style } from './styles.js';

type Live = import('rackwatt').Live<unknown>;
type ReferenceDescription = import('rackwatt').ReferenceDescription;

const { contract, many, one, optional } = rackwatt;
const named = (name: string) => contract<object>(`test/${name}`, { major: 1, local: true });

bothStyles(225, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const node = (name: string, references: Record<string, ReferenceDescription>): Described => {
    const described = {
      name,
      references,
      provides: named(name) as never,
      deactivate: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(name);
      },
    };
    return style.component(described);
  };
  const users = Array.from({ length: 20 }, (_, i) => `user${i}`);
  const components = [
    ...users.map((name) => node(name, { meter: one(Meter) })),
    // Each depends on a user, on the next, and on the meter itself.
    ...users.map((name, i) =>
      node(`of ${name}`, {
        users: one(named(name)),
        next: one(named(users[(i + 1) % users.length]!)),
        meter: many(Meter, { atLeastOne: true }),
      }),
    ),
    node('last', Object.fromEntries(users.map((name) => [name, one(named(`of ${name}`))]))),
  ];
  const meter = register('only');
  const bundle = await style.start(c, 'hub', ...components);
  await c.settled();
  const names = components.map(({ name }) => name);
  for (const name of names) assert.equal(c.state(name), 'active', name);
  const once = (): void => {
    assert.deepEqual(seen.toSorted(), names.toSorted(), 'each once');
    assert.equal(seen[0], 'last', 'first what depends on all');
    for (const [i, name] of users.entries()) {
      const of = [seen.indexOf(`of ${name}`), seen.indexOf(`of ${users[(i + users.length - 1) % users.length]!}`)];
      assert.ok(Math.max(...of) < seen.indexOf(name), `${name} goes after its dependents`);
    }
  };
  meter.unregister();
  await c.settled();
  once();
  for (const name of names) assert.equal(c.state(name), 'unsatisfied', name);
  seen.length = 0;
  register('again');
  await c.settled();
  await bundle.stop();
  once();
});

const A = named('A');
const B = named('B');
const C = named('C');

/** A component that provides one contract and refers to another, and writes down what happens to it. */
function link(style: Style, name: string, provides: typeof A, to: ReferenceDescription, seen: string[]): Described {
  const of = (value: unknown): string => {
    const current =
      value !== null && typeof value === 'object' && 'onChange' in value ? (value as Live).service : value;
    return current === undefined ? 'none' : 'bound';
  };
  return style.component({
    name,
    provides: provides as never,
    references: { other: to },
    bind: { other: () => void seen.push(`${name}+`) },
    activate: ({ references }) => void seen.push(`${name} up ${of(references.other)}`),
    deactivate: (_, reason) => void seen.push(`${name} down ${reason}`),
  });
}

/** Waits for a line of the log; the limit of the test is that of the wait. */
async function logged(c: TestContainer, line: string): Promise<void> {
  while (!c.log.some(({ message }) => message === line)) await new Promise((resolve) => setTimeout(resolve, 20));
}

bothStyles(223, async (t, style) => {
  const { c, registry, owner } = meters(t);
  const seen: string[] = [];
  await style.start(c, 'hub', link(style, 'a', A, one(B), seen), link(style, 'b', B, one(A), seen));
  await logged(c, 'a waits for test/B@1 of b, and b for test/A@1 of a: none of them can come up');
  assert.deepEqual([c.state('a'), c.state('b'), seen], ['unsatisfied', 'unsatisfied', []]);
  registry.register(owner, A, {});
  await c.settled();
  assert.deepEqual(seen, ['b+', 'b up bound', 'a+', 'a up bound'], 'with help from outside');
});

bothStyles(223, async (t, style) => {
  const { c } = meters(t);
  const seen: string[] = [];
  const components = [
    link(style, 'a', A, one(B, { dynamic: true }), seen),
    link(style, 'b', B, many(C, { atLeastOne: true }), seen),
    link(style, 'c', C, one(A), seen),
    link(style, 'beside', named('D'), one(A), seen),
  ];
  await style.start(c, 'hub', ...components);
  await logged(c, 'a waits for test/B@1 of b, b for test/C@1 of c, and c for test/A@1 of a: none of them can come up');
  assert.deepEqual(seen, []);
});

bothStyles(223, async (t, style) => {
  const { c } = meters(t);
  const seen: string[] = [];
  await style.start(c, 'hub', link(style, 'a', A, one(B), seen), link(style, 'b', B, optional(A), seen));
  await c.settled();
  assert.deepEqual(seen, ['b up none', 'a+', 'a up bound'], 'broken at the optional one, which is static');
});

bothStyles(223, async (t, style) => {
  const { c } = meters(t);
  const seen: string[] = [];
  const follows = optional(A, { dynamic: true });
  const bundle = await style.start(c, 'hub', link(style, 'a', A, one(B), seen), link(style, 'b', B, follows, seen));
  await c.settled();
  assert.deepEqual(seen.splice(0), ['b up none', 'a+', 'a up bound', 'b+'], 'bound later');
  await bundle.stop();
  assert.deepEqual(seen, ['a down reference', 'b down bundle-stopped']);
});

bothStyles(223, async (t, style) => {
  const { c } = meters(t);
  const seen: string[] = [];
  const greedy = optional(A, { greedy: true });
  await style.start(c, 'hub', link(style, 'a', A, one(B), seen), link(style, 'b', B, greedy, seen));
  await c.settled();
  assert.deepEqual(seen, ['b up none', 'a+', 'a up bound'], 'a restart would take away what it is for, for ever');
});

/** A component that is activated by whoever gets its service. */
function delayed(
  style: Style,
  name: string,
  provides: typeof A,
  other: ReferenceDescription,
  seen: string[],
): Described {
  return style.component({
    name,
    provides: provides as never,
    immediate: false,
    references: { other },
    bind: { other: () => void seen.push(`${name}+`) },
    activate({ references }) {
      seen.push(`${name} begins`);
      const given = references.other as unknown;
      const found = typeof given === 'function' ? (given as () => unknown)() : given;
      const current = found !== undefined && 'onChange' in (found as object) ? (found as Live).service : found;
      seen.push(`${name} found ${current === undefined ? 'nothing' : 'the other'}`);
    },
  });
}

const BROKEN = 'failed for bundle hub: component a needs itself to be activated';

for (const [how, toB, toA, sequence] of [
  [
    'looked up in the activation',
    one(B, { lookup: true }),
    optional(A, { lookup: true, greedy: true }),
    ['a+', 'a begins', 'b+', 'b begins', 'b found nothing', 'a found the other'],
  ],
  [
    'bound',
    one(B),
    optional(A, { greedy: true }),
    ['b begins', 'b found nothing', 'a+', 'a begins', 'a found the other'],
  ],
  [
    'followed',
    one(B),
    optional(A, { dynamic: true }),
    ['b begins', 'b found nothing', 'a+', 'a begins', 'a found the other', 'b+'],
  ],
] as const)
  bothStyles(224, async (t, style) => {
    const { c, registry, owner } = meters(t);
    const seen: string[] = [];
    await style.start(c, 'hub', delayed(style, 'a', A, toB, seen), delayed(style, 'b', B, toA, seen));
    await c.settled();
    assert.deepEqual([c.state('a'), c.state('b'), seen], ['satisfied', 'satisfied', []]);
    assert.notEqual(registry.get(owner, registry.reference(A)!), undefined, how);
    await c.settled();
    assert.deepEqual([c.state('a'), c.state('b')], ['active', 'active']);
    assert.deepEqual(seen, sequence);
    assert.ok(
      c.errors.some((message) => message.includes(BROKEN)),
      c.errors.join(),
    );
  });
