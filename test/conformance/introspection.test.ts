import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { rackwatt, registerRuntime, runtimeService, TestContainer } from '../support/container.js';
import { Meter } from './meters.js';
import { bothStyles } from './styles.js';

const { many, one, Runtime } = rackwatt;
const provides = Meter as never;
const USER = { id: 901, name: 'user' };

/** The Runtime service, as bundles get it. */
function introspected(t: TestContext) {
  const c = new TestContainer(t);
  const node = { id: 'test', version: '0.1.0', started: new Date(), home: c.folder };
  const stop = registerRuntime(c.framework, c.isolated, runtimeService(c.framework, node));
  t.after(() => stop());
  const reference = c.framework.registry.reference(Runtime)!;
  return { c, reference, runtime: c.framework.registry.get(USER, reference)! };
}

bothStyles(246, async (t, style) => {
  const { c, runtime } = introspected(t);
  await style.start(
    c,
    'acme',
    style.component({
      name: 'hub',
      references: { meters: many(Meter), clock: one(Meter, { target: '(kind=clock)' }) },
    }),
    style.component({ name: 'meter', provides }),
    style.component({ name: 'clock', provides, immediate: false, properties: { kind: 'clock' }, enabled: false }),
    style.component({ name: 'configured', configuration: { policy: 'require', pid: ['one', '$'] } }),
    style.component({
      name: 'failing',
      activate: () => {
        throw new rackwatt.RackwattError('TEST', 'no such port');
      },
    }),
  );
  await c.settled();
  const descriptions = await runtime.descriptions();
  assert.deepEqual(
    descriptions.map(({ name, bundle, enabled, immediate }) => ({ name, bundle, enabled, immediate })),
    [
      { name: 'hub', bundle: 'acme', enabled: true, immediate: true },
      { name: 'meter', bundle: 'acme', enabled: true, immediate: true },
      { name: 'clock', bundle: 'acme', enabled: false, immediate: false },
      { name: 'configured', bundle: 'acme', enabled: true, immediate: true },
      { name: 'failing', bundle: 'acme', enabled: true, immediate: true },
    ],
  );
  assert.deepEqual(descriptions[3]!.configuration, { pid: 'one', pids: ['one', 'configured'], policy: 'require' });
  assert.deepEqual(structuredClone(descriptions), descriptions, 'plain data');

  const states = async () =>
    Object.fromEntries((await runtime.components()).map(({ name, state }) => [name, state] as const));
  assert.deepEqual(await states(), { hub: 'unsatisfied-reference', meter: 'active', failing: 'failed' });
  const [hub] = await runtime.components();
  assert.deepEqual(hub!.references, [
    { name: 'meters', contract: 'test/Meter@1', minimum: 0, satisfied: true, bound: 0 },
    { name: 'clock', contract: 'test/Meter@1', target: '(kind=clock)', minimum: 1, satisfied: false, bound: 0 },
  ]);
  assert.match((await runtime.components()).at(-1)!.reasons.join(), /activation failed: no such port/);

  await runtime.enableComponent('acme', 'clock');
  assert.deepEqual(await states(), { hub: 'active', meter: 'active', failing: 'failed', clock: 'active' });
  assert.equal((await runtime.components())[0]!.references[0]!.bound, 2);
  await runtime.disableComponent('acme', 'hub');
  assert.deepEqual(await states(), { meter: 'active', failing: 'failed', clock: 'satisfied' });
  assert.equal((await runtime.descriptions())[0]!.enabled, false);
  await assert.rejects(runtime.enableComponent('acme', 'nobody'), { code: 'COMPONENT_UNKNOWN' });
  await assert.rejects(runtime.enableComponent('nobody', 'hub'), { code: 'COMPONENT_UNKNOWN' });
});

bothStyles(247, async (t, style) => {
  const { c, reference } = introspected(t);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const counts: number[] = [];
  const look = async (): Promise<void> => {
    await turn();
    counts.push(reference.property('service.changecount') as number);
  };
  await look();
  const bundle = await style.start(c, 'a', style.component({ name: 'a' }));
  await look();
  c.configure('a', { rate: 1 });
  await c.settled();
  await look();
  await bundle.stop();
  await look();
  assert.ok(
    counts.every((count, i) => i === 0 || count > counts[i - 1]!),
    counts.join(),
  );
  await look();
  assert.equal(counts.at(-1), counts.at(-2), 'nothing happened');
});
