import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorMessage, RackwattError } from '../../errors.js';
import { flushFolder } from '../folder.js';
import { type BundleFile, type FileMode } from './format.js';
import { gzipMemberOf } from './gzip.js';
import { describeArchive, listed, unsigned, type BundleFacts, type ListedFile } from './manifest.js';
import { headerOf, paddingOf, TRAILER } from './tar.js';
import { frontOf } from './write.js';

/** A file to pack that is too large to be held. */
export interface FileOnDisk {
  path: string;
  file: string;
  mode?: FileMode;
}

const CHUNK = 1 << 20;

/**
 * Like `makeArchive` and `joinArchive`, for what does not fit into memory: writes an unsigned archive, appearing complete or not at all.
 * @param level of compression, 1 to 9
 * @throws `PACK_FAILED`
 */
export async function writeArchive(
  target: string,
  facts: BundleFacts,
  files: readonly (BundleFile | FileOnDisk)[],
  level: number,
): Promise<void> {
  const [content, whole] = [`${target}.${randomUUID()}.content`, `${target}.${randomUUID()}.tmp`];
  try {
    const found: ListedFile[] = [];
    const hash = createHash('sha256');
    let length = 0;
    await written(content, async (out) => {
      for await (const part of gzipMemberOf(tarOf(files, found), level)) {
        hash.update(part);
        length += part.length;
        await out.writeFile(part);
      }
    });
    const front = frontOf(unsigned(describeArchive(facts, found, { sha256: hash.digest('hex'), length })));
    await written(whole, async (out) => {
      await out.writeFile(front);
      for await (const part of createReadStream(content, { highWaterMark: CHUNK })) await out.writeFile(part as Buffer);
      await out.sync();
    });
    await rename(whole, target);
    await flushFolder(dirname(target));
  } catch (error) {
    throw error instanceof RackwattError
      ? error
      : new RackwattError('PACK_FAILED', `${target} cannot be written: ${errorMessage(error)}`, { cause: error });
  } finally {
    await Promise.all([content, whole].map((file) => rm(file, { force: true })));
  }
}

async function written(file: string, write: (out: FileHandle) => Promise<void>): Promise<void> {
  const out = await open(file, 'wx');
  try {
    await write(out);
  } finally {
    await out.close();
  }
}

/** @param found takes what is packed, in its order */
async function* tarOf(files: readonly (BundleFile | FileOnDisk)[], found: ListedFile[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    const entry = 'content' in file ? listed(file) : await measured(file);
    yield headerOf(entry);
    if ('content' in file) yield file.content;
    else yield* contentOf(file, entry);
    yield Buffer.alloc(paddingOf(entry.size));
    found.push(entry);
  }
  yield Buffer.alloc(TRAILER);
}

async function measured({ path, file, mode = '0644' }: FileOnDisk): Promise<ListedFile> {
  return { path, size: (await stat(file)).size, sha256: '', mode };
}

async function* contentOf({ file }: FileOnDisk, entry: ListedFile): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of createReadStream(file, { highWaterMark: CHUNK })) {
    hash.update(part as Buffer);
    size += (part as Buffer).length;
    yield part as Buffer;
  }
  if (size !== entry.size)
    throw new RackwattError('PACK_FAILED', `${file} was changed while it was packed; pack again`);
  entry.sha256 = hash.digest('hex');
}
