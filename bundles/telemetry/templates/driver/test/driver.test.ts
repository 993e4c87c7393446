import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STATES } from '@rackwatt/telemetry';
import { AcmeDriver } from '../dist/driver.js';

const target = { address: 'acme://192.0.2.7', profile: 'auto' };

test('probes a device', async () => {
  const { identity, points, reading, explain, cost } = await new AcmeDriver().probe(target, { explain: true });
  assert.equal(identity.vendor, 'Acme');
  assert.equal(reading.values.length, points.length);
  assert.equal(explain?.length, points.length);
  assert.ok(cost.requests > 0);
});

test('reads every point, and the fast ones alone', async () => {
  const driver = new AcmeDriver();
  const { session, points } = await driver.open(target);
  const all = await driver.read(session, { deadline: 1000 });
  assert.deepEqual([...all.points], [...points.keys()]);
  for (const [slot, index] of all.points.entries()) {
    const isState = points[index]!.metric === 'state.outlet';
    assert.equal(Number.isNaN(all.values[slot]), isState, `${points[index]!.part} ${points[index]!.metric}`);
  }
  const fast = await driver.read(session, { deadline: 1000, pollClass: 'fast' });
  assert.ok(fast.points.length < all.points.length);
  driver.closeAll();
});

test('switches an outlet, whose power is then 0 W', async () => {
  const driver = new AcmeDriver();
  const { session, points } = await driver.open(target);
  await driver.switchOutlet(session, 'outlet/3', 'off');
  const { values, states } = await driver.read(session, { deadline: 1000 });
  const at = (metric: string): number =>
    points.findIndex((point) => point.part === 'outlet/3' && point.metric === metric);
  assert.equal(values[at('power.active')], 0);
  assert.equal(STATES[states[at('state.outlet')]!], 'off');
  await assert.rejects(driver.switchOutlet(session, 'outlet/99', 'off'), { code: 'DEVICE_NOT_SWITCHABLE' });
  await driver.close(session);
  await assert.rejects(driver.read(session, { deadline: 1000 }), { code: 'DEVICE_SESSION_GONE' });
});

test('refuses an address that is none', async () => {
  for (const address of ['acme://', 'snmp://192.0.2.7', 'acme://host:99999', 'acme://user@host']) {
    await assert.rejects(new AcmeDriver().open({ ...target, address }), { code: 'DEVICE_ADDRESS_INVALID' });
  }
});
