import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '../support/temporary.js';
import { type ArchiveFile, makeKey, readPrivateKey, sealOf, signFiles, writeArchive } from './built.js';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** Files of a bundle that exports nothing but its version. */
export function filesOf(
  version: string,
  more: Record<string, string | Buffer> = {},
  name = '@example/acme',
): ArchiveFile[] {
  const files: Record<string, string | Buffer> = {
    'dist/index.js': `exports.version = '${version}';\n`,
    'package.json': JSON.stringify({ name, version, main: './dist/index.js', rackwatt: {} }),
    ...more,
  };
  return Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
}

/** An unsigned archive as `bundle pack` makes it. */
export function archiveOf(
  version: string,
  more: Record<string, string | Buffer> = {},
  name = '@example/acme',
): Promise<Buffer> {
  const files = filesOf(version, more, name);
  return writeArchive([sealOf(name, version, files), ...files]);
}

export function writeFiles(root: string, files: readonly ArchiveFile[]): void {
  for (const { path, content } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** A release key, trusted in the folder `keys`. */
export function releaseKey(
  t: TestContext,
  name = 'release',
): { keys: string; id: string; sign(files: readonly ArchiveFile[]): Promise<Buffer> } {
  const keys = temporaryFolder(t);
  const { id, privateFile } = makeKey(join(keys, name));
  const key = readPrivateKey(privateFile);
  return { keys, id, sign: (files) => writeArchive(signFiles(files, key, 'test')) };
}

export interface RawEntry {
  /** As it stands in the header, `package/` and all. */
  name: string | Buffer;
  content?: string | Buffer;
  /** ustar type flag; `0` is a file. */
  type?: string;
  link?: string;
  /** What the header says, where that is a lie. */
  size?: number;
}

/** A tar written by hand, so that it can be what no tool writes. */
export function rawTar(entries: readonly RawEntry[], trailer = 1024): Buffer {
  const blocks = entries.flatMap(({ name, content = '', type = '0', link = '', size }) => {
    const body = Buffer.from(content);
    const header = Buffer.alloc(512);
    (Buffer.isBuffer(name) ? name : Buffer.from(name)).copy(header, 0, 0, 100);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write('ustar\x0000', 257, 'latin1');
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(trailer)]);
}

/** The entries of a sound archive, to be spoilt. */
export function soundEntries(files: readonly ArchiveFile[] = filesOf('1.0.0'), list = files): RawEntry[] {
  return [sealOf('@example/acme', '1.0.0', list), ...files].map(({ path, content }) => ({
    name: `package/${path}`,
    content,
  }));
}

export function rawArchive(entries: readonly RawEntry[], trailer?: number): Buffer {
  return gzipSync(rawTar(entries, trailer));
}
