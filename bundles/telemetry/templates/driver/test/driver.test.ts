import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATES } from '@rackwatt/telemetry';
import { driverConformance } from '@rackwatt/telemetry/testing';
import { AcmeDriver, driver } from '../dist/index.js';

const target = { address: 'acme://192.0.2.7', profile: 'auto' };

// What every driver has to do. Give it a device of your own, a simulator or a recording, that can be silent, late or rebooted:
// the tests that are skipped say what they need.
driverConformance({
  driver,
  wrongAddresses: ['acme://', 'snmp://192.0.2.7', 'acme://host:99999'],
  device: () => ({
    target,
    points: [
      { part: 'inlet/1', metric: 'voltage.rms' },
      { part: 'outlet/8', metric: 'power.active' },
    ],
  }),
});

test('probes a device', async () => {
  const { identity, points, reading, explain, cost } = await new AcmeDriver().probe(target, { explain: true });
  assert.equal(identity.vendor, 'Acme');
  assert.equal(reading.values.length, points.length);
  assert.equal(explain?.length, points.length);
  assert.ok(cost.requests > 0);
});

test('reads every point, and the fast ones alone', async () => {
  const made = new AcmeDriver();
  const { session, points } = await made.open(target);
  const all = await made.read(session, { deadline: 1000 });
  assert.deepEqual([...all.points], [...points.keys()]);
  for (const [slot, index] of all.points.entries()) {
    const isState = points[index]!.metric === 'state.outlet';
    assert.equal(Number.isNaN(all.values[slot]), isState, `${points[index]!.part} ${points[index]!.metric}`);
  }
  const fast = await made.read(session, { deadline: 1000, pollClass: 'fast' });
  assert.ok(fast.points.length < all.points.length);
  made.closeAll();
});

test('switches an outlet, whose power is then 0 W', async () => {
  const made = new AcmeDriver();
  const { session, points } = await made.open(target);
  await made.switchOutlet(session, 'outlet/3', 'off');
  const { values, states } = await made.read(session, { deadline: 1000 });
  const at = (metric: string): number =>
    points.findIndex((point) => point.part === 'outlet/3' && point.metric === metric);
  assert.equal(values[at('power.active')], 0);
  assert.equal(STATES[states[at('state.outlet')]!], 'off');
  await assert.rejects(made.switchOutlet(session, 'outlet/99', 'off'), { code: 'DEVICE_NOT_SWITCHABLE' });
  await made.close(session);
  await assert.rejects(made.read(session, { deadline: 1000 }), { code: 'DEVICE_SESSION_GONE' });
});
