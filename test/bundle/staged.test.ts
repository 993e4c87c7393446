import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

interface Named {
  name(): Promise<string>;
}
const named = (id: string) => rackwatt.contract<Named>(id, { major: 1, methods: ['name'] });
const Front = named('test/Front');
const Back = named('test/Back');

const HEAD = `const { component, contract, one, many, optional, HealthCheck } = require('rackwatt');
  const Front = contract('test/Front', { major: 1, methods: ['name'] });
  const Back = contract('test/Back', { major: 1, methods: ['name'] });`;

/** Two components: the one in front asks the one at the back, which is of the same bundle. */
const pair = (name: string, reference = 'one(Back)') => `${HEAD}
  exports.front = component({ name: 'front', provides: Front, references: { back: ${reference} },
    activate: ({ back }) => ({ name: async () => '${name} on ' + (await (back.name ? back : back.service).name()) }) });
  exports.back = component({ name: 'back', provides: Back, activate: () => ({ name: async () => '${name}' }) });`;

/** What a dynamic reference says, whenever asked. */
function follow(c: TestContainer, contract: typeof Front): { ask(): Promise<string>; readonly none: boolean } {
  let current: { readonly service: Named | undefined; onChange(listener: () => void): unknown } | undefined;
  let none = false;
  c.components(
    'follower',
    rackwatt.component({
      name: 'follower',
      references: { named: rackwatt.optional(contract, { dynamic: true }) },
      activate({ named: bound }) {
        current = bound;
        bound.onChange(() => (none ||= bound.service === undefined));
      },
    }),
  );
  return {
    ask: async () => (await current?.service?.name()) ?? 'nobody',
    get none() {
      return none;
    },
  };
}

for (const reference of ['one(Back)', 'one(Back, { dynamic: true })'])
  test(`components of a new revision bind to its own services, not to those of the old: ${reference}`, async (t) => {
    const c = new TestContainer(t);
    const bundle = await c.start('a', pair('one', reference));
    const front = follow(c, Front);
    assert.equal(await front.ask(), 'one on one');
    await c.update(bundle, pair('two', reference), { version: '2.0.0' });
    assert.equal(await front.ask(), 'two on two');
    await c.settled();
    assert.equal(c.framework.components.instances().filter(({ name }) => name === 'front').length, 1);
  });

test('a new revision proves itself on its own services: what only the old one provides does not count', async (t) => {
  const c = new TestContainer(t, { patience: 300 });
  const bundle = await c.start('a', pair('one'));
  const front = follow(c, Front);
  const backless = pair('two').replace(/exports\.back = .*/, '');
  await assert.rejects(c.update(bundle, backless, { version: '2.0.0' }), {
    code: 'BUNDLE_UPDATE',
    message: /not active in 0\.3 s: front: reference "back" needs 1 of test\/Back@1/,
  });
  assert.equal(await front.ask(), 'one on one');
});

test('what a component provides beside its own service is held back, too', async (t) => {
  const c = new TestContainer(t);
  const providing = (name: string, then = '') => `${HEAD}
    exports.x = component({ name: 'x', activate({ context }) { context.provide(Back, { name: async () => '${name}' }); ${then} } });`;
  const bundle = await c.start('a', providing('one'));
  const seen: number[] = [];
  c.framework.registry.listen(
    { id: 9, name: 'outside' },
    () => void seen.push(c.framework.registry.references(Back).length),
    { contract: Back },
  );
  await assert.rejects(c.update(bundle, providing('two', 'throw new Error("no");'), { version: '2.0.0' }));
  assert.deepEqual(seen, []);
  await c.update(bundle, providing('three'), { version: '3.0.0' });
  assert.deepEqual(seen, [1, 1]);
  assert.equal(await follow(c, Back).ask(), 'three');
});

test('a consumer of two services of a bundle restarts once in a swap, on both new ones; one beyond it once, too', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', pair('one'));
  const events: string[] = [];
  const states: string[] = [];
  const Outer = named('test/Outer');
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      provides: Outer,
      references: { front: rackwatt.one(Front), back: rackwatt.one(Back) },
      activate: async ({ front, back }) => {
        events.push(`up ${await front.name()}, ${await back.name()}`);
        return { name: async () => 'consumer' };
      },
      deactivate: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        events.push('down');
      },
    }),
    rackwatt.component({
      name: 'outer',
      references: { outer: rackwatt.one(Outer) },
      activate: () => void events.push('outer up'),
      deactivate: () => void events.push('outer down'),
    }),
  );
  await c.settled();
  c.framework.components.onChange(({ label, state }) => label === 'consumer' && states.push(state));
  await c.update(bundle, pair('two'), { version: '2.0.0' });
  await c.settled();
  assert.deepEqual(events, ['up one on one, one', 'outer up', 'outer down', 'down', 'up two on two, two', 'outer up']);
  assert.deepEqual(states, ['unsatisfied', 'active'], 'it went down and came up');
});

test('a static consumer does not wait for the calls under way on the old revision', async (t) => {
  const c = new TestContainer(t, { drain: 60_000 });
  const slow = (name: string) => `${HEAD}
    let answer;
    exports.back = component({ name: 'back', provides: Back,
      activate: () => ({ name: () => new Promise((resolve) => { if (answer) resolve('${name}'); else answer = () => resolve('${name}'); }) }),
    });
    exports.control = component({ name: 'control', provides: contract('test/Control', { major: 1 }), activate: () => ({ answer: () => answer() }) });`;
  const bundle = await c.start('a', slow('one'));
  const Control = rackwatt.contract<{ answer(): void }>('test/Control', { major: 1 });
  const control = c.framework.registry.reference(Control)!;
  const old = c.framework.registry.get({ id: 9, name: 'outside' }, control)! as { answer(): void };
  const activations: Promise<string>[] = [];
  const restarted = Promise.withResolvers<void>();
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      references: { back: rackwatt.one(Back) },
      activate({ back }) {
        // The second is never answered: it ends with the container.
        activations.push(back.name().catch((error: { code: string }) => error.code));
        if (activations.length === 2) restarted.resolve();
      },
    }),
  );
  const updated = c.update(bundle, slow('two'), { version: '2.0.0' });
  await restarted.promise;
  old.answer();
  assert.equal(await activations[0], 'one');
  await updated;
});

const health = (name: string, check: string) => `${HEAD}
  exports.back = component({ name: 'back', provides: Back, activate: ({ context }) => {
    context.provide(HealthCheck, { check: ${check} }, { name: 'back' });
    return { name: async () => '${name}' };
  } });`;

for (const update of ['staged', 'exclusive'] as const) {
  for (const [what, check, message] of [
    [
      'says failed',
      `async () => ({ state: 'failed', detail: 'the disk is full' })`,
      /health check back says that it cannot do its work: the disk is full/,
    ],
    ['throws', `() => { throw new Error('no disk'); }`, /health check back failed: no disk/],
    ['rejects', `async () => { throw new Error('no disk'); }`, /health check back failed: no disk/],
    ['never answers', `() => new Promise(() => {})`, /health check back did not answer in 0\.3 s/],
  ] as const)
    test(`${update}: a new revision whose health check ${what} is not taken, and the old one serves`, async (t) => {
      const c = new TestContainer(t, { patience: 300 });
      const manifest = { rackwatt: { update } };
      const bundle = await c.start('a', health('one', `async () => ({ state: 'ok' })`), manifest);
      const back = follow(c, Back);
      const before = back.ask();
      const updated = c.update(bundle, health('two', check), { version: '2.0.0', ...manifest });
      const during = update === 'staged' ? back.ask() : undefined;
      await assert.rejects(updated, { code: 'BUNDLE_UPDATE', message });
      assert.deepEqual([await before, await during, await back.ask()], ['one', during && 'one', 'one']);
      if (update === 'staged') assert.equal(back.none, false, 'it never went');
      assert.equal(bundle.version, '1.0.0');
      await collectGarbage(() => c.tokens.live().length <= 1, 50);
      assert.equal(c.tokens.live().length, 1, 'nothing is left of the revision that was not taken');
    });

  test(`${update}: a degraded new revision is taken: what is missing is outside`, async (t) => {
    const c = new TestContainer(t);
    const manifest = { rackwatt: { update } };
    const bundle = await c.start('a', health('one', `async () => ({ state: 'ok' })`), manifest);
    const check = `async () => ({ state: 'degraded', detail: '3 devices do not answer' })`;
    await c.update(bundle, health('two', check), { version: '2.0.0', ...manifest });
    assert.equal(await follow(c, Back).ask(), 'two');
  });
}

test('the health checks of other bundles are not asked', async (t) => {
  const c = new TestContainer(t);
  await c.start('ill', health('ill', `async () => ({ state: 'failed' })`).replaceAll("'test/Back'", "'test/Other'"));
  const bundle = await c.start('a', pair('one'));
  await c.update(bundle, pair('two'), { version: '2.0.0' });
});

for (const update of ['staged', 'exclusive'] as const)
  test(`${update}: a component that fails and is still cleaning up when the patience ends fails the update alone`, async (t) => {
    const c = new TestContainer(t, { patience: 300 });
    const manifest = { rackwatt: { update } };
    const bundle = await c.start('a', pair('one'), manifest);
    const failing = `${HEAD} exports.back = component({ name: 'back', provides: Back, async activate({ scope }) {
      scope.add('slow', () => new Promise((resolve) => setTimeout(resolve, 250)));
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw new Error('no answer');
    } });`;
    await assert.rejects(c.update(bundle, failing, { version: '2.0.0', ...manifest }), {
      code: 'BUNDLE_UPDATE',
      message: /component back failed: no answer/,
    });
    assert.equal(await follow(c, Front).ask(), 'one on one');
  });
