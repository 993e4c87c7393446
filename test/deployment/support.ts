import type { KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { partsOf, signed } from '../support/archives.js';
import { makeKey, readPrivateKey, type ArchiveParts, type BundleFile } from './built.js';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** Files of a bundle that exports nothing but its version. */
export function filesOf(
  version: string,
  more: Record<string, string | Buffer> = {},
  name = '@example/acme',
): BundleFile[] {
  const files: Record<string, string | Buffer> = {
    'dist/index.js': `exports.version = '${version}';\n`,
    'package.json': JSON.stringify({ name, version, main: './dist/index.js', rackwatt: {} }),
    ...more,
  };
  return Object.entries(files).map(([path, content]) => ({ path, content: Buffer.from(content) }));
}

/** The bundle of `filesOf`, packed. */
export function acme(
  version = '1.0.0',
  more: Record<string, string | Buffer> = {},
  name = '@example/acme',
): ArchiveParts {
  return partsOf({ name, version }, filesOf(version, more, name));
}

/** An unsigned archive as `bundle pack` makes it. */
export async function archiveOf(...bundle: Parameters<typeof acme>): Promise<Buffer> {
  return signed(acme(...bundle));
}

export function writeFiles(root: string, files: readonly BundleFile[]): void {
  for (const { path, content } of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

/** A release key, trusted in the folder `keys`. */
export function releaseKey(
  t: TestContext,
  name = 'release',
): { keys: string; id: string; key: KeyObject; sign(parts: ArchiveParts): Buffer } {
  const keys = temporaryFolder(t);
  const { id, privateFile } = makeKey(join(keys, name));
  const key = readPrivateKey(privateFile);
  return { keys, id, key, sign: (parts) => signed(parts, key) };
}
