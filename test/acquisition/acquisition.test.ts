import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Acquisition, deviceSettings } from '@rackwatt/acquisition';
import fc from 'fast-check';
import { type Behaviour, FakeDriver, FakeDrivers, FakeOutbox, FakeTime, silent } from './fakes.js';

const SETTINGS = deviceSettings({
  address: 'snmp://192.0.2.7',
  profile: 'auto',
  interval: '10 s',
  timeout: '1 s',
  retries: 1,
  location: { rack: 'R1' },
  enabled: true,
});
const INTERVAL = SETTINGS.interval;

function node(script: Behaviour[] = []) {
  const time = new FakeTime();
  const drivers = new FakeDrivers();
  const outbox = new FakeOutbox();
  const driver = new FakeDriver(time, script);
  const removeDriver = drivers.add(driver);
  const acquisition = new Acquisition({ drivers, outbox, log: silent, time });
  return { time, drivers, outbox, driver, removeDriver, acquisition };
}

const contiguous = (numbers: number[]) =>
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, i) => i + 1),
  );
const stateOf = async (acquisition: Acquisition) => (await acquisition.status())[0]?.state;

test('reads come at the same place of each interval, numbered from one, without drift', async () => {
  const { time, outbox, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 5);
  await acquisition.stop();
  assert.deepEqual(outbox.accounted('a'), [1, 2, 3, 4, 5]);
  assert.deepEqual(outbox.gaps, []);
  const times = outbox.samples.map((sample) => sample.time);
  assert.deepEqual(
    times.slice(1).map((at, i) => Math.round(at - times[i]!)),
    [INTERVAL, INTERVAL, INTERVAL, INTERVAL],
  );
  assert.deepEqual([...outbox.samples[0]!.points], [100, 101]);
  assert.equal(time.pending, 0);
});

test('devices spread over the interval', async () => {
  const { time, outbox, acquisition } = node();
  for (let i = 0; i < 200; i++) acquisition.add(`pdu-${i}`, SETTINGS);
  await time.pass(INTERVAL);
  await acquisition.stop();
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const { time: at } of outbox.samples) tenths[Math.floor((at % INTERVAL) / (INTERVAL / 10))]!++;
  assert.equal(outbox.samples.length, 200);
  assert.ok(Math.max(...tenths) < 40, `reads in each tenth of the interval: ${tenths.join(' ')}`);
});

test('numbering goes on where the outbox left off', async () => {
  const { time, outbox, acquisition } = node();
  const end = acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  await end('stopped');
  acquisition.add('a', { ...SETTINGS, interval: 5000, deadline: 2000 });
  await time.pass(INTERVAL * 2);
  await acquisition.stop();
  contiguous(outbox.accounted('a'));
  assert.equal(outbox.samples.length, 6);
});

test('a device that hangs costs no other device a read', async () => {
  const { time, drivers, outbox, acquisition } = node();
  drivers.add(
    new FakeDriver(
      time,
      Array.from({ length: 1000 }, () => ({ kind: 'hang' })),
    ),
    'modbus',
  );
  acquisition.add('good', SETTINGS);
  acquisition.add('bad', { ...SETTINGS, scheme: 'modbus' });
  await time.pass(INTERVAL * 20);
  await acquisition.stop();
  assert.equal(outbox.samples.filter(({ device }) => device === 'good').length, 20);
  assert.equal(outbox.samples.filter(({ device }) => device === 'bad').length, 0);
  contiguous(outbox.accounted('bad'));
  assert.equal(outbox.accounted('bad').length, 20);
});

test('a device that does not answer: one gap, growing waits, its state told once with the reason', async () => {
  const { time, outbox, driver, acquisition } = node(
    Array.from({ length: 6 }, () => ({ kind: 'fail', code: 'DEVICE_NO_ANSWER' })),
  );
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 18);
  assert.equal(driver.calls.filter((call) => call === 'open').length, 5);
  const [status] = await acquisition.status();
  assert.equal(status?.state, 'no-answer');
  assert.equal(status?.detail, 'It failed with DEVICE_NO_ANSWER.');
  assert.deepEqual(
    outbox.statuses.map(({ state }) => state),
    ['connecting', 'no-answer'],
  );
  assert.deepEqual(acquisition.health().state, 'degraded');
  await time.pass(INTERVAL * 30);
  await acquisition.stop();
  assert.equal(outbox.statuses.at(-1)?.state, 'ok');
  assert.deepEqual(
    outbox.events.map(({ type, severity }) => `${type} ${severity}`),
    ['device.status warning', 'device.status ok'],
  );
  contiguous(outbox.accounted('a'));
  assert.ok(outbox.gaps.length < 30, 'gaps are joined');
});

test('gaps are joined, and wait no longer than ten seconds', async () => {
  const { time, outbox, acquisition } = node(
    Array.from({ length: 100 }, () => ({ kind: 'fail', code: 'DEVICE_REFUSED' })),
  );
  acquisition.add('a', { ...SETTINGS, interval: 1000, deadline: 1000 });
  await time.pass(9_000);
  assert.deepEqual(outbox.gaps, []);
  await time.pass(2_500);
  assert.match(outbox.gapLines('a').join(), /^1-1\d refused$/);
  await acquisition.stop();
  contiguous(outbox.accounted('a'));
});

test('a read that outlasts its deadline is a gap at once, and its late answer is not a second one', async () => {
  const { time, outbox, acquisition } = node([{ kind: 'ok' }, { kind: 'slow', milliseconds: 25_000 }]);
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 5);
  await acquisition.stop();
  contiguous(outbox.accounted('a'));
  assert.deepEqual(outbox.gapLines('a'), ['1-1 no-answer', '2-2 overrun', '3-3 overrun']);
});

test('a driver that is swapped: the next read is on the new one, no number lost', async () => {
  const { time, drivers, outbox, driver, removeDriver, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  const successor = new FakeDriver(time);
  drivers.add(successor);
  removeDriver();
  await time.pass(INTERVAL * 2);
  await acquisition.stop();
  assert.equal(outbox.samples.length, 4);
  assert.deepEqual(outbox.gaps, []);
  assert.equal(driver.openSessions.size, 0);
  assert.deepEqual(successor.calls, ['open', 'read', 'read']);
});

test('a device that a new driver describes as the one before is not described to the outbox again', async () => {
  const { time, outbox, drivers, removeDriver, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  const removeAlike = drivers.add(new FakeDriver(time));
  removeDriver();
  await time.pass(INTERVAL * 2);
  assert.equal(outbox.describes, 1);
  const larger = new FakeDriver(time);
  larger.outlets = 3;
  drivers.add(larger);
  removeAlike();
  await time.pass(INTERVAL * 2);
  await acquisition.stop();
  assert.equal(outbox.describes, 2);
  assert.deepEqual([...outbox.samples.at(-1)!.points], [100, 101, 102]);
  contiguous(outbox.accounted('a'));
});

test('a driver that goes under a read: the same number gets its value from the new one', async () => {
  const { time, drivers, outbox, driver, removeDriver, acquisition } = node([
    { kind: 'ok' },
    { kind: 'ok' },
    { kind: 'slow', milliseconds: 500 },
  ]);
  acquisition.add('a', SETTINGS);
  while (driver.calls.length < 3) await time.pass(100);
  drivers.add(new FakeDriver(time));
  removeDriver();
  driver.openSessions.clear();
  await time.pass(INTERVAL);
  await acquisition.stop();
  assert.deepEqual(outbox.gaps, []);
  contiguous(outbox.accounted('a'));
});

test('without a driver reads are gaps, and the state says what to do', async () => {
  const { time, drivers, outbox, removeDriver, acquisition } = node();
  removeDriver();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  const [status] = await acquisition.status();
  assert.equal(status?.state, 'no-driver');
  assert.match(status?.detail ?? '', /snmp:\/\/; install or start a bundle/);
  drivers.add(new FakeDriver(time));
  assert.equal(await stateOf(acquisition), 'connecting');
  await time.pass(INTERVAL);
  assert.equal(await stateOf(acquisition), 'ok');
  await acquisition.stop();
  assert.deepEqual(outbox.gapLines('a'), ['1-2 no-driver']);
});

test('a changed layout is described before its values are written', async () => {
  const { time, outbox, acquisition } = node([{ kind: 'ok' }, { kind: 'ok' }, { kind: 'relayout' }]);
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  await acquisition.stop();
  assert.deepEqual(
    outbox.samples.map(({ points }) => [...points]),
    [
      [100, 101],
      [100, 101, 102],
    ],
  );
});

test('a process that stood still counts what it missed', async () => {
  const { time, outbox, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL * 2);
  time.freeze(INTERVAL * 3);
  await time.pass(INTERVAL);
  await acquisition.stop();
  assert.deepEqual(outbox.gapLines('a'), ['3-4 overrun']);
  assert.deepEqual(outbox.accounted('a'), [1, 2, 3, 4, 5, 6]);
});

test('an outbox that fails loses no number', async () => {
  const { time, outbox, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL);
  outbox.failNext = 1;
  await time.pass(INTERVAL * 2);
  await acquisition.stop();
  assert.deepEqual(outbox.gapLines('a'), ['2-2 error']);
  contiguous(outbox.accounted('a'));
});

test('an outbox that stands still bounds what waits for it', async () => {
  const { time, outbox, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL);
  let release = () => {};
  outbox.hold = new Promise((resolve) => (release = resolve));
  await time.pass(INTERVAL * 30);
  outbox.hold = undefined;
  release();
  await time.pass(INTERVAL);
  await acquisition.stop();
  assert.deepEqual([outbox.gaps[0]?.from, outbox.gaps.at(-1)?.to], [18, 31]);
  assert.ok(outbox.gaps.every(({ reason }) => reason === 'outbox-full'));
  contiguous(outbox.accounted('a'));
});

test('a removed device says so', async () => {
  const { time, outbox, acquisition } = node();
  const end = acquisition.add('a', SETTINGS);
  await time.pass(INTERVAL);
  await end('removed');
  assert.equal(outbox.statuses.at(-1)?.state, 'removed');
  assert.deepEqual(await acquisition.status(), []);
  await acquisition.stop();
});

test('outlets are switched between reads, and it is told', async () => {
  const { time, outbox, driver, acquisition } = node();
  acquisition.add('a', SETTINGS);
  await acquisition.switchOutlet('a', 'outlet/1', 'off');
  assert.deepEqual(driver.calls, ['open', 'off outlet/1']);
  driver.script.push({ kind: 'fail', code: 'DEVICE_NOT_SWITCHABLE' });
  await assert.rejects(acquisition.switchOutlet('a', 'outlet/2', 'on'), { code: 'DEVICE_NOT_SWITCHABLE' });
  await assert.rejects(acquisition.switchOutlet('b', 'outlet/1', 'on'), { code: 'DEVICE_UNKNOWN' });
  await time.pass(INTERVAL);
  await acquisition.stop();
  assert.deepEqual(
    outbox.events
      .filter(({ type }) => type === 'outlet.switched')
      .map(({ device, part, data }) => ({ device, part, data })),
    [{ device: 'a', part: 'outlet/1', data: { command: 'off' } }],
  );
});

const behaviours: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Behaviour>({ kind: 'ok' }) },
  fc.record({ kind: fc.constant('slow' as const), milliseconds: fc.nat(60_000) }),
  fc.constant<Behaviour>({ kind: 'hang' }),
  fc.record({
    kind: fc.constant('fail' as const),
    code: fc.constantFrom(
      'DEVICE_NO_ANSWER',
      'DEVICE_REFUSED',
      'DEVICE_SESSION_GONE',
      'DEVICE_GARBAGE',
      'SOMETHING_ELSE',
    ),
  }),
  fc.constantFrom<Behaviour>({ kind: 'crash' }, { kind: 'relayout' }, { kind: 'garbage' }),
);

const happenings = fc.array(
  fc.oneof(
    fc.record({ pass: fc.integer({ min: 1, max: 40_000 }) }),
    fc.record({ freeze: fc.integer({ min: 1, max: 40_000 }) }),
    fc.constantFrom(
      { driver: 'comes' },
      { driver: 'goes' },
      { driver: 'forgets' },
      { device: 'restarts' },
      { outbox: 'fails' },
      { outlet: 'on' },
    ),
  ),
  { minLength: 1, maxLength: 25 },
);

test('whatever drivers do, each number is in exactly one sample or gap', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(behaviours, { maxLength: 40 }), happenings, async (script, steps) => {
      const { time, drivers, outbox, driver, removeDriver, acquisition } = node(script);
      const removals = [removeDriver];
      let end = acquisition.add('a', SETTINGS);
      await time.pass(0);
      for (const step of steps) {
        if ('pass' in step) await time.pass(step.pass);
        else if ('freeze' in step) time.freeze(step.freeze);
        else if ('device' in step) {
          await end('stopped');
          end = acquisition.add('a', SETTINGS);
        } else if ('outbox' in step) outbox.failNext = 1;
        else if ('outlet' in step) void acquisition.switchOutlet('a', 'outlet/1', 'on').catch(() => undefined);
        else if (step.driver === 'comes') removals.push(drivers.add(new FakeDriver(time, script)));
        else if (step.driver === 'goes') removals.shift()?.();
        else driver.openSessions.clear();
      }
      await time.pass(1);
      outbox.failNext = 0;
      await acquisition.stop();
      contiguous(outbox.accounted('a'));
      const restarted = steps.some((step) => 'device' in step);
      const due = time.now() / INTERVAL;
      if (!restarted)
        assert.ok(
          Math.abs(outbox.accounted('a').length - due) <= 1,
          `${outbox.accounted('a').length} of ${due} numbers`,
        );
      const [first] = outbox.samples;
      if (first) assert.ok(outbox.samples.every(({ points, values }) => points.length === values.length));
    }),
    { numRuns: 300 },
  );
});
