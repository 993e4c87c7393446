import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { WatchedFolder } from './built.js';
import { fakeNode } from './dropin-node.js';
import { archiveOf, filesOf, writeFiles } from './support.js';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('an archive that is moved in runs within a second, and goes when it is removed', async (t) => {
  const node = await fakeNode(t);
  node.place('acme.tgz', await archiveOf('1.0.0'));
  assert.ok((await node.until('1.0.0 runs', () => node.events.length === 1)) < 1000);
  rmSync(join(node.folder, 'acme.tgz'));
  await node.until('it is gone', () => node.events.length === 2);
  assert.deepEqual(node.events, ['+1.0.0', '-@example/acme']);
  assert.deepEqual(node.errors, []);
});

test('what lies there at the start runs', async (t) => {
  const node = await fakeNode(t, {
    before: async (folder) => {
      writeFileSync(join(folder, 'a.tgz'), await archiveOf('1.0.0'));
      writeFileSync(join(folder, 'b.tgz'), await archiveOf('1.1.0'));
      writeFiles(join(folder, 'other'), filesOf('3.0.0', {}, 'other'));
    },
  });
  assert.deepEqual(node.events, ['+1.1.0', '+3.0.0']);
});

test('an archive that is moved over another one updates it', async (t) => {
  const node = await fakeNode(t);
  for (const version of ['1.0.0', '1.1.0', '1.0.5']) {
    node.place('acme.tgz', await archiveOf(version));
    await node.until(version, () => node.running.get('@example/acme') === version);
  }
  assert.deepEqual(
    node.events,
    ['+1.0.0', '+1.1.0', '+1.0.5'],
    'also to a lower version, and without a moment of none',
  );
});

test('an archive that is copied slowly runs once it is complete, and not before', async (t) => {
  const node = await fakeNode(t);
  const archive = await archiveOf('1.0.0', {
    'dist/data.js': Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 251)),
  });
  const file = openSync(join(node.folder, 'acme.tgz'), 'w');
  const step = Math.ceil(archive.length / 12);
  for (let at = 0; at < archive.length; at += step) {
    assert.deepEqual(node.events, [], `at ${at} of ${archive.length} bytes`);
    writeSync(file, archive.subarray(at, at + step));
    await pause(120);
  }
  closeSync(file);
  await node.until('1.0.0 runs', () => node.events.length > 0);
  assert.deepEqual([node.events, node.errors], [['+1.0.0'], []]);
});

test('an archive that is copied slowly over another one leaves that one running meanwhile', async (t) => {
  const node = await fakeNode(t);
  node.place('acme.tgz', await archiveOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
  const archive = await archiveOf('2.0.0');
  const file = openSync(join(node.folder, 'acme.tgz'), 'w');
  const step = Math.ceil(archive.length / 6);
  for (let at = 0; at < archive.length; at += step) {
    writeSync(file, archive.subarray(at, at + step));
    await pause(150);
  }
  closeSync(file);
  await node.until('2.0.0 runs', () => node.running.get('@example/acme') === '2.0.0');
  assert.deepEqual([node.events, node.errors], [['+1.0.0', '+2.0.0'], []]);
});

test('a folder that is copied file by file runs once it loads', async (t) => {
  const node = await fakeNode(t);
  const folder = join(node.folder, 'acme');
  const files = filesOf('1.0.0', {
    'dist/index.js': "exports.version = require('./version.js');\n",
    'dist/version.js': "module.exports = '1.0.0';\n",
  });
  for (const file of [...files].sort((a, b) => (a.path < b.path ? 1 : -1))) {
    writeFiles(folder, [file]);
    await pause(200);
  }
  await node.until('1.0.0 runs', () => node.events.length > 0);
  assert.deepEqual([node.events, node.errors], [['+1.0.0'], []]);
  writeFiles(folder, filesOf('1.0.1'));
  await node.until('1.0.1 runs', () => node.running.get('@example/acme') === '1.0.1');
  rmSync(folder, { recursive: true });
  await node.until('it is gone', () => node.events.at(-1) === '-@example/acme');
  assert.deepEqual(node.errors, []);
});

test('a folder that is moved in runs', async (t) => {
  const node = await fakeNode(t);
  writeFiles(join(node.aside, 'acme'), filesOf('1.0.0'));
  renameSync(join(node.aside, 'acme'), join(node.folder, 'acme'));
  assert.ok((await node.until('1.0.0 runs', () => node.events.length === 1)) < 1000);
});

test('a folder that never loads is given up after 5 s, with one line, until it changes', async (t) => {
  const node = await fakeNode(t);
  const folder = join(node.folder, 'acme');
  writeFiles(folder, filesOf('1.0.0', { 'dist/index.js': "require('./none.js');" }));
  await pause(4000);
  assert.deepEqual(node.errors, []);
  await node.until('it is given up', () => node.errors.length > 0, 4000);
  assert.match(node.errors[0]!, /^drop-in acme is not taken, what ran goes on: .*none\.js/);
  await pause(1500);
  assert.equal(node.errors.length, 1);
  writeFiles(folder, filesOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
});

test('a broken archive gives one line in the log, and what ran goes on', async (t) => {
  const node = await fakeNode(t);
  node.place('acme.tgz', await archiveOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
  const broken = await archiveOf('2.0.0');
  broken[broken.length - 6]! ^= 1;
  node.place('acme.tgz', broken);
  node.place('text.tgz', Buffer.from('<html>not found</html>'));
  await node.until('both are given up', () => node.errors.length >= 2);
  await pause(1000);
  assert.equal(node.errors.length, 2, node.errors.join('\n'));
  assert.match(
    node.errors.join('\n'),
    /drop-in acme\.tgz is not taken, what ran goes on: acme\.tgz does not have the digest that its manifest says/,
  );
  assert.deepEqual(node.events, ['+1.0.0']);
  node.place('acme.tgz', await archiveOf('2.0.0'));
  await node.until('2.0.0 runs', () => node.running.get('@example/acme') === '2.0.0');
});

test('an archive that is cut off is given up after 5 s', async (t) => {
  const node = await fakeNode(t);
  const archive = await archiveOf('1.0.0');
  node.place('acme.tgz', archive.subarray(0, archive.length - 20));
  const waited = await node.until('it is given up', () => node.errors.length > 0, 8000);
  assert.ok(waited > 4000, `${waited} ms`);
  assert.match(node.errors[0]!, /cut off/);
});

test('of several versions the highest runs; when it goes, the next', async (t) => {
  const node = await fakeNode(t);
  node.place('a.tgz', await archiveOf('1.10.0'));
  await node.until('1.10.0 runs', () => node.events.length === 1);
  node.place('b.tgz', await archiveOf('1.9.0'));
  await pause(500);
  assert.deepEqual(node.events, ['+1.10.0']);
  node.place('c.tgz', await archiveOf('2.0.0'));
  await node.until('2.0.0 runs', () => node.events.length === 2);
  rmSync(join(node.folder, 'c.tgz'));
  await node.until('1.10.0 again', () => node.events.length === 3);
  rmSync(join(node.folder, 'a.tgz'));
  await node.until('1.9.0', () => node.events.length === 4);
  rmSync(join(node.folder, 'b.tgz'));
  await node.until('none', () => node.events.length === 5);
  assert.deepEqual(node.events, ['+1.10.0', '+2.0.0', '+1.10.0', '+1.9.0', '-@example/acme']);
});

test('a version that does not start leaves the one before running, and is tried again when another bundle came', async (t) => {
  const node = await fakeNode(t);
  node.place('a.tgz', await archiveOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
  node.refused.add('2.0.0');
  node.place('b.tgz', await archiveOf('2.0.0'));
  await node.until('it is refused', () => node.errors.length === 1);
  assert.match(node.errors[0]!, /drop-in b\.tgz is not taken, what ran goes on: 2\.0\.0 does not start/);
  assert.deepEqual(node.events, ['+1.0.0']);
  node.refused.clear();
  node.place('other.tgz', await archiveOf('1.0.0', {}, 'other'));
  await node.until('2.0.0 runs', () => node.running.get('@example/acme') === '2.0.0');
  assert.equal(node.errors.length, 1);
});

test('an unsigned archive is refused where they are not allowed', async (t) => {
  const node = await fakeNode(t, { allowUnsigned: false });
  node.place('acme.tgz', await archiveOf('1.0.0'));
  writeFiles(join(node.folder, 'folder'), filesOf('1.0.0'));
  await node.until('both are refused', () => node.errors.length === 2, 8000);
  for (const error of node.errors) assert.match(error, /not signed|nobody signed/);
  assert.deepEqual(node.events, []);
});

test('other files are left alone', async (t) => {
  const node = await fakeNode(t);
  const archive = await archiveOf('1.0.0');
  for (const name of [
    'acme.tgz.part',
    '.acme.tgz.swp',
    '.DS_Store',
    'README.md',
    'acme.zip',
    'Thumbs.db',
    '.hidden.tgz',
  ])
    writeFileSync(join(node.folder, name), archive);
  mkdirSync(join(node.folder, '.git'));
  await pause(1500);
  assert.deepEqual([node.events, node.errors], [[], []]);
  renameSync(join(node.folder, 'acme.tgz.part'), join(node.folder, 'acme.tgz'));
  await node.until('the finished download runs', () => node.events.length === 1);
});

test('a link is not followed', async (t) => {
  const node = await fakeNode(t);
  writeFiles(join(node.aside, 'acme'), filesOf('1.0.0'));
  symlinkSync(join(node.aside, 'acme'), join(node.folder, 'acme'));
  await node.until('it is refused', () => node.errors.length === 1);
  assert.match(node.errors[0]!, /it is a link; move the archive or folder itself here/);
  assert.deepEqual(node.events, []);
});

test('a burst of archives and touches ends in the right place', async (t) => {
  const node = await fakeNode(t);
  const names = Array.from({ length: 15 }, (_, index) => `bundle-${index}`);
  for (const round of [1, 2, 3]) {
    for (const name of names) node.place(`${name}.tgz`, await archiveOf(`${round}.0.0`, {}, name));
  }
  cpSync(join(node.folder, 'bundle-0.tgz'), join(node.folder, 'copy.tgz'));
  await node.until('all run at 3.0.0', () => names.every((name) => node.running.get(name) === '3.0.0'), 10_000);
  await pause(700);
  assert.equal(node.running.size, names.length);
  assert.equal(
    node.events.filter((event) => event === '+3.0.0').length,
    names.length,
    'the same content does not start twice',
  );
  for (const name of names) rmSync(join(node.folder, `${name}.tgz`));
  await node.until('the copy is left', () => node.running.size === 1);
  assert.deepEqual([...node.running.keys()], ['bundle-0']);
  assert.deepEqual(node.errors, []);
});

test('whoever looks into a folder that is closed meanwhile is not kept waiting', async (t) => {
  const folder = temporaryFolder(t);
  const quiet = (): void => undefined;
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  // Before the watcher is there, before it is ready, and afterwards.
  for (let turns = 0; turns < 30; turns++) {
    const watched = new WatchedFolder(folder, log, quiet);
    const names = watched.names();
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    await watched.close();
    assert.deepEqual(await names, []);
  }
});
