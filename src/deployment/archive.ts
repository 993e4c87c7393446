import { createHash } from 'node:crypto';
import { createGunzip, gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import { errorMessage, RackwattError } from '../errors.js';

/** One file of an archive; paths are relative to the bundle, with forward slashes. */
export interface ArchiveFile {
  path: string;
  content: Buffer;
}

/** What one archive may cost before it is refused. */
export interface Budget {
  archiveBytes: number;
  unpackedBytes: number;
  files: number;
  pathBytes: number;
}

export const BUDGET: Budget = { archiveBytes: 64 << 20, unpackedBytes: 256 << 20, files: 5_000, pathBytes: 200 };

const TOP = 'package/';
const BLOCK = 512;
const PLAIN_FILE = new Set(['File', 'OldFile']);

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Writes a gzipped tar in npm's layout (`package/...`). The same files give the same bytes: sorted as given, no times, no
 * owners.
 */
export async function writeArchive(files: readonly ArchiveFile[]): Promise<Buffer> {
  const { Header } = await import('tar');
  const blocks: Buffer[] = [];
  for (const { path, content } of files) {
    const header = new Header({
      path: TOP + path,
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: content.length,
      mtime: new Date(0),
      type: 'File',
    });
    const block = Buffer.alloc(BLOCK);
    if (header.encode(block, 0)) throw new RackwattError('PACK_FAILED', `the path ${path} is too long for an archive`);
    blocks.push(block, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
  }
  blocks.push(Buffer.alloc(2 * BLOCK));
  return gzipSync(Buffer.concat(blocks), { level: 9 });
}

/**
 * Reads an archive into memory. Hostile until it came out of here: only plain files with safe paths, none twice, within
 * the budget, ended by both trailers.
 * @throws `ARCHIVE_INCOMPLETE`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`
 */
export async function readArchive(archive: Buffer, name: string, budget: Budget = BUDGET): Promise<ArchiveFile[]> {
  if (archive.length > budget.archiveBytes)
    throw new RackwattError(
      'ARCHIVE_TOO_LARGE',
      `${name} has ${archive.length} bytes, more than ${budget.archiveBytes}`,
    );
  if (archive.length >= 2 && (archive[0] !== 0x1f || archive[1] !== 0x8b)) throw invalid(name, 'is not a gzipped tar');
  const tar = await unzip(archive, name, budget);
  if (tar.length < 2 * BLOCK || !tar.subarray(-2 * BLOCK).every((byte) => byte === 0))
    throw new RackwattError('ARCHIVE_INCOMPLETE', `${name} ends before the end of its tar`);
  return parse(tar, name, budget);
}

async function unzip(archive: Buffer, name: string, budget: Budget): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of Readable.from([archive]).pipe(createGunzip()) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > budget.unpackedBytes)
        throw new RackwattError('ARCHIVE_TOO_LARGE', `${name} unpacks to more than ${budget.unpackedBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RackwattError) throw error;
    const isCut = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
    throw new RackwattError(
      isCut ? 'ARCHIVE_INCOMPLETE' : 'ARCHIVE_INVALID',
      `${name} ${isCut ? 'is cut off: its end is missing' : `cannot be unzipped: ${errorMessage(error)}`}`,
      { cause: error },
    );
  }
  return Buffer.concat(chunks);
}

async function parse(tar: Buffer, name: string, budget: Budget): Promise<ArchiveFile[]> {
  const { Parser } = await import('tar');
  const files = new Map<string, ArchiveFile>();
  const folded = new Set<string>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({ strict: true });
    const refuse = (what: string): void => {
      const error = invalid(name, what);
      parser.abort(error);
      reject(error);
    };
    parser.on('entry', (entry) => {
      const why =
        unsafe(entry.path, budget) ??
        (PLAIN_FILE.has(entry.type)
          ? undefined
          : `holds ${JSON.stringify(entry.path)}, a ${entry.type}; only plain files are allowed`);
      const path = entry.path.slice(TOP.length);
      if (why) return refuse(why);
      if (folded.has(path.toLowerCase().normalize('NFC'))) return refuse(`holds ${JSON.stringify(path)} twice`);
      if (files.size >= budget.files) return refuse(`holds more than ${budget.files} files`);
      folded.add(path.toLowerCase().normalize('NFC'));
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => files.set(path, { path, content: Buffer.concat(chunks) }));
    });
    parser.on('ignoredEntry', (entry: { path: string; type: string }) =>
      refuse(`holds ${JSON.stringify(entry.path)}, a ${entry.type}; only plain files are allowed`),
    );
    parser.on('end', () => resolve());
    parser.on('error', (error: unknown) =>
      reject(error instanceof RackwattError ? error : invalid(name, `is not a tar: ${errorMessage(error)}`)),
    );
    parser.end(tar);
  });
  return [...files.values()];
}

function unsafe(path: string, budget: Budget): string | undefined {
  const shown = JSON.stringify(path.slice(0, 80));
  if (Buffer.byteLength(path) > budget.pathBytes) return `holds a path of more than ${budget.pathBytes} bytes`;
  if (!path.startsWith(TOP)) return `holds ${shown}, which is not below ${TOP}`;
  const parts = path.slice(TOP.length).split('/');
  if (
    parts.some(
      (part) => part === '' || part === '.' || part === '..' || /[\\:\0-\x1f\x7f]/.test(part) || /[. ]$/.test(part),
    )
  )
    return `holds the unsafe path ${shown}`;
  return undefined;
}

function invalid(name: string, what: string): RackwattError {
  return new RackwattError('ARCHIVE_INVALID', `${name} ${what}`);
}
