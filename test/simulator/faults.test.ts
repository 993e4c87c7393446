import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import {
  type FaultName,
  FAULTS,
  type FaultSettings,
  generatedAgent,
  parseFaults,
  serveRecording,
} from '@rackwatt/simulator';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { driverFor, probed, type Value } from '../driver-snmp/support.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { peer, snmpTool } from './snmp-tools.js';

const NOON = Date.UTC(2026, 5, 1, 12) / 1000;
const USERS = [
  { user: 'sealed', authProtocol: 'sha', authKey: 'authsecret', privProtocol: 'aes', privKey: 'privsecret' },
] as const;
const skip = needsPeer('snmpget');

/** A PDU whose clock stands still unless it is moved, and what a driver reads of it. */
async function faulty(t: TestContext, family: string, faults: FaultSettings = {}) {
  const clock = { now: NOON };
  const made = generatedAgent({
    family,
    seed: 'faults',
    outlets: 4,
    phases: 1,
    load: 'heavy',
    communities: ['public'],
    users: USERS,
    faults,
    now: () => clock.now,
  });
  await made.agent.start();
  t.after(() => made.agent.close());
  const driver = driverFor(t, { timeout: 2000, retries: 0 });
  const read = async (): Promise<Map<string, Value>> =>
    probed(await driver.probe({ address: made.agent.address, profile: 'auto' }));
  const get = async (oid: string, ...options: string[]) =>
    snmpTool('snmpget', [
      ...(options.length > 0 ? options : ['-v2c', '-cpublic']),
      '-r0',
      '-t1',
      '-Oqvt',
      peer(made.agent.address),
      oid,
    ]);
  const outlet = made.pdu.at(NOON).outlets.findIndex(({ power }) => power > 0) + 1;
  return { ...made, clock, driver, read, get, part: `outlet/${outlet}` };
}

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';

describe('values', () => {
  test('missing: the rows of a part, or below an OID, are gone, and back when it is healed', async (t) => {
    const { faults, read, part, device } = await faulty(t, 'raritan-px');
    const before = await read();
    faults.set({ missing: part });
    const without = await read();
    assert.ok(before.has(`${part} power.active`));
    assert.deepEqual(
      [...before.keys()].filter((key) => !without.has(key)),
      [...before.keys()].filter((key) => key.startsWith(`${part} `) || key.startsWith(`${part}/`)),
    );
    faults.set({ missing: `${device.layout.base}.5.4` });
    assert.equal(
      [...(await read()).keys()].some((key) => /^outlet\/\d+ power\.active$/.test(key)),
      false,
    );
    faults.set({});
    assert.deepEqual(await read(), before);
  });

  test('stuck: values stay as they were while time goes on', async (t) => {
    const { faults, read, clock, part } = await faulty(t, 'raritan-px');
    const before = await read();
    faults.set({ stuck: true });
    clock.now += 86_400;
    assert.deepEqual(await read(), before);
    faults.set({ stuck: part });
    clock.now += 86_400;
    const after = await read();
    assert.notDeepEqual(after.get('inlet/1 energy.active'), before.get('inlet/1 energy.active'));
  });

  test('sentinel: an open device reads the value as a faulty sensor, not as a number', async (t) => {
    const { faults, driver, agent, part } = await faulty(t, 'eaton-epdu');
    const { session, points } = await driver.open({ address: agent.address, profile: 'auto' });
    faults.set({ sentinel: part });
    const { values, quality } = await driver.read(session, { deadline: 5000 });
    const at = points.findIndex((point) => point.part === part && point.metric === 'current.rms');
    assert.ok(Number.isNaN(values[at]));
    assert.notEqual(quality[at], 0);
  });

  for (const family of ['raritan-px', 'eaton-epdu'])
    test(`wrongDigits: power of a ${family} is ten times too large, current is right`, async (t) => {
      const { faults, read, part } = await faulty(t, family);
      const before = await read();
      faults.set({ wrongDigits: true });
      const after = await read();
      assert.equal(
        after.get(`${part} power.active`)?.value,
        10 * (before.get(`${part} power.active`)!.value as number),
      );
      assert.deepEqual(after.get(`${part} current.rms`), before.get(`${part} current.rms`));
    });

  test('wrap and reset: counters begin anew', async (t) => {
    const { faults, read, clock, part } = await faulty(t, 'eaton-epdu');
    const energy = async () => (await read()).get(`${part} energy.active`)!.value as number;
    const before = await energy();
    faults.set({ wrap: 1000 });
    assert.equal(await energy(), before % 1000);
    faults.set({ reset: true });
    assert.equal(await energy(), 0);
    clock.now += 3600;
    const later = await energy();
    assert.ok(later > 0 && later < before);
    faults.set({});
    assert.equal(await energy(), before + later);
  });
});

describe('relays', () => {
  test('stuckRelay: a command is taken, and nothing happens', async (t) => {
    const { faults, read, driver, agent, part } = await faulty(t, 'apc-rpdu2');
    faults.set({ stuckRelay: true });
    const before = await read();
    const { session } = await driver.open({ address: agent.address, profile: 'auto' });
    await driver.switchOutlet(session, part, 'off');
    assert.deepEqual(await read(), before);
  });

  test('weldedRelay: the outlet tells that it is off, and the current flows on, until it is healed', async (t) => {
    const { faults, read, driver, agent, part, clock } = await faulty(t, 'apc-rpdu2');
    faults.set({ weldedRelay: true });
    const before = await read();
    const { session } = await driver.open({ address: agent.address, profile: 'auto' });
    await driver.switchOutlet(session, part, 'off');
    const after = await read();
    assert.equal(after.get(`${part} state.outlet`)?.value, 'off');
    assert.deepEqual(after.get(`${part} power.active`), before.get(`${part} power.active`));
    faults.set({});
    clock.now += 1;
    const healed = await read();
    assert.equal(healed.get(`${part} state.outlet`)?.value, 'off');
    assert.equal(healed.get(`${part} power.active`)?.value, 0);
  });
});

describe('answers', { skip }, () => {
  test('silent and dropEvery', async (t) => {
    const { faults, get } = await faulty(t, 'apc-rpdu2', { silent: true });
    assert.match((await get(SYS_UP_TIME)).stderr, /Timeout/);
    faults.set({ dropEvery: 2 });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await get(SYS_UP_TIME)).status === 0);
    assert.equal(answers.filter(Boolean).length, 2);
  });

  test('mostObjects: more are tooBig; maxMessage: what does not fit', async (t) => {
    const { faults, agent } = await faulty(t, 'apc-rpdu2', { mostObjects: 2 });
    const objects = (count: number) =>
      snmpTool('snmpget', [
        '-v2c',
        '-cpublic',
        peer(agent.address),
        ...Array.from({ length: count }, () => SYS_UP_TIME),
      ]);
    assert.equal((await objects(2)).status, 0);
    assert.match((await objects(3)).stderr, /tooBig/);
    faults.set({ maxMessage: 150 });
    assert.equal((await objects(3)).status, 0);
    assert.match((await objects(12)).stderr, /tooBig/);
  });

  test('unordered: a walk goes backwards', async (t) => {
    const { agent } = await faulty(t, 'apc-rpdu2', { unordered: true });
    const walk = await snmpTool('snmpbulkwalk', ['-v2c', '-cpublic', '-On', peer(agent.address), '.1.3.6']);
    assert.match(walk.stdout + walk.stderr, /OID not increasing/);
  });

  test('reboot: silent for a while, then time, sysUpTime and boots begin anew; lostBoots forgets them', async (t) => {
    const { faults, get, clock, agent } = await faulty(t, 'apc-rpdu2');
    const v3 = '-v3 -u sealed -l authPriv -a SHA -A authsecret -x AES -X privsecret'.split(' ');
    clock.now += 500;
    assert.equal(Number((await get(SYS_UP_TIME)).stdout), 50_000);
    const { boots } = agent.engineClock!;
    assert.ok(boots > 1);
    faults.set({ reboot: 1 });
    assert.match((await get(SYS_UP_TIME, '-v2c', '-cpublic', '-t0.3')).stderr, /Timeout/);
    await new Promise((up) => setTimeout(up, 1100));
    clock.now += 2;
    assert.equal(Number((await get(SYS_UP_TIME)).stdout), 200);
    assert.equal(agent.engineClock!.boots, boots + 1);
    assert.equal((await get(SYS_UP_TIME, ...v3)).stdout.trim(), '200');
    faults.set({ lostBoots: true });
    assert.equal(agent.engineClock!.boots, 1);
    assert.equal((await get(SYS_UP_TIME, ...v3)).stdout.trim(), '0');
  });
});

test('faults of a recording are those of the rows that its profile reads', async (t) => {
  const path = join(temporaryFolder(t), 'apc.snmprec');
  const E = '1.3.6.1.4.1.318.1.1.26';
  writeFileSync(
    path,
    `1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.318.1.3.4.6\n${E}.4.3.1.2.1|2|1\n${E}.4.3.1.5.1|2|50\n${E}.4.3.1.9.1|2|777\n`,
  );
  const served = await serveRecording(path, { faults: { wrongDigits: true } });
  t.after(() => served.close());
  const driver = driverFor(t);
  const read = async () => probed(await driver.probe({ address: served.address, profile: 'auto' }));
  assert.equal((await read()).get('inlet/1 power.active')?.value, 5000);
  served.faults.set({ missing: 'inlet/1' });
  await assert.rejects(read(), { code: 'DEVICE_REFUSED' });
  served.faults.set({ reset: true });
  assert.equal((await read()).get('inlet/1 energy.active')?.value, 0);
});

test('faults are written by name, and what cannot be is one clear sentence', () => {
  assert.deepEqual(parseFaults(['silent', 'latency=150', 'missing=outlet/3', 'stuck', 'reboot']), {
    silent: true,
    latency: 150,
    missing: 'outlet/3',
    stuck: true,
    reboot: 0,
  });
  for (const [word, message] of [
    ['slow', /There is no fault "slow": it is one of latency, /],
    ['latency', /"latency" is written latency=NUMBER/],
    ['latency=-1', /latency=NUMBER/],
    ['silent=1', /"silent" is written silent,/],
    ['dropEvery=0', /dropEvery=NUMBER/],
    ['missing=a b', /missing=PART/],
  ] as const)
    assert.throws(() => parseFaults([word]), { code: 'SIMULATOR_OPTION_INVALID', message });
  const names: FaultName[] = ['weldedRelay', 'lostBoots'];
  for (const name of names) assert.ok(FAULTS[name].what.length > 0);
});
