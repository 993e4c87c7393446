import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzip, gzipSync, type Gunzip } from 'node:zlib';
import { errorMessage, RackwattError } from '../errors.js';
import { quoted, refusalOfPath, takenNames } from './paths.js';

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
}

export const BUDGET: Budget = { archiveBytes: 64 << 20, unpackedBytes: 256 << 20, files: 5_000 };

const TOP = 'package/';
/** The signed list of files; the first file of every archive. */
export const SEAL_FILE = 'rackwatt.manifest.json';
const BLOCK = 512;
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Writes a gzipped tar in npm's layout (`package/...`). The same files give the same bytes: in the order given, no times, no
 * owners.
 * @throws `PACK_FAILED`
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
    if (header.encode(block, 0))
      throw new RackwattError(
        'PACK_FAILED',
        `the path ${path} does not fit into an archive; use a shorter one of plain letters`,
      );
    blocks.push(block, content, Buffer.alloc(padded(content.length) - content.length));
  }
  blocks.push(Buffer.alloc(2 * BLOCK));
  const archive = gzipSync(Buffer.concat(blocks), { level: 9 });
  // RFC 1952 2.3.1: the operating system, which says nothing about the content.
  archive[9] = 0xff;
  return archive;
}

/** The bytes of an archive's file. @throws `BUNDLE_NOT_FOUND`, `ARCHIVE_TOO_LARGE` */
export async function readArchiveFile(file: string): Promise<Buffer> {
  let info: Awaited<ReturnType<typeof stat>>;
  try {
    info = await stat(file);
    if (info.isFile() && info.size <= BUDGET.archiveBytes) return await readFile(file);
  } catch (error) {
    throw new RackwattError('BUNDLE_NOT_FOUND', `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
  if (!info.isFile())
    throw new RackwattError(
      'BUNDLE_NOT_FOUND',
      `${file} is no file; make an archive of a folder with: rackwatt bundle pack`,
    );
  throw tooLarge(basename(file), `has more than ${BUDGET.archiveBytes} bytes`);
}

/**
 * Reads an archive into memory. Hostile until it came out of here: a gzipped tar of plain files alone, the list of files first, safe
 * paths, none twice, within the budget, ended by both trailers, and nothing before, between or behind.
 * @throws `ARCHIVE_INCOMPLETE`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`
 */
export async function readArchive(archive: Buffer, name: string, budget: Budget = BUDGET): Promise<ArchiveFile[]> {
  if (archive.length > budget.archiveBytes) throw tooLarge(name, `has more than ${budget.archiveBytes} bytes`);
  if (!GZIP.subarray(0, archive.length).equals(archive.subarray(0, GZIP.length)))
    throw invalid(name, 'is not a gzipped tar');
  const tar = await unzip(archive, name, budget);
  // The parser unpacks once more what looks packed, which no budget would hold: so this must be a header.
  if (
    tar.subarray(0, BLOCK).length === BLOCK &&
    !tar.subarray(0, TOP.length + SEAL_FILE.length + 1).equals(Buffer.from(`${TOP}${SEAL_FILE}\0`))
  ) {
    throw invalid(name, `does not begin with ${SEAL_FILE}; make archives with: rackwatt bundle pack`);
  }
  if (!isTrailer(tar.subarray(-2 * BLOCK)))
    throw new RackwattError('ARCHIVE_INCOMPLETE', `${name} ends before the end of its tar`);
  return parse(tar, name, budget);
}

function unzip(archive: Buffer, name: string, budget: Budget): Promise<Buffer> {
  const options = { maxOutputLength: budget.unpackedBytes, info: true };
  return new Promise((resolve, reject) => {
    gunzip(archive, options, (error, result) => {
      if (!error) {
        // With `info` the engine comes along, which says how much of the archive it read.
        const { buffer, engine } = result as unknown as { buffer: Buffer; engine: Gunzip };
        if (engine.bytesWritten === archive.length) resolve(buffer);
        else reject(invalid(name, `has ${archive.length - engine.bytesWritten} bytes behind its end`));
        return;
      }
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge(name, `unpacks to more than ${budget.unpackedBytes} bytes`));
      else if (code === 'Z_BUF_ERROR')
        reject(new RackwattError('ARCHIVE_INCOMPLETE', `${name} is cut off: its end is missing`, { cause: error }));
      else
        reject(
          new RackwattError('ARCHIVE_INVALID', `${name} cannot be unzipped: ${errorMessage(error)}`, { cause: error }),
        );
    });
  });
}

async function parse(tar: Buffer, name: string, budget: Budget): Promise<ArchiveFile[]> {
  const { Parser } = await import('tar');
  const files: ArchiveFile[] = [];
  const taken = takenNames();
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({ strict: true, brotli: false, zstd: false });
    const refuse = (what: string): void => {
      const error = invalid(name, what);
      reject(error);
      parser.abort(error);
    };
    const notPlain = (path: string, type: string): string =>
      `holds ${quoted(path)}, a ${type}; only plain files are allowed`;
    parser.on('entry', (entry) => {
      const path = entry.path.startsWith(TOP) ? entry.path.slice(TOP.length) : undefined;
      if (entry.type !== 'File') return refuse(notPlain(entry.path, entry.type));
      if (path === undefined) return refuse(`holds ${quoted(entry.path)}, which is not below ${TOP}`);
      const why = refusalOfPath(path) ?? taken(path);
      if (why) return refuse(`holds ${quoted(path)}, ${why}`);
      if (files.length >= budget.files) return refuse(`holds more than ${budget.files} files`);
      const chunks: Buffer[] = [];
      const file = { path, content: Buffer.alloc(0) };
      files.push(file);
      length += BLOCK + padded(entry.size);
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => (file.content = Buffer.concat(chunks)));
    });
    parser.on('ignoredEntry', (entry: { path: string; type: string }) => refuse(notPlain(entry.path, entry.type)));
    parser.on('meta', () => refuse('holds extended headers; make archives with: rackwatt bundle pack'));
    parser.on('end', () => resolve());
    parser.on('error', (error: unknown) =>
      reject(error instanceof RackwattError ? error : invalid(name, `is not a tar: ${errorMessage(error)}`)),
    );
    parser.end(tar);
  });
  if (!isTrailer(tar.subarray(length))) throw invalid(name, 'holds something that is no file');
  return files;
}

function isTrailer(bytes: Buffer): boolean {
  return bytes.length >= 2 * BLOCK && bytes.length % BLOCK === 0 && !bytes.some((byte) => byte !== 0);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function invalid(name: string, what: string): RackwattError {
  return new RackwattError('ARCHIVE_INVALID', `${name} ${what}`);
}

function tooLarge(name: string, what: string): RackwattError {
  return new RackwattError('ARCHIVE_TOO_LARGE', `${name} ${what}`);
}
