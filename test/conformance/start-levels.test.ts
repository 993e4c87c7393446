import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { acting, type Acts } from '../support/acting.js';
import { readManifest, TestContainer } from '../support/container.js';
import { item } from './item.js';

/** Bundles of these levels, started as far as the level allows, and what starts and stops. */
async function leveled(t: TestContext, levels: readonly number[]) {
  const container = new TestContainer(t, { patience: 1_000 });
  const { framework } = container;
  const order: string[] = [];
  const bundles = await Promise.all(
    levels.map((startLevel, i) =>
      acting(
        container,
        `b${i}`,
        { start: () => void order.push(`+${i}`), stop: () => void order.push(`-${i}`) },
        { startLevel },
      ),
    ),
  );
  for (const bundle of bundles) await bundle.start();
  const states = () => bundles.map(({ state }) => (state === 'ACTIVE' ? 1 : 0));
  return { container, framework, bundles, order, states };
}

item(145, async (t) => {
  const { framework, bundles, states } = await leveled(t, [1, 2, 3, 2]);
  await bundles[3]!.stop();
  assert.deepEqual([framework.startLevel, states()], [0, [0, 0, 0, 0]]);
  await framework.setStartLevel(2);
  assert.deepEqual([framework.startLevel, states()], [2, [1, 1, 0, 0]], 'its level, and autostart');
  await bundles[3]!.start();
  assert.deepEqual(states(), [1, 1, 0, 1]);
});

item(146, async (t) => {
  const { framework, order } = await leveled(t, [3, 1, 2, 1, 3]);
  await framework.setStartLevel(3);
  assert.deepEqual(order, ['+1', '+3', '+2', '+0', '+4']);
  order.length = 0;
  await framework.setStartLevel(1);
  assert.deepEqual(order, ['-4', '-0', '-2']);
  // Level by level: what runs at a level runs before the next begins.
  const seen: number[] = [];
  framework.onBundleEvent(({ type }) => type === 'STARTED' && seen.push(framework.startLevel), { synchronous: true });
  await framework.setStartLevel(3);
  assert.deepEqual(seen, [2, 3, 3]);
});

item(147, async (t) => {
  const { container, framework, states } = await leveled(t, [1, 2]);
  const gate = Promise.withResolvers<void>();
  await (await acting(container, 'slow', { start: () => gate.promise })).start();
  const heard: number[] = [];
  framework.onFrameworkEvent(({ type }) => type === 'STARTLEVEL_CHANGED' && heard.push(framework.startLevel), {
    synchronous: true,
  });
  let reached = false;
  const rising = framework.setStartLevel(2).then(() => (reached = true));
  // Asked for before the first is there: they come one after the other, each with its event.
  const falling = framework.setStartLevel(1);
  await delay(10);
  assert.deepEqual([reached, heard, states()], [false, [], [1, 0]]);
  gate.resolve();
  await rising;
  assert.equal(heard[0], 2);
  await falling;
  assert.deepEqual([heard, framework.startLevel, states()], [[2, 1], 1, [1, 0]]);
});

item(148, async (t) => {
  const { container, framework } = await leveled(t, []);
  const bundle = await acting(container, 'a', {}, { startLevel: 2 });
  await framework.setStartLevel(1);
  await assert.rejects(bundle.start({ transient: true }), {
    code: 'BUNDLE_START_LEVEL',
    message: /its start level 2 is above the active one, 1/,
  });
  assert.deepEqual([bundle.state, bundle.autostart], ['INSTALLED', false]);
  await bundle.start();
  assert.deepEqual([bundle.state, bundle.autostart], ['INSTALLED', true]);
  await framework.setStartLevel(2);
  assert.equal(bundle.state, 'ACTIVE');
});

item(149, async (t) => {
  const { framework, bundles, states } = await leveled(t, [1, 2, 2]);
  await framework.setStartLevel(2);
  await bundles[2]!.stop({ transient: true });
  await bundles[2]!.start({ transient: true });
  await framework.setStartLevel(1);
  assert.deepEqual(states(), [1, 0, 0]);
  assert.ok(bundles.every(({ autostart }) => autostart));
  await framework.setStartLevel(2);
  assert.deepEqual(states(), [1, 1, 1]);
});

item(150, async (t) => {
  const { framework, bundles, states, container } = await leveled(t, [1, 3]);
  await framework.setStartLevel(2);
  const [low, high] = bundles as [(typeof bundles)[0], (typeof bundles)[0]];
  await high.setStartLevel(2);
  assert.deepEqual(states(), [1, 1]);
  await low.setStartLevel(3);
  assert.deepEqual([states(), low.autostart, low.startLevel], [[0, 1], true, 3]);
  await high.setStartLevel(1);
  assert.deepEqual(states(), [0, 1]);
  const stopped = await acting(container, 'stopped', {}, { startLevel: 3 });
  await stopped.setStartLevel(1);
  assert.equal(stopped.state, 'INSTALLED', 'not to run at any level');
  for (const level of [0, -1, 1.5, Number.NaN]) {
    await assert.rejects(low.setStartLevel(level), { code: 'BUNDLE_START_LEVEL', message: /an integer from 1/ });
    assert.equal(low.startLevel, 3);
  }
  for (const level of [-1, 0.5]) await assert.rejects(framework.setStartLevel(level), { code: 'BUNDLE_START_LEVEL' });
  const source = await container.source(container.write('c', { 'index.js': '' }));
  assert.throws(() => framework.install(source, { startLevel: 0 }), { code: 'BUNDLE_START_LEVEL' });
  assert.deepEqual([framework.system.startLevel, 'setStartLevel' in framework.system], [0, false]);
  // A move that fails is told, and the level holds.
  const failing = await acting(
    container,
    'failing',
    { start: () => Promise.reject(new RangeError('not here')) },
    { startLevel: 3 },
  );
  await failing.start();
  await failing.setStartLevel(1);
  assert.deepEqual([failing.startLevel, failing.state], [1, 'RESOLVED']);
  assert.match(container.errors.at(-1)!, /not here/);
});

item(151, async (t) => {
  const find = async (location: string) => {
    const root = location.slice('link:'.length);
    return { location, root, manifest: await readManifest(root) };
  };
  const first = new TestContainer(t, { framework: { remembers: true, find } });
  const { framework, folder } = first;
  const install = async (container: TestContainer, name: string) =>
    container.framework.install(await container.source(container.write(name, { 'index.js': '' })));
  assert.equal((await install(first, 'a')).startLevel, 1);
  framework.initialBundleStartLevel = 4;
  assert.equal((await install(first, 'b')).startLevel, 4);
  assert.equal(framework.bundle('a')!.startLevel, 1, 'only of those that come');
  assert.throws(() => (framework.initialBundleStartLevel = 0), { code: 'BUNDLE_START_LEVEL' });
  await framework.start();
  assert.equal(framework.startLevel, 1);
  await framework.stop();
  const next = new TestContainer(t, { folder, framework: { remembers: true, find, startLevel: 4 } });
  await next.framework.start();
  assert.deepEqual([next.framework.initialBundleStartLevel, next.framework.startLevel], [4, 4]);
  assert.deepEqual(
    next.framework.bundles().map(({ startLevel }) => startLevel),
    [1, 4],
  );
});

item(152, async (t) => {
  const { container, framework, order, states } = await leveled(t, [1, 3]);
  const never: Acts = { start: () => new Promise(() => undefined) };
  const broken: Acts = { start: () => Promise.reject(new RangeError('not today')) };
  const bad = [
    await acting(container, 'broken', broken),
    await acting(container, 'stuck', never, { startLevel: 2 }),
    await acting(container, 'needy', {}, { startLevel: 2, manifest: { peerDependencies: { absent: '*' } } }),
  ];
  for (const bundle of bad) await bundle.start();
  await framework.setStartLevel(3);
  assert.deepEqual([order, states(), framework.startLevel], [['+0', '+1'], [1, 1], 3]);
  assert.deepEqual(
    ['not today', 'did not finish starting', 'absent'].map((what) =>
      container.errors.some((error) => error.includes(what)),
    ),
    [true, true, true],
  );
  assert.ok(
    bad.every(({ autostart }) => autostart),
    'another climb tries them again',
  );
});

item(153, async (t) => {
  const { bundles, framework } = await leveled(t, [1]);
  const [bundle] = bundles as [(typeof bundles)[0]];
  assert.equal(bundle.autostart, true);
  await framework.setStartLevel(1);
  await bundle.stop({ transient: true });
  assert.equal(bundle.autostart, true);
  await bundle.stop();
  assert.equal(bundle.autostart, false);
});

item(154, async (t) => {
  const { container, framework } = await leveled(t, []);
  await framework.setStartLevel(3);
  type Bundle = Awaited<ReturnType<typeof acting>>;
  const own: Bundle = await acting(container, 'own', { start: () => own.setStartLevel(5) });
  const other = await acting(container, 'other');
  const others: Bundle = await acting(container, 'others', { start: () => other.setStartLevel(4) });
  const all: Bundle = await acting(container, 'all', {
    start: () => framework.setStartLevel(2),
    stop: () => framework.setStartLevel(3),
  });
  for (const bundle of [other, own, others, all]) await bundle.start();
  await framework.setStartLevel(2);
  assert.equal(framework.startLevel, 2);
  assert.deepEqual([own.startLevel, own.state], [5, 'RESOLVED'], 'stopped once it had started');
  assert.deepEqual([other.startLevel, other.state], [4, 'RESOLVED']);
  await all.stop();
  await framework.setStartLevel(3);
  assert.deepEqual([framework.startLevel, container.errors], [3, []]);
});
