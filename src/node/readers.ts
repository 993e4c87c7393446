import { type Framework, LogReader } from '../bundle/index.js';
import { ArchiveReader, verifyArchive } from '../deployment/index.js';
import { logReader } from './log-reader.js';
import type { Logs } from './logs.js';
import { SYSTEM } from './runtime-service.js';

const archiveReader: ArchiveReader = {
  async read(file, name) {
    const found = await verifyArchive(file, { kind: 'bundle', ...(name !== undefined && { name }) });
    return {
      name: found.name,
      version: found.version,
      digest: found.digest,
      signatures: found.keys.length + found.strangers.length,
    };
  },
};

/** What bundles can read without changing anything: the log, and archives. */
export function registerReaders({ registry }: Framework, logs: Logs): void {
  registry.register(SYSTEM, LogReader, logReader(logs));
  registry.register(SYSTEM, ArchiveReader, archiveReader);
}
