import { RackwattError } from 'rackwatt';

/** Codes of this bundle's errors. */
export type IngestErrorCode =
  /** A message from outside is not what its topic says. */
  | 'INGEST_MESSAGE_INVALID'
  | 'JOURNAL_OPEN_FAILED'
  /** No room left, on the disk or within `journalBytes`: nothing of the commit was kept, nothing is acknowledged. */
  | 'JOURNAL_FULL'
  | 'JOURNAL_WRITE_FAILED'
  | 'JOURNAL_CLOSED';

export function ingestError(
  code: IngestErrorCode,
  message: string,
  context: Record<string, unknown> = {},
  cause?: unknown,
): RackwattError {
  return new RackwattError(code, message, { cause, context });
}
