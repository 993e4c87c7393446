import assert from 'node:assert/strict';
import { collectGarbage, TestContainer } from '../support/container.js';
import { item } from './item.js';
import { api, install, noted, noting, provides, wiredTo } from './wired.js';

const API = { rackwatt: { contracts: ['.'] } };
const code = (version: string): string => `exports.version = '${version}';`;

async function container(t: ConstructorParameters<typeof TestContainer>[0]): Promise<TestContainer> {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  return c;
}

/** A bundle that imports the contract and notes its version when it starts. */
async function user(c: TestContainer, name: string, imports: Record<string, string> = { api: '*' }) {
  const bundle = await install(
    c,
    name,
    { peerDependencies: imports },
    { 'index.js': noting(`require('api').version`) },
  );
  await bundle.start();
  return bundle;
}

item(83, async (t) => {
  const c = await container(t);
  const provider = await install(c, 'api', {
    rackwatt: { contracts: ['.'], provides: [{ namespace: 'acme.b' }, { namespace: 'acme.a' }] },
  });
  const needy = await install(c, 'needy', {
    engines: { node: '>=20' },
    peerDependencies: { rackwatt: '*', api: '*' },
    rackwatt: { requires: [{ namespace: 'acme.a' }, { namespace: 'acme.b' }] },
  });
  assert.equal(needy.revision.wiring, undefined);
  await needy.resolve();
  const wiring = needy.revision.wiring!;
  const namespaces = (wires: readonly { requirement: { namespace: string } }[]) =>
    wires.map(({ requirement }) => requirement.namespace);
  assert.deepEqual(namespaces(wiring.requiredWires()), [
    'rackwatt.engine',
    'rackwatt.contract',
    'rackwatt.contract',
    'acme.a',
    'acme.b',
  ]);
  assert.deepEqual(wiredTo(needy), ['-', '-', 'api 1.0.0', 'api 1.0.0', 'api 1.0.0']);
  const old = provider.revision.wiring!;
  assert.deepEqual(namespaces(old.providedWires()), ['rackwatt.contract', 'acme.b', 'acme.a']);
  assert.deepEqual(namespaces(old.providedWires('acme.b')), ['acme.b']);
  assert.ok(old.providedWires().every(({ requirer }) => requirer === needy.revision));
  assert.deepEqual([old.isCurrent, old.isInUse, wiring.isCurrent, wiring.isInUse], [true, true, true, true]);
  await c.update(provider, '', { version: '1.1.0', ...API });
  assert.deepEqual([old.isCurrent, old.isInUse], [false, true], 'updated, and somebody is wired to it');
  assert.equal(old.providedWires().length, 3);
  assert.equal(provider.revision.wiring?.providedWires().length ?? 0, 0);
  await c.framework.uninstall(needy);
  assert.deepEqual([wiring.isCurrent, wiring.isInUse, old.isInUse], [false, false, false]);
  assert.deepEqual(c.framework.wiring.removalPending(), []);
});

item(84, async (t) => {
  const c = await container(t);
  const base = await api(c, '1.0.0');
  // Imports from the one that is refreshed, and is imported itself.
  await install(
    c,
    'middle',
    { peerDependencies: { api: '*' }, ...API },
    { 'index.js': `exports.on = require('api').version;` },
  );
  const top = await install(
    c,
    'top',
    { peerDependencies: { middle: '*' } },
    { 'index.js': noting(`require('middle').on`) },
  );
  await top.start();
  const direct = await user(c, 'direct');
  const idle = await install(c, 'idle', { peerDependencies: { api: '*' } });
  await idle.resolve();
  const gone = await install(
    c,
    'gone',
    { rackwatt: { contracts: [{ name: 'other', version: '1.0.0', exports: { '.': './o.js' } }] } },
    { 'o.js': '' },
  );
  const orphan = await install(
    c,
    'orphan',
    { peerDependencies: { other: '*', api: '*' } },
    { 'index.js': noting('1') },
  );
  await orphan.start();
  const apart = await c.start('apart', noting('1'));
  await c.update(base, code('2.0.0'), { version: '2.0.0', ...API });
  await c.framework.uninstall(gone);
  assert.deepEqual(noted(), { top: '1.0.0', direct: '1.0.0', orphan: 1, apart: 1 });
  assert.equal(wiredTo(orphan)[0], 'gone 1.0.0', 'an uninstalled one stays for who is wired to it');
  const events: string[] = [];
  c.framework.onBundleEvent(({ type, bundle }) => events.push(`${type} ${bundle.name}`), { synchronous: true });
  c.framework.onFrameworkEvent(({ type }) => events.push(type));
  const done = c.framework.wiring.refresh([base, gone]);
  assert.equal(events.length, 0, 'not within the call');
  await done;
  assert.deepEqual(
    events.filter((event) => /^(?:STOPPED|STARTED|PACKAGES)/.test(event)),
    ['STOPPED orphan', 'STOPPED direct', 'STOPPED top', 'STARTED top', 'STARTED direct', 'PACKAGES_REFRESHED'],
  );
  assert.deepEqual(events.filter((event) => event.startsWith('UNRESOLVED')).toSorted(), [
    'UNRESOLVED api',
    'UNRESOLVED direct',
    'UNRESOLVED idle',
    'UNRESOLVED middle',
    'UNRESOLVED orphan',
    'UNRESOLVED top',
  ]);
  assert.equal(events.at(-1), 'PACKAGES_REFRESHED');
  assert.deepEqual(noted(), { top: '2.0.0', direct: '2.0.0' });
  assert.deepEqual(
    [top, direct, idle, orphan, apart].map(({ state }) => state),
    ['ACTIVE', 'ACTIVE', 'INSTALLED', 'INSTALLED', 'ACTIVE'],
  );
  assert.ok(c.errors.some((error) => /orphan 1\.0\.0 does not resolve: it needs other \*/.test(error)));
  assert.deepEqual(c.framework.wiring.removalPending(), []);
  const isOld = (label: string): boolean => /^(?:api@1|gone@)/.test(label);
  await collectGarbage(() => !c.tokens.live().some(isOld), 50);
  assert.deepEqual(c.tokens.live().filter(isOld), [], 'the old contracts are free');
});

item(85, async (t) => {
  const c = await container(t);
  const updated = await api(c, '1.0.0');
  const follower = await user(c, 'follower');
  await api(c, '1.0.0', 'steady');
  const calm = await install(c, 'calm', { peerDependencies: { steady: '*' } });
  await calm.start();
  await c.update(updated, code('1.1.0'), { version: '1.1.0', ...API });
  assert.deepEqual(
    c.framework.wiring.removalPending().map(({ manifest }) => `${manifest.name} ${manifest.version}`),
    ['api 1.0.0'],
  );
  const touched = new Set<string>();
  const stop = c.framework.onBundleEvent(({ bundle }) => touched.add(bundle.name), { synchronous: true });
  noted();
  await c.framework.wiring.refresh();
  assert.deepEqual([...touched].toSorted(), ['api', 'follower']);
  assert.deepEqual([noted(), wiredTo(follower)], [{ follower: '1.1.0' }, ['api 1.1.0']]);
  touched.clear();
  await c.framework.wiring.refresh();
  assert.deepEqual([...touched], [], 'nothing is pending');
  void stop();
});

item(86, async (t) => {
  const c = await container(t);
  const good = await install(c, 'good', { peerDependencies: { api: '*' } }, { 'index.js': noting('1') });
  const bad = await install(c, 'bad', { peerDependencies: { nowhere: '*' } });
  const other = await install(c, 'other', provides('acme.x'));
  const base = await api(c, '1.0.0');
  assert.equal(await c.framework.wiring.resolve([bad, good]), false);
  assert.deepEqual(
    [good, bad, base, other].map(({ state }) => state),
    ['RESOLVED', 'INSTALLED', 'RESOLVED', 'INSTALLED'],
  );
  assert.equal(await c.framework.wiring.resolve([good, base]), true);
  assert.equal(await c.framework.wiring.resolve(), false);
  assert.equal(other.state, 'RESOLVED');
  await c.framework.uninstall(bad);
  assert.equal(await c.framework.wiring.resolve(), true);
  assert.deepEqual([noted(), good.autostart], [{}, false], 'nothing was started');
});

item(87, async (t) => {
  const c = await container(t);
  const base = await api(c, '1.0.0');
  const first = await user(c, 'first');
  const broken = await install(
    c,
    'broken',
    { peerDependencies: { api: '*' } },
    {
      'index.js': `const { version } = require('api'); if (version !== '1.0.0') throw new Error('cannot do with ' + version);`,
    },
  );
  await broken.start();
  const last = await user(c, 'last');
  await c.update(base, code('2.0.0'), { version: '2.0.0', ...API });
  noted();
  c.errors.length = 0;
  await c.framework.wiring.refresh();
  assert.deepEqual([first.state, broken.state, last.state], ['ACTIVE', 'RESOLVED', 'ACTIVE']);
  assert.deepEqual(noted(), { first: '2.0.0', last: '2.0.0' });
  assert.equal(c.errors.length, 1);
  assert.match(c.errors[0]!, /bundle broken 1\.0\.0 did not start: .*cannot do with 2\.0\.0/);
  assert.ok(broken.autostart);
});

item(88, async (t) => {
  const c = await container(t);
  const base = await api(c, '1.0.0');
  await install(c, 'middle', { peerDependencies: { api: '*' }, ...API });
  const top = await install(c, 'top', { peerDependencies: { middle: '*' } });
  const apart = await install(c, 'apart');
  await c.framework.wiring.resolve();
  const names = (bundles: readonly { name: string }[]) => bundles.map(({ name }) => name).toSorted();
  assert.deepEqual(names(c.framework.wiring.dependents([base])), ['api', 'middle', 'top']);
  assert.deepEqual(names(c.framework.wiring.dependents([top, apart])), ['apart', 'top']);
  await c.update(base, '', { version: '2.0.0', ...API });
  assert.deepEqual(
    names(c.framework.wiring.dependents([base])),
    ['api', 'middle', 'top'],
    'also through its old revision',
  );
});
