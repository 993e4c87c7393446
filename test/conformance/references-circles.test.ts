import assert from 'node:assert/strict';
import { rackwatt } from '../support/container.js';
import { Meter, meters } from './meters.js';
import { bothStyles, type Described } from './styles.js';

type ReferenceDescription = import('rackwatt').ReferenceDescription;

const { contract, many, one } = rackwatt;
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
