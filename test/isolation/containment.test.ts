import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';

interface Trouble {
  echo<T>(value: T): Promise<T>;
  /** Settles before it begins. */
  make(kind: string): Promise<void>;
}
const Trouble = rackwatt.contract<Trouble>('test/Trouble', { major: 1, methods: ['echo', 'make'] });

const TROUBLE = `
const { component, contract } = require('rackwatt');
const net = require('node:net');
const Trouble = contract('test/Trouble', { major: 1, methods: ['echo', 'make'] });
const kept = [];
const KINDS = {
  loop() { for (;;); },
  'loop that allocates'() { for (;;) new Array(1000).fill(1); },
  heap() { for (;;) kept.push(new Array(100).fill(kept.length)); },
  'heap of a map'() { const map = new Map(); for (let i = 0; ; i++) map.set(i, { i }); },
  'heap by promises'() { (async () => { for (;;) { kept.push({ size: kept.length, text: 'x'.repeat(200) }); if (kept.length % 1000 === 0) await new Promise((done) => setImmediate(done)); } })(); },
  exit() { process.exit(7); },
  timer() { throw new Error('nobody catches this'); },
  rejections() { for (let i = 0; i < 10_000; i++) Promise.reject(new Error('refused ' + i)); },
  socket() { net.connect(1, '127.0.0.1'); },
  block() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); },
  abort() { process.abort(); },
  crash() { process.kill(process.pid, 'SIGSEGV'); },
  buffers() { setInterval(() => kept.push(Buffer.alloc(20_000_000, 1)), 5); },
};
exports.trouble = component({
  name: 'trouble',
  provides: Trouble,
  activate: () => ({ echo: async (value) => value, make: async (kind) => void setTimeout(KINDS[kind], 1) }),
});`;

const CALLER = { id: 900, name: 'caller' };

/** How late a timer of ten milliseconds comes at most, from `reset` on. */
class Bystander {
  #last = performance.now();
  #worst = 0;
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#last - 10);
    this.#last = now;
  }, 10);

  reset(): void {
    this.#worst = 0;
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#worst;
  }
}

test('a bundle that ends at every start is tried again with growing pauses, and stays stopped after five times', {
  timeout: 120_000,
}, async (t) => {
  const c = new TestContainer(t);
  const source = await c.source(
    c.write('dying', { 'index.js': 'setTimeout(() => process.exit(9), 20); exports.x = 1;' }),
  );
  const bundle = c.framework.install(source, { startLevel: 1, isolation: 'worker' });
  await bundle.start();
  await c.framework.setStartLevel(1);
  await until('it waits', () => bundle.info().recovery?.state === 'waiting');
  await until('it is given up', () => bundle.info().recovery?.state === 'open', 60_000);
  const { state, reason, recovery } = bundle.info();
  assert.equal(state, 'RESOLVED');
  assert.match(
    reason!,
    /^stopped: failed 5 times in 10 minutes, last: .*ended in thread \d+: it left by process\.exit\(9\); start it with `rackwatt bundle start dying`$/,
  );
  assert.equal(recovery!.failures, 5);
});

for (const kind of ['worker', 'process'] as const)
  test(`what a bundle in a ${kind} answered before its end is heard, however late`, async (t) => {
    const c = new TestContainer(t);
    await c.start('trouble', TROUBLE, {}, kind);
    const reference = await until('its service', () => c.framework.registry.reference(Trouble));
    const caller = c.framework.registry.get(CALLER, reference)!;
    const answers = [caller.echo('a'), caller.echo('b'), caller.make('exit'), caller.echo('c')];
    await new Promise((resolve) => setImmediate(resolve));
    // It answers and ends while this thread hears nothing of either.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    assert.deepEqual(await Promise.all(answers), ['a', 'b', undefined, 'c']);
  });

for (const [kind, troubles] of [
  [
    'worker',
    {
      loop: /^.* was ended in thread \d+: its event loop did not turn for [\d.]+ s while it used the processor$/,
      'loop that allocates': /did not turn for [\d.]+ s while it used the processor$/,
      heap: /ended in thread \d+: its heap reached 64 MB/,
      // Its collections take so long that it may be found silent first.
      'heap of a map': /ended in thread \d+: (?:its heap reached 64 MB|its event loop did not turn)/,
      'heap by promises': /ended in thread \d+: its heap reached 64 MB/,
      exit: /ended in thread \d+: it left by process\.exit\(7\)$/,
      timer: /ended in thread \d+: it threw an error that nobody caught: nobody catches this$/,
      rejections: /it threw an error that nobody caught: refused 0$/,
      socket: /it threw an error that nobody caught: connect ECONNREFUSED 127\.0\.0\.1:1$/,
      abort: /process\.abort\(\) is not supported in workers$/,
      block: /did not turn for [\d.]+ s; it waits in a call that blocks$/,
    },
  ],
  [
    'process',
    {
      loop: /was ended in process \d+: its event loop did not turn for [\d.]+ s while it used the processor$/,
      heap: /ended in process \d+: its heap reached 64 MB/,
      exit: /ended in process \d+: it left by process\.exit\(7\)$/,
      timer: /ended in process \d+: it threw an error that nobody caught: nobody catches this$/,
      rejections: /it threw an error that nobody caught: refused 0$/,
      socket: /it threw an error that nobody caught: connect ECONNREFUSED 127\.0\.0\.1:1$/,
      abort: /native code crashed \(SIGABRT\)$/,
      crash: /native code crashed \(SIGSEGV\)$/,
      buffers: /holds \d+ MB of the 256 MB that isolation\.memory allows$/,
    },
  ],
] as const)
  suite(`a bundle in a ${kind} that makes trouble: the others go on, and it is back by itself`, () => {
    for (const [trouble, reason] of Object.entries(troubles))
      test(trouble, async (t) => {
        const c = new TestContainer(t, { limits: { heap: '64 MB', memory: '256 MB' } });
        const bundle = await c.start('trouble', TROUBLE, {}, kind);
        const find = () => c.framework.registry.reference(Trouble);
        const first = await until('its service', find);
        const caller = c.framework.registry.get(CALLER, first)!;
        const bystander = new Bystander();
        t.after(() => bystander.stop());
        const began = performance.now();
        await caller.make(trouble);
        const pending = caller.echo('never').then(
          () => 'answered',
          (error: { code: string }) => error.code,
        );
        await until('its end is noticed', () => find()?.id !== first.id);
        const noticed = performance.now() - began;
        bystander.reset();
        // A call that was under way came back, before the end or because of it.
        assert.match(await pending, /^(?:answered|SERVICE_GONE|PEER_GONE)$/);
        const failure = await until('why it failed', () => bundle.info().recovery?.last);
        assert.match(failure, reason);
        const second = await until('it is back', find);
        assert.notEqual(second.id, first.id);
        assert.equal(await c.framework.registry.get(CALLER, second)!.echo('again'), 'again');
        await until('it counts as running', () => bundle.info().recovery?.state === 'running');
        assert.equal(bundle.state, 'ACTIVE');
        t.diagnostic(
          `noticed after ${noticed.toFixed(0)} ms, back after ${(performance.now() - began).toFixed(0)} ms; a timer beside it came at most ${bystander.stop().toFixed(0)} ms late from then on`,
        );
      });
  });
