import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { STATES } from '@rackwatt/telemetry';
import { TestContainer } from '../support/container.js';

const bundles = resolve(fileURLToPath(import.meta.url), '../../../../bundles');
const PID = 'rackwatt.simulator.pdu~rack1';
const CONFIGURATION = {
  family: 'eaton-epdu',
  host: '127.0.0.1',
  port: 0,
  outlets: 4,
  phases: 1,
  load: 'typical',
  community: 'lab',
};

test('a generated PDU is configured, switched, and remembers its outlets over a restart', async (t) => {
  const c = new TestContainer(t);
  const installed = [];
  for (const name of ['telemetry', 'device-profiles', 'simulator']) {
    const bundle = c.framework.install(await c.source(resolve(bundles, name)), { startLevel: 1 });
    if (c.framework.startLevel < 1) await c.framework.setStartLevel(1);
    await bundle.start();
    installed.push(bundle);
  }
  c.configure(PID, CONFIGURATION);
  const driver = new SnmpDriver({ timeout: 500, retries: 1 });
  t.after(() => driver.closeAll());

  const target = async (count: number) => {
    const lines = () => c.log.filter(({ message }) => message.includes('answers at'));
    while (lines().length < count) await new Promise((wait) => setTimeout(wait, 10));
    return { address: /snmp:\S+/.exec(lines()[count - 1]!.message)![0], profile: 'auto', credentials: 'lab' };
  };
  const stateOfOutlet = async (count: number) => {
    const { points, reading } = await driver.probe(await target(count));
    const index = points.findIndex(({ part, metric }) => part === 'outlet/2' && metric === 'state.outlet');
    return STATES[reading.states[reading.points.indexOf(index)]!];
  };

  assert.equal(await stateOfOutlet(1), 'on');
  const { session } = await driver.open(await target(1));
  await driver.switchOutlet(session, 'outlet/2', 'off');
  assert.equal(await stateOfOutlet(1), 'off');

  const simulator = installed[2]!;
  await simulator.stop();
  await simulator.start();
  assert.equal(await stateOfOutlet(2), 'off');
  assert.deepEqual(c.errors, []);
});

test('faults act while it runs; what else changes restarts the agent, and a change that fails leaves the one before', async (t) => {
  const c = new TestContainer(t);
  for (const name of ['telemetry', 'device-profiles', 'simulator']) {
    const bundle = c.framework.install(await c.source(resolve(bundles, name)), { startLevel: 1 });
    if (c.framework.startLevel < 1) await c.framework.setStartLevel(1);
    await bundle.start();
  }
  c.configure(PID, CONFIGURATION);
  const said = (words: string) => c.log.filter(({ message }) => message.includes(words));
  const answers = async (count: number) => {
    while (said('answers at').length < count) await new Promise((wait) => setTimeout(wait, 10));
    return {
      address: /snmp:\S+/.exec(said('answers at')[count - 1]!.message)![0],
      profile: 'auto',
      credentials: 'lab',
    };
  };
  const driver = new SnmpDriver({ timeout: 500, retries: 1 });
  t.after(() => driver.closeAll());
  const outlets = async (count: number) => {
    const { parts } = await driver.probe(await answers(count));
    return parts.filter(({ path }) => path.startsWith('outlet/')).length;
  };
  const soon = async (count: number, expected: number) => {
    while ((await outlets(count)) !== expected) await new Promise((wait) => setTimeout(wait, 10));
  };

  assert.equal(await outlets(1), 4);
  c.configure(PID, { ...CONFIGURATION, faults: { missing: 'outlet/2' } });
  await soon(1, 3);
  c.configure(PID, CONFIGURATION);
  await soon(1, 4);
  assert.equal(said('answers at').length, 1, 'the agent went on');

  c.configure(PID, { ...CONFIGURATION, outlets: 6 });
  assert.equal(await outlets(2), 6);
  c.configure(PID, { ...CONFIGURATION, family: 'no-such-family' });
  while (said('There is no family "no-such-family"').length === 0) await new Promise((wait) => setTimeout(wait, 10));
  assert.equal(await outlets(2), 6);
});

test('a port in use is said in one sentence', async (t) => {
  const c = new TestContainer(t);
  for (const name of ['telemetry', 'device-profiles', 'simulator']) {
    const bundle = c.framework.install(await c.source(resolve(bundles, name)), { startLevel: 1 });
    if (c.framework.startLevel < 1) await c.framework.setStartLevel(1);
    await bundle.start();
  }
  c.configure(PID, CONFIGURATION);
  const answers = () => c.log.find(({ message }) => message.includes('answers at'));
  while (!answers()) await new Promise((wait) => setTimeout(wait, 10));
  const port = Number(/:(\d+)$/.exec(answers()!.message)![1]);
  c.configure('rackwatt.simulator.pdu~rack2', { ...CONFIGURATION, port });
  const told = () =>
    [...c.log.map(({ message }) => message), ...c.errors].find((message) => message.includes('is in use'));
  while (!told()) await new Promise((wait) => setTimeout(wait, 10));
  assert.match(told()!, new RegExp(`UDP port ${port} of 127\\.0\\.0\\.1 is in use`));
});
