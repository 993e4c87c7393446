import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeNode } from './dropin-node.js';
import { acme, archiveOf, filesOf, releaseKey, writeFiles } from './support.js';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ACME = '@example/acme';

test('what was quarantined stays so when the node is started again, and what ran before runs', async (t) => {
  const first = await fakeNode(t, { refused: ['2.0.0'] });
  first.place('acme.tgz', await archiveOf('1.0.0'));
  await first.until('1.0.0 runs', () => first.running.get(ACME) === '1.0.0');
  first.place('acme.tgz', await archiveOf('2.0.0'));
  await first.until('2.0.0 is refused', () => first.errors.length === 1);
  const [before] = first.dropIns.list();
  assert.deepEqual([before?.state, before?.reason], ['quarantined', '2.0.0 does not start']);
  await first.stop();

  const second = await fakeNode(t, { home: first.home });
  assert.deepEqual(second.tried, ['1.0.0'], 'the content that ran before, though its archive is gone');
  assert.deepEqual(second.dropIns.list(), [before && { ...before, version: '1.0.0' }]);
  assert.match(
    second.lines.join('\n'),
    /acme\.tgz stays quarantined: 2\.0\.0 does not start; replace it, or try it again with: rackwatt bundle start acme\.tgz/,
  );
  assert.match(second.lines.join('\n'), /acme\.tgz runs with what it held before: @example\/acme 1\.0\.0/);
  assert.deepEqual(second.errors, []);

  assert.equal(await second.dropIns.retry(ACME), true);
  assert.deepEqual(second.tried, ['1.0.0', '2.0.0']);
  assert.deepEqual(
    second.dropIns.list().map(({ state }) => state),
    ['running'],
  );
  assert.equal(await second.dropIns.retry(ACME), false, 'nothing is quarantined any more');
});

test('a quarantine ends when the file changes, and is forgotten when it goes', async (t) => {
  const first = await fakeNode(t);
  first.place('acme.tgz', Buffer.from('no archive'));
  await first.until('it is refused', () => first.errors.length === 1);
  await first.stop();
  const second = await fakeNode(t, { home: first.home });
  assert.deepEqual([second.errors, second.dropIns.list()[0]?.state], [[], 'quarantined']);
  second.place('acme.tgz', await archiveOf('1.0.0'));
  await second.until('1.0.0 runs', () => second.running.get(ACME) === '1.0.0');
  second.place('other.tgz', Buffer.from('no archive'));
  await second.until('it is refused', () => second.errors.length === 1);
  rmSync(join(second.folder, 'other.tgz'));
  await second.until('it is forgotten', () => second.dropIns.list().length === 1);
  assert.deepEqual(
    Object.keys((JSON.parse(readFileSync(join(second.home, 'dropins.json'), 'utf8')) as { dropins: object }).dropins),
    ['acme.tgz'],
  );
});

test('what is quarantined for what it lacks is tried again when that comes, also after a restart', async (t) => {
  const first = await fakeNode(t, { refused: ['2.0.0'] });
  first.place('acme.tgz', await archiveOf('2.0.0'));
  await first.until('it is refused', () => first.errors.length === 1);
  await first.stop();
  const second = await fakeNode(t, { home: first.home });
  assert.deepEqual(second.tried, []);
  second.place('other.tgz', await archiveOf('1.0.0', {}, 'other'));
  await second.until('2.0.0 runs', () => second.running.get(ACME) === '2.0.0');
});

test('a drop-in during whose start the node ended is tried once more; when that ends it again, what ran before runs', async (t) => {
  const first = await fakeNode(t);
  first.place('acme.tgz', await archiveOf('1.0.0'));
  await first.until('1.0.0 runs', () => first.running.get(ACME) === '1.0.0');
  await first.stop();
  // Starts that take for ever stand for a node that ends meanwhile: what is on the disk then is the same.
  const second = await fakeNode(t, { home: first.home, slow: 3_000 });
  second.place('acme.tgz', await archiveOf('2.0.0'));
  await second.until('it is being started', () => second.tried.at(-1) === '2.0.0', 20_000);
  const atTheEnd = readFileSync(join(second.home, 'dropins.json'));
  await second.stop();
  writeFileSync(join(second.home, 'dropins.json'), atTheEnd);

  const third = await fakeNode(t, { home: first.home, slow: 1 });
  assert.equal(third.running.get(ACME), '2.0.0', 'an accident is none of its fault');
  await third.stop();
  const twice = JSON.parse(atTheEnd.toString()) as { dropins: Record<string, { unfinished: number }> };
  assert.equal(twice.dropins['acme.tgz']!.unfinished, 1);
  twice.dropins['acme.tgz']!.unfinished = 2;
  writeFileSync(join(second.home, 'dropins.json'), JSON.stringify(twice));
  const fourth = await fakeNode(t, { home: first.home });
  assert.deepEqual(fourth.tried, ['1.0.0']);
  assert.equal(fourth.dropIns.list()[0]?.reason, 'the node ended 2 times while it was being started');
});

test('what nobody trusted runs once its key is trusted, and stays refused beyond a restart until then', {
  timeout: 60_000,
}, async (t) => {
  const { keys, sign } = releaseKey(t);
  const first = await fakeNode(t, { allowUnsigned: false });
  first.place('acme.tgz', sign(acme('1.0.0')));
  await first.until('it is refused', () => first.errors.length === 1, 20_000);
  assert.match(first.errors[0]!, /which is not trusted here/);
  await first.stop();
  const second = await fakeNode(t, { home: first.home, allowUnsigned: false });
  assert.deepEqual([second.dropIns.list()[0]?.state, second.tried], ['quarantined', []]);
  mkdirSync(join(second.home, 'keys'));
  copyFileSync(join(keys, 'release.pub'), join(second.home, 'keys', 'release.pub'));
  await second.until('1.0.0 runs', () => second.running.get(ACME) === '1.0.0', 30_000);
  assert.deepEqual([second.dropIns.list()[0]?.state, second.errors], ['running', []]);
});

test('damaged records are as none', async (t) => {
  const first = await fakeNode(t, {
    before: async (folder) => writeFileSync(join(folder, 'acme.tgz'), await archiveOf('1.0.0')),
  });
  await first.stop();
  for (const damage of ['{', 'null', '[]', '{"dropins":[1]}', '{"dropins":{"acme.tgz":7}}']) {
    writeFileSync(join(first.home, 'dropins.json'), damage);
    const next = await fakeNode(t, { home: first.home });
    assert.deepEqual([next.events, next.errors], [['+1.0.0'], []], damage);
    await next.stop();
  }
});

test('it is said which of two drop-ins of one name runs, and what it lies over', async (t) => {
  const node = await fakeNode(t, { configured: 'link:./bundles/acme' });
  node.place('a.tgz', await archiveOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
  node.place('b.tgz', await archiveOf('1.2.0'));
  await node.until('1.2.0 runs', () => node.lines.some((line) => line.includes('behind it wait')));
  const said = node.lines.join('\n');
  assert.match(
    said,
    /drop-in b\.tgz runs: @example\/acme 1\.2\.0, in place of link:\.\/bundles\/acme of the configuration/,
  );
  assert.match(said, /of @example\/acme the highest version runs; behind it wait a\.tgz \(1\.0\.0\)/);
  assert.deepEqual(
    node.dropIns.list().map(({ file, state, reason }) => [file, state, reason]),
    [
      ['a.tgz', 'waiting', 'b.tgz runs, which has a higher version'],
      ['b.tgz', 'running', undefined],
    ],
  );
});

test('a folder that goes as a whole takes nothing with it, and is followed again when it is back', {
  timeout: 60_000,
}, async (t) => {
  const node = await fakeNode(t);
  node.place('acme.tgz', await archiveOf('1.0.0'));
  await node.until('1.0.0 runs', () => node.events.length === 1);
  rmSync(node.folder, { recursive: true });
  await node.until('it is said', () => node.errors.length === 1, 15_000);
  assert.match(node.errors[0]!, /cannot be read, what was in it goes on: ENOENT/);
  await pause(2500);
  assert.deepEqual([node.events, node.errors.length], [['+1.0.0'], 1]);
  mkdirSync(node.folder);
  node.place('acme.tgz', await archiveOf('1.1.0'));
  await node.until('1.1.0 runs', () => node.running.get(ACME) === '1.1.0', 15_000);
  node.place('acme.tgz', await archiveOf('1.2.0'));
  assert.ok(
    (await node.until('1.2.0 runs', () => node.running.get(ACME) === '1.2.0', 8_000)) < 8_000,
    'it is watched again',
  );
});

test('a folder that is removed while it is being started goes', async (t) => {
  const node = await fakeNode(t, { slow: 400 });
  writeFiles(join(node.folder, 'acme'), filesOf('1.0.0'));
  await node.until('it is being started', () => node.tried.length > 0);
  rmSync(join(node.folder, 'acme'), { recursive: true });
  await node.until('it is gone', () => node.events.at(-1) === `-${ACME}`);
  assert.deepEqual([node.events, node.dropIns.list()], [['+1.0.0', `-${ACME}`], []]);
});

test('names of every kind run, and none reaches the terminal as it is', async (t) => {
  const node = await fakeNode(t);
  const names = [
    'a b.tgz',
    'új-čćž-中文-🔌.tgz',
    '-rf.tgz',
    '$(reboot).tgz',
    'line\nbreak.tgz',
    'esc\u001b[2Jape.tgz',
    '"quote\'.tgz',
    `${'n'.repeat(240)}.tgz`,
  ];
  for (const [number, name] of names.entries()) node.place(name, await archiveOf('1.0.0', {}, `bundle-${number}`));
  await node.until('all run', () => node.running.size === names.length, 15_000);
  assert.deepEqual(node.errors, []);
  for (const line of node.lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
});

test('a name that is no UTF-8 is refused once, by name', async (t) => {
  const node = await fakeNode(t);
  const path = Buffer.concat([Buffer.from(`${node.folder}/bad-`), Buffer.from([0xff, 0xfe]), Buffer.from('.tgz')]);
  writeFileSync(path, await archiveOf('1.0.0'));
  await node.until('it is said', () => node.errors.length === 1, 20_000);
  assert.match(node.errors[0]!, /is not taken: its name is not UTF-8; rename it/);
  writeFileSync(join(node.folder, 'x.txt'), '');
  await pause(600);
  assert.equal(node.errors.length, 1);
  unlinkSync(path);
});

test('a link that flips is never followed, and said once for each target', async (t) => {
  const node = await fakeNode(t);
  for (const version of ['1.0.0', '2.0.0']) {
    writeFiles(join(node.aside, version), filesOf(version));
    symlinkSync(join(node.aside, version), join(node.aside, 'current'));
    renameSync(join(node.aside, 'current'), join(node.folder, 'acme'));
    await pause(1800);
  }
  assert.deepEqual(node.events, []);
  assert.match(node.errors[0] ?? '', /it is a link; move the archive or folder itself here/);
  assert.ok(node.errors.length <= 2);
});

test('a folder that nobody may write is read all the same', async (t) => {
  const node = await fakeNode(t, {
    before: async (folder) => {
      writeFileSync(join(folder, 'acme.tgz'), await archiveOf('1.0.0'));
      chmodSync(folder, 0o555);
    },
  });
  chmodSync(node.folder, 0o755);
  assert.deepEqual([node.events, node.errors], [['+1.0.0'], []]);
});

test('a folder that stalls while it is copied over another content is taken once it is whole', async (t) => {
  const node = await fakeNode(t);
  const folder = join(node.folder, 'acme');
  writeFiles(
    folder,
    filesOf('1.0.0', {
      'dist/index.js': `exports.version = require('./version.js');`,
      'dist/version.js': `module.exports = '1.0.0';`,
    }),
  );
  await node.until('1.0.0 runs', () => node.events.length === 1);
  // The new index first, and then nothing for longer than anybody would wait for a copy to go on.
  writeFiles(folder, filesOf('2.0.0', { 'dist/index.js': `exports.version = require('./new-version.js');` }));
  await node.until('it is given up', () => node.errors.length === 1, 12_000);
  assert.equal(node.running.get(ACME), '1.0.0');
  writeFiles(
    folder,
    filesOf('2.0.0', {
      'dist/index.js': `exports.version = require('./new-version.js');`,
      'dist/new-version.js': `module.exports = '2.0.0';`,
    }),
  );
  await node.until('2.0.0 runs', () => node.running.get(ACME) === '2.0.0');
});
