import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../support/temporary.js';
import { BUDGET, BundleStore, readArchive, SEAL_FILE, sealOf, writeArchive } from './built.js';
import { archiveOf, filesOf, rawArchive, rawTar, releaseKey, soundEntries, type RawEntry } from './support.js';

type Made = Buffer | Promise<Buffer>;
type Case = [what: string, make: () => Made, code: string, sentence: RegExp];

const INVALID = 'ARCHIVE_INVALID';
const with_ = (...more: RawEntry[]): Buffer => rawArchive([...soundEntries(), ...more]);
const listing = (path: string): Promise<Buffer> => archiveOf('1.0.0', { [path]: 'x' });
const packageJson = (text: string): Promise<Buffer> => archiveOf('1.0.0', { 'package.json': text });
const seal = (content: string): Buffer => {
  const entries = soundEntries();
  return rawArchive([{ name: `package/${SEAL_FILE}`, content }, ...entries.slice(1)]);
};
/** The seal of version 1.0.0 with a changed list. */
function list(
  change: (list: { name: string; version: string; spec: unknown; files: unknown[] }) => unknown,
  files = filesOf('1.0.0'),
): Buffer {
  const envelope = JSON.parse(sealOf('@example/acme', '1.0.0', files).content.toString()) as { payload: string };
  const content = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as Parameters<typeof change>[0];
  return seal(
    JSON.stringify({ ...envelope, payload: Buffer.from(JSON.stringify(change(content))).toString('base64') }),
  );
}

const CASES: Case[] = [
  ['nothing', () => Buffer.alloc(0), 'ARCHIVE_INCOMPLETE', /cut off/],
  ['text', () => Buffer.from('<html>Sign in to the hotel</html>'), INVALID, /is not a gzipped tar/],
  ['a zip', () => Buffer.from('PK\x03\x04'), INVALID, /is not a gzipped tar/],
  ['a gzip of text', () => gzipSync('hello'), 'ARCHIVE_INCOMPLETE', /ends before the end of its tar/],
  ['a gzip in a gzip', () => gzipSync(gzipSync(Buffer.alloc(4096))), 'ARCHIVE_INCOMPLETE', /ends before/],
  [
    'a gzip in a gzip, as long as a tar',
    () => gzipSync(Buffer.concat([rawArchive(soundEntries()), Buffer.alloc(4096)])),
    INVALID,
    /does not begin with/,
  ],
  ['an empty tar', () => gzipSync(Buffer.alloc(1024)), INVALID, /does not begin with/],
  [
    'bytes behind the gzip',
    async () => Buffer.concat([await archiveOf('1.0.0'), Buffer.from('garbage')]),
    INVALID,
    /cannot be unzipped/,
  ],
  [
    'zeros behind the gzip',
    async () => Buffer.concat([await archiveOf('1.0.0'), Buffer.alloc(512)]),
    INVALID,
    /512 bytes behind/,
  ],
  [
    'a second gzip',
    async () => Buffer.concat([await archiveOf('1.0.0'), gzipSync('more')]),
    'ARCHIVE_INCOMPLETE',
    /ends before/,
  ],
  ['no trailer', () => rawArchive(soundEntries(), 0), 'ARCHIVE_INCOMPLETE', /ends before/],
  ['half a trailer', () => rawArchive(soundEntries(), 512), 'ARCHIVE_INCOMPLETE', /ends before/],
  [
    'files behind the trailer',
    () => gzipSync(Buffer.concat([rawTar(soundEntries()), rawTar([{ name: 'package/late.js', content: 'x' }])])),
    INVALID,
    /holds something that is no file/,
  ],
  [
    'a block that is no header',
    () => gzipSync(Buffer.concat([rawTar(soundEntries(), 0), Buffer.alloc(512, 'x'), Buffer.alloc(1024)])),
    INVALID,
    /is not a tar|no file/,
  ],
  ['traversal', () => with_({ name: 'package/../evil.js' }), INVALID, /leads elsewhere/],
  ['traversal in the middle', () => with_({ name: 'package/dist/../../evil.js' }), INVALID, /leads elsewhere/],
  ['a dot in a path', () => with_({ name: 'package/./dist/x.js' }), INVALID, /leads elsewhere/],
  ['a doubled slash', () => with_({ name: 'package/dist//x.js' }), INVALID, /leads elsewhere/],
  ['an absolute path', () => with_({ name: '/etc/cron.d/evil' }), INVALID, /not below package/],
  ['an absolute path below package', () => with_({ name: 'package//etc/evil' }), INVALID, /absolute path/],
  ['another top folder', () => with_({ name: 'evil/x.js' }), INVALID, /not below package/],
  [
    'a symbolic link',
    () => with_({ name: 'package/dist/x.js', type: '2', link: '/etc/passwd' }),
    INVALID,
    /a SymbolicLink; only plain files/,
  ],
  [
    'a hard link',
    () => with_({ name: 'package/dist/x.js', type: '1', link: '/etc/passwd' }),
    INVALID,
    /a Link; only plain files/,
  ],
  [
    'a character device',
    () => with_({ name: 'package/dist/null', type: '3' }),
    INVALID,
    /a CharacterDevice; only plain files/,
  ],
  ['a block device', () => with_({ name: 'package/dist/sda', type: '4' }), INVALID, /a BlockDevice; only plain files/],
  ['a pipe', () => with_({ name: 'package/dist/pipe', type: '6' }), INVALID, /a FIFO; only plain files/],
  ['a folder', () => with_({ name: 'package/dist/', type: '5' }), INVALID, /a Directory; only plain files/],
  ['an unknown type', () => with_({ name: 'package/dist/x.js', type: 'Q' }), INVALID, /only plain files|not a tar/],
  [
    'an extended header',
    () => with_({ name: 'PaxHeader', type: 'x', content: '30 path=package/../../evil.js\n' }, { name: 'package/x.js' }),
    INVALID,
    /extended headers/,
  ],
  [
    'a global extended header',
    () => with_({ name: 'PaxHeader', type: 'g', content: '21 path=/etc/passwd\n' }),
    INVALID,
    /extended headers/,
  ],
  [
    'a long name of GNU tar',
    () =>
      with_({ name: '././@LongLink', type: 'L', content: `package/${'a'.repeat(300)}\0` }, { name: 'package/x.js' }),
    INVALID,
    /extended headers/,
  ],
  [
    'a file twice',
    () => with_({ name: 'package/dist/index.js', content: 'evil' }),
    INVALID,
    /"dist\/index.js", which is there twice/,
  ],
  [
    'a file twice, by case',
    () => with_({ name: 'package/dist/INDEX.js', content: 'evil' }),
    INVALID,
    /which is there twice/,
  ],
  [
    'a file twice, by composition',
    () => with_({ name: 'package/\u00e9.js' }, { name: 'package/e\u0301.js' }),
    INVALID,
    /characters other than/,
  ],
  ['the list twice', () => rawArchive([soundEntries()[0]!, ...soundEntries()]), INVALID, /which is there twice/],
  ['the list not first', () => rawArchive(soundEntries().reverse()), INVALID, /does not begin with/],
  ['a file in a file', () => with_({ name: 'package/dist/index.js/x.js' }), INVALID, /which lies in a file/],
  ['a file that is a folder', () => with_({ name: 'package/dist' }), INVALID, /a file and a folder/],
  [
    'a file that the list does not name',
    () => with_({ name: 'package/dist/extra.js', content: 'evil' }),
    INVALID,
    /does not name/,
  ],
  [
    'a file that is missing',
    () => rawArchive(soundEntries().slice(0, -1)),
    INVALID,
    /lacks "package.json", which its list/,
  ],
  [
    'an altered file',
    () =>
      rawArchive([
        ...soundEntries().slice(0, 1),
        ...soundEntries(filesOf('1.0.0', { 'dist/index.js': 'exports.version = "6.6.6";' })).slice(1),
      ]),
    INVALID,
    /it was altered/,
  ],
  [
    'a size that is a lie, too long',
    () => rawArchive([...soundEntries().slice(0, 2), { ...soundEntries()[2]!, size: 1 << 20 }]),
    INVALID,
    /not a tar|no file/,
  ],
  [
    'a size that is a lie, too short',
    () => rawArchive([...soundEntries().slice(0, 2), { ...soundEntries()[2]!, size: 3 }]),
    INVALID,
    /altered|no file|not a tar/,
  ],
  ['a size below zero', () => rawArchive([...soundEntries(), { name: 'package/x', size: -1 }]), INVALID, /./],
  ['a NUL in a name', () => with_({ name: 'package/dist/x.js\0.png' }), INVALID, /does not name/],
  ['a line break in a name', () => with_({ name: 'package/dist/x\n.js' }), INVALID, /characters other than/],
  ['a backslash', () => with_({ name: 'package/dist\\..\\..\\evil.js' }), INVALID, /characters other than/],
  ['a drive', () => with_({ name: 'package/C:evil.js' }), INVALID, /characters other than/],
  ['a stream of NTFS', () => with_({ name: 'package/dist/x.js:hidden' }), INVALID, /characters other than/],
  ['a device of Windows', () => with_({ name: 'package/dist/aux.js' }), INVALID, /some systems cannot hold/],
  ['another device of Windows', () => with_({ name: 'package/COM1' }), INVALID, /some systems cannot hold/],
  ['a dot at the end', () => with_({ name: 'package/dist/x.' }), INVALID, /some systems cannot hold/],
  ['a blank at the end', () => with_({ name: 'package/dist/x ' }), INVALID, /characters other than/],
  [
    'a name that turns the text around',
    () => with_({ name: 'package/dist/\u202Egnp.js' }),
    INVALID,
    /characters other than/,
  ],
  [
    'a name that is no UTF-8',
    () => with_({ name: Buffer.from('7061636b6167652fff2e6a73', 'hex') }),
    INVALID,
    /characters other than/,
  ],
  ['deep folders', () => listing(`${'d/'.repeat(12)}x.js`), INVALID, /folders deep/],
  [
    'a long path',
    () => listing(`${`${'d'.repeat(60)}/`.repeat(3)}${'x'.repeat(30)}`),
    INVALID,
    /more than 200 characters/,
  ],
  ['a bomb', () => gzipSync(Buffer.alloc(BUDGET.unpackedBytes + 1)), 'ARCHIVE_TOO_LARGE', /unpacks to more than/],
  ['too long a file', () => Buffer.alloc(BUDGET.archiveBytes + 1), 'ARCHIVE_TOO_LARGE', /has more than/],
  [
    'too many files',
    () => with_(...Array.from({ length: BUDGET.files }, (_, index) => ({ name: `package/f${index}` }))),
    INVALID,
    /more than 5000 files/,
  ],
  ['no list', () => writeArchive(filesOf('1.0.0')), INVALID, /does not begin with/],
  ['a list that is no JSON', () => seal('{'), INVALID, /is not JSON/],
  [
    'a list that is no UTF-8',
    () =>
      rawArchive([
        { name: `package/${SEAL_FILE}`, content: Buffer.from([0x22, 0xff, 0x22]) },
        ...soundEntries().slice(1),
      ]),
    INVALID,
    /is not UTF-8/,
  ],
  ['a list that is null', () => seal('null'), INVALID, /type "undefined"/],
  ['a deep list', () => seal('['.repeat(100_000)), INVALID, /nested more than 64 deep/],
  ['quotes without end', () => seal(`"${'\\"'.repeat(500_000)}`), INVALID, /is not JSON/],
  ['a key twice', () => seal('{"payload":"a","payload":"b"}'), INVALID, /"payload" twice/],
  ['a key twice, spelt differently', () => seal('{"payload":"a","p\\u0061yload":"b"}'), INVALID, /"payload" twice/],
  ['__proto__', () => seal('{"__proto__":{"payload":"a"}}'), INVALID, /"__proto__"/],
  [
    'another type of payload',
    () => seal(JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload: '', signatures: [] })),
    INVALID,
    /of the type "application\/vnd.in-toto\+json"/,
  ],
  [
    'a payload that is no base64',
    () => seal(JSON.stringify({ payloadType: 'application/vnd.rackwatt.bundle+json', payload: '%%', signatures: [] })),
    INVALID,
    /no signed list/,
  ],
  [
    'signatures that are none',
    () =>
      seal(JSON.stringify({ payloadType: 'application/vnd.rackwatt.bundle+json', payload: '', signatures: [null] })),
    INVALID,
    /signature that is none/,
  ],
  [
    '17 signatures',
    () =>
      seal(
        JSON.stringify({
          payloadType: 'application/vnd.rackwatt.bundle+json',
          payload: '',
          signatures: Array.from({ length: 17 }, () => null),
        }),
      ),
    INVALID,
    /more than 16 signatures/,
  ],
  ['a list of another version', () => list((content) => ({ ...content, spec: 2 })), INVALID, /not one of version 1/],
  [
    'a list with a file twice',
    () => list((content) => ({ ...content, files: [...content.files, content.files[0]] })),
    INVALID,
    /names a file twice/,
  ],
  [
    'a list with a digest that is none',
    () => list((content) => ({ ...content, files: [{ path: 'x', size: 1, sha256: 'x' }] })),
    INVALID,
    /not one of version 1/,
  ],
  [
    'a list of another name',
    () => list((content) => ({ ...content, name: '@example/other' })),
    INVALID,
    /listed as "@example\/other" "1.0.0"/,
  ],
  [
    'a list of another version of the bundle',
    () => list((content) => ({ ...content, version: '9.9.9' })),
    INVALID,
    /listed as "@example\/acme" "9.9.9"/,
  ],
  [
    'no package.json',
    async () => {
      const files = filesOf('1.0.0').slice(0, 1);
      return writeArchive([sealOf('@example/acme', '1.0.0', files), ...files]);
    },
    INVALID,
    /has no package.json/,
  ],
  ['a package.json that is no JSON', () => packageJson('{'), INVALID, /is not JSON/],
  ['a deep package.json', () => packageJson(`{"rackwatt":${'['.repeat(5000)}`), INVALID, /nested more than 64 deep/],
  [
    'a package.json with a name twice',
    () => packageJson('{"name":"@example/acme","name":"rackwatt"}'),
    INVALID,
    /"name" twice/,
  ],
  ['a package.json with __proto__', () => packageJson('{"__proto__":{"rackwatt":{}}}'), INVALID, /"__proto__"/],
  [
    'a package.json of no bundle',
    () => packageJson('{"name":"@example/acme","version":"1.0.0"}'),
    'BUNDLE_MANIFEST',
    /no "rackwatt" object/,
  ],
  [
    'a name that is a path',
    () => packageJson('{"name":"../../evil","version":"1.0.0","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /npm package name/,
  ],
  [
    'a version that is a path',
    () => packageJson('{"name":"@example/acme","version":"1.0.0/../../x","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /semantic version/,
  ],
  [
    'main outside',
    () => packageJson('{"name":"@example/acme","version":"1.0.0","main":"../../etc/passwd","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],
  [
    'main that is absolute',
    () => packageJson('{"name":"@example/acme","version":"1.0.0","main":"/etc/passwd","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],
  [
    'main that is missing',
    () => packageJson('{"name":"@example/acme","version":"1.0.0","main":"./dist/none.js","rackwatt":{}}'),
    INVALID,
    /lacks ".\/dist\/none.js"/,
  ],
  [
    'a contract outside',
    () =>
      packageJson(
        '{"name":"@example/acme","version":"1.0.0","exports":{"./x":"../../x.js"},"rackwatt":{"contracts":["./x"]}}',
      ),
    INVALID,
    /lacks "..\/..\/x.js"/,
  ],
  [
    'a command outside',
    () => packageJson('{"name":"@example/acme","version":"1.0.0","rackwatt":{"commands":{"x":"../../x.js"}}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],
];

for (const [what, make, code, sentence] of CASES) {
  test(`refuses ${what}`, async (t) => {
    const home = temporaryFolder(t);
    const store = new BundleStore({ folder: join(home, 'store'), keys: join(home, 'keys') });
    mkdirSync(join(home, 'in'));
    const file = join(home, 'in', 'acme.tgz');
    writeFileSync(file, await make());
    const prototype = Object.getOwnPropertyNames(Object.prototype).sort();
    await assert.rejects(store.install(file, true), (error: Error & { code?: string }) => {
      assert.equal(error.name, 'RackwattError', String(error.stack));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.match(error.message, /^(?:package\.json of )?acme\.tgz/, 'names the archive');
      assert.ok(!/[\n\r\u202e]/.test(error.message) && error.message.length < 400, `is one sentence: ${error.message}`);
      return true;
    });
    assert.deepEqual(readdirSync(home), ['in'], 'nothing was written');
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), prototype);
  });
}

test('takes the sound archive that the cases spoil', async (t) => {
  const home = temporaryFolder(t);
  const store = new BundleStore({ folder: join(home, 'store'), keys: join(home, 'keys') });
  const file = join(home, 'acme.tgz');
  writeFileSync(file, rawArchive(soundEntries()));
  assert.equal((await store.install(file, true)).name, '@example/acme');
});

test('takes an archive cut off anywhere for one that is not complete', async () => {
  const archive = await archiveOf('1.0.0', {
    'dist/data.bin': Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256)),
  });
  for (let length = 0; length < archive.length; length += length < 64 || length > archive.length - 64 ? 1 : 13) {
    await assert.rejects(
      readArchive(archive.subarray(0, length), 'acme.tgz'),
      { code: 'ARCHIVE_INCOMPLETE' },
      `${length} of ${archive.length} bytes`,
    );
  }
});

test('a bomb costs no more memory than its budget', async () => {
  const bomb = gzipSync(Buffer.alloc(200 << 20));
  global.gc?.();
  const before = process.memoryUsage().rss;
  await assert.rejects(readArchive(bomb, 'bomb.tgz', { ...BUDGET, unpackedBytes: 1 << 20 }), {
    code: 'ARCHIVE_TOO_LARGE',
  });
  assert.ok(process.memoryUsage().rss - before < 64 << 20);
});

test('refuses an archive with any byte altered, or takes it with the same files', async (t) => {
  const { keys, sign } = releaseKey(t);
  const home = temporaryFolder(t);
  const files = filesOf('1.0.0');
  const archive = await sign([sealOf('@example/acme', '1.0.0', files), ...files]);
  const store = new BundleStore({ folder: join(home, 'store'), keys });
  const file = join(home, 'acme.tgz');
  let passed = 0;
  for (let at = 0; at < archive.length; at++) {
    const altered = Buffer.from(archive);
    altered[at]! ^= 1 << (at % 8);
    writeFileSync(file, altered);
    try {
      const { root, signers } = await store.install(file, false);
      // The gzip has bits that say nothing of the content: time, system, filling.
      for (const { path, content } of files)
        assert.deepEqual(readFileSync(join(root, path)), content, `byte ${at} was altered unnoticed`);
      assert.deepEqual(signers, ['release']);
      passed++;
    } catch (error) {
      assert.equal((error as Error).name, 'RackwattError', `byte ${at}: ${String((error as Error).stack)}`);
    }
  }
  assert.ok(passed < 16, `${passed} alterations passed`);
});
