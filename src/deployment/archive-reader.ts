import { contract } from '../registry/contract.js';

/** What an archive says it is. Whether this node would take it is another question. */
export interface ArchiveFacts {
  name: string;
  version: string;
  /** sha256 of the content in hex, the same whoever signs. */
  digest: string;
  /** Signatures that it has, by whomever. */
  signatures: number;
}

/** Reads archives without installing them. */
export interface ArchiveReader {
  /**
   * Checks that a file is a whole archive of a bundle, every file in it included; not who signed it.
   * @param file absolute path @param name of the archive, for sentences; its file's name when absent
   * @throws `ARCHIVE_...`, `BUNDLE_MANIFEST`, `BUNDLE_NOT_FOUND`
   */
  read(file: string, name?: string): Promise<ArchiveFacts>;
}

export const ArchiveReader = contract<ArchiveReader>('rackwatt/ArchiveReader', { major: 1, methods: ['read'] });
