import { createHash } from 'node:crypto';
import { incomplete, invalid } from './format.js';
import type { FreshFolder } from './fresh-folder.js';
import { GzipMember } from './gzip.js';
import type { ArchiveManifest, ListedFile } from './manifest.js';
import type { OpenArchive } from './open.js';
import { quoted } from '../../quoted.js';
import { refusalOfPath } from './paths.js';
import { BLOCK, describeHeader, headerOf, paddingOf, TRAILER } from './tar.js';

export interface ExtractOptions {
  /** Folder to fill; nothing is written when absent. */
  folder?: FreshFolder | undefined;
  /** Paths whose content is given back; the manifest's budget holds for each. */
  keep: readonly string[];
  signal?: AbortSignal | undefined;
}

/**
 * Reads the content of an archive along its manifest: each header must be the one that the next listed file has, each file
 * must have the listed size and digest, and nothing may follow. So there is no header to interpret, nothing is written that is not
 * listed, and no more is unzipped than was announced.
 * @returns content of the files to keep
 * @throws `ARCHIVE_INVALID`, `ARCHIVE_INCOMPLETE`, `STORE_WRITE`
 */
export async function extractArchive(
  archive: OpenArchive,
  manifest: ArchiveManifest,
  { folder, keep, signal }: ExtractOptions,
): Promise<Map<string, Buffer>> {
  const { file: opened, content, name } = archive;
  const kept = new Map<string, Buffer>();
  const member = await GzipMember.open(opened, content, name);
  try {
    for (const file of manifest.files) {
      signal?.throwIfAborted();
      const header = await member.exactly(BLOCK);
      if (!header.equals(headerOf(file))) throw invalid(name, whatIsWrong(header, file, manifest));
      const bytes = await copyFile(member, file, keep.includes(file.path), folder, name);
      if (bytes) kept.set(file.path, bytes);
    }
    const trailer = await member.exactly(TRAILER);
    if (trailer.some((byte) => byte !== 0)) throw invalid(name, whatFollows(trailer, manifest));
    if ((await member.end()) !== content.end) throw invalid(name, 'holds a second gzip behind its tar');
    return kept;
  } finally {
    member.close();
  }
}

async function copyFile(
  member: GzipMember,
  file: ListedFile,
  isKept: boolean,
  folder: FreshFolder | undefined,
  name: string,
): Promise<Buffer | undefined> {
  const hash = createHash('sha256');
  const parts: Buffer[] = [];
  const out = await folder?.create(file.path, file.mode);
  try {
    for (let left = file.size; left > 0; ) {
      const part = await member.some(left);
      if (part.length === 0) throw incomplete(name, `ends within ${file.path}`);
      hash.update(part);
      if (isKept) parts.push(part);
      await out?.write(part);
      left -= part.length;
    }
    if ((await member.exactly(paddingOf(file.size))).some((byte) => byte !== 0))
      throw invalid(name, `holds something behind the end of ${file.path}`);
    if (hash.digest('hex') !== file.sha256)
      throw invalid(name, `holds another ${file.path} than its manifest lists; it was altered`);
  } catch (error) {
    await out?.close();
    throw error;
  }
  if (out) await folder!.complete(out);
  return isKept ? Buffer.concat(parts) : undefined;
}

/** Why a header is not the expected one, as the end of a sentence. */
function whatIsWrong(block: Buffer, expected: ListedFile, manifest: ArchiveManifest): string {
  if (block.every((byte) => byte === 0)) return `lacks ${quoted(expected.path)}, which its manifest lists`;
  const found = describeHeader(block);
  if (!found) return `holds something that is no file where its manifest lists ${quoted(expected.path)}`;
  const { path, inside, isFile, type, size, mode } = found;
  if (!isFile) return `holds ${quoted(path)}, ${type}; only plain files are allowed`;
  if (inside === undefined) return `holds ${quoted(path)}, which is not below package/`;
  const why = refusalOfPath(inside);
  if (why !== undefined) return `holds ${quoted(inside)}, ${why}`;
  const place = manifest.files.findIndex((file) => file.path === inside);
  if (place < 0) return `holds ${quoted(inside)}, which its manifest does not list`;
  if (place < manifest.files.indexOf(expected)) return `holds ${quoted(inside)} twice`;
  if (inside !== expected.path) return `lacks ${quoted(expected.path)} where its manifest lists it`;
  if (size !== String(expected.size)) return `holds ${quoted(inside)} with a size of ${size}, not ${expected.size}`;
  if (!mode.endsWith(expected.mode.slice(1)) || Number.parseInt(mode, 8) > 0o777)
    return `holds ${quoted(inside)} with the mode ${quoted(mode)}, not ${expected.mode}`;
  return `has a header of ${quoted(inside)} with more than "rackwatt bundle pack" writes`;
}

function whatFollows(trailer: Buffer, manifest: ArchiveManifest): string {
  const found = describeHeader(trailer.subarray(0, BLOCK));
  if (!found) return 'holds something that is no file behind its files';
  if (!found.isFile) return `holds ${quoted(found.path)}, ${found.type}; only plain files are allowed`;
  const why = found.inside === undefined ? 'which is not below package/' : refusalOfPath(found.inside);
  if (why !== undefined) return `holds ${quoted(found.inside ?? found.path)}, ${why}`;
  return manifest.files.some(({ path }) => path === found.inside)
    ? `holds ${quoted(found.path)} twice`
    : `holds ${quoted(found.path)}, which its manifest does not list`;
}
