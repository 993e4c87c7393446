import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesOfArchive } from '../support/archives.js';
import { TestContainer } from '../support/container.js';
import { temporaryFolder } from '../support/temporary.js';
import { describeBundle, joinArchive, packBundle } from './built.js';
import { writeFiles } from './support.js';

test('a packed bundle is wired as its folder is: requirements, capabilities, optional imports, contracts that it brings along', async (t) => {
  const c = new TestContainer(t);
  const wiring = {
    requires: [
      { namespace: 'acme.bus', filter: '(kind=rs485)', version: '^2.0.0', optional: false, effective: 'resolve' },
    ],
    provides: [
      {
        namespace: 'acme.line',
        attributes: { port: 'ttyS0', since: { version: '1.0.0' } },
        mandatory: ['port'],
        effective: 'resolve',
      },
    ],
  };
  const meters = { name: '@acme/meters', version: '2.1.0', attributes: { vendor: 'acme' }, mandatory: [] };
  const manifest = {
    version: '1.2.0',
    main: './dist/index.js',
    os: [process.platform],
    peerDependencies: { rackwatt: '*', '@acme/meters': '^2', absent: '^1' },
    peerDependenciesMeta: { absent: { optional: true } },
    rackwatt: { ...wiring, contracts: [{ ...meters, exports: { '.': './dist/meters.mjs' } }] },
  };
  const root = c.write(
    '@acme/vendor',
    {
      'dist/index.js': `const { meters } = require('@acme/meters'); let absent = 'there'; try { require('absent'); } catch (error) { absent = error.code; }
      exports.activator = { start() { globalThis.__packed = { meters, absent }; } };`,
      'dist/meters.mjs': `import { name } from 'plain'; export const meters = { by: name };`,
      'node_modules/plain/package.json': JSON.stringify({
        name: 'plain',
        version: '3.0.0',
        license: 'MIT',
        main: 'index.js',
      }),
      'node_modules/plain/index.js': `exports.name = 'acme';`,
    },
    manifest,
  );
  const file = join(temporaryFolder(t), 'packed.tgz');
  writeFileSync(file, joinArchive((await packBundle(root, describeBundle)).parts));
  const unpacked = temporaryFolder(t);
  writeFiles(unpacked, await filesOfArchive(file));
  const source = await c.source(unpacked);
  const told = (await c.source(root)).manifest;
  for (const key of ['requires', 'provides', 'optionalImports', 'os'] as const)
    assert.deepEqual(source.manifest[key], told[key], key);
  assert.deepEqual(source.manifest.brought, [{ ...meters, exports: { '.': './dist/meters.js' } }]);

  const bundle = c.framework.install(source, { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await assert.rejects(bundle.start(), {
    code: 'BUNDLE_RESOLVE',
    message: /it needs acme\.bus \^2\.0\.0 \(kind=rs485\)/,
  });
  await c.start('bus', '', {
    rackwatt: { provides: [{ namespace: 'acme.bus', attributes: { kind: 'rs485', version: '2.0.1' } }] },
  });
  await bundle.start();
  const user = `exports.activator = { start() { globalThis.__same = require('@acme/meters').meters === globalThis.__packed.meters; } };`;
  await c.start('user', user, { peerDependencies: { '@acme/meters': '^2.1' } });
  const seen = globalThis as { __packed?: unknown; __same?: unknown };
  assert.deepEqual(seen.__packed, { meters: { by: 'acme' }, absent: 'MODULE_NOT_FOUND' });
  assert.equal(seen.__same, true, 'the importer and the bundle itself have the same module');
  delete seen.__packed;
  delete seen.__same;
});
