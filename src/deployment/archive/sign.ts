import type { KeyObject } from 'node:crypto';
import { writeAtomically } from '../../configuration/index.js';
import { signEnvelope, writeEnvelope } from '../trust/envelope.js';
import { readAt } from './gzip.js';
import { withArchive } from './open.js';
import { joinArchive } from './write.js';

/**
 * Adds the signature of a key to an archive, in place: to the manifest in front, or to the one beside it. Only the manifest changes.
 * Check the archive first: a signature says that its files are those.
 * @returns ids of the keys whose signatures it has now
 * @throws `ARCHIVE_...`, `BUNDLE_NOT_FOUND`, `CONFIG_WRITE`
 */
export function signArchive(file: string, key: KeyObject): Promise<string[]> {
  return withArchive(file, async ({ envelope, detached, content: { start, end }, handle }) => {
    const signed = signEnvelope(envelope, key);
    if (detached === undefined) {
      const content = await readAt(handle, start, end - start);
      await writeAtomically(file, joinArchive({ envelope: signed, content }));
    } else await writeAtomically(detached, writeEnvelope(signed));
    return signed.signatures.map(({ keyid }) => keyid);
  });
}
