import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

const METER = `const { component, contract } = require('rackwatt'); const Meter = contract('test/Meter', { major: 1 });`;
const meter = (name: string, extra = '') =>
  `${METER} exports.meter = component({ name: 'meter', provides: Meter, activate() { ${extra} return { name: '${name}' }; } });`;
const Meter = rackwatt.contract<{ name: string }>('test/Meter', { major: 1 });
const OWNER = { id: 9, name: 'outside' };

function serving(c: TestContainer): string | undefined {
  const reference = c.framework.registry.reference(Meter);
  return reference && (c.framework.registry.get(OWNER, reference) as { name: string }).name;
}

test('23 24 an exclusive update stops, swaps and starts, in OSGi order, and keeps the id', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', meter('one'), { rackwatt: { update: 'exclusive' } });
  const { id } = bundle;
  const events: string[] = [];
  c.framework.onBundleEvent(({ type }) => events.push(type), { synchronous: true });
  await c.update(bundle, meter('two'), { version: '2.0.0', rackwatt: { update: 'exclusive' } });
  assert.deepEqual(events, ['STOPPING', 'STOPPED', 'UNRESOLVED', 'UPDATED', 'RESOLVED', 'STARTING', 'STARTED']);
  assert.equal(bundle.id, id);
  assert.equal(bundle.version, '2.0.0');
  assert.equal(serving(c), 'two');
});

test('a staged update never leaves a moment without the service', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', meter('one'));
  const counts = new Set<number>();
  c.framework.registry.listen(OWNER, () => counts.add(c.framework.registry.references(Meter).length), {
    contract: Meter,
  });
  await c.update(bundle, meter('two'), { version: '2.0.0' });
  assert.equal(serving(c), 'two');
  assert.ok(!counts.has(0), [...counts].join());
  assert.equal(c.framework.registry.references(Meter).length, 1);
  assert.equal(bundle.state, 'ACTIVE');
});

for (const update of ['staged', 'exclusive'] as const) {
  for (const [what, code, message] of [
    ['a syntax error', 'const = 1', /index\.js/],
    ['a throw while loading', 'throw new Error("no such relay")', /no such relay/],
    ['a throw in activation', meter('two', 'throw new Error("port in use");'), /port in use/],
    [
      'an activation that never settles',
      `${METER} exports.meter = component({ name: 'meter', provides: Meter, activate: () => new Promise(() => {}) });`,
      /not active in 0\.3 s: meter: its activate has not settled/,
    ],
    ['a missing contract', meter('two'), /it needs elsewhere \^1/],
  ] as const) {
    test(`25 ${update}: after ${what} the old revision serves`, async (t) => {
      const c = new TestContainer(t, { patience: 300 });
      const bundle = await c.start('a', meter('one'), { rackwatt: { update } });
      const peerDependencies = what === 'a missing contract' ? { elsewhere: '^1' } : {};
      const counts = new Set<number>();
      const count = () => void counts.add(c.framework.registry.references(Meter).length);
      c.framework.registry.listen(OWNER, count, { contract: Meter });
      const updated = c.update(bundle, code, { version: '2.0.0', rackwatt: { update }, peerDependencies });
      assert.equal(serving(c), 'one');
      await assert.rejects(updated, { code: 'BUNDLE_UPDATE', message });
      if (update === 'staged') assert.deepEqual([...counts], [], 'nobody saw anything of it');
      assert.equal(serving(c), 'one');
      assert.equal(bundle.version, '1.0.0');
      assert.equal(bundle.state, 'ACTIVE');
      assert.equal(c.framework.registry.references(Meter).length, 1);
      await collectGarbage(() => c.tokens.live().length <= 1, 50);
      assert.equal(c.tokens.live().length, 1, 'nothing is left of the revision that was not taken');
    });
  }
}

test('consumers restart only when their provider changed', async (t) => {
  const c = new TestContainer(t);
  const provider = await c.start('a', meter('one'));
  const other = await c.start('b', `exports.x = require('rackwatt').component({ name: 'x', activate() {} });`);
  const seen: string[] = [];
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      references: { meter: rackwatt.one(Meter) },
      activate: ({ meter: bound }) => void seen.push(bound.name),
    }),
  );
  await c.update(other, `exports.x = require('rackwatt').component({ name: 'x', activate() {} });`, {
    version: '2.0.0',
  });
  assert.deepEqual(seen, ['one']);
  await c.update(provider, meter('two'), { version: '2.0.0' });
  await c.settled();
  assert.deepEqual(seen, ['one', 'two']);
});

test('a dynamic consumer follows a staged update without a restart', async (t) => {
  const c = new TestContainer(t);
  const provider = await c.start('a', meter('one'));
  const seen: string[] = [];
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      references: { meters: rackwatt.many(Meter, { dynamic: true }) },
      activate({ meters }) {
        meters.onAdded(({ service }) => seen.push(`+${service.name}`));
        meters.onRemoved(({ service }) => seen.push(`-${service.name}`));
      },
      deactivate: () => void seen.push('down'),
    }),
  );
  await c.update(provider, meter('two'), { version: '2.0.0' });
  assert.deepEqual(seen, ['+one', '+two', '-one']);
});

test('an update of a stopped bundle takes effect at its next start', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', meter('one'));
  await bundle.stop();
  await c.update(bundle, meter('two'), { version: '2.0.0' });
  assert.equal(bundle.state, 'RESOLVED');
  await bundle.start();
  assert.equal(serving(c), 'two');
});
