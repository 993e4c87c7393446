import type { KeyObject } from 'node:crypto';
import { writeAtomically } from '../../configuration/index.js';
import { signEnvelope, writeEnvelope } from '../trust/envelope.js';
import { withArchive } from './open.js';
import { joinArchive } from './write.js';

/**
 * Adds the signature of a key to an archive, in place: to the manifest in front, or to the one beside it. Only the manifest changes.
 * Check the archive first: a signature says that its files are those.
 * @returns ids of the keys whose signatures it has now
 * @throws `ARCHIVE_...`, `BUNDLE_NOT_FOUND`, `CONFIG_WRITE`
 */
export function signArchive(path: string, key: KeyObject): Promise<string[]> {
  return withArchive(path, async ({ envelope, detached, content: { start, end }, file }) => {
    const signed = signEnvelope(envelope, key);
    if (detached === undefined) {
      const content = await file.read(start, end - start);
      await writeAtomically(path, joinArchive({ envelope: signed, content }));
    } else await writeAtomically(detached, writeEnvelope(signed));
    return signed.signatures.map(({ keyid }) => keyid);
  });
}
