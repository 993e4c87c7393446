import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Acquisition, deviceSettings } from '@rackwatt/acquisition';
import { Quality } from '@rackwatt/telemetry';
import { temporaryFolder } from '../support/temporary.js';
import { device, run } from './command.js';
import { FakeDriver, FakeDrivers, FakeOutbox, FakeTime, silent } from './fakes.js';

const settings = (scheme: string) => deviceSettings({ address: `${scheme}://192.0.2.7`, interval: '10 s' });
const INTERVAL = 10_000;

/** A node whose devices have a driver each, so that each may become another. */
function node(t: TestContext, identityFile = join(temporaryFolder(t), 'identities.json')) {
  const time = new FakeTime();
  const drivers = new FakeDrivers();
  const outbox = new FakeOutbox();
  const acquisition = new Acquisition({ drivers, outbox, log: silent, time, identityFile });
  const add = (name: string, serial: string) => {
    const driver = new FakeDriver(time);
    driver.identity = { vendor: 'Acme', model: 'M', serial };
    drivers.add(driver, name);
    return { driver, end: acquisition.add(name, settings(name)) };
  };
  return { time, outbox, acquisition, add, identityFile };
}

/** The unit at an address is another one from the next look of its driver on. */
function become(driver: FakeDriver, serial: string): void {
  driver.identity = { ...driver.identity, serial };
  driver.layout++;
}

const suspects = (outbox: FakeOutbox, name: string) =>
  outbox.samples.filter((sample) => sample.device === name).map(({ quality }) => (quality[0]! & Quality.SUSPECT) !== 0);
const told = (outbox: FakeOutbox) =>
  outbox.events
    .filter(({ type }) => type === 'device.identity')
    .map(({ data, severity }) => `${String(data!['kind'])} ${severity}`);

test('another unit at an address is asked about: its readings are its own, and suspect', async (t) => {
  const { time, outbox, acquisition, add } = node(t);
  const { driver } = add('a', 'S1');
  await time.pass(INTERVAL);
  become(driver, 'S2');
  await time.pass(INTERVAL * 2);
  assert.deepEqual(suspects(outbox, 'a'), [false, true, true]);
  assert.deepEqual(outbox.described, ['a S1', 'a S2']);
  assert.deepEqual(told(outbox), ['asked warning'], 'once');
  const [known] = await acquisition.identities();
  assert.equal(known!.identity!.serial, 'S1');
  assert.equal(
    known!.question!.text,
    'a at a://192.0.2.7 was Acme M S1 and answers as Acme M S2 now: was it replaced by another unit, whose history begins ("replaced"), or is it the same one, whose history goes on ("same")?',
  );
  const [status] = await acquisition.status();
  assert.deepEqual([status!.state, status!.detail], ['ok', known!.question!.text]);
  assert.equal(acquisition.health().state, 'degraded');
  await acquisition.stop();
});

test('accepted as replaced, the new unit has a history of its own and is suspect no more', async (t) => {
  const { time, outbox, acquisition, add } = node(t);
  const { driver } = add('a', 'S1');
  await time.pass(INTERVAL);
  become(driver, 'S2');
  await time.pass(INTERVAL);
  await acquisition.acceptIdentity('a', 'replaced');
  await time.pass(INTERVAL);
  assert.deepEqual(suspects(outbox, 'a'), [false, true, false]);
  assert.equal(outbox.described.at(-1), 'a S2');
  assert.deepEqual(told(outbox), ['asked warning', 'accepted ok']);
  assert.equal(acquisition.health().state, 'ok');
  assert.equal((await acquisition.status())[0]!.detail, undefined);
  become(driver, 'S1');
  await time.pass(INTERVAL);
  assert.equal((await acquisition.identities())[0]!.question!.was.serial, 'S2');
  await acquisition.stop();
});

test('accepted as the same, its history goes on under the serial that it had', async (t) => {
  const { time, outbox, acquisition, add } = node(t);
  const { driver } = add('a', 'S1');
  await time.pass(INTERVAL);
  become(driver, 'S2');
  await time.pass(INTERVAL);
  await acquisition.acceptIdentity('a', 'same');
  await time.pass(INTERVAL);
  assert.deepEqual(suspects(outbox, 'a'), [false, true, false]);
  assert.deepEqual(outbox.described, ['a S1', 'a S2', 'a S1']);
  become(driver, 'S3');
  await time.pass(INTERVAL);
  assert.equal((await acquisition.identities())[0]!.question!.now.serial, 'S3', 'a third one is asked about again');
  await acquisition.stop();
});

test('swapped addresses are named, and right again by themselves', async (t) => {
  const { time, outbox, acquisition, add } = node(t);
  const a = add('a', 'S1').driver;
  const b = add('b', 'S2').driver;
  await time.pass(INTERVAL);
  become(a, 'S2');
  become(b, 'S1');
  await time.pass(INTERVAL);
  const [question] = (await acquisition.identities()).map((known) => known.question!);
  assert.deepEqual([question!.cameFrom, question!.movedTo], ['b', 'b']);
  assert.match(
    question!.text,
    /is known as b; the one that it was answers as b: if addresses were swapped, correct them/,
  );
  await assert.rejects(acquisition.acceptIdentity('a', 'same'), { code: 'DEVICE_IDENTITY_TAKEN' });
  become(a, 'S1');
  become(b, 'S2');
  await time.pass(INTERVAL);
  assert.deepEqual(suspects(outbox, 'a'), [false, true, false]);
  assert.deepEqual(told(outbox).toSorted(), ['as-before ok', 'as-before ok', 'asked warning', 'asked warning']);
  await assert.rejects(acquisition.acceptIdentity('a', 'replaced'), { code: 'DEVICE_NO_QUESTION' });
  await assert.rejects(acquisition.acceptIdentity('x', 'replaced'), { code: 'DEVICE_UNKNOWN' });
  await acquisition.stop();
});

test('who a device is, and what is asked about it, outlives a restart', async (t) => {
  const first = node(t);
  const { driver } = first.add('a', 'S1');
  await first.time.pass(INTERVAL);
  await first.acquisition.stop();
  void driver;
  const second = node(t, first.identityFile);
  second.add('a', 'S2');
  await second.time.pass(INTERVAL);
  assert.deepEqual(suspects(second.outbox, 'a'), [true]);
  const asked = (await second.acquisition.identities())[0]!.question!;
  await second.acquisition.stop();
  const third = node(t, first.identityFile);
  third.add('a', 'S2');
  await third.time.pass(INTERVAL);
  assert.deepEqual(told(third.outbox), [], 'asked once');
  assert.equal((await third.acquisition.identities())[0]!.question!.since, asked.since);
  await third.acquisition.stop();
});

test('a device that is configured no more is forgotten; one met under another name is told', async (t) => {
  const { time, outbox, acquisition, add } = node(t);
  const { end } = add('a', 'S1');
  await time.pass(INTERVAL);
  add('b', 'S1');
  await time.pass(INTERVAL);
  assert.deepEqual(told(outbox), ['met-elsewhere warning']);
  await end('removed');
  add('a', 'S9');
  await time.pass(INTERVAL);
  assert.equal((await acquisition.identities()).find((known) => known.device === 'a')!.question, undefined);
  await acquisition.stop();
});

test('a device that leaves out its serial for once is no other one; one of another model is', async (t) => {
  const { time, acquisition, add } = node(t);
  const { driver } = add('a', 'S1');
  await time.pass(INTERVAL);
  driver.identity = { vendor: 'Acme', model: 'M' };
  driver.layout++;
  await time.pass(INTERVAL);
  const [known] = await acquisition.identities();
  assert.deepEqual([known!.identity!.serial, known!.question], ['S1', undefined]);
  driver.identity = { vendor: 'Acme', model: 'N' };
  driver.layout++;
  await time.pass(INTERVAL);
  assert.ok((await acquisition.identities())[0]!.question);
  await acquisition.stop();
});

test('a damaged file is told, and devices are met as if for the first time', async (t) => {
  const identityFile = join(temporaryFolder(t), 'identities.json');
  writeFileSync(identityFile, '{"format":1,"devices":{"a":7}}');
  const { time, acquisition, add } = node(t, identityFile);
  add('a', 'S1');
  await time.pass(INTERVAL);
  assert.equal((await acquisition.identities())[0]!.identity!.serial, 'S1');
  await acquisition.stop();
});

test('device identity lists and accepts by the running node', async () => {
  const identity = device.commands!['identity']!;
  const calls: unknown[] = [];
  const call = (method: string, parameters: unknown) => {
    calls.push([method, parameters]);
    return [
      { device: 'a', address: 'snmp://h', identity: { vendor: 'APC', serial: '1' } },
      { device: 'b', address: 'snmp://i', question: { text: 'b was X and answers as Y now' } },
    ];
  };
  const { stdout } = await run(identity, ['list'], {}, { call });
  assert.equal(stdout, '  a at snmp://h: APC 1\n? b was X and answers as Y now\n');
  await run(identity, ['accept', 'b', 'replaced'], {}, { call });
  assert.deepEqual(calls.at(-1), ['device.identity.accept', { device: 'b', answer: 'replaced' }]);
  await assert.rejects(run(identity, ['accept', 'b', 'maybe'], {}, { call }), /Say "replaced" or "same", not "maybe"/);
});
