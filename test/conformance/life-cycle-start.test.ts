import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { BundleContext } from 'rackwatt';
import { acting } from '../support/acting.js';
import { Meter, meter } from '../support/activated.js';
import { TestContainer } from '../support/container.js';
import { item } from './item.js';

type Bundle = Awaited<ReturnType<typeof acting>>;

/** A container at level 1, and what is fired in it. */
async function running(t: TestContext, options: { patience?: number } = {}) {
  const container = new TestContainer(t, options);
  const { framework } = container;
  await framework.setStartLevel(1);
  const events: string[] = [];
  framework.onBundleEvent(({ type, bundle }) => events.push(`${type} ${bundle.state}`), { synchronous: true });
  return { container, framework, events };
}

item(7, async (t) => {
  const { container, framework } = await running(t);
  const next: Record<string, string[]> = {
    INSTALLED: ['RESOLVED', 'UNINSTALLED'],
    RESOLVED: ['STARTING', 'INSTALLED', 'UNINSTALLED'],
    STARTING: ['ACTIVE', 'STOPPING'],
    ACTIVE: ['STOPPING'],
    STOPPING: ['RESOLVED'],
    UNINSTALLED: [],
  };
  const seen = new Map<number, string>();
  const odd: string[] = [];
  const states = new Set<string>();
  framework.onBundleEvent(
    ({ type, bundle }) => {
      const before = seen.get(bundle.id);
      const stays = type === 'INSTALLED' || type === 'UPDATED';
      if (before !== undefined && !stays && !next[before]!.includes(bundle.state))
        odd.push(`${before} ${bundle.state}`);
      seen.set(bundle.id, bundle.state);
      states.add(bundle.state);
    },
    { synchronous: true },
  );
  const fails = () => Promise.reject(new RangeError('no'));
  const good = await acting(container, 'good', {}, { manifest: { rackwatt: { update: 'exclusive' } } });
  const starts = await acting(container, 'starts-badly', { start: fails });
  const stops = await acting(container, 'stops-badly', { stop: fails });
  const needy = await acting(container, 'needy', {}, { manifest: { peerDependencies: { absent: '*' } } });
  const all = [good, starts, stops, needy];
  // All ways, in an order that nobody thought of; a failure is part of it.
  let seed = 7;
  for (let i = 0; i < 150; i++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const bundle = all[seed % all.length]!;
    const acts = [
      () => bundle.start(),
      () => bundle.stop(),
      () => bundle.resolve(),
      () => bundle.update({ ...bundle.revision.source }),
      () => bundle.setStartLevel(1 + (seed % 2)),
    ];
    await acts[(seed >> 8) % acts.length]!().catch((error: { code: string }) => assert.match(error.code, /^BUNDLE_/));
  }
  for (const bundle of all) await bundle.uninstall();
  assert.deepEqual(odd, []);
  assert.deepEqual([...states].sort(), Object.keys(next).sort());
});

item(8, async (t) => {
  const { container, framework } = await running(t);
  const needy = await acting(container, 'needy', {}, { manifest: { peerDependencies: { api: '^2.0.0' } } });
  await assert.rejects(needy.start(), { code: 'BUNDLE_RESOLVE', message: /needy 1\.0\.0 .*api .*2\.0\.0/ });
  assert.equal(needy.state, 'INSTALLED');
  assert.equal(needy.autostart, true);
  await container.start('api', 'exports.call = () => 42;', { version: '2.1.0', rackwatt: { contracts: ['.'] } });
  await framework.retryUnresolved();
  assert.equal(needy.state, 'ACTIVE');
});

item(9, async (t) => {
  const { container, events } = await running(t);
  const bundle: Bundle = await acting(container, 'a', {
    start: async () => {
      events.push(`activator ${bundle.state}`);
      await delay(5);
      events.push(`activated ${bundle.state}`);
    },
  });
  await bundle.start();
  assert.deepEqual(events, [
    'INSTALLED INSTALLED',
    'RESOLVED RESOLVED',
    'STARTING STARTING',
    'activator STARTING',
    'activated STARTING',
    'STARTED ACTIVE',
  ]);
});

item(10, async (t) => {
  const { container, events } = await running(t);
  let starts = 0;
  const bundle = await acting(container, 'a', { start: () => void starts++ });
  await bundle.start();
  events.length = 0;
  await bundle.start();
  assert.deepEqual([starts, events], [1, []]);
  await bundle.uninstall();
  await assert.rejects(bundle.start(), { code: 'BUNDLE_STATE', message: /uninstalled/ });
});

item(11, async (t) => {
  const { container } = await running(t);
  const [kept, passing] = [await acting(container, 'kept'), await acting(container, 'passing')];
  await kept.start();
  await passing.start({ transient: true });
  assert.deepEqual([kept.state, kept.autostart], ['ACTIVE', true]);
  assert.deepEqual([passing.state, passing.autostart], ['ACTIVE', false]);
  await kept.stop({ transient: true });
  await kept.start({ transient: true });
  assert.equal(kept.autostart, true);
});

/** Registers, gets, listens and tracks, and tells what of it is left. */
function busy(container: TestContainer) {
  const heard: string[] = [];
  const use = (context: BundleContext): void => {
    context.register(Meter, meter());
    context.get(context.references(Meter)[0]!);
    context.listen(() => heard.push('service'));
    context.onBundleEvent(() => heard.push('bundle'), { synchronous: true });
    context.onFrameworkEvent(() => heard.push('framework'), { synchronous: true });
    context.tracker(Meter, { adding: () => 1, removed: () => heard.push('tracker closed') }).open();
    context
      .bundleTracker(['INSTALLED', 'RESOLVED', 'STARTING', 'ACTIVE', 'STOPPING'], {
        adding: () => 1,
        removed: () => heard.push('bundles closed'),
      })
      .open();
    context.scope.add('scope', () => void heard.push('scope closed'));
  };
  /** What it hears of what others do, and what of its services is there. */
  const left = async (bundle: Bundle): Promise<unknown[]> => {
    heard.length = 0;
    const { framework } = container;
    framework.registry.register({ id: 0, name: 'rackwatt' }, Meter, meter()).unregister();
    framework.error({ id: 0, name: 'rackwatt' }, new RangeError('told to all'));
    await (await acting(container, `other-${Math.random().toString(36).slice(2)}`)).start();
    return [...heard, ...framework.registry.registeredBy(bundle), ...framework.registry.usedBy(bundle)];
  };
  return { use, left, heard };
}

item(12, async (t) => {
  const { container, framework, events } = await running(t);
  framework.registry.register({ id: 0, name: 'rackwatt' }, Meter, meter());
  const { use, left, heard } = busy(container);
  const thrown = new TypeError('no meter here');
  const bundle = await acting(container, 'a', {
    start: async (context) => {
      use(context);
      await delay(1);
      throw thrown;
    },
  });
  await assert.rejects(bundle.start(), (error: { code: string; message: string; cause: unknown }) => {
    assert.equal(error.code, 'BUNDLE_START');
    assert.match(error.message, /bundle a 1\.0\.0 did not start: no meter here/);
    assert.equal(error.cause, thrown);
    return true;
  });
  assert.deepEqual(events.slice(2), ['STARTING STARTING', 'STOPPING STOPPING', 'STOPPED RESOLVED']);
  assert.ok(heard.includes('tracker closed') && heard.includes('bundles closed') && heard.includes('scope closed'));
  assert.deepEqual(await left(bundle), []);
  assert.deepEqual([bundle.state, bundle.autostart, bundle.reason], ['RESOLVED', true, 'no meter here']);
});

item(13, async (t) => {
  const { container, events } = await running(t);
  for (const [name, code, said] of [
    ['syntax', 'const = 1', /index\.js/],
    ['throws', 'throw new RangeError("no such port")', /no such port/],
    ['missing', 'require("./nowhere.js")', /nowhere/],
    ['no-activator', 'exports.activator = { begin() {} }', /activator without a start function/],
  ] as const) {
    const root = container.write(name, { 'index.js': code });
    const bundle = container.framework.install(await container.source(root), { startLevel: 1 });
    events.length = 0;
    await assert.rejects(bundle.start(), { code: 'BUNDLE_START', message: said });
    assert.deepEqual(events.slice(1), ['STARTING STARTING', 'STOPPING STOPPING', 'STOPPED RESOLVED'], name);
    assert.deepEqual([bundle.state, bundle.autostart], ['RESOLVED', true]);
  }
});

item(14, async (t) => {
  const { container, events } = await running(t, { patience: 250 });
  const gate = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const slow = await acting(container, 'slow', {
    start: () => {
      entered.resolve();
      return gate.promise;
    },
  });
  const starting = slow.start();
  const stopping = slow.stop();
  await entered.promise;
  assert.equal(slow.state, 'STARTING');
  gate.resolve();
  await Promise.all([starting, stopping]);
  assert.deepEqual(events.slice(-4), ['STARTING STARTING', 'STARTED ACTIVE', 'STOPPING STOPPING', 'STOPPED RESOLVED']);

  const stuck = await acting(container, 'stuck', { start: () => new Promise(() => undefined) });
  const [first, second] = await Promise.allSettled([stuck.start(), stuck.stop()]);
  assert.equal((first as { reason: { code: string } }).reason.code, 'BUNDLE_START');
  assert.match((first as { reason: Error }).reason.message, /did not finish starting in 0\.25 s/);
  assert.equal(second.status, 'fulfilled', 'the start gave up in time');

  // Nor does code that never is evaluated hold anybody up: a bundle's own, or a contract.
  const endless = { 'index.mjs': 'await new Promise(() => {});' };
  const manifest = { main: './index.mjs', rackwatt: { contracts: ['.'] } };
  const forever = await container.source(container.write('forever', endless, { main: './index.mjs' }));
  await assert.rejects(container.framework.install(forever, { startLevel: 1 }).start(), /not evaluated in 0\.25 s/);
  container.framework.install(await container.source(container.write('api', endless, manifest)), { startLevel: 1 });
  const user = await acting(container, 'user', {}, { manifest: { peerDependencies: { api: '*' } } });
  await assert.rejects(user.start(), { code: 'BUNDLE_TIMEOUT', message: /contracts .* not evaluated in 0\.25 s/ });
  assert.deepEqual([user.state, user.autostart], ['INSTALLED', true]);

  const held = Promise.withResolvers<void>();
  const holding = slow.exclusively('hold', () => held.promise);
  await assert.rejects(slow.start(), {
    code: 'BUNDLE_BUSY',
    message: /cannot start slow: another operation .* 0\.5 s/,
  });
  held.resolve();
  await holding;
  await slow.start();
  assert.equal(slow.state, 'ACTIVE', 'a refused operation leaves no trace');

  const refused: string[] = [];
  const own = async (bundle: Bundle, when: string): Promise<void> => {
    for (const act of [() => bundle.start(), () => bundle.stop(), () => bundle.uninstall()])
      await act().catch((error: { code: string }) => refused.push(`${error.code} ${when}`));
    await bundle
      .update({ ...bundle.revision.source })
      .catch((error: { cause?: { code: string }; code: string }) =>
        refused.push(`${error.cause?.code ?? error.code} ${when}`),
      );
  };
  const selfish: Bundle = await acting(container, 'selfish', {
    start: () => own(selfish, 'starting'),
    stop: () => own(selfish, 'stopping'),
  });
  await selfish.start();
  await selfish.stop();
  assert.deepEqual(refused, [
    ...Array<string>(4).fill('BUNDLE_BUSY starting'),
    ...Array<string>(4).fill('BUNDLE_BUSY stopping'),
  ]);
  assert.equal(selfish.state, 'RESOLVED');
  // Also by way of another bundle, which waits for it.
  const inner: Bundle = await acting(container, 'inner', { start: () => outer.stop() });
  const outer: Bundle = await acting(container, 'outer', { start: () => inner.start() });
  await assert.rejects(outer.start(), { code: 'BUNDLE_START', message: /inside its own start/ });
  // What a bundle began in its start may act on it once that is over.
  const late = Promise.withResolvers<void>();
  const patient: Bundle = await acting(container, 'patient', {
    start: () => void setTimeout(() => late.resolve(patient.stop()), 20),
  });
  await patient.start();
  await late.promise;
  assert.equal(patient.state, 'RESOLVED');
});

item(15, async (t) => {
  const { container } = await running(t);
  const contexts: BundleContext[] = [];
  const usable: string[] = [];
  const bundle = await acting(container, 'a', {
    start: (context) => {
      contexts.push(context);
      usable.push(`start ${context.references(Meter).length}`);
    },
    stop: (context) => void usable.push(`stop ${context.references(Meter).length}`),
  });
  await bundle.start();
  await bundle.stop();
  await bundle.start();
  assert.deepEqual(usable, ['start 0', 'stop 0', 'start 0']);
  const [old, present] = contexts as [BundleContext, BundleContext];
  assert.notEqual(old, present);
  for (const use of [
    () => old.register(Meter, meter()),
    () => old.reference(Meter),
    () => old.references(Meter),
    () => old.listen(() => undefined),
    () => old.tracker(Meter),
    () => old.bundleTracker(['ACTIVE']),
    () => old.onBundleEvent(() => undefined),
    () => old.onFrameworkEvent(() => undefined),
    () => old.bundles(),
    () => old.property('os.name'),
    () => old.dataFolder(),
  ])
    assert.throws(use, { code: 'BUNDLE_CONTEXT_INVALID' });
  present.register(Meter, meter());
  assert.equal(present.references(Meter).length, 1);
});

item(16, async (t) => {
  const { container, framework, events } = await running(t);
  const bundle: Bundle = await acting(container, 'a', {
    start: (context) => void context.register(Meter, meter()),
    stop: async (context) => {
      events.push(`activator ${bundle.state}, ${context.references(Meter).length} service`);
      await delay(1);
      framework.registry.listen({ id: 0, name: 'rackwatt' }, ({ type }) => events.push(`${type} ${bundle.state}`));
    },
  });
  await bundle.start();
  events.length = 0;
  await bundle.stop({ transient: true });
  assert.equal(bundle.autostart, true);
  assert.deepEqual(events, [
    'STOPPING STOPPING',
    'activator STOPPING, 1 service',
    'UNREGISTERING STOPPING',
    'STOPPED RESOLVED',
  ]);
  await bundle.start();
  await bundle.stop();
  assert.equal(bundle.autostart, false);
});

item(17, async (t) => {
  const { container, framework, events } = await running(t, { patience: 300 });
  framework.registry.register({ id: 0, name: 'rackwatt' }, Meter, meter());
  for (const stop of [() => Promise.reject(new RangeError('cannot stop')), () => new Promise<void>(() => undefined)]) {
    const { use, left } = busy(container);
    const bundle = await acting(container, `a${events.length}`, { start: use, stop });
    await bundle.start();
    await assert.rejects(bundle.stop(), {
      code: 'BUNDLE_STOP',
      message: /cannot stop|did not finish stopping in 0\.3 s/,
    });
    assert.deepEqual(events.slice(-2), ['STOPPING STOPPING', 'STOPPED RESOLVED']);
    assert.deepEqual([bundle.state, bundle.autostart, await left(bundle)], ['RESOLVED', false, []]);
  }
});

item(18, async (t) => {
  const { container, events } = await running(t);
  let stops = 0;
  const bundle = await acting(container, 'a', { stop: () => void stops++ }, { startLevel: 2 });
  await bundle.start();
  assert.equal(bundle.autostart, true);
  events.length = 0;
  await bundle.stop();
  assert.deepEqual([bundle.autostart, stops, events], [false, 0, []]);
  await bundle.uninstall();
  await assert.rejects(bundle.stop(), { code: 'BUNDLE_STATE' });
});

item(19, async (t) => {
  const { container, framework } = await running(t, { patience: 300 });
  framework.registry.register({ id: 0, name: 'rackwatt' }, Meter, meter());
  const { use, left, heard } = busy(container);
  const bundle = await acting(container, 'forgetful', { start: use });
  await bundle.start();
  const all = await left(bundle);
  assert.ok(
    ['service', 'bundle', 'framework'].every((each) => all.includes(each)),
    'while it runs, it hears',
  );
  heard.length = 0;
  await bundle.stop();
  assert.ok(heard.includes('tracker closed') && heard.includes('bundles closed') && heard.includes('scope closed'));
  assert.deepEqual(await left(bundle), []);
  // Timers too; and a disposer that throws or never settles keeps none of the others from being called.
  const ticking = await container.start(
    'ticking',
    `globalThis.__ticks = 0;
     exports.activator = { start({ scope }) {
       setInterval(() => globalThis.__ticks++, 1);
       scope.add('last', () => { globalThis.__undone = true; });
       scope.add('stuck', () => new Promise(() => {}));
       scope.add('broken', () => { throw new RangeError('cannot undo'); });
     } };`,
  );
  const globals = globalThis as unknown as { __ticks?: number; __undone?: boolean };
  await delay(10);
  assert.ok(globals.__ticks! > 0);
  await ticking.stop();
  const ticks = globals.__ticks;
  await delay(20);
  assert.equal(globals.__ticks, ticks);
  assert.equal(globals.__undone, true);
  assert.ok(container.errors.some((message) => message.includes('cannot undo')));
  assert.ok(container.errors.some((message) => message.includes('stuck of bundle ticking is not undone in time')));
  delete globals.__ticks;
  delete globals.__undone;
});
