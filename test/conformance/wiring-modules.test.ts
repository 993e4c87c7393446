import assert from 'node:assert/strict';
import { TestContainer } from '../support/container.js';
import { item } from './item.js';
import { api, install, noted, noting, wiredTo } from './wired.js';

async function container(t: ConstructorParameters<typeof TestContainer>[0]): Promise<TestContainer> {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  return c;
}

item(75, async (t) => {
  const c = await container(t);
  await install(
    c,
    'api',
    {
      exports: { '.': './index.js', './wire': { default: './wire.js' }, './inside': './inside.js', './gone': null },
      rackwatt: { contracts: ['.', './wire'] },
    },
    { 'index.js': `exports.a = 1;`, 'wire.js': `exports.b = 2;`, 'inside.js': `exports.c = 3;` },
  );
  const user = async (name: string, specifier: string) =>
    install(c, name, { peerDependencies: { api: '*' } }, { 'index.js': noting(`require('${specifier}')`) });
  for (const specifier of ['api', 'api/wire'])
    await (await user(`uses-${specifier.replace('/', '-')}`, specifier)).start();
  assert.deepEqual(noted(), { 'uses-api': { a: 1 }, 'uses-api-wire': { b: 2 } });
  for (const specifier of ['api/inside', 'api/gone', 'api/wire.js'])
    await assert.rejects((await user(specifier.replace('/', '-not-'), specifier)).start(), {
      code: 'BUNDLE_START',
      message: new RegExp(`imports ${specifier}, but api offers only \\., \\./wire: the rest is its own`),
    });
  // Attributes narrow who is wired at all: one that is mandatory must be named.
  await install(
    c,
    'vendor',
    {
      rackwatt: {
        contracts: [
          {
            name: 'drive',
            version: '1.0.0',
            exports: { '.': './drive.js' },
            attributes: { vendor: 'acme' },
            mandatory: ['vendor'],
          },
        ],
      },
    },
    { 'drive.js': `exports.vendor = 'acme';` },
  );
  const vague = await install(c, 'vague', { peerDependencies: { drive: '^1' } });
  await assert.rejects(vague.resolve(), { code: 'BUNDLE_RESOLVE', message: /needs drive \^1, installed is 1\.0\.0/ });
  const definite = await install(
    c,
    'definite',
    {
      rackwatt: {
        requires: [
          { namespace: 'rackwatt.contract', filter: '(&(rackwatt.contract=drive)(vendor=acme))', version: '^1' },
        ],
      },
    },
    { 'index.js': noting(`require('drive').vendor`) },
  );
  await definite.start();
  assert.deepEqual(noted(), { definite: 'acme' });
});

item(76, async (t) => {
  const c = await container(t);
  const first = await install(
    c,
    'api',
    { rackwatt: { contracts: ['.'] } },
    { 'index.js': `globalThis.__evaluations = (globalThis.__evaluations ?? 0) + 1; exports.token = {};` },
  );
  const user = async (name: string) => {
    const bundle = await install(
      c,
      name,
      { peerDependencies: { api: '*' } },
      { 'index.js': noting(`require('api').token`) },
    );
    await bundle.start();
    return bundle;
  };
  const one = await user('one');
  await user('two');
  const { one: mine, two: theirs } = noted();
  assert.ok(mine instanceof Object && mine === theirs, 'the same module, not a copy of it');
  const evaluations = (): unknown => (globalThis as { __evaluations?: number }).__evaluations;
  assert.equal(evaluations(), 1);
  await one.stop();
  await one.start();
  assert.equal(noted()['one'], mine, 'also after a restart');
  await c.update(first, 'exports.token = {};', { version: '1.1.0', rackwatt: { contracts: ['.'] } });
  await user('three');
  assert.notEqual(noted()['three'], mine, 'another revision has another');
  delete (globalThis as { __evaluations?: number }).__evaluations;
});

item(77, async (t) => {
  const c = await container(t);
  const api = await install(
    c,
    'api',
    { exports: { './contract': './contract.js' }, rackwatt: { contracts: ['./contract'] } },
    { 'contract.js': 'exports.x = 1;', 'index.js': `exports.secret = require('./private.js');`, 'private.js': '' },
  );
  await api.start();
  const nosy = async (name: string, code: string, manifest = {}) => {
    const bundle = await install(c, name, manifest, { 'index.js': code });
    await assert.rejects(bundle.start(), { code: 'BUNDLE_START', message: /imports api|Cannot find 'api/ });
  };
  const wired = { peerDependencies: { api: '*' } };
  await nosy('by-name', `require('api')`, wired);
  await nosy('by-path', `require('api/private.js')`, wired);
  await nosy('unwired', `require('api/contract')`);
  await nosy('bundle-alone', `require('api')`);
  // By its main, which is no contract, in an ES module, too.
  await nosy('module', `await import('api/private.js');`, { ...wired, type: 'module' });
});

item(78, async (t) => {
  const c = await container(t);
  await api(c, '1.0.0');
  const private_ = (name: string, says: string) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '9.9.9', main: 'index.js' }),
    [`node_modules/${name}/index.js`]: `exports.version = '${says}';`,
  });
  const files = {
    ...private_('fs', 'own'),
    ...private_('rackwatt', 'own'),
    ...private_('api', 'own'),
    ...private_('tool', 'own'),
    'index.js': noting(
      `[typeof require('fs').readFileSync, typeof require('rackwatt').component, require('api').version, require('tool').version]`,
    ),
  };
  const wired = await install(c, 'wired', { peerDependencies: { api: '*' } }, files);
  await wired.start();
  const unwired = await install(c, 'unwired', {}, files);
  await unwired.start();
  assert.deepEqual(noted(), {
    wired: ['function', 'function', '1.0.0', 'own'],
    unwired: ['function', 'function', 'own', 'own'],
  });
});

item(79, async (t) => {
  const c = await container(t);
  await api(c, '1.4.0', 'base');
  await install(
    c,
    'upper',
    {
      peerDependencies: { base: '^1' },
      exports: { '.': './index.js', './more': './more.js' },
      rackwatt: { contracts: ['.', './more'] },
    },
    { 'index.js': `exports.base = require('base');`, 'more.js': `exports.more = true;` },
  );
  const user = await install(
    c,
    'user',
    {
      peerDependencies: { upper: '>=1 <2', base: '^1.2', absent: '^1' },
      peerDependenciesMeta: { absent: { optional: true } },
    },
    {
      'index.js': noting(
        `[require('upper').base === require('base'), require('upper').base.version, require('upper/more').more]`,
      ),
    },
  );
  await user.start();
  assert.deepEqual(noted(), { user: [true, '1.4.0', true] });
  assert.deepEqual(wiredTo(user), ['upper 1.0.0', 'base 1.4.0']);
  const late = await install(c, 'late', { peerDependencies: { base: '^2' } });
  await assert.rejects(late.resolve(), { code: 'BUNDLE_RESOLVE' });
});
