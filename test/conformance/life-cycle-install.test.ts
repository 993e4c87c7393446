import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BundleStore, TrustStore } from '../deployment/built.js';
import { archiveOf } from '../deployment/support.js';
import { acting } from '../support/acting.js';
import { readManifest, TestContainer } from '../support/container.js';
import { temporaryFolder } from '../support/temporary.js';
import { item } from './item.js';

/** A container that remembers, and finds bundles in the folders that their locations name. */
function remembering(t: TestContext, folder = temporaryFolder(t)) {
  const reads: string[] = [];
  const find = async (location: string) => {
    reads.push(location);
    const root = location.slice('link:'.length);
    return { location, root, manifest: await readManifest(root) };
  };
  const container = new TestContainer(t, { folder, framework: { remembers: true, find } });
  return { container, framework: container.framework, folder, reads, log: join(folder, 'var', 'bundles.log') };
}

const facts = (framework: TestContainer['framework']) =>
  framework
    .bundles()
    .map(({ id, name, location, startLevel, autostart }) => ({ id, name, location, startLevel, autostart }));

item(1, async (t) => {
  const { container, framework, folder } = remembering(t);
  const location = `link:${container.write('a', { 'index.js': '' })}`;
  const a = await framework.installFrom(location);
  assert.equal(a.state, 'INSTALLED');
  const b = await acting(container, 'b');
  assert.ok(b.id > a.id && a.id > 0);
  await framework.uninstall(b);
  const again = await acting(container, 'b');
  assert.ok(again.id > b.id);
  await framework.uninstall(again);
  await framework.stop();
  const next = remembering(t, folder);
  await next.framework.init();
  assert.ok((await acting(next.container, 'c')).id > again.id, 'ids of uninstalled bundles are not given out again');
});

item(2, async (t) => {
  const { container, framework, reads } = remembering(t);
  const events: string[] = [];
  framework.onBundleEvent(({ type }) => events.push(type), { synchronous: true });
  const root = container.write('a', { 'index.js': '' });
  const [first, second] = await Promise.all([
    framework.installFrom(`link:${root}`),
    framework.installFrom(`link:${root}`),
  ]);
  assert.equal(first, second);
  rmSync(root, { recursive: true });
  reads.length = 0;
  assert.equal(await framework.installFrom(`link:${root}`), first);
  assert.deepEqual(reads, []);
  assert.deepEqual(events, ['INSTALLED']);
});

item(3, async (t) => {
  const home = temporaryFolder(t);
  const store = new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys: join(home, 'keys') }) });
  const archive = join(home, 'acme.tgz');
  const container = new TestContainer(t, {
    folder: home,
    framework: {
      remembers: true,
      find: async (location) =>
        location.startsWith('link:')
          ? { location, root: location.slice(5), manifest: await readManifest(location.slice(5)) }
          : { location, ...(await store.install(archive, true)) },
    },
  });
  const { framework } = container;
  const events: string[] = [];
  framework.onBundleEvent(({ type }) => events.push(type), { synchronous: true });
  await assert.rejects(framework.installFrom(`link:${join(home, 'nowhere')}`), { code: 'BUNDLE_MANIFEST' });
  await assert.rejects(framework.installFrom('store:acme@1.0.0'), /acme\.tgz/);
  const whole = await archiveOf('1.0.0');
  writeFileSync(archive, whole);
  for (const length of [whole.length - 1, whole.length >> 1, 10]) {
    truncateSync(archive, length);
    await assert.rejects(framework.installFrom('store:acme@1.0.0'), { code: 'ARCHIVE_INCOMPLETE' });
  }
  assert.deepEqual([framework.bundles(), events], [[], []]);
  assert.equal(existsSync(join(home, 'store', '@example+acme')), false);
  assert.equal(existsSync(join(home, 'var', 'bundles.log')), false);
  writeFileSync(archive, whole);
  assert.equal(
    (await framework.installFrom('store:acme@1.0.0')).name,
    '@example/acme',
    'it was only the end that lacked',
  );
});

item(4, async (t) => {
  const container = new TestContainer(t);
  const { framework } = container;
  const first = framework.install(await container.source(container.write('a', { 'index.js': '' })));
  for (const version of ['1.0.0', '2.0.0']) {
    const elsewhere = await container.source(container.write('a', { 'index.js': '' }, { version }));
    assert.throws(() => framework.install(elsewhere), { code: 'BUNDLE_DUPLICATE', message: /already installed from/ });
  }
  assert.deepEqual(framework.bundles(), [first]);
});

item(5, async (t) => {
  const { container, framework } = remembering(t);
  for (const [manifest, key] of [
    [{ name: undefined }, '"name"'],
    [{ name: '../a' }, '"name"'],
    [{ version: 'one' }, '"version"'],
    [{ version: undefined }, '"version"'],
    [{ rackwatt: undefined }, '"rackwatt"'],
    [{ rackwatt: { update: 'sometimes' } }, '"rackwatt.update"'],
    [{ rackwatt: { contracts: './x' } }, '"rackwatt.contracts"'],
    [{ main: '../../outside.js' }, '"main"'],
    [{ peerDependencies: { x: 1 } }, '"peerDependencies.x"'],
    [{ engines: { rackwatt: 'newest' } }, '"engines.rackwatt"'],
    [
      { rackwatt: { components: [{ name: 'x', configuration: { pid: 7 } }] } },
      '"rackwatt.components.x.configuration.pid" must be a text',
    ],
    [{ rackwatt: { components: [{ name: 'x', configuration: { pid: 'x', policy: 'often' } }] } }, 'policy" must be'],
    [
      { rackwatt: { components: [{ name: 'x', references: { y: { contract: 'c@1' } } }] } },
      'references.y" must have a contract',
    ],
  ] as const) {
    const root = container.write('bad', { 'index.js': '' }, manifest);
    await assert.rejects(framework.installFrom(`link:${root}`), (error: { code: string; message: string }) => {
      assert.equal(error.code, 'BUNDLE_MANIFEST');
      assert.ok(error.message.includes(join(root, 'package.json')), error.message);
      assert.ok(error.message.includes(key), error.message);
      return true;
    });
  }
  const broken = container.write('bad', { 'package.json': '{ "name": "bad", ' });
  await assert.rejects(framework.installFrom(`link:${broken}`), { code: 'BUNDLE_MANIFEST', message: /is not JSON/ });
  assert.deepEqual(framework.bundles(), []);
});

item(6, async (t) => {
  const { container, framework, folder, log } = remembering(t);
  await framework.start(1);
  const [one, two, three] = await Promise.all(
    ['one', 'two', 'three'].map((name, i) =>
      framework.installFrom(`link:${container.write(name, { 'index.js': '' })}`, { startLevel: i + 1 }),
    ),
  );
  await one!.start();
  await two!.start();
  await two!.stop();
  await three!.start();
  await three!.setStartLevel(1);
  const before = facts(framework);
  assert.deepEqual(
    before.map(({ startLevel, autostart }) => [startLevel, autostart]),
    [
      [1, true],
      [2, false],
      [1, true],
    ],
  );
  await framework.stop();
  const next = remembering(t, folder).framework;
  await next.init();
  assert.deepEqual(facts(next), before);
  assert.ok(next.bundles().every(({ state }) => state === 'INSTALLED'));
  await next.start(1);
  assert.deepEqual(
    next.bundles().map(({ state }) => state),
    ['ACTIVE', 'INSTALLED', 'ACTIVE'],
  );
  await next.stop();
  // Cut off at any byte, it is what its whole lines say.
  const whole = readFileSync(log, 'utf8');
  let most = 0;
  for (let length = 0; length <= whole.length; length += 13) {
    writeFileSync(log, whole.slice(0, length));
    const said = new Map<number, object>();
    for (const line of whole.slice(0, length).split('\n').slice(0, -1)) {
      const { id, name, location, startLevel, autostart } = JSON.parse(line) as Record<string, unknown>;
      said.set(id as number, { id, name, location, startLevel, autostart });
    }
    const { framework: cut, container: damaged } = remembering(t, folder);
    await cut.init();
    assert.deepEqual(facts(cut), [...said.values()], `cut off after ${length} bytes`);
    assert.ok((await acting(damaged, 'newcomer')).id > Math.max(0, ...said.keys()));
    most = Math.max(most, said.size);
  }
  assert.equal(most, 3);
});

item(46, async (t) => {
  const container = new TestContainer(t);
  await container.framework.setStartLevel(1);
  const bundle = await acting(container, 'a', {}, { manifest: { engines: { node: '>=99' } } });
  assert.equal(bundle.state, 'INSTALLED');
  await assert.rejects(bundle.start(), { code: 'BUNDLE_RESOLVE', message: /99/ });
  assert.equal(bundle.state, 'INSTALLED');
  await (await acting(container, 'b', {}, { manifest: { engines: { node: '>=20' } } })).start();
});
