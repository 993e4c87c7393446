import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { serialize } from 'node:v8';
import { ObjectTable, SnmpAgent, Tag } from '@rackwatt/simulator';
import { agentOf, driverFor, raritan, valuesOf } from './support.js';

const R = '1.3.6.1.4.1.13742.6';
const POWER_1 = `${R}.5.4.3.1.4.1.1.5`;

test('an address that nobody answers at is named, with what to check', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const host = `127.0.0.1:${socket.address().port}`;
  await assert.rejects(driverFor(t).probe({ address: `snmp://${host}`, profile: 'auto', timeout: 100, retries: 2 }), {
    code: 'DEVICE_NO_ANSWER',
    message: `${host} did not answer in 3 tries of 0.1 s: check the address, the community and the access list of the device.`,
  });
});

test('addresses and credentials that make no sense are refused before anything is sent', async (t) => {
  const driver = driverFor(t);
  for (const address of [
    'snmp://',
    'http://host',
    'snmp://host:0',
    'snmp://host:99999',
    'snmp://user@host',
    'snmp://::1',
    '127.0.0.1',
    'snmp://host/x',
  ]) {
    await assert.rejects(driver.open({ address, profile: 'auto' }), { code: 'DEVICE_ADDRESS_INVALID' }, address);
  }
  for (const credentials of [
    '',
    { version: '4' },
    { version: '3' },
    { user: 'u', privKey: 'longenough' },
    { user: 'u', authKey: 'short' },
    { user: 'u', authProtocol: 'sha' },
    7,
  ]) {
    const target = { address: 'snmp://127.0.0.1', profile: 'auto', credentials: credentials as never };
    await assert.rejects(driver.open(target), { code: 'DEVICE_CREDENTIALS_INVALID' }, JSON.stringify(credentials));
  }
  assert.equal(driver.size, 0);
});

test('a wrong community is silence, and keys never stand in an error', async (t) => {
  const agent = await agentOf(t, raritan(1));
  await assert.rejects(
    driverFor(t).probe({ address: agent.address, profile: 'auto', credentials: 'wrong-community', timeout: 100 }),
    (error: Error) => {
      assert.match(error.message, /did not answer in 2 tries/);
      assert.doesNotMatch(JSON.stringify(error) + error.message + String(error.cause), /wrong-community/);
      return true;
    },
  );
});

test('answers that are no SNMP are called so', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto', timeout: 1000, retries: 0 });
  agent.faults = { garbage: true };
  await assert.rejects(driver.read(open.session, { deadline: 4000 }), {
    code: 'DEVICE_GARBAGE',
    message: /no proper SNMP/,
  });
  agent.faults = {};
  await driver.read(open.session, { deadline: 4000 });
});

/** Answers with other rows than are asked for. */
class LyingTable extends ObjectTable {
  lie: ((position: number) => number) | undefined;

  override varbindAt(position: number): Buffer | undefined {
    return super.varbindAt(this.lie ? this.lie(position) : position);
  }
}

test('an agent whose rows go backwards or repeat is stopped', { timeout: 10_000 }, async (t) => {
  for (const lie of [(position: number) => Math.max(0, position - 3), () => 40]) {
    const table = new LyingTable();
    const agent = await agentOf(t, raritan(24), {}, table);
    const driver = driverFor(t);
    const open = await driver.open({ address: agent.address, profile: 'auto' });
    table.lie = lie;
    await assert.rejects(driver.read(open.session, { deadline: 2000 }), { code: 'DEVICE_GARBAGE' });
    table.lie = (position) => (position > 5 ? lie(position) : position);
    await assert.rejects(driver.open({ address: agent.address, profile: 'raritan-px' }), {
      code: 'DEVICE_GARBAGE',
      message: /goes backwards/,
    });
  }
});

test('an agent with small answers is read in smaller pieces', async (t) => {
  const roomy = await agentOf(t, raritan(24));
  const tight = await agentOf(t, raritan(24), { maxMessageSize: 484 });
  const driver = driverFor(t);
  for (const version of ['1', '2c'] as const) {
    const credentials = { version, community: 'public' };
    const [a, b] = [
      await driver.open({ address: roomy.address, profile: 'auto', credentials }),
      await driver.open({ address: tight.address, profile: 'auto', credentials }),
    ];
    for (let round = 0; round < 2; round++) {
      const expected = valuesOf(a, await driver.read(a.session, { deadline: 3000 }));
      assert.deepEqual(valuesOf(b, await driver.read(b.session, { deadline: 3000 })), expected, `v${version}`);
    }
  }
});

test('a late answer to an earlier read never passes for a newer one', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto', timeout: 120, retries: 0 });
  agent.faults = { latency: 200 };
  await assert.rejects(driver.read(open.session, { deadline: 1000 }), { code: 'DEVICE_NO_ANSWER' });
  agent.faults = { latency: 60 };
  agent.table.set(POWER_1, { type: Tag.Gauge32, value: 999 });
  const values = valuesOf(open, await driver.read(open.session, { deadline: 1000 }));
  assert.equal(values.get('outlet/1 power.active')?.value, 999);
});

test('a read keeps its deadline: what was not asked in time is null, a silent device an error', async (t) => {
  const agent = await agentOf(t, raritan(48));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto', timeout: 1000, retries: 2 });
  agent.faults = { latency: 100 };
  let started = performance.now();
  const reading = await driver.read(open.session, { deadline: 350 });
  assert.ok(performance.now() - started < 450, `${performance.now() - started} ms`);
  const qualities = new Set([...valuesOf(open, reading).values()].map(({ quality }) => quality));
  assert.deepEqual(qualities, new Set(['good', 'bad|comm-failure']));
  agent.faults = { silent: true };
  started = performance.now();
  await assert.rejects(driver.read(open.session, { deadline: 300 }), { code: 'DEVICE_NO_ANSWER' });
  assert.ok(performance.now() - started < 400, `${performance.now() - started} ms`);
});

test('an object that went away is BAD, and the layout is learned anew', async (t) => {
  const agent = await agentOf(t, raritan(4));
  const driver = driverFor(t, { relearn: 0 });
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  agent.table.set(POWER_1, () => ({ type: Tag.NoSuchInstance, value: 0 }));
  const values = valuesOf(open, await driver.read(open.session, { deadline: 1000 }));
  assert.deepEqual(values.get('outlet/1 power.active'), { value: null, unit: 'W', quality: 'bad' });
  assert.equal(values.get('outlet/2 power.active')?.value, 202);
});

test('an outlet that came raises the layout number', async (t) => {
  const agent = await agentOf(t, raritan(2));
  const driver = driverFor(t, { relearn: 0 });
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const more = (await agentOf(t, raritan(3))).table;
  for (const oid of more.oids()) agent.table.set(oid, more.value(oid)!);
  let layout = open.layout;
  for (let i = 0; i < 50 && layout === open.layout; i++) {
    layout = (await driver.read(open.session, { deadline: 1000 })).layout;
    await delay(10);
  }
  assert.equal(layout, open.layout + 1);
  const described = await driver.describe(open.session);
  assert.equal(described.layout, layout);
  const reading = await driver.read(open.session, { deadline: 1000 });
  assert.equal(valuesOf(described, reading).get('outlet/3 power.active')?.value, 203);
});

test('a closed session says so, and closing twice is nothing', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  agent.faults = { silent: true };
  const reading = assert.rejects(driver.read(open.session, { deadline: 2000 }), { code: 'DEVICE_SESSION_GONE' });
  await delay(30);
  await driver.close(open.session);
  await driver.close(open.session);
  await reading;
  await assert.rejects(driver.read(open.session, { deadline: 1000 }), { code: 'DEVICE_SESSION_GONE' });
  assert.equal(driver.size, 0);
});

test('a driver that is closed while it opens a device fails the call at once, before any socket has said that it closed', async (t) => {
  const agent = await agentOf(t, raritan(1));
  agent.faults = { silent: true };
  const driver = driverFor(t);
  let settled = false;
  const opening = assert
    .rejects(driver.open({ address: agent.address, profile: 'auto' }), { code: 'DEVICE_SESSION_GONE' })
    .then(() => (settled = true));
  await delay(30);
  driver.closeAll();
  // No event of a socket is delivered while promises alone are waited for.
  for (let i = 0; i < 50 && !settled; i++) await Promise.resolve();
  assert.ok(settled);
  await opening;
});

test('a driver goes on with what the one before had learned, and asks the device for nothing but values', async (t) => {
  const agent = await agentOf(t, raritan(2));
  const target = { address: agent.address, profile: 'auto', credentials: 'public' };
  const before = driverFor(t);
  const first = await before.open(target);
  const values = valuesOf(first, await before.read(first.session, { deadline: 2000 }));
  const reads = agent.statistics.requests;
  await before.read(first.session, { deadline: 2000 });
  const cost = agent.statistics.requests - reads;

  const after = driverFor(t);
  after.takeOver(structuredClone(before.handOver()));
  before.closeAll();
  const asked = agent.statistics.requests;
  const second = await after.open(target);
  assert.equal(agent.statistics.requests, asked);
  assert.deepEqual({ ...second, session: '' }, { ...first, session: '' });
  assert.deepEqual(valuesOf(second, await after.read(second.session, { deadline: 2000 })), values);
  assert.equal(agent.statistics.requests - asked, cost);

  // Handed over once, or with other credentials: walked as any device is.
  const third = driverFor(t);
  third.takeOver(structuredClone(after.handOver()));
  await assert.rejects(third.open({ ...target, credentials: 'other' }), { code: 'DEVICE_NO_ANSWER' });
  await third.open(target);
  await third.open(target);
  assert.ok(agent.statistics.requests - asked > 2 * cost);
});

test('devices of one model share what they have in common, also when they are handed over', async (t) => {
  const driver = driverFor(t);
  const addresses = [];
  for (let i = 0; i < 10; i++) addresses.push((await agentOf(t, raritan(12))).address);
  const [address] = addresses;
  await driver.open({ address: address!, profile: 'auto' });
  const one = serialize(driver.handOver()).length;
  for (const each of addresses.slice(1)) await driver.open({ address: each, profile: 'auto' });
  const ten = serialize(driver.handOver()).length;
  assert.ok(ten < 4 * one, `one device takes ${one} bytes, ten take ${ten}`);
});

const USER = {
  version: '3',
  user: 'watt',
  authProtocol: 'sha256',
  authKey: 'authentic-key',
  privProtocol: 'aes',
  privKey: 'private-key-1',
} as const;

test('SNMPv3 errors say which part of the credentials is wrong', async (t) => {
  const agent = await agentOf(t, raritan(2), { users: [USER], communities: [] });
  const driver = driverFor(t);
  const probe = (change: object) =>
    driver.probe({
      address: agent.address,
      profile: 'auto',
      credentials: { ...USER, ...change },
      timeout: 300,
      retries: 0,
    });
  assert.equal((await probe({})).identity.serial, 'SER1');
  await assert.rejects(probe({ user: 'nobody' }), {
    code: 'DEVICE_UNKNOWN_USER',
    message: /does not know the SNMPv3 user 'nobody'/,
  });
  await assert.rejects(probe({ authKey: 'other-auth-key' }), { code: 'DEVICE_WRONG_KEY', message: /authKey/ });
  await assert.rejects(probe({ authProtocol: 'md5' }), { code: 'DEVICE_WRONG_KEY', message: /authKey/ });
  await assert.rejects(probe({ privKey: 'other-priv-key' }), { code: 'DEVICE_WRONG_KEY', message: /privKey/ });
  await assert.rejects(probe({ privKey: undefined, privProtocol: undefined }), (error: Error & { code: string }) =>
    ['DEVICE_REFUSED'].includes(error.code),
  );
});

test('every protocol of SNMPv3 that is offered works', async (t) => {
  for (const authProtocol of ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const) {
    for (const privProtocol of authProtocol === 'sha256'
      ? (['des', 'aes', 'aes256b', 'aes256r'] as const)
      : (['aes'] as const)) {
      const user = { ...USER, authProtocol, privProtocol };
      const agent = await agentOf(t, raritan(1), { users: [user] });
      const result = await driverFor(t).probe({ address: agent.address, profile: 'auto', credentials: user });
      assert.equal(result.points.length, 4, `${authProtocol} ${privProtocol}`);
    }
  }
});

/** Opens a device over v3, then lets another agent take its port, and reads again. */
async function afterRestart(
  t: TestContext,
  first: { engineBoots: number; engine: string },
  second: { engineBoots: number; engine: string },
): Promise<void> {
  const before = await agentOf(t, raritan(1), { users: [USER], ...first });
  const driver = driverFor(t);
  const open = await driver.open({ address: before.address, profile: 'auto', credentials: USER });
  await driver.read(open.session, { deadline: 1000 });
  const { port } = before;
  await before.close();
  const after = new SnmpAgent({ users: [USER], port, table: before.table, ...second });
  await after.start();
  t.after(() => after.close());
  const reading = await driver.read(open.session, { deadline: 2000 });
  assert.equal(valuesOf(open, reading).get('outlet/1 power.active')?.value, 201);
}

test('a restarted SNMPv3 engine is read on, whatever its boots say', async (t) => {
  await afterRestart(t, { engine: 'px', engineBoots: 7 }, { engine: 'px', engineBoots: 8 });
  await afterRestart(t, { engine: 'px', engineBoots: 7 }, { engine: 'px', engineBoots: 3 });
  await afterRestart(t, { engine: 'px', engineBoots: 7 }, { engine: 'replaced', engineBoots: 1 });
});

test('an agent that was away is read on by the same session', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const driver = driverFor(t);
  const open = await driver.open({ address: agent.address, profile: 'auto', timeout: 100, retries: 0 });
  agent.faults = { silent: true };
  await assert.rejects(driver.read(open.session, { deadline: 500 }), { code: 'DEVICE_NO_ANSWER' });
  agent.faults = {};
  assert.equal((await driver.read(open.session, { deadline: 500 })).points.length, 4);
});
