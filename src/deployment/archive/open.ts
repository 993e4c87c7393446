import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { errorMessage, RackwattError } from '../../errors.js';
import type { Envelope } from '../trust/envelope.js';
import { ArchiveFile } from './archive-file.js';
import { budgetOf, incomplete, invalid, MANIFEST_FILE, tooLarge, type Budget } from './format.js';
import { GzipMember } from './gzip.js';
import { openManifest, type ArchiveManifest } from './manifest.js';
import { BLOCK, headerOf, paddingOf } from './tar.js';
import { manifestBeside } from './write.js';

const SIZE_FIELD = { start: 124, end: 135 };
const CHUNK = 256 << 10;

/** A file that holds an archive, its manifest read. The same handle serves until the end, whatever happens to the name. */
export interface OpenArchive {
  /** For sentences. */
  name: string;
  envelope: Envelope;
  /** Where the manifest lies: in front of the content, or in a file of its own. */
  detached: string | undefined;
  content: { start: number; end: number };
  file: ArchiveFile;
}

/**
 * Opens an archive and gives it to `use`; closes it afterwards.
 * @throws `BUNDLE_NOT_FOUND`, `ARCHIVE_INCOMPLETE`, `ARCHIVE_INVALID`, `ARCHIVE_TOO_LARGE`, and what `use` throws
 */
export async function withArchive<T>(
  path: string,
  use: (archive: OpenArchive) => Promise<T>,
  { name = basename(path), budget = budgetOf() }: { name?: string; budget?: Budget } = {},
): Promise<T> {
  const file = await openFile(path);
  try {
    const { size } = file;
    if (size > budget.archive + budget.manifest) throw tooLarge(name, `has more than ${budget.archive} bytes`);
    const front = await readFront(file, size, name, budget);
    if (front)
      return await use({
        name,
        envelope: openManifest(front.manifest, name),
        detached: undefined,
        content: { start: front.end, end: size },
        file,
      });
    const detached = manifestBeside(path);
    const manifest = await readDetached(detached, name, budget);
    return await use({
      name,
      envelope: openManifest(manifest, name),
      detached,
      content: { start: 0, end: size },
      file,
    });
  } finally {
    await file.close();
  }
}

/**
 * That the content is, byte for byte, what the manifest is about.
 * @throws `ARCHIVE_INCOMPLETE` when it is too short, `ARCHIVE_INVALID`
 */
export async function checkContent(
  { file, content, name }: OpenArchive,
  { name: bundle, archive }: Pick<ArchiveManifest, 'name' | 'archive'>,
): Promise<void> {
  const length = content.end - content.start;
  const most = budgetOf(bundle).archive;
  if (length > most) throw tooLarge(name, `has more than ${most} bytes`);
  if (length < archive.length)
    throw incomplete(name, `is cut off: it has ${length} of the ${archive.length} bytes of its content`);
  if (length > archive.length) throw invalid(name, `has ${length - archive.length} bytes behind its end`);
  if ((await hashOf(file, content)) !== archive.sha256)
    throw invalid(name, 'does not have the digest that its manifest says; it was altered or damaged');
}

/** sha256 of the whole file. */
export function digestOf({ file, content }: OpenArchive): Promise<string> {
  return hashOf(file, { start: 0, end: content.end });
}

async function hashOf(file: ArchiveFile, { start, end }: OpenArchive['content']): Promise<string> {
  const hash = createHash('sha256');
  for (let at = start; at < end; at += CHUNK) hash.update(await file.read(at, Math.min(CHUNK, end - at)));
  return hash.digest('hex');
}

async function openFile(path: string): Promise<ArchiveFile> {
  try {
    const file = await ArchiveFile.open(path);
    if (file) return file;
  } catch (error) {
    throw new RackwattError('BUNDLE_NOT_FOUND', `cannot read ${path}: ${errorMessage(error)}`, { cause: error });
  }
  throw new RackwattError(
    'BUNDLE_NOT_FOUND',
    `${path} is no file; make an archive of a folder with: rackwatt bundle pack`,
  );
}

/** The manifest in front, and where the content begins; undefined when the archive begins with something else. */
async function readFront(
  file: ArchiveFile,
  size: number,
  name: string,
  budget: Budget,
): Promise<{ manifest: Buffer; end: number } | undefined> {
  const member = await GzipMember.open(file, { start: 0, end: size }, name);
  try {
    const header = await member.exactly(BLOCK);
    const length = Number.parseInt(header.toString('latin1', SIZE_FIELD.start, SIZE_FIELD.end), 8);
    if (!Number.isSafeInteger(length) || !header.equals(headerOf({ path: MANIFEST_FILE, size: length })))
      return undefined;
    if (length > budget.manifest) throw tooLarge(name, `has a manifest of more than ${budget.manifest} bytes`);
    const manifest = await member.exactly(length);
    if ((await member.exactly(paddingOf(length))).some((byte) => byte !== 0))
      throw invalid(name, `holds something behind its ${MANIFEST_FILE}`);
    return { manifest, end: await member.end() };
  } finally {
    member.close();
  }
}

async function readDetached(path: string, name: string, budget: Budget): Promise<Buffer> {
  const beside = basename(path);
  let file: ArchiveFile | undefined;
  try {
    file = await ArchiveFile.open(path, constants.O_NOFOLLOW);
  } catch (error) {
    throw invalid(
      name,
      `does not begin with ${MANIFEST_FILE}, and there is no ${beside} beside it; make archives with: rackwatt bundle pack`,
      error,
    );
  }
  if (!file) throw invalid(name, `has a ${beside} beside it that is no file`);
  try {
    if (file.size > budget.manifest) throw tooLarge(name, `has a manifest of more than ${budget.manifest} bytes`);
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}
