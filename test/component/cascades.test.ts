import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';

const { component, contract, one } = rackwatt;

function link(i: number, seen: { up: number; down: number[] }) {
  return component({
    name: `c${i}`,
    provides: contract<object>(`chain/${i}`, { major: 1 }),
    references: i === 0 ? {} : { before: one(contract<object>(`chain/${i - 1}`, { major: 1 })) },
    activate() {
      seen.up++;
      return {};
    },
    deactivate: () => void seen.down.push(i),
  });
}

for (const [length, order] of [
  [1_000, 'providers first'],
  [1_000, 'consumers first'],
  [100_000, 'providers first'],
  [100_000, 'consumers first'],
] as const) {
  test(`56 a chain of ${length} components comes up and goes down, ${order}`, { timeout: 300_000 }, async (t) => {
    const c = new TestContainer(t, { patience: 240_000 });
    const seen = { up: 0, down: [] as number[] };
    const numbers = Array.from({ length }, (_, i) => (order === 'providers first' ? i : length - 1 - i));
    const root = numbers.indexOf(0);
    const sets = numbers.map((i) => c.components(`b${i}`, link(i, seen)));
    await c.framework.components.settled(240_000);
    assert.equal(seen.up, length);
    await c.framework.components.remove(sets[root]!);
    assert.deepEqual(seen.down.length, length);
    assert.ok(
      seen.down.every((i, at) => i === length - 1 - at),
      'each goes down before what it depends on',
    );
  });
}

test('a chain of 20,000 delayed components is activated by one get, rests when that is given back, and goes down', {
  timeout: 120_000,
}, async (t) => {
  const length = 20_000;
  const c = new TestContainer(t, { patience: 60_000 });
  const seen = { up: 0, down: [] as number[] };
  const local = (i: number) => contract<object>(`chain/${i}`, { major: 1, local: true });
  const sets = Array.from({ length }, (_, i) =>
    c.components(
      `b${i}`,
      component({
        name: `c${i}`,
        provides: local(i),
        immediate: false,
        references: i === 0 ? {} : { before: one(local(i - 1)) },
        activate() {
          seen.up++;
          return {};
        },
        deactivate: () => void seen.down.push(i),
      } as Parameters<typeof component>[0]),
    ),
  );
  const { registry } = c.framework;
  const user = { id: 1, name: 'user' };
  const last = registry.reference(local(length - 1))!;
  assert.equal(seen.up, 0);
  assert.notEqual(registry.get(user, last), undefined);
  assert.equal(seen.up, length);
  registry.release(user, last);
  await c.framework.components.settled(60_000);
  assert.equal(seen.down.length, length);
  assert.equal(registry.reference(local(length - 1)), last);
  registry.get(user, last);
  await c.framework.components.remove(sets[0]!);
  assert.equal(seen.down.length, 2 * length);
  assert.ok(seen.down.every((i, at) => i === length - 1 - (at % length)));
});

test('225 what depends on a provider in two ways goes down once', async (t) => {
  const c = new TestContainer(t);
  const A = contract<object>('diamond/A', { major: 1 });
  const B = contract<object>('diamond/B', { major: 1 });
  const seen: string[] = [];
  const set = c.components(
    'a',
    component({ name: 'a', provides: A, activate: () => ({}), deactivate: () => void seen.push('a') }),
  );
  c.components(
    'b',
    component({
      name: 'b',
      provides: B,
      references: { a: one(A) },
      activate: () => ({}),
      deactivate: () => void seen.push('b'),
    }),
  );
  c.components(
    'd',
    component({
      name: 'd',
      references: { a: one(A), b: one(B) },
      activate: () => undefined,
      deactivate: () => void seen.push('d'),
    }),
  );
  await c.framework.components.remove(set);
  assert.deepEqual(seen, ['d', 'b', 'a']);
});

test('223 a circle of mandatory references stays down and is explained', async (t) => {
  const c = new TestContainer(t);
  const A = contract<object>('circle/A', { major: 1 });
  const B = contract<object>('circle/B', { major: 1 });
  c.components(
    'x',
    component({ name: 'a', provides: A, references: { b: one(B) }, activate: () => ({}) }),
    component({ name: 'b', provides: B, references: { a: one(A) }, activate: () => ({}) }),
  );
  await c.settled();
  assert.equal(c.state('a'), 'unsatisfied');
  assert.equal(c.state('b'), 'unsatisfied');
  const { circlesOf, componentInfo } = (await import(
    new URL('../../../src/dist/component/index.js', import.meta.url).href
  )) as typeof import('../../src/component/index.js');
  const instances = c.framework.components.instances();
  const circles = circlesOf(instances);
  for (const instance of instances)
    assert.deepEqual(componentInfo(instance, circles.get(instance)).reasons.slice(1), [
      'a waits for circle/B@1 of b, and b for circle/A@1 of a',
    ]);
});
