import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { acting, actingCode, type Acts } from '../support/acting.js';
import { collectGarbage, readManifest, TestContainer } from '../support/container.js';
import { item } from './item.js';

const EXCLUSIVE = { rackwatt: { update: 'exclusive' } };

async function running(t: TestContext, options: ConstructorParameters<typeof TestContainer>[1] = {}) {
  const container = new TestContainer(t, options);
  const { framework } = container;
  await framework.setStartLevel(1);
  const events: string[] = [];
  framework.onBundleEvent(({ type, bundle }) => events.push(`${type} ${bundle.name}`), { synchronous: true });
  const to = (does: Acts, manifest: Record<string, unknown> = { version: '2.0.0', ...EXCLUSIVE }) =>
    container.source(container.write('a', { 'index.js': actingCode(does) }, manifest));
  return { container, framework, events, to };
}

/** A contract, and importers that tell what they got of it. */
async function imported(t: TestContext) {
  const got = ((globalThis as unknown as { __got?: Record<string, () => string> }).__got = {} as Record<
    string,
    () => string
  >);
  t.after(() => delete (globalThis as { __got?: object }).__got);
  const { container, framework } = await running(t);
  /** Its contract apart from its own code. */
  const files = (version: string) => ({
    'index.js': 'exports.own = {};',
    'contract.js': `exports.token = () => "${version}";`,
  });
  const manifest = { exports: { './contract': './contract.js' }, rackwatt: { contracts: ['./contract'] } };
  const source = async (version: string) =>
    container.source(container.write('api', files(version), { ...manifest, version }));
  const api = framework.install(await source('1.0.0'), { startLevel: 1 });
  await api.start();
  const importer = (name: string) =>
    container.start(name, `globalThis.__got[${JSON.stringify(name)}] = require('api/contract').token;`, {
      peerDependencies: { api: '*' },
    });
  return { container, framework, api, source, importer, got };
}

item(20, async (t) => {
  const { container, framework, events } = await running(t);
  const bundle = await acting(container, 'a', { stop: () => Promise.reject(new RangeError('cannot stop')) });
  await bundle.start();
  events.length = 0;
  await bundle.uninstall();
  assert.deepEqual(events, ['STOPPING a', 'STOPPED a', 'UNRESOLVED a', 'UNINSTALLED a']);
  assert.deepEqual(container.errors, ['bundle a stopped with an error: cannot stop']);
  assert.deepEqual(
    [bundle.state, framework.bundle('a'), framework.bundle(bundle.id)],
    ['UNINSTALLED', undefined, undefined],
  );
});

item(21, async (t) => {
  const { container, events } = await running(t);
  const [resolved, installed] = [await acting(container, 'a'), await acting(container, 'b')];
  await resolved.resolve();
  const states: string[] = [];
  container.framework.onBundleEvent(({ bundle }) => states.push(bundle.state), { synchronous: true });
  events.length = 0;
  await resolved.uninstall();
  await installed.uninstall();
  assert.deepEqual(events, ['UNRESOLVED a', 'UNINSTALLED a', 'UNINSTALLED b']);
  assert.deepEqual(states, ['INSTALLED', 'UNINSTALLED', 'UNINSTALLED']);
  assert.ok(resolved.id > 0 && resolved.location.startsWith('link:'));
  assert.deepEqual([resolved.manifest.name, resolved.info().state], ['a', 'UNINSTALLED']);
  const { source } = resolved.revision;
  for (const act of [
    () => resolved.start(),
    () => resolved.stop(),
    () => resolved.resolve(),
    () => resolved.uninstall(),
    () => resolved.setStartLevel(1),
  ])
    await assert.rejects(act(), { code: 'BUNDLE_STATE' });
  await assert.rejects(resolved.update(source), /it was uninstalled/);
});

item(22, async (t) => {
  const { framework, api, importer, got } = await imported(t);
  const user = await importer('user');
  const { user: before } = got;
  await api.uninstall();
  await user.stop();
  await user.start();
  assert.equal(got['user'], before, 'the same contract, although its bundle is gone');
  assert.equal(framework.bundle('api'), undefined);
  await assert.rejects(importer('late'), { code: 'BUNDLE_RESOLVE' });
});

item(23, async (t) => {
  const { container, events, to } = await running(t);
  const bundle = await acting(container, 'a', {}, { manifest: EXCLUSIVE });
  await bundle.resolve();
  const kept = () => [bundle.id, bundle.name, bundle.autostart, bundle.startLevel];
  const [before, location] = [kept(), bundle.location];
  events.length = 0;
  const source = await to({});
  await bundle.update(source);
  assert.deepEqual(events, ['UNRESOLVED a', 'UPDATED a', 'RESOLVED a'], 'new content is wired with the update');
  assert.deepEqual(kept(), before);
  assert.deepEqual([bundle.version, bundle.state], ['2.0.0', 'RESOLVED']);
  assert.deepEqual([bundle.location !== location, bundle.location], [true, source.location]);
  await bundle.start();
  await bundle.setStartLevel(1);
  await bundle.update(await to({}, { version: '3.0.0' }));
  assert.deepEqual([bundle.state, bundle.autostart, bundle.id], ['ACTIVE', true, before[0]]);
});

item(24, async (t) => {
  const { container, framework, to } = await running(t);
  const acts: string[] = [];
  const bundle = await acting(container, 'a', { stop: () => void acts.push('old stops') }, { manifest: EXCLUSIVE });
  await bundle.start();
  framework.onBundleEvent(({ type }) => acts.push(`${type} ${bundle.version}`), { synchronous: true });
  const heard: string[] = [];
  framework.onBundleEvent(({ type }) => heard.push(type));
  await bundle.update(await to({ start: () => void acts.push('new starts') }));
  assert.deepEqual(acts, [
    'STOPPING 1.0.0',
    'old stops',
    'STOPPED 1.0.0',
    'UNRESOLVED 1.0.0',
    'UPDATED 2.0.0',
    'RESOLVED 2.0.0',
    'STARTING 2.0.0',
    'new starts',
    'STARTED 2.0.0',
  ]);
  await new Promise(setImmediate);
  assert.deepEqual(
    heard.filter((type) => !type.includes('RESOLVED')),
    ['STOPPED', 'UPDATED', 'STARTED'],
  );
});

item(25, async (t) => {
  const { container, framework, events } = await running(t);
  let running1 = 0;
  const bundle = await acting(container, 'a', { start: () => void running1++ }, { manifest: EXCLUSIVE });
  await bundle.start();
  const run = bundle.run;
  events.length = 0;
  const bad = [
    ['malformed', container.write('a', { 'package.json': '{' })],
    ['absent', join(container.folder, 'nowhere')],
    ['code', container.write('a', { 'index.js': 'const = 1' }, EXCLUSIVE)],
    ['imports', container.write('a', { 'index.js': '' }, { ...EXCLUSIVE, peerDependencies: { absent: '*' } })],
    ['another', container.write('b', { 'index.js': '' }, EXCLUSIVE)],
  ] as const;
  for (const [what, root] of bad)
    await assert.rejects(
      (async () => bundle.update(await container.source(root)))(),
      (error: { code: string }) => error.code.startsWith('BUNDLE_'),
      what,
    );
  assert.deepEqual(
    [bundle.state, bundle.version, bundle.run === run, running1, events],
    ['ACTIVE', '1.0.0', true, 1, []],
  );
  assert.equal(framework.bundle('a'), bundle);
});

item(26, async (t) => {
  const { container, to } = await running(t);
  const acts: string[] = [];
  const stubborn = await acting(
    container,
    'a',
    {
      start: () => void acts.push('old starts'),
      stop: () => {
        acts.push('old stops');
        return acts.length < 3 ? Promise.reject(new RangeError('cannot stop')) : undefined;
      },
    },
    { manifest: EXCLUSIVE },
  );
  await stubborn.start();
  await assert.rejects(stubborn.update(await to({ start: () => void acts.push('new starts') })), {
    code: 'BUNDLE_UPDATE',
    message: /cannot stop/,
  });
  assert.deepEqual(acts, ['old starts', 'old stops', 'old starts']);
  assert.deepEqual([stubborn.state, stubborn.version], ['ACTIVE', '1.0.0']);
  await assert.rejects(stubborn.update(await to({ start: () => Promise.reject(new RangeError('cannot start')) })), {
    code: 'BUNDLE_UPDATE',
    message: /cannot start/,
  });
  assert.deepEqual(acts.slice(3), ['old stops', 'old starts']);
  assert.deepEqual([stubborn.state, stubborn.version, stubborn.autostart], ['ACTIVE', '1.0.0', true]);
});

item(27, async (t) => {
  const { container, api, source, importer, got } = await imported(t);
  const user = await importer('user');
  const old = new WeakRef(got['user']!);
  const live = (): string[] => container.tokens.live().filter((label) => label.startsWith('api@1.0.0'));
  assert.equal(live().length, 2, 'its own code, and its contracts');
  await api.update(await source('2.0.0'));
  await user.stop();
  await user.start();
  assert.equal(got['user'], old.deref(), 'wired to the old revision');
  await importer('newcomer');
  assert.equal(got['newcomer']!(), '2.0.0');
  await collectGarbage(() => live().length === 1, 60);
  assert.deepEqual(
    live().map((label) => label.endsWith(' contracts')),
    [true],
    'its own code is gone, its contracts live',
  );
  delete got['user'];
  await user.uninstall();
  await collectGarbage(() => live().length === 0, 60);
  assert.deepEqual(live(), [], 'nobody is wired to it');
});

item(28, async (t) => {
  const { container } = await running(t);
  const code = (i: number) => `const { component, contract } = require('rackwatt');
    const ballast = new Array(131072).fill(${i});
    exports.meter = component({ name: 'meter', provides: contract('test/Reloaded', { major: 1 }),
      activate: ({ scope }) => {
        const timer = setInterval(() => ballast.length, 1000);
        scope.add('timer', () => clearInterval(timer));
        return { name: () => 'r${i}', size: () => ballast.length };
      } });`;
  const sources = await Promise.all([0, 1].map((i) => container.source(container.write('a', { 'index.js': code(i) }))));
  const bundle = container.framework.install(sources[0]!, { startLevel: 1 });
  await bundle.start();
  const serving = () => {
    const { registry } = container.framework;
    const owner = { id: 0, name: 'rackwatt' };
    const reference = registry.reference<{ name(): string }>('test/Reloaded@1')!;
    const name = registry.get(owner, reference)!.name();
    registry.release(owner, reference);
    return name;
  };
  for (let i = 1; i <= 21; i++) await bundle.update(sources[i % 2]!);
  await collectGarbage(() => container.tokens.live().length <= 1, 50);
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000; i++) {
    await bundle.update(sources[i % 2]!);
    assert.equal(serving(), `r${i % 2}`);
  }
  await collectGarbage(() => container.tokens.live().length <= 1, 50);
  // What a token was the last to hold is free one collection later.
  await collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  assert.equal(container.tokens.live().length, 1, 'every token but the live one is collected');
  // A revision weighs a megabyte: of a thousand, the last ones may still wait for the next collection.
  assert.ok(kept < 3 * (1 << 20), `kept ${kept} bytes`);
});

item(29, async (t) => {
  const { container } = await running(t, {
    framework: {
      find: async (location) => ({
        location,
        root: location.slice(5),
        manifest: await readManifest(location.slice(5)),
      }),
    },
  });
  const root = container.write('a', { 'index.js': '' });
  const bundle = await container.framework.installFrom(`link:${root}`, { startLevel: 1 });
  await bundle.start();
  writeFileSync(join(root, 'package.json'), JSON.stringify({ ...bundle.manifest, version: '1.1.0', rackwatt: {} }));
  await bundle.update();
  assert.deepEqual([bundle.version, bundle.state, bundle.location], ['1.1.0', 'ACTIVE', `link:${root}`]);
  const other = new TestContainer(t);
  const alone = await acting(other, 'a');
  await assert.rejects(alone.update(), { code: 'BUNDLE_STATE', message: /was not told how to find link:/ });
});

item(30, async (t) => {
  const { container, to } = await running(t);
  const bundle = await acting(container, 'a', {}, { manifest: { description: 'one' } });
  assert.deepEqual([bundle.manifest.version, bundle.manifest.description], ['1.0.0', 'one']);
  await bundle.update(await to({}, { version: '2.0.0', description: 'two' }));
  assert.deepEqual([bundle.manifest.version, bundle.manifest.description], ['2.0.0', 'two']);
  await bundle.uninstall();
  assert.deepEqual([bundle.manifest.version, bundle.manifest.description], ['2.0.0', 'two']);
});

item(32, async (t) => {
  const { container, framework, to } = await running(t);
  const folders: string[] = [];
  const does: Acts = { start: (context) => void folders.push(context.dataFolder()) };
  const [a, b] = [await acting(container, 'a', does), await acting(container, 'b', does)];
  await a.start();
  await b.start();
  assert.notEqual(folders[0], folders[1]);
  const file = join(folders[0]!, 'kept.txt');
  writeFileSync(file, 'kept');
  await a.update(await to(does, { version: '2.0.0' }));
  await a.stop();
  await a.start();
  assert.deepEqual([folders.at(-1), existsSync(file)], [folders[0], true]);
  await a.uninstall();
  assert.ok(existsSync(file), 'kept, unless asked otherwise');
  const again = await acting(container, 'a', does);
  await framework.uninstall(again, { data: true });
  assert.deepEqual([existsSync(folders[0]!), existsSync(folders[1]!)], [false, true]);
});
