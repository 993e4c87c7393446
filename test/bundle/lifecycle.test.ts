import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

const ACTIVATOR = (start: string, stop = '') =>
  `exports.activator = { async start(context) { ${start} }, async stop(context) { ${stop} } };`;

test('7 9 16 start and stop run through the states, with their events in order', async (t) => {
  const c = new TestContainer(t);
  const events: string[] = [];
  c.framework.onBundleEvent(({ type, bundle }) => events.push(`${type} ${bundle.state}`), { synchronous: true });
  const bundle = await c.start('a', ACTIVATOR(''));
  await bundle.stop();
  assert.deepEqual(events, [
    'INSTALLED INSTALLED',
    'RESOLVED RESOLVED',
    'STARTING STARTING',
    'STARTED ACTIVE',
    'STOPPING STOPPING',
    'STOPPED RESOLVED',
  ]);
});

test('47 48 ordinary listeners hear afterwards, and not of STARTING and STOPPING', async (t) => {
  const c = new TestContainer(t);
  const events: string[] = [];
  c.framework.onBundleEvent(({ type }) => events.push(type));
  const bundle = await c.start('a', ACTIVATOR(''));
  await bundle.stop();
  await new Promise(setImmediate);
  assert.deepEqual(events, ['INSTALLED', 'RESOLVED', 'STARTED', 'STOPPED']);
});

test('51 a listener that throws breaks neither the operation nor other listeners', async (t) => {
  const c = new TestContainer(t);
  const heard: string[] = [];
  c.framework.onBundleEvent(() => assert.fail('listener is broken'), { synchronous: true });
  c.framework.onBundleEvent(({ type }) => heard.push(type), { synchronous: true });
  await c.start('a', ACTIVATOR(''));
  assert.ok(heard.includes('STARTED'));
  assert.ok(c.errors.some((message) => message.includes('listener is broken')));
});

test('1 2 4 installing: rising ids, the same location is the same bundle, a name only once', async (t) => {
  const c = new TestContainer(t);
  const source = await c.source(c.write('a', { 'index.js': '' }), 'link:a');
  const first = c.framework.install(source);
  assert.equal(c.framework.install(source), first);
  assert.throws(() => c.framework.install({ ...source, location: 'link:elsewhere' }), { code: 'BUNDLE_DUPLICATE' });
  await c.framework.uninstall(first);
  assert.ok(c.framework.install(source).id > first.id);
});

test('5 a malformed manifest is refused with the file and the key', async (t) => {
  const c = new TestContainer(t);
  for (const [manifest, message] of [
    [{ version: 'one' }, /package\.json "version" must be a semantic version/],
    [{ rackwatt: undefined }, /has no "rackwatt" object/],
    [{ rackwatt: { update: 'sometimes' } }, /"rackwatt\.update" must be/],
    [
      { rackwatt: { components: [{ name: 'x', configuration: { pid: 7 } }] } },
      /"rackwatt\.components\.x\.configuration\.pid" must be a text/,
    ],
    [{ rackwatt: { components: [{ name: 'x', configuration: { pid: 'x', policy: 'often' } }] } }, /policy" must be/],
    [
      { rackwatt: { components: [{ name: 'x', references: { y: { contract: 'c@1' } } }] } },
      /references\.y" must have a contract/,
    ],
    [{ main: '../../outside.js' }, /"main" must be a path inside the bundle/],
    [{ peerDependencies: { x: 1 } }, /"peerDependencies\.x" must be a version range/],
  ] as const) {
    await assert.rejects(c.source(c.write('bad', { 'index.js': '' }, manifest)), { code: 'BUNDLE_MANIFEST', message });
  }
});

test('8 a bundle that does not resolve stays INSTALLED, names what is missing, and starts when it comes', async (t) => {
  const c = new TestContainer(t);
  const needy = c.framework.install(
    await c.source(c.write('needy', { 'index.js': 'require("api").call();' }, { peerDependencies: { api: '^2.0.0' } })),
    { startLevel: 1 },
  );
  await c.framework.setStartLevel(1);
  await assert.rejects(needy.start(), {
    code: 'BUNDLE_RESOLVE',
    message: /needy 1\.0\.0 does not resolve: it needs api \^2\.0\.0, which is not installed/,
  });
  assert.equal(needy.state, 'INSTALLED');
  assert.ok(needy.autostart);
  await c.start('api', 'exports.call = () => 42;', { version: '2.1.0', rackwatt: { contracts: ['.'] } });
  await c.framework.retryUnresolved();
  assert.equal(needy.state, 'ACTIVE');
});

test('76 77 importers share a contract, what is not offered stays private', async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const api = c.framework.install(
    await c.source(
      c.write('api', { 'index.js': 'exports.token = {};', 'private.js': '' }, { rackwatt: { contracts: ['.'] } }),
    ),
    { startLevel: 1 },
  );
  await api.start();
  const probe = (name: string) =>
    c.start(name, `globalThis.__tokens = [...(globalThis.__tokens ?? []), require('api').token];`, {
      peerDependencies: { api: '*' },
    });
  await probe('one');
  await probe('two');
  const tokens = (globalThis as unknown as { __tokens: object[] }).__tokens;
  delete (globalThis as { __tokens?: unknown }).__tokens;
  assert.equal(tokens.length, 2);
  assert.equal(tokens[0], tokens[1]);
  await assert.rejects(c.start('nosy', `require('api/private.js')`, { peerDependencies: { api: '*' } }), {
    message: /offers only \./,
  });
});

test('12 13 an activator that throws or cannot be loaded leaves the bundle RESOLVED with nothing behind', async (t) => {
  const c = new TestContainer(t);
  const code = `const { contract } = require('rackwatt');
    exports.activator = { start(context) { context.register(contract('test/X', { major: 1 }), {}); throw new TypeError('no meter here'); } };`;
  const bundle = c.framework.install(await c.source(c.write('a', { 'index.js': code })), { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await assert.rejects(bundle.start(), {
    code: 'BUNDLE_START',
    message: /bundle a 1\.0\.0 did not start: no meter here/,
  });
  assert.equal(bundle.state, 'RESOLVED');
  assert.equal(bundle.reason, 'no meter here');
  assert.equal(c.framework.registry.references('test/X@1').length, 0);
  const broken = c.framework.install(await c.source(c.write('b', { 'index.js': 'const = 1' })), { startLevel: 1 });
  await assert.rejects(broken.start(), { code: 'BUNDLE_START', message: /index\.js/ });
  assert.equal(broken.state, 'RESOLVED');
});

test('15 the context is invalid after stop, for ever', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', ACTIVATOR('globalThis.__context = context;'));
  const context = (globalThis as unknown as { __context: { references(contract: unknown): unknown } }).__context;
  delete (globalThis as { __context?: unknown }).__context;
  await bundle.stop();
  await bundle.start();
  assert.throws(() => context.references(rackwatt.contract('x/X', { major: 1 })), { code: 'BUNDLE_CONTEXT_INVALID' });
});

test('17 19 stop cleans up although the activator throws', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start(
    'a',
    `const { contract } = require('rackwatt'); const X = contract('test/X', { major: 1 });
    exports.activator = { start(context) { context.register(X, {}); context.listen(() => {}); setInterval(() => {}, 5); }, stop() { throw new Error('cannot stop'); } };`,
  );
  assert.equal(c.framework.registry.references('test/X@1').length, 1);
  await assert.rejects(bundle.stop(), { code: 'BUNDLE_STOP', message: /cannot stop/ });
  assert.equal(bundle.state, 'RESOLVED');
  assert.equal(c.framework.registry.references('test/X@1').length, 0);
});

test('20 21 uninstall stops first; afterwards every operation is refused', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', ACTIVATOR(''));
  await c.framework.uninstall(bundle);
  assert.equal(bundle.state, 'UNINSTALLED');
  assert.equal(bundle.name, 'a');
  await assert.rejects(bundle.start(), { code: 'BUNDLE_STATE' });
  assert.equal(c.framework.bundle('a'), undefined);
});

test('145 146 148 start levels: ascending up, descending down, autostart is kept', async (t) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  c.framework.onBundleEvent(
    ({ type, bundle }) => (type === 'STARTED' || type === 'STOPPED') && seen.push(`${type} ${bundle.name}`),
    { synchronous: true },
  );
  for (const [name, startLevel] of [
    ['late', 3],
    ['first', 1],
    ['second', 1],
  ] as const) {
    await c.framework.install(await c.source(c.write(name, { 'index.js': ACTIVATOR('') })), { startLevel }).start();
  }
  await c.framework.setStartLevel(3);
  await c.framework.setStartLevel(0);
  assert.deepEqual(seen, [
    'STARTED first',
    'STARTED second',
    'STARTED late',
    'STOPPED late',
    'STOPPED second',
    'STOPPED first',
  ]);
  assert.ok(c.framework.bundles().every(({ autostart }) => autostart));
});

test('14 operations on one bundle wait for each other, and are refused when one never ends', async (t) => {
  const c = new TestContainer(t, { patience: 60 });
  const bundle = c.framework.install(
    await c.source(c.write('a', { 'index.js': 'exports.activator = { start: () => new Promise(() => {}) };' })),
    { startLevel: 1 },
  );
  await c.framework.setStartLevel(1);
  const [first, second] = await Promise.allSettled([bundle.start(), bundle.stop()]);
  assert.equal(first.status, 'rejected');
  assert.equal((first.reason as { code: string }).code, 'BUNDLE_START');
  assert.equal(second.status, 'fulfilled');
  assert.equal(bundle.state, 'RESOLVED');
});

test('28 a bundle that holds 1 MB is reloaded 1,000 times, keeps less than 1 MB in all, every token collected', {
  timeout: 120_000,
}, async (t) => {
  const c = new TestContainer(t);
  const code = (i: number) => `const { component, contract } = require('rackwatt');
    const ballast = new Array(131072).fill(${i});
    exports.meter = component({ name: 'meter', provides: contract('test/Meter', { major: 1 }),
      activate: ({ scope }) => { const timer = setInterval(() => ballast.length, 1000); scope.add('timer', () => clearInterval(timer)); return { name: 'r${i}', size: () => ballast.length }; } });`;
  const roots = [c.write('a', { 'index.js': code(0) }), c.write('a', { 'index.js': code(1) })];
  const bundle = c.framework.install(await c.source(roots[0]!), { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await bundle.start();
  for (let i = 0; i < 20; i++) await bundle.update(await c.source(roots[i % 2]!));
  await collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1_000; i++) await bundle.update(await c.source(roots[i % 2]!));
  await collectGarbage(() => c.tokens.live().length <= 1, 50);
  // What a token was the last to hold is free one collection later.
  await collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  assert.deepEqual(c.tokens.live().length, 1, 'every token but the live one is collected');
  assert.ok(kept < 1_000_000, `kept ${kept} bytes`);
});
