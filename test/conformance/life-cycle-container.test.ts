import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BundleContext } from 'rackwatt';
import { acting, type Acts } from '../support/acting.js';
import { activated, Meter, meter } from '../support/activated.js';
import { readManifest, TestContainer } from '../support/container.js';
import { item } from './item.js';

const find = async (location: string) => {
  const root = location.slice('link:'.length);
  return { location, root, manifest: await readManifest(root) };
};

/** The events of a container itself, as they are fired. */
function followed(container: TestContainer): string[] {
  const events: string[] = [];
  container.framework.onFrameworkEvent(({ type }) => events.push(type), { synchronous: true });
  return events;
}

item(33, async (t) => {
  const container = new TestContainer(t, { framework: { properties: { site: 'FRA1', 'os.name': 'overridden' } } });
  process.env['RACKWATT_TEST_PROPERTY'] = 'from outside';
  t.after(() => delete process.env['RACKWATT_TEST_PROPERTY']);
  const { context } = await activated(container, 'a');
  assert.deepEqual(
    ['site', 'os.name', 'os.arch', 'node.version', 'rackwatt.version', 'RACKWATT_TEST_PROPERTY', 'toString'].map(
      (name) => context.property(name),
    ),
    ['FRA1', 'overridden', process.arch, process.versions.node, '0.1.0', undefined, undefined],
  );
});

item(37, async (t) => {
  const container = new TestContainer(t);
  const { framework } = container;
  await framework.start(1);
  const { system } = framework;
  assert.equal(framework.bundle(0), system);
  assert.deepEqual([system.id, system.location, system.state], [0, 'System Bundle', 'ACTIVE']);
  const gate = Promise.withResolvers<void>();
  const { bundle, context } = await activated(container, 'a');
  assert.equal(context.bundles()[0], system);
  const slow = await acting(container, 'slow', { stop: () => gate.promise });
  await slow.start();
  const events = followed(container);

  await system.stop();
  assert.notEqual(system.state, 'RESOLVED', 'stop began it, and came back');
  gate.resolve();
  assert.equal((await framework.waitForStop()).type, 'STOPPED');
  assert.deepEqual([system.state, bundle.state, slow.state], ['RESOLVED', 'RESOLVED', 'RESOLVED']);

  await framework.start(1);
  assert.equal(bundle.state, 'ACTIVE');
  events.length = 0;
  const started = new Promise<void>((resolve) =>
    framework.onFrameworkEvent(({ type }) => type === 'STARTED' && resolve()),
  );
  await system.update();
  assert.equal((await framework.waitForStop()).type, 'STOPPED_UPDATE');
  await started;
  assert.deepEqual([system.state, bundle.state], ['ACTIVE', 'ACTIVE']);
  assert.deepEqual(
    events.filter((type) => type !== 'STARTLEVEL_CHANGED'),
    ['STOPPED_UPDATE', 'STARTED'],
  );
  await assert.rejects(system.uninstall(), { code: 'BUNDLE_STATE', message: /cannot be uninstalled/ });
  assert.equal(system.state, 'ACTIVE');

  // Also a bundle may ask for it, from inside its own stop, without waiting for itself.
  const last = await acting(container, 'last', { stop: () => framework.stop() });
  await last.start();
  await last.stop();
  assert.equal((await framework.waitForStop(5_000)).type, 'STOPPED');
});

item(38, async (t) => {
  const container = new TestContainer(t, { framework: { startLevel: 2 } });
  const { framework } = container;
  assert.equal(framework.system.state, 'INSTALLED');
  const events = followed(container);
  await framework.init();
  assert.deepEqual([framework.system.state, framework.startLevel, events], ['STARTING', 0, []]);
  const seen: string[] = [];
  const acts: Acts = { start: (context) => void seen.push(context.bundles()[0]!.state) };
  const [one, two, three] = [1, 2, 3].map((startLevel) => acting(container, `b${startLevel}`, acts, { startLevel }));
  for (const bundle of [await one!, await two!, await three!]) await bundle.start();
  assert.deepEqual(seen, [], 'nothing is started yet');
  await framework.start();
  assert.deepEqual([framework.system.state, framework.startLevel, seen], ['ACTIVE', 2, ['STARTING', 'STARTING']]);
  assert.deepEqual(events, ['STARTLEVEL_CHANGED', 'STARTED']);
  await framework.start();
  assert.deepEqual(events, ['STARTLEVEL_CHANGED', 'STARTED'], 'once');
});

item(39, async (t) => {
  const container = new TestContainer(t);
  const { framework } = container;
  await framework.start(2);
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const note = (name: string): Acts => ({ stop: () => void order.push(name) });
  const bundles = [
    await acting(container, 'first', note('first')),
    await acting(container, 'slow', { stop: () => gate.promise }),
    await acting(container, 'broken', { stop: () => Promise.reject(new RangeError('cannot stop')) }),
    await acting(container, 'above', note('above'), { startLevel: 2 }),
  ];
  for (const bundle of bundles) await bundle.start();
  const events = followed(container);
  const stopping = framework.stop();
  const late = await framework.waitForStop(10);
  assert.deepEqual([late.type, late.bundle, framework.system.state], ['WAIT_TIMEDOUT', framework.system, 'STOPPING']);
  const waiting = framework.waitForStop();
  gate.resolve();
  await stopping;
  assert.equal((await waiting).type, 'STOPPED');
  assert.equal((await framework.waitForStop(1)).type, 'STOPPED', 'also afterwards');
  assert.deepEqual([framework.system.state, framework.startLevel, order], ['RESOLVED', 0, ['above', 'first']]);
  assert.ok(bundles.every(({ state, autostart }) => state === 'RESOLVED' && autostart));
  assert.deepEqual(events, ['ERROR', 'STARTLEVEL_CHANGED', 'STOPPED']);
  await framework.start(2);
  assert.ok(bundles.every(({ state }) => state === 'ACTIVE'));
  // What fails by itself is started again also after the container was.
  framework.failed(bundles[0]!, new RangeError('by itself'));
  assert.match(bundles[0]!.reason ?? '', /by itself/);
});

item(40, async (t) => {
  const options = { remembers: true, find } as const;
  const first = new TestContainer(t, { framework: options });
  const { folder } = first;
  const dataFolders: string[] = [];
  const bundle = await acting(first, 'a', { start: (context) => void dataFolders.push(context.dataFolder()) });
  await first.framework.start(1);
  await bundle.start();
  await first.framework.stop();
  const again = new TestContainer(t, { folder, framework: options }).framework;
  await again.init();
  assert.equal(again.bundles().length, 1);
  const clean = new TestContainer(t, { folder, framework: { ...options, clean: 'onFirstInit' } });
  await clean.framework.init();
  assert.deepEqual(clean.framework.bundles(), []);
  assert.equal(existsSync(dataFolders[0]!), false);
  const newcomer = await acting(clean, 'b');
  assert.ok(newcomer.id > bundle.id);
  await clean.framework.stop();
  await clean.framework.init();
  assert.deepEqual(clean.framework.bundles(), [newcomer], 'at the first init only');
  const last = new TestContainer(t, { folder, framework: options }).framework;
  await last.init();
  assert.deepEqual(
    last.bundles().map(({ name }) => name),
    ['b'],
  );
});

item(41, async (t) => {
  const [one, other] = [new TestContainer(t), new TestContainer(t)];
  const heard: string[] = [];
  const { context } = await activated(other, 'listener');
  context.onBundleEvent(({ bundle }) => heard.push(bundle.name), { synchronous: true });
  context.onFrameworkEvent(({ type }) => heard.push(type), { synchronous: true });
  context.listen(() => heard.push('service'));
  const { bundle, context: mine } = await activated(one, 'same');
  await activated(other, 'same');
  heard.length = 0;
  mine.register(Meter, meter());
  await one.framework.setStartLevel(3);
  await bundle.stop();
  await bundle.uninstall();
  one.framework.error(bundle, new RangeError('only here'));
  await one.framework.stop();
  assert.deepEqual(heard, []);
  assert.deepEqual([context.reference(Meter), other.errors], [undefined, []]);
  assert.deepEqual([other.framework.bundle('same')?.state, other.framework.startLevel], ['ACTIVE', 1]);
  assert.deepEqual(one.errors, ['only here']);
});

item(42, async (t) => {
  const container = new TestContainer(t);
  await container.framework.setStartLevel(1);
  await container.start('api', 'exports.x = 1;', { rackwatt: { contracts: ['.'] } });
  const bundle = await acting(container, 'a', {}, { manifest: { peerDependencies: { api: '*' } } });
  await bundle.start();
  assert.equal(bundle.revision.manifest, bundle.manifest);
  assert.ok(bundle.revision.wiring, 'its wiring');
  assert.equal(bundle.startLevel, 1);
  const { location, id } = bundle;
  const plain = {
    id,
    name: 'a',
    version: '1.0.0',
    state: 'ACTIVE',
    location,
    startLevel: 1,
    update: 'staged',
    isolation: 'space',
  };
  assert.deepEqual(structuredClone(bundle.info()), plain);
});

item(43, async (t) => {
  const container = new TestContainer(t);
  const { framework } = container;
  const { bundle: first, context } = await activated(container, 'z');
  const bundles = [first, await acting(container, 'y'), await acting(container, 'x')];
  for (const bundle of bundles) {
    assert.equal(framework.bundle(bundle.id), bundle);
    assert.equal(framework.bundle(bundle.name), bundle);
  }
  assert.deepEqual(
    context.bundles().map(({ id }) => id),
    [0, ...bundles.map(({ id }) => id)].sort((a, b) => a - b),
  );
  assert.ok(context.bundles().every((view) => view === framework.bundle(view.id)));
  await first.update(await container.source(container.write('z', { 'index.js': '' }, { version: '2.0.0' })));
  assert.equal(framework.bundle(first.id), first, 'an update leaves the object');
});

item(44, async (t) => {
  const container = new TestContainer(t);
  await container.framework.setStartLevel(1);
  const root = container.write(
    'a',
    {
      'index.js': 'throw new Error("not to be run");',
      'profiles/apc.json': '{}',
      'profiles/eaton.json': '{}',
      'profiles/notes.txt': '',
      'profiles/old/apc-1.json': '{}',
      'profiles/a+b.json': '{}',
      'node_modules/other/profile.json': '{}',
    },
    { peerDependencies: { absent: '*' } },
  );
  const secret = join(container.folder, 'secret.json');
  writeFileSync(secret, '{}');
  symlinkSync(secret, join(root, 'profiles/link.json'));
  mkdirSync(join(container.folder, `${root.split('/').at(-1)}-beside`));
  const bundle = container.framework.install(await container.source(root));
  const contexts: BundleContext[] = [];
  await (await acting(container, 'extender', { start: (context) => void contexts.push(context) })).start();
  const view = contexts[0]!.bundles().find(({ name }) => name === 'a')!;
  assert.equal(view.entry('profiles/apc.json'), join(root, 'profiles/apc.json'));
  assert.equal(view.entry('/profiles'), join(root, 'profiles'));
  for (const outside of [
    'absent.json',
    '../secret.json',
    'profiles/link.json',
    `${root}-beside`,
    `../${root.split('/').at(-1)}-beside`,
    'a\0b',
  ])
    assert.equal(view.entry(outside), undefined, outside);
  assert.deepEqual(view.entries(), ['index.js', 'package.json']);
  assert.deepEqual(view.entries({ folder: 'profiles', pattern: '*.json' }), [
    'profiles/a+b.json',
    'profiles/apc.json',
    'profiles/eaton.json',
  ]);
  assert.deepEqual(view.entries({ pattern: 'a*c*.json', recursive: true }), [
    'profiles/apc.json',
    'profiles/old/apc-1.json',
  ]);
  assert.deepEqual(view.entries({ pattern: 'a+b.json', recursive: true }), ['profiles/a+b.json']);
  assert.deepEqual([view.entries({ folder: '..' }), view.entries({ folder: 'absent' })], [[], []]);
  assert.equal(bundle.state, 'INSTALLED');
});
