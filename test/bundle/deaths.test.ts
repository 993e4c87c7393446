import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSpaces, rackwatt, TestContainer } from '../support/container.js';

interface Named {
  name(): Promise<string>;
}
const Named = rackwatt.contract<Named>('test/Named', { major: 1, methods: ['name'] });

const HEAD = `const { component, contract } = require('rackwatt');
  const Named = contract('test/Named', { major: 1, methods: ['name'] });`;
const named = (name: string) =>
  `${HEAD} exports.named = component({ name: 'named', provides: Named, activate: () => ({ name: async () => '${name}' }) });`;

async function serving(c: TestContainer): Promise<string> {
  const { registry } = c.framework;
  const reference = registry.reference(Named);
  return reference ? ((await registry.get({ id: 9, name: 'outside' }, reference)?.name()) ?? 'gone') : 'nobody';
}

/** As if a timer of that version had thrown what nobody caught. */
function die(c: TestContainer, version: string): void {
  const label = c.tokens.live().findLast((live) => live.startsWith(`a@${version}#`));
  assert.ok(label !== undefined && liveSpaces.fail(label, new Error('tripped')), 'somebody is told');
}

for (const how of ['ends well', 'fails'])
  test(`a new revision that dies in the midst of its start is not taken, though the start itself ${how} later`, async (t) => {
    const c = new TestContainer(t, { patience: 400 });
    const manifest = { rackwatt: { update: 'exclusive' } };
    const bundle = await c.start('a', named('one'), manifest);
    const settle = how === 'fails' ? `reject(new Error('too late'))` : 'resolve()';
    const slow = `exports.activator = { start: () => new Promise((resolve, reject) => setTimeout(() => ${settle}, 200)) };`;
    const events: string[] = [];
    const updated = c.update(bundle, slow, { version: '2.0.0', ...manifest });
    const refused = assert.rejects(updated, { code: 'BUNDLE_UPDATE', message: /1\.0\.0 goes on: tripped/ });
    while (bundle.state !== 'STARTING') await new Promise((resolve) => setImmediate(resolve));
    die(c, '2.0.0');
    await refused;
    c.framework.onBundleEvent(({ type }) => events.push(type), { synchronous: true });
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual([bundle.state, bundle.version, await serving(c)], ['ACTIVE', '1.0.0', 'one']);
    assert.deepEqual(events, [], 'nothing of it comes later');
    assert.equal(bundle.info().recovery, undefined);
  });

test('a new revision that dies in the flip, when there is no way back, is stopped and started again', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', named('one'));
  c.components(
    'consumer',
    rackwatt.component({
      name: 'consumer',
      references: { named: rackwatt.one(Named) },
      activate: () => undefined,
      deactivate: () => void (bundle.version === '1.0.0' && c.tokens.live().length > 1 && die(c, '2.0.0')),
    }),
  );
  await c.update(bundle, named('two'), { version: '2.0.0' });
  assert.equal(bundle.version, '2.0.0');
  assert.equal(bundle.info().recovery?.last, 'tripped');
  while (bundle.info().recovery?.state !== 'running') await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await serving(c), 'two');
});
