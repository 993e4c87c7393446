import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

interface Counter {
  count(): Promise<number>;
  story(): Promise<unknown>;
}
const Counter = rackwatt.contract<Counter>('test/Counter', { major: 1, methods: ['count', 'story'] });

/** Counts its calls, and goes on from where the one before was. */
const counter = (
  handOver = '({ total }) => ({ total: total() })',
  takeOver = '(counter, { total }) => counter.set(total)',
  activate = '',
) =>
  `const { component, contract } = require('rackwatt');
  const Counter = contract('test/Counter', { major: 1, methods: ['count', 'story'] });
  exports.counter = component({ name: 'counter', provides: Counter,
    activate() {
      let total = 0;
      const story = [];
      ${activate}
      return { count: async () => ++total, story: async () => story, total: () => total, set: (to, ...more) => { total = to; story.push(...more); } };
    },
    handOver: ${handOver}, takeOver: ${takeOver},
  });`;

function current(c: TestContainer): Counter {
  const { registry } = c.framework;
  return registry.get({ id: 9, name: 'outside' }, registry.reference(Counter)!) as Counter;
}

async function counted(c: TestContainer, times: number): Promise<number> {
  let last = 0;
  for (let i = 0; i < times; i++) last = await current(c).count();
  return last;
}

for (const update of ['staged', 'exclusive'] as const) {
  const manifest = { rackwatt: { update } };
  const next = { version: '2.0.0', ...manifest };

  test(`${update}: a component goes on with what the one before handed over, with its version`, async (t) => {
    const c = new TestContainer(t);
    const bundle = await c.start('a', counter(), manifest);
    assert.equal(await counted(c, 3), 3);
    await c.update(
      bundle,
      counter(undefined, '(counter, state, from) => counter.set(state.total, from, Object.isFrozen(state))'),
      next,
    );
    assert.deepEqual(await current(c).story(), ['1.0.0', false]);
    assert.equal(await counted(c, 1), 4);
    await collectGarbage(() => c.tokens.live().length <= 1, 50);
    assert.equal(c.tokens.live().length, 1, 'what is handed over keeps no code');
  });

  for (const [what, handOver, why] of [
    ['too large', `() => new Uint8Array(2 ** 24 + 1)`, /has \d+ bytes, at most 16777216 are taken/],
    ['not cloneable', `() => ({ call: () => 1 })`, /cannot be cloned/],
    ['late', `() => new Promise(() => {})`, /was not there in 1 s/],
    ['a failure', `() => { throw new Error('no idea'); }`, /no idea/],
  ] as const)
    test(`${update}: what is handed over is ${what}: that is logged, and the update goes on without`, async (t) => {
      const c = new TestContainer(t);
      const bundle = await c.start('a', counter(handOver), manifest);
      await counted(c, 3);
      await c.update(bundle, counter(), next);
      assert.equal(await counted(c, 1), 1);
      const warnings = c.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
      assert.match(warnings.join(), why);
      assert.equal(bundle.version, '2.0.0');
    });

  test(`${update}: a component that cannot use what it is given starts afresh`, async (t) => {
    const c = new TestContainer(t);
    const bundle = await c.start('a', counter(), manifest);
    await counted(c, 3);
    await c.update(bundle, counter(undefined, `() => { throw new Error('unknown format'); }`), next);
    assert.equal(await counted(c, 1), 1);
    assert.match(c.log.map(({ message }) => message).join(), /takeOver failed, going on without: unknown format/);
  });

  test(`${update}: nothing is taken over when nothing is handed over`, async (t) => {
    const c = new TestContainer(t);
    const bundle = await c.start('a', counter('() => undefined'), manifest);
    await c.update(bundle, counter(undefined, `(counter) => counter.set(100)`), next);
    assert.equal(await counted(c, 1), 1);
  });
}

test('exclusive: the old revision gets its own back also when the new one had taken it over before it failed', async (t) => {
  const c = new TestContainer(t, { patience: 300 });
  const manifest = { rackwatt: { update: 'exclusive' } };
  const bundle = await c.start('a', counter(), manifest);
  assert.equal(await counted(c, 3), 3);
  const ill = counter().replace(
    'activate() {',
    `activate({ context }) { context.provide(require('rackwatt').HealthCheck, { check: async () => ({ state: 'failed' }) });`,
  );
  await assert.rejects(c.update(bundle, ill, { version: '2.0.0', ...manifest }), { code: 'BUNDLE_UPDATE' });
  assert.equal(await counted(c, 1), 4);
});

test('exclusive: it is asked after the last call, and the old revision gets its own back when the new one fails', async (t) => {
  const c = new TestContainer(t);
  const manifest = { rackwatt: { update: 'exclusive' } };
  const slow = counter().replace(
    'count: async () => ++total',
    'count: async () => { await new Promise((r) => setTimeout(r, 100)); return ++total; }',
  );
  const bundle = await c.start('a', slow, manifest);
  let service: Counter | undefined;
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      references: { counter: rackwatt.optional(Counter, { dynamic: true }) },
      activate: ({ counter: bound }) => void (service = bound.service),
    }),
  );
  const call = service!.count();
  await assert.rejects(
    c.update(bundle, counter(undefined, undefined, `throw new Error('port in use');`), {
      version: '2.0.0',
      ...manifest,
    }),
    { code: 'BUNDLE_UPDATE' },
  );
  assert.equal(await call, 1);
  assert.equal(await counted(c, 1), 2, 'the call under way was counted, and handed back');
});
