import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { BundleStore, MANIFEST_FILE, TrustStore } from './built.js';
import { archiveOf, filesOf, writeFiles } from './support.js';

const storeIn = (home: string): BundleStore =>
  new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys: join(home, 'keys') }) });

test('keeps an archive under its name, version and digest, and finds it', async (t) => {
  const home = temporaryFolder(t);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0'));
  const store = storeIn(home);
  const installed = await store.install(file, true);
  assert.deepEqual(readdirSync(join(home, 'store')), ['@example+acme']);
  assert.equal(readFileSync(join(installed.root, 'dist/index.js'), 'utf8'), "exports.version = '1.0.0';\n");
  assert.equal((await store.install(file, true)).root, installed.root, 'once');
  for (const digest of [undefined, installed.digest, `sha256:${installed.digest}`]) {
    const { root, manifest, location } = await store.find('@example/acme', '1.0.0', digest, true);
    assert.deepEqual([root, manifest.version, location], [installed.root, '1.0.0', 'store:@example/acme@1.0.0']);
  }
  await assert.rejects(store.find('@example/acme', '1.0.0', 'sha256:00', true), { code: 'BUNDLE_NOT_FOUND' });
  await assert.rejects(store.find('@example/acme', '2.0.0', undefined, true), { code: 'BUNDLE_NOT_FOUND' });
});

test('a pre-release is not taken for its release', async (t) => {
  const home = temporaryFolder(t);
  const store = storeIn(home);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0-rc.1'));
  await store.install(file, true);
  await assert.rejects(store.find('@example/acme', '1.0.0', undefined, true), { code: 'BUNDLE_NOT_FOUND' });
});

test('two contents of one version are told apart by digest', async (t) => {
  const home = temporaryFolder(t);
  const store = storeIn(home);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0'));
  const first = await store.install(file, true);
  writeFileSync(file, await archiveOf('1.0.0', { 'dist/more.js': '' }));
  const second = await store.install(file, true);
  await assert.rejects(store.find('@example/acme', '1.0.0', undefined, true), {
    message: /2 contents .* name one by "digest"/,
  });
  assert.equal((await store.find('@example/acme', '1.0.0', first.digest, true)).root, first.root);
  assert.notEqual(first.root, second.root);
});

test('installs of one archive at the same time meet in one entry', async (t) => {
  const home = temporaryFolder(t);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0'));
  const [one, other] = [storeIn(home), storeIn(home)];
  const roots = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 ? one : other).install(file, true)),
  );
  assert.equal(new Set(roots.map(({ root }) => root)).size, 1);
  assert.deepEqual(readdirSync(join(home, 'store')), ['@example+acme']);
});

test('a folder is copied without links and without what only its development needs', async (t) => {
  const home = temporaryFolder(t);
  const folder = join(home, 'acme');
  const modules = (name: string, dependencies = {}): Record<string, string> => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', dependencies }),
    [`node_modules/${name}/index.js`]: '',
  });
  writeFiles(
    folder,
    filesOf('1.0.0', {
      'package.json': JSON.stringify({
        name: '@example/acme',
        version: '1.0.0',
        main: './dist/index.js',
        dependencies: { used: '1' },
        devDependencies: { compiler: '1' },
        rackwatt: {},
      }),
      ...modules('used', { below: '1', nested: '1' }),
      ...modules('below'),
      ...modules('compiler'),
      'node_modules/used/node_modules/nested/package.json': '{}',
      'node_modules/used/node_modules/unused/package.json': '{}',
      '.git/config': 'secret',
    }),
  );
  writeFileSync(join(home, 'secret'), 'secret');
  symlinkSync(join(home, 'secret'), join(folder, 'dist', 'link.js'));
  symlinkSync(home, join(folder, 'dist', 'out'));
  symlinkSync(folder, join(folder, 'dist', 'circle'));
  const store = storeIn(home);
  await assert.rejects(store.copyFolder(folder, false), { code: 'SIGNATURE_MISSING' });
  const { root, digest } = await store.copyFolder(folder, true);
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  assert.deepEqual(found.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort(), [
    'dist/index.js',
    'node_modules/below/index.js',
    'node_modules/below/package.json',
    'node_modules/used/index.js',
    'node_modules/used/node_modules/nested/package.json',
    'node_modules/used/package.json',
    'package.json',
  ]);
  assert.equal((await store.copyFolder(folder, true)).digest, digest);
  writeFileSync(join(folder, 'dist', 'index.js'), 'exports.version = 2;');
  assert.notEqual((await store.copyFolder(folder, true)).digest, digest);
});

test('a folder that names a module outside itself is refused', async (t) => {
  const home = temporaryFolder(t);
  writeFileSync(join(home, 'evil.js'), '');
  const folder = join(home, 'acme');
  writeFiles(
    folder,
    filesOf('1.0.0', {
      'package.json': JSON.stringify({
        name: '@example/acme',
        version: '1.0.0',
        exports: { './x': './../evil.js' },
        rackwatt: { contracts: ['./x'] },
      }),
    }),
  );
  await assert.rejects(storeIn(home).copyFolder(folder, true), {
    code: 'BUNDLE_MANIFEST',
    message: /has no .*evil\.js/,
  });
});

test('what a killed process left is removed; what another one is writing stays', async (t) => {
  const home = temporaryFolder(t);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const left = [`.stage-${dead.pid}-a`, `.stage-${process.pid}-b`];
  const alive = `.stage-${process.ppid}-c`;
  for (const name of [...left, alive]) mkdirSync(join(home, 'store', name), { recursive: true });
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0'));
  await storeIn(home).install(file, true);
  assert.deepEqual(readdirSync(join(home, 'store')).sort(), [alive, '@example+acme']);
});

test('an entry is complete or absent when the process is killed', async (t) => {
  const home = temporaryFolder(t);
  const archives = join(home, 'archives');
  const store = join(home, 'store');
  mkdirSync(archives);
  const big = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`dist/d${index % 3}/f${index}.js`, Buffer.alloc(20_000, `${index}`)]),
  );
  for (let minor = 0; minor < 60; minor++)
    writeFileSync(
      join(archives, `acme-1.${String(minor).padStart(2, '0')}.0.tgz`),
      await archiveOf(`1.${minor}.0`, big),
    );
  const files = [MANIFEST_FILE, 'sbom.cdx.json', ...filesOf('1.0.0', big).map(({ path }) => path)].sort();
  let entries = 0;
  let sawLeftover = false;
  // Twenty kills, and more, ever later ones, where the machine is too busy for both outcomes to show.
  for (let round = 0; round < 20 || (round < 80 && !(entries > 0 && sawLeftover)); round++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.js'), store, archives], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 5 + (round % 20) * 3 * (1 + Math.floor(round / 20) * 2)));
    child.kill('SIGKILL');
    await once(child, 'exit');
    if (!existsSync(store)) continue;
    sawLeftover ||= readdirSync(store).some((name) => name.startsWith('.stage-'));
    const folder = join(store, '@example+acme');
    entries = existsSync(folder) ? readdirSync(folder).length : 0;
    for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
      const root = join(folder, entry);
      const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
      assert.deepEqual(
        found.map((each) => join(each.parentPath, each.name).slice(root.length + 1)).sort(),
        files,
        `round ${round}: ${entry}`,
      );
      assert.deepEqual(readFileSync(join(root, 'dist/d1/f10.js')), big['dist/d1/f10.js']);
    }
  }
  assert.ok(entries > 0, 'some were installed');
  assert.ok(sawLeftover, 'some were cut off');
  await storeIn(home).install(join(archives, readdirSync(archives)[0]!), true);
  assert.deepEqual(
    readdirSync(store).filter((name) => name.startsWith('.stage-')),
    [],
    'what was cut off is removed',
  );
});
