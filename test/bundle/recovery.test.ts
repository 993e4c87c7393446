import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recovery } from '../support/container.js';

/** Time that passes when it is told to. */
class FakeClock {
  time = 0;
  readonly #timers = new Set<{ due: number; run: () => void }>();

  now(): number {
    return this.time;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { due: this.time + milliseconds, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves to the end of the pause, and lets what was begun come to an end. */
  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    for (const timer of this.#timers) {
      if (timer.due > this.time) continue;
      this.#timers.delete(timer);
      timer.run();
    }
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class FakeBundle {
  readonly name = 'acme';
  readonly version = '1.0.0';
  state: 'ACTIVE' | 'RESOLVED' = 'ACTIVE';
  run: object = {};
  readonly calls: string[] = [];
  startFails = false;
  readonly #asked: () => Recovery<FakeBundle>;

  constructor(recovery: () => Recovery<FakeBundle>) {
    this.#asked = recovery;
  }

  async start(): Promise<void> {
    this.#asked().asked(this);
    this.calls.push('start');
    if (this.startFails) throw new TypeError('does not start');
    this.state = 'ACTIVE';
    this.run = {};
  }

  resume(): Promise<void> {
    return this.start();
  }

  async stop(): Promise<void> {
    this.#asked().asked(this);
    this.calls.push('stop');
    await settled();
    this.state = 'RESOLVED';
  }
}

function parts() {
  const clock = new FakeClock();
  const log: string[] = [];
  const note = (_: unknown, message: string): void => void log.push(message);
  const recovery: Recovery<FakeBundle> = new Recovery<FakeBundle>({ info: note, error: note }, clock);
  const bundle = new FakeBundle(() => recovery);
  /** Fails, is stopped, waits and runs again; gives the pause in s. */
  const failAndReturn = async (): Promise<number> => {
    recovery.failed(bundle, new Error('tripped'));
    await settled();
    await settled();
    const { startsIn } = recovery.info(bundle)!;
    await clock.pass(startsIn! * 1000);
    assert.equal(bundle.state, 'ACTIVE');
    return startsIn!;
  };
  return { clock, log, recovery, bundle, failAndReturn };
}

test('a bundle that failed is stopped and started again after 1, 2, 4 ... 60 s', async () => {
  const { clock, bundle, failAndReturn, recovery } = parts();
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    pauses.push(await failAndReturn());
    // Seldom enough for the circuit, too often to be well.
    await clock.pass(150_000);
  }
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
  assert.deepEqual(bundle.calls.slice(0, 4), ['stop', 'start', 'stop', 'start']);
  assert.equal(recovery.reason(bundle), undefined);
});

test('a bundle that ran well for 10 minutes begins from the beginning', async () => {
  const { clock, failAndReturn, recovery, bundle } = parts();
  assert.deepEqual([await failAndReturn(), await failAndReturn()], [1, 2]);
  await clock.pass(600_000);
  assert.equal(recovery.info(bundle), undefined);
  assert.equal(await failAndReturn(), 1);
});

test('a bundle that fails five times within 10 minutes stays stopped, and says why and what to do', async () => {
  const { clock, failAndReturn, recovery, bundle, log } = parts();
  for (let i = 0; i < 4; i++) await failAndReturn();
  recovery.failed(bundle, new Error('tripped over the last stone'));
  await settled();
  await settled();
  assert.equal(clock.waiting, 0);
  await clock.pass(3_600_000);
  assert.equal(bundle.state, 'RESOLVED');
  assert.equal(recovery.info(bundle)?.state, 'open');
  assert.equal(
    recovery.reason(bundle),
    'stopped: failed 5 times in 10 minutes, last: tripped over the last stone; start it with `rackwatt bundle start acme`',
  );
  assert.ok(log.at(-1)?.startsWith('stays stopped: failed 5 times'));
  await bundle.start();
  assert.equal(recovery.info(bundle), undefined, 'whoever starts it closes the circuit');
  assert.equal(await failAndReturn(), 1);
});

test('an hour of a fault every three minutes does not open the circuit, for that is five in more than 10 minutes', async () => {
  const { clock, failAndReturn, recovery, bundle } = parts();
  for (let i = 0; i < 20; i++) {
    await failAndReturn();
    await clock.pass(180_000);
  }
  assert.equal(recovery.info(bundle)?.state, 'running');
});

test('ten thousand failures at once are one stop and two lines', async () => {
  const { recovery, bundle, log, clock } = parts();
  for (let i = 0; i < 10_000; i++) recovery.failed(bundle, new Error(`number ${i}`));
  await settled();
  await settled();
  assert.deepEqual(bundle.calls, ['stop']);
  assert.deepEqual(log, ['failed and is stopped: number 0', '9999 further errors until it was stopped']);
  assert.equal(recovery.reason(bundle), 'failed: number 0; starts again in 1 s');
  await clock.pass(400);
  assert.equal(recovery.reason(bundle), 'failed: number 0; starts again in 1 s');
  await clock.pass(600);
  assert.equal(bundle.state, 'ACTIVE');
});

test('a restart that waits is cancelled by a stop, a start or an update of the bundle', async () => {
  const { recovery, bundle, clock } = parts();
  recovery.failed(bundle, new Error('tripped'));
  await settled();
  await settled();
  assert.equal(clock.waiting, 1);
  await bundle.stop();
  assert.equal(clock.waiting, 0);
  await clock.pass(120_000);
  assert.deepEqual(bundle.calls, ['stop', 'stop']);
  assert.equal(recovery.reason(bundle), undefined);
});

test('what somebody asks of a bundle while it is being stopped for a failure counts', async () => {
  const { recovery, bundle, clock } = parts();
  recovery.failed(bundle, new Error('tripped'));
  await bundle.stop();
  await settled();
  assert.equal(clock.waiting, 0);
  assert.equal(recovery.info(bundle), undefined);
});

test('a start that fails counts as a failure', async () => {
  const { recovery, bundle, clock } = parts();
  bundle.startFails = true;
  recovery.failed(bundle, new Error('tripped'));
  await settled();
  for (const pause of [1, 2, 4, 8]) {
    await settled();
    assert.equal(recovery.info(bundle)?.startsIn, pause);
    await clock.pass(pause * 1000);
    await settled();
  }
  await settled();
  assert.match(recovery.reason(bundle)!, /failed 5 times in 10 minutes, last: does not start/);
});

test('after the end nothing is started', async () => {
  const { recovery, bundle, clock } = parts();
  recovery.failed(bundle, new Error('tripped'));
  await settled();
  await settled();
  recovery.close();
  await clock.pass(60_000);
  recovery.failed(bundle, new Error('tripped'));
  assert.deepEqual([bundle.calls, clock.waiting], [['stop'], 0]);
});

test('anything may be thrown', async () => {
  for (const thrown of ['text', null, undefined, Symbol('symbol'), { toString: () => assert.fail('no') }]) {
    const { recovery, bundle } = parts();
    recovery.failed(bundle, thrown);
    await settled();
    await settled();
    assert.match(recovery.reason(bundle)!, /^failed: .+; starts again in 1 s$/);
  }
});

test('a failure of what an update replaced meanwhile stops nothing', async () => {
  const { recovery, bundle, clock } = parts();
  const { stop } = bundle;
  bundle.stop = async function (this: FakeBundle) {
    this.calls.push('stop of what runs no more');
    this.run = {};
  };
  recovery.failed(bundle, new Error('tripped'));
  await settled();
  bundle.stop = stop;
  assert.deepEqual([bundle.state, clock.waiting, recovery.info(bundle)?.state], ['ACTIVE', 0, 'running']);
});
