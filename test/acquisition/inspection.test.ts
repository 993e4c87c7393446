import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Acquisition, deviceSettings } from '@rackwatt/acquisition';
import type { OpenDevice, Reading } from '@rackwatt/telemetry';
import { type Behaviour, FakeDriver, FakeDrivers, FakeOutbox, FakeTime, silent } from './fakes.js';

const SETTINGS = deviceSettings({
  address: 'snmp://192.0.2.7',
  profile: 'auto',
  interval: '10 s',
  timeout: '1 s',
  retries: 1,
  location: {},
  enabled: true,
});
const INTERVAL = SETTINGS.interval;

/** Measures volts, amperes and watts of one outlet. */
class Meter extends FakeDriver {
  values = [230, 4, 900];

  override async open(): Promise<OpenDevice> {
    const points = (['voltage.rms', 'current.rms', 'power.active'] as const).map((metric) => ({
      part: 'outlet/1',
      metric,
      unit: 'V',
    }));
    return { ...(await super.open()), parts: [{ path: 'outlet/1' }], points };
  }

  override async read(session: string): Promise<Reading> {
    const { points: _, ...reading } = await super.read(session);
    return {
      ...reading,
      points: Uint32Array.of(0, 1, 2),
      values: Float64Array.from(this.values),
      quality: new Uint16Array(3),
      states: new Uint8Array(3),
    };
  }
}

function node(script: Behaviour[] = []) {
  const time = new FakeTime();
  const drivers = new FakeDrivers();
  const outbox = new FakeOutbox();
  const driver = new Meter(time, script);
  drivers.add(driver);
  const acquisition = new Acquisition({ drivers, outbox, log: silent, time });
  acquisition.add('a', SETTINGS);
  return { time, outbox, driver, acquisition };
}

test('the last reads of a device are told, with what they took and what went wrong', async () => {
  const { time, driver, acquisition } = node([{ kind: 'ok' }, { kind: 'slow', milliseconds: 300 }]);
  await time.pass(INTERVAL);
  driver.script.push({ kind: 'fail', code: 'DEVICE_NO_ANSWER' });
  await time.pass(INTERVAL);
  const { polls, time: now } = await acquisition.inspect('a');
  assert.equal(now, time.wall());
  assert.deepEqual(
    polls.map(({ duration, values, error }) => ({ duration, values, error })),
    [
      { duration: 300, values: 3, error: undefined },
      {
        duration: 0,
        values: undefined,
        error: { code: 'DEVICE_NO_ANSWER', message: 'It failed with DEVICE_NO_ANSWER.' },
      },
    ],
  );
  assert.equal(polls[1]!.time - polls[0]!.time, INTERVAL);
  await time.pass(INTERVAL * 40);
  assert.equal((await acquisition.inspect('a')).polls.length, 20);
  await assert.rejects(acquisition.inspect('b'), { code: 'DEVICE_UNKNOWN' });
  await assert.rejects(acquisition.explain('b'), { code: 'DEVICE_UNKNOWN' });
  await acquisition.stop();
});

test('a scale that looks wrong twice is told once, and again when it was right meanwhile', async () => {
  const { time, outbox, driver, acquisition } = node();
  const told = (): string[] =>
    outbox.events.filter(({ type }) => type === 'device.scale-suspected').map(({ message }) => message);
  driver.values = [230, 4, 9000];
  await time.pass(INTERVAL);
  assert.deepEqual((await acquisition.inspect('a')).suspicions, [], 'a load may have jumped while it was read');
  await time.pass(INTERVAL * 3);
  const sentence = 'a: suspected scale error: power.active of outlet/1 is 10 times 230 V times 4 A: 9000 W';
  assert.deepEqual(told(), [sentence]);
  assert.equal((await acquisition.inspect('a')).suspicions[0]!.factor, 10);
  driver.values = [230, 4, 900];
  await time.pass(INTERVAL * 120);
  assert.deepEqual((await acquisition.inspect('a')).suspicions, []);
  driver.values = [230, 4, 9000];
  await time.pass(INTERVAL * 120);
  assert.deepEqual(told(), [sentence, sentence]);
  await acquisition.stop();
});
