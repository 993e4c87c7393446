import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Outbox } from '@rackwatt/telemetry';
import { rackwatt, TestContainer } from '../support/container.js';
import { FakeOutbox } from './fakes.js';

const bundles = resolve(fileURLToPath(import.meta.url), '../../../../bundles');

/** A driver whose only value tells its revision; as the SNMP driver does, it forgets its sessions when it stops. */
const driver = (revision: number) => `
  const { component, contract, RackwattError } = require('rackwatt');
  const Driver = contract('rackwatt.telemetry/Driver', { major: 1 });
  exports.driver = component({ name: 'driver', provides: Driver, properties: { scheme: 'snmp' }, activate({ scope }) {
    const sessions = new Set();
    scope.add('sessions', () => sessions.clear());
    return {
      async open() {
        const session = 'session-' + sessions.size;
        sessions.add(session);
        return { session, layout: 1, identity: {}, parts: [{ path: 'unit' }], points: [{ part: 'unit', metric: 'power.active', unit: 'W' }] };
      },
      async read(session) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (!sessions.has(session)) throw new RackwattError('DEVICE_SESSION_GONE', 'The session is gone.');
        return { layout: 1, time: 0, points: Uint32Array.of(0), values: Float64Array.of(${revision}), quality: Uint16Array.of(0), states: Uint8Array.of(0) };
      },
      async close(session) { sessions.delete(session); },
    };
  } });`;

async function gateway(t: TestContext) {
  const c = new TestContainer(t);
  const outbox = new FakeOutbox();
  c.components(
    'outbox',
    rackwatt.component({ name: 'outbox', provides: Outbox, activate: () => outbox as unknown as Outbox }),
  );
  for (const name of ['telemetry', 'acquisition']) {
    const bundle = c.framework.install(await c.source(resolve(bundles, name)), { startLevel: 1 });
    if (c.framework.startLevel < 1) await c.framework.setStartLevel(1);
    await bundle.start();
  }
  const configure = (values?: Record<string, unknown>) => c.configure('rackwatt.device~pdu-1', values);
  const settings = { address: 'snmp://192.0.2.7', profile: 'auto', interval: '500 ms', location: {}, enabled: true };
  return { c, outbox, configure, settings };
}

const contiguous = (numbers: number[]) =>
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, i) => i + 1),
  );

test('a driver is swapped under running acquisition: at most one interval is lost, every number accounted for', async (t) => {
  const { c, outbox, configure, settings } = await gateway(t);
  const bundle = await c.start('driver', driver(1));
  configure(settings);
  await delay(1300);
  await c.update(bundle, driver(2), { version: '2.0.0' });
  await delay(1300);
  await c.framework.stop();
  contiguous(outbox.accounted('pdu-1'));
  const revisions = outbox.samples.map(({ values }) => values[0]);
  assert.deepEqual(new Set(revisions), new Set([1, 2]));
  assert.deepEqual(
    revisions,
    revisions.toSorted((a, b) => a! - b!),
  );
  const lost = outbox.gaps
    .filter(({ reason }) => reason !== 'stopped')
    .reduce((sum, { from, to }) => sum + to - from + 1, 0);
  assert.ok(lost <= 1, outbox.gapLines('pdu-1').join());
});

test('configuration comes and goes: the device is read, restarted, and said to be removed', async (t) => {
  const { c, outbox, configure, settings } = await gateway(t);
  await c.start('driver', driver(1));
  configure(settings);
  await delay(700);
  configure({ ...settings, location: { rack: 'R2' } });
  await delay(700);
  configure();
  await delay(100);
  assert.equal(outbox.statuses.at(-1)?.state, 'removed');
  contiguous(outbox.accounted('pdu-1'));
  assert.ok(outbox.samples.length >= 2);
  await c.framework.stop();
});

test('the bundle that acquisition stops with leaves every number accounted for', async (t) => {
  const { c, outbox, configure, settings } = await gateway(t);
  const bundle = await c.start('driver', driver(1));
  configure(settings);
  await delay(1100);
  await bundle.stop();
  // The read that was under way may hold up the next ones on a busy machine.
  await delay(3000);
  await c.framework.stop();
  contiguous(outbox.accounted('pdu-1'));
  assert.match(outbox.gapLines('pdu-1').join(), /no-driver/);
});
