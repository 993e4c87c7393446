import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { errorMessage, RackwattError } from 'rackwatt';
import type { Center } from './center.js';
import { unexpected } from './center.js';
import { remoteAdminError } from './errors.js';
import { syncFolder } from './files.js';

/** Bytes after which what came is flushed: so many are lost at most. */
const FLUSH_EVERY = 4 << 20;
/** Bytes that stay free beside an archive and what it unpacks to. */
const RESERVE = 64 << 20;

export interface DownloadOptions {
  center: Pick<Center, 'artifact'>;
  folder: string;
  signal: AbortSignal;
  onBytes?(bytes: number): void;
  /** An archive that brings fewer bytes than these in so many ms is given up for now. */
  slowest?: { bytes: number; milliseconds: number };
}

const SLOWEST = { bytes: 32 << 10, milliseconds: 30_000 };

/**
 * Brings an archive here. What came before a break is kept and read again, so that the digest is always that of the bytes on the
 * disk; more than was announced is never written.
 * @returns the file, complete, with that digest
 * @throws `ARTIFACT_FAILED`, `ARTIFACT_DIGEST`, `ARTIFACT_SPACE`, `CENTER_...`
 */
export async function download(
  { sha256, size }: { sha256: string; size: number },
  options: DownloadOptions,
): Promise<string> {
  const { folder, signal } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const whole = join(folder, `${sha256}.tgz`);
  const part = join(folder, `${sha256}.part`);
  await rename(whole, part).catch(ignoreMissing);
  const file = await open(part, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const kept = await prefix(file, size);
    options.onBytes?.(kept.length);
    await checkSpace(folder, size - kept.length, size);
    if (kept.length < size) await fetch(file, kept, { sha256, size }, options);
    signal.throwIfAborted();
    const found = kept.hash.digest('hex');
    if (found !== sha256) {
      await file.truncate(0);
      throw remoteAdminError(
        'ARTIFACT_DIGEST',
        `the archive that came has the sha256 ${found}, and the order names ${sha256}`,
      );
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, whole);
  await syncFolder(folder);
  return whole;
}

/** Takes away what no order that is under way needs. */
export async function tidy(folder: string, needed: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder).catch(() => [] as string[]))
    if (!needed.has(name.replace(/\..*$/, ''))) await rm(join(folder, name), { recursive: true, force: true });
}

interface Kept {
  hash: Hash;
  length: number;
}

async function prefix(file: FileHandle, size: number): Promise<Kept> {
  const kept: Kept = { hash: createHash('sha256'), length: 0 };
  if ((await file.stat()).size > size) await file.truncate(0);
  const buffer = Buffer.alloc(1 << 18);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, kept.length);
    if (bytesRead === 0) return kept;
    kept.hash.update(buffer.subarray(0, bytesRead));
    kept.length += bytesRead;
  }
}

async function checkSpace(folder: string, missing: number, size: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const [free, needed] = [bavail * bsize, missing + size + RESERVE];
  if (free < needed)
    throw remoteAdminError(
      'ARTIFACT_SPACE',
      `an archive of ${size} bytes needs ${needed} bytes of disk in ${folder}, and ${free} are free`,
    );
}

async function fetch(
  file: FileHandle,
  kept: Kept,
  { sha256, size }: { sha256: string; size: number },
  { center, signal, onBytes, slowest = SLOWEST }: DownloadOptions,
): Promise<void> {
  const slow = new AbortController();
  const both = AbortSignal.any([signal, slow.signal]);
  let seen = kept.length;
  const timer = setInterval(() => {
    if (kept.length - seen < slowest.bytes)
      slow.abort(failed(`it comes too slowly: ${kept.length - seen} bytes in ${slowest.milliseconds / 1000} s`));
    seen = kept.length;
  }, slowest.milliseconds);
  let response: IncomingMessage | undefined;
  try {
    const range = kept.length > 0 ? { range: `bytes=${kept.length}-`, 'if-range': `"${sha256}"` } : undefined;
    response = await center.artifact(sha256, { ...range }, both);
    await begin(response, file, kept, size);
    let unflushed = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (kept.length + chunk.length > size) {
        await file.truncate(0);
        throw failed(`more than its ${size} bytes come`);
      }
      await file.write(chunk, 0, chunk.length, kept.length);
      kept.hash.update(chunk);
      kept.length += chunk.length;
      onBytes?.(kept.length);
      unflushed += chunk.length;
      if (unflushed >= FLUSH_EVERY) {
        await file.sync();
        unflushed = 0;
      }
    }
    if (kept.length < size) throw failed(`it ended after ${kept.length} of ${size} bytes`);
  } catch (error) {
    signal.throwIfAborted();
    if (slow.signal.aborted) throw slow.signal.reason;
    if (error instanceof RackwattError) throw error;
    throw failed(`the connection broke: ${errorMessage(error)}`, error);
  } finally {
    clearInterval(timer);
    response?.destroy();
  }
}

/** Looks at the head of the answer; what is kept is given up where the server begins anew. */
async function begin(response: IncomingMessage, file: FileHandle, kept: Kept, size: number): Promise<void> {
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400)
    throw failed(`the center answers with ${status} and sends elsewhere, where nobody goes`);
  if (status !== 200 && status !== 206) {
    // What does not fit is fetched anew at the next try.
    if (status === 416) await file.truncate(0);
    throw unexpected({ status, body: Buffer.alloc(0) }, 'the request for an archive');
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw failed('it comes in an encoding that was not asked for');
  if (status === 206) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    if (Number(from) !== kept.length || Number(total) !== size) {
      await file.truncate(0);
      throw failed(`another part came than the one that was asked for: ${headers['content-range']?.slice(0, 100)}`);
    }
  } else if (kept.length > 0) {
    await file.truncate(0);
    kept.hash = createHash('sha256');
    kept.length = 0;
  }
  const announced = headers['content-length'];
  if (announced !== undefined && Number(announced) !== size - kept.length)
    throw failed(`${announced} bytes are announced, and ${size - kept.length} are missing`);
}

function failed(why: string, cause?: unknown): RackwattError {
  return remoteAdminError('ARTIFACT_FAILED', `an archive could not be downloaded: ${why}`, { cause });
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
