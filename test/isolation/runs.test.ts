import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';

interface Meter {
  read(): Promise<number>;
}
const Meter = rackwatt.contract<Meter>('test/Meter', { major: 1, methods: ['read'] });
interface Answer {
  answer(): Promise<unknown>;
  ticks(count: number): AsyncIterable<number>;
}
const Answer = rackwatt.contract<Answer>('test/Answer', { major: 1, methods: ['answer'], streams: ['ticks'] });
interface Calling {
  /** Calls it and does not wait. */
  call(listener: () => void): Promise<void>;
}
const Calling = rackwatt.contract<Calling>('test/Calling', { major: 1, methods: ['call'] });

const HEAD = `
const { component, contract, many, one, optional } = require('rackwatt');
const Meter = contract('test/Meter', { major: 1, methods: ['read'] });
const Answer = contract('test/Answer', { major: 1, methods: ['answer'], streams: ['ticks'] });
async function* ticks(count) { for (let i = 0; i < count; i++) yield i; }
`;
const answering = (value: string, before = '') =>
  `${HEAD} exports.answering = component({ name: 'answering', provides: Answer, activate() { ${before}; return { answer: async () => ${value}, ticks }; } });`;

const CALLER = { id: 900, name: 'caller' };

function answerOf(c: TestContainer): Promise<unknown> | undefined {
  const reference = c.framework.registry.reference(Answer);
  return reference && c.framework.registry.get(CALLER, reference)?.answer();
}

const answered = (c: TestContainer, value: unknown) =>
  until(`the answer ${String(value)}`, async () => {
    assert.deepEqual(await answerOf(c), value);
    return true;
  });

/** A meter in the space of the node; `go` takes it away. */
function meter(c: TestContainer, value: number, properties: Record<string, string> = {}) {
  const owner = { id: 700, name: 'meters' };
  return c.framework.registry.register(owner, Meter, { read: async () => value }, properties);
}

for (const kind of ['worker', 'process'] as const)
  suite(`a bundle in a ${kind}`, () => {
    test('waits for services of the node, calls them, and is called; properties cross and follow', async (t) => {
      const c = new TestContainer(t);
      const code = `${HEAD} exports.doubling = component({
        name: 'doubling', provides: Answer, properties: { unit: 'W', 'service.ranking': 7 },
        references: { meter: one(Meter, { target: '(room=a)' }) },
        activate: ({ meter }) => ({ answer: async () => 2 * (await meter.read()), ticks }),
      });`;
      const bundle = await c.start('doubling', code, {}, kind);
      const component = () => bundle.run!.components()[0];
      await until('it waits', () => component()?.state === 'unsatisfied');
      assert.match(component()!.why().join(), /reference "meter" needs 1 of test\/Meter@1 with \(room=a\)/);
      const elsewhere = meter(c, 1, { room: 'b' });
      await until('it says who came near', () => component()!.why().join().includes('"room":"b"'));
      elsewhere.setProperties({ room: 'a' });
      const reference = await until('it is up', () => c.framework.registry.reference(Answer));
      assert.equal(reference.property('unit'), 'W');
      assert.equal(reference.ranking, 7);
      assert.equal(reference.owner?.id, bundle.id);
      assert.equal(await answerOf(c), 2);
      const ticks: number[] = [];
      for await (const tick of c.framework.registry.get(CALLER, reference)!.ticks(3)) ticks.push(tick);
      assert.deepEqual(ticks, [0, 1, 2]);
      elsewhere.unregister();
      await until('it is down', () => c.framework.registry.reference(Answer) === undefined);
      meter(c, 21, { room: 'a' });
      await answered(c, 42);
    });

    test('follows its configuration alive, one component for each', async (t) => {
      const c = new TestContainer(t);
      const code = `${HEAD} exports.set = component({
        name: 'set', provides: Answer, configuration: { policy: 'require' },
        activate: ({ config }) => ({ answer: async () => config.value, ticks }),
      });`;
      c.configure('set~a', { value: 1 });
      await c.start('set', code, {}, kind);
      await answered(c, 1);
      assert.equal(c.framework.registry.reference(Answer)!.property('service.pid'), 'set~a');
      c.configure('set~a', { value: 2 });
      await answered(c, 2);
      c.configure('set~b', { value: 3 });
      await until('a second one', () => c.framework.registry.references(Answer).length === 2);
      c.configure('set~a', undefined);
      c.configure('set~b', undefined);
      await until('none is left', () => c.framework.registry.references(Answer).length === 0);
    });

    test('has its log, output, data folder and wiring as anywhere', async (t) => {
      const c = new TestContainer(t);
      const code = `${HEAD} const fs = require('node:fs'); exports.place = component({
        name: 'place', provides: Answer,
        wiring: { greeting: ({ log }) => { log.info({ n: 1 }, 'wired'); return 'hello'; } },
        activate({ greeting, context, log }) {
          console.log('to standard output'); console.error('to standard error');
          fs.writeFileSync(context.dataFolder() + '/kept', greeting);
          return { answer: async () => context.dataFolder(), ticks };
        },
      });`;
      const bundle = await c.start('place', code, {}, kind);
      await until('it is up', () => answerOf(c));
      assert.equal(await answerOf(c), c.framework.dataFolder(bundle));
      const line = (message: string) => until(message, () => c.log.find((entry) => entry.message === message));
      assert.deepEqual(await line('wired'), { level: 'info', bundle: 'place', component: 'place', message: 'wired' });
      assert.equal((await line('to standard output')).level, 'info');
      assert.equal((await line('to standard error')).level, 'warn');
      await bundle.stop();
      assert.equal(c.framework.registry.registeredBy(bundle).length, 0);
    });

    test('may have an activator, which finds the services that are there', async (t) => {
      const c = new TestContainer(t);
      meter(c, 5);
      const code = `${HEAD} let registration; exports.activator = {
        start(context) {
          const meter = context.get(context.reference(Meter));
          context.register(Answer, { answer: () => meter.read(), ticks }, { by: 'activator' });
        },
      };`;
      await c.start('active', code, {}, kind);
      await answered(c, 5);
      assert.equal(c.framework.registry.reference(Answer)!.property('by'), 'activator');
    });

    test('may ignore a callback of its caller that fails: that is logged, and ends nothing', async (t) => {
      const c = new TestContainer(t);
      const code = `${HEAD} exports.calling = component({
        name: 'calling', provides: contract('test/Calling', { major: 1, methods: ['call'] }),
        activate: () => ({ call: async (listener) => void listener() }),
      });`;
      const bundle = await c.start('calling', code, {}, kind);
      const reference = await until('it is up', () => c.framework.registry.reference(Calling));
      await c.framework.registry.get(CALLER, reference)!.call(() => {
        throw new Error('not my day');
      });
      await until('it is logged', () =>
        c.log.some(({ level, message }) => level === 'error' && message === 'not my day'),
      );
      assert.equal(c.framework.registry.reference(Calling)?.id, reference.id);
      assert.equal(bundle.info().recovery, undefined);
    });

    test('is updated in stages: nobody ever finds no service, and what was handed over is there', async (t) => {
      const c = new TestContainer(t);
      const counting = (version: number) => `${HEAD} let count = 0; exports.counting = component({
        name: 'counting', provides: Answer, activate: () => ({ answer: async () => [${version}, ++count], ticks }),
        handOver: () => count, takeOver: (_, state) => { count = state; },
      });`;
      const bundle = await c.start('counting', counting(1), {}, kind);
      await answered(c, [1, 1]);
      const seen = new Set<number>();
      c.framework.registry.listen(CALLER, () => seen.add(c.framework.registry.references(Answer).length), {
        contract: Answer,
      });
      await c.update(bundle, counting(2), { version: '2.0.0' });
      assert.deepEqual(await answerOf(c), [2, 2]);
      assert.ok(!seen.has(0), [...seen].join());
      assert.equal(c.framework.registry.references(Answer).length, 1);
    });

    for (const [what, code, message] of [
      ['throws while it is loaded', 'throw new Error("no such relay")', /no such relay/],
      ['exits while it is loaded', 'process.exit(3)', /it left by process\.exit\(3\)/],
      ['loops while it is loaded', 'for (;;);', /it was not loaded in 1 s/],
      ['throws in activation', answering('2', 'throw new Error("port in use")'), /port in use/],
      ['loops in activation', answering('2', 'for (;;);'), /its event loop did not turn/],
      [
        'fills its heap in activation',
        answering('2', 'const k = []; for (;;) k.push(new Array(100).fill(k.length))'),
        /its heap reached 64 MB/,
      ],
      ['crashes in activation', answering('2', 'process.exit(4)'), /it left by process\.exit\(4\)/],
      [
        'is never active',
        `${HEAD} exports.answering = component({ name: 'answering', provides: Answer, activate: () => new Promise(() => {}) });`,
        /not active in 2 s: answering: its activate has not settled/,
      ],
      [
        'needs a contract that cannot cross',
        `${HEAD} const L = contract('test/L', { major: 1, local: true }); exports.answering = component({ name: 'answering', provides: Answer, references: { l: one(L) }, activate: () => ({}) });`,
        /cannot run in a .*: its component answering needs a contract that cannot cross: test\/L@1 is marked local/,
      ],
    ] as const)
      test(`whose new revision ${what} is served by the old one`, async (t) => {
        const startup = what === 'loops while it is loaded' ? '1 s' : '10 s';
        const c = new TestContainer(t, { limits: { heap: '64 MB', startup } });
        const bundle = await c.start('a', answering('1'), {}, kind);
        await answered(c, 1);
        const { id } = c.framework.registry.reference(Answer)!;
        await assert.rejects(c.update(bundle, code, { version: '2.0.0' }), { code: 'BUNDLE_UPDATE', message });
        assert.equal(await answerOf(c), 1);
        assert.equal(c.framework.registry.reference(Answer)!.id, id);
        assert.equal(bundle.version, '1.0.0');
        assert.equal(bundle.info().recovery, undefined);
      });

    test('whose new revision ends while it takes over is served by the old one', async (t) => {
      const c = new TestContainer(t);
      const handing = (version: number, takeOver: string) => `${HEAD} exports.answering = component({
        name: 'answering', provides: Answer, activate: () => ({ answer: async () => ${version}, ticks }),
        handOver: () => 1, takeOver: ${takeOver},
      });`;
      const bundle = await c.start('a', handing(1, '() => {}'), {}, kind);
      await answered(c, 1);
      await assert.rejects(c.update(bundle, handing(2, '() => process.exit(5)'), { version: '2.0.0' }), {
        code: 'BUNDLE_UPDATE',
        message: /it left by process\.exit\(5\)/,
      });
      assert.equal(await answerOf(c), 1);
      assert.equal(bundle.info().recovery, undefined);
      await c.update(bundle, handing(3, '() => {}'), { version: '3.0.0' });
      assert.equal(await answerOf(c), 3);
    });

    test('whose old revision ends while it hands over is updated all the same', async (t) => {
      const c = new TestContainer(t);
      const handing = (version: number) => `${HEAD} exports.answering = component({
        name: 'answering', provides: Answer, activate: () => ({ answer: async () => ${version}, ticks }),
        handOver: () => process.exit(6),
      });`;
      const bundle = await c.start('a', handing(1), {}, kind);
      await answered(c, 1);
      await c.update(bundle, handing(2), { version: '2.0.0' });
      assert.equal(await answerOf(c), 2);
      assert.match(c.errors.join(), /it left by process\.exit\(6\)/);
    });

    test('moves from a space and back, by an update whose content is the same', async (t) => {
      const c = new TestContainer(t);
      const bundle = await c.start('a', answering('require("node:worker_threads").isMainThread + "-" + process.pid'));
      await answered(c, `true-${process.pid}`);
      await bundle.update(bundle.revision.source, { isolation: kind });
      assert.equal(bundle.isolation, kind);
      assert.notEqual(await answerOf(c), `true-${process.pid}`);
      await bundle.update(bundle.revision.source, { isolation: 'space' });
      await answered(c, `true-${process.pid}`);
    });

    test('goes on when the node itself stood still', async (t) => {
      const c = new TestContainer(t, { limits: { heartbeat: '300 ms' } });
      const bundle = await c.start('a', answering('1'), {}, kind);
      await answered(c, 1);
      const { id } = c.framework.registry.reference(Answer)!;
      for (let i = 0; i < 3; i++) {
        const until = performance.now() + 900;
        while (performance.now() < until);
        await new Promise((done) => setTimeout(done, 100));
      }
      assert.equal(await answerOf(c), 1);
      assert.equal(c.framework.registry.reference(Answer)!.id, id);
      assert.equal(bundle.info().recovery, undefined);
    });

    test('leaves nothing behind when it is stopped and started again and again', async (t) => {
      const c = new TestContainer(t);
      const bundle = await c.start('a', answering('1'), {}, kind);
      const restart = async (times: number): Promise<number> => {
        for (let i = 0; i < times; i++) {
          await bundle.stop();
          await bundle.start();
        }
        await collectGarbage();
        return process.memoryUsage().rss / 1024 ** 2;
      };
      const handles = () => process.getActiveResourcesInfo().length;
      const warm = await restart(10);
      const [before, open] = [process.memoryUsage().heapUsed / 1024 ** 2, handles()];
      const after = await restart(kind === 'worker' ? 50 : 25);
      const heap = process.memoryUsage().heapUsed / 1024 ** 2;
      t.diagnostic(
        `${warm.toFixed(0)} -> ${after.toFixed(0)} MB resident, ${before.toFixed(1)} -> ${heap.toFixed(1)} MB heap, ${open} -> ${handles()} handles`,
      );
      assert.ok(heap - before < 5, `${heap - before} MB of heap more`);
      assert.ok(handles() <= open + 2, `${open} -> ${handles()} handles`);
      await answered(c, 1);
    });
  });

test('limits that do not fit are refused', () => {
  for (const limits of [
    { heap: '1 MB' },
    { heap: '1 GB', memory: '512 MB' },
    { heartbeat: '1 ms' },
    { startup: '1 ms' },
  ])
    assert.throws(() => TestContainer.limits({ kind: 'process', ...limits }), { code: 'ISOLATION_LIMIT' });
});
