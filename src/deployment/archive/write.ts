import { gzipMember } from './gzip.js';
import { writeEnvelope, type Envelope } from '../trust/envelope.js';
import { MANIFEST_FILE, sha256, type BundleFile } from './format.js';
import { describeArchive, listed, unsigned, type BundleFacts } from './manifest.js';
import { headerOf, paddingOf, TRAILER } from './tar.js';

/** An archive in its two parts, which travel behind each other in one file, or as two. */
export interface ArchiveParts {
  envelope: Envelope;
  /** A gzipped tar in npm's layout; never changes, whoever signs. */
  content: Buffer;
}

/**
 * Makes an unsigned archive of files: the same files, in the same order, give the same bytes.
 * @throws `PACK_FAILED`
 */
export function makeArchive(facts: BundleFacts, files: readonly BundleFile[]): ArchiveParts {
  const tar = Buffer.concat([...files.flatMap(blocksOf), Buffer.alloc(TRAILER)]);
  const content = gzipMember(tar);
  return {
    envelope: unsigned(describeArchive(facts, files.map(listed), { sha256: sha256(content), length: content.length })),
    content,
  };
}

/** One file: a gzip member with the manifest, then the content. To any unzipper they are one tar. */
export function joinArchive({ envelope, content }: ArchiveParts): Buffer {
  return Buffer.concat([frontOf(envelope), content]);
}

/** What stands before the content. */
export function frontOf(envelope: Envelope): Buffer {
  const manifest = { path: MANIFEST_FILE, content: writeEnvelope(envelope) };
  return gzipMember(Buffer.concat(blocksOf(manifest)));
}

/** Place of the manifest of an archive that has none in front. */
export function manifestBeside(file: string): string {
  return `${file.replace(/\.(?:tgz|tar\.gz)$/, '')}.manifest.json`;
}

function blocksOf({ path, content, mode }: BundleFile): Buffer[] {
  return [
    headerOf({ path, size: content.length, ...(mode ? { mode } : {}) }),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ];
}
