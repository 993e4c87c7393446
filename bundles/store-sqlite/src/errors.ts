import { RackwattError } from 'rackwatt';

/** Codes of this bundle's errors. */
export type StoreErrorCode =
  /** The file cannot be opened, or is no store. */
  | 'STORE_OPEN_FAILED'
  /** Another process has it open. */
  | 'STORE_LOCKED'
  /** Written by a newer revision. */
  | 'STORE_TOO_NEW'
  | 'STORE_CHUNK_CORRUPT'
  /** No room left, on the disk or within `maxBytes`: nothing of the call was kept. */
  | 'STORE_FULL'
  /** Any other failure of the disk or of SQLite: nothing of the call was kept. */
  | 'STORE_WRITE_FAILED'
  /** Context: `gateway`, `epoch`, `after` (the last schema version that is known). Nothing of the call was kept. */
  | 'STORE_SCHEMA_MISSING'
  /** Context: `gateway`, `epoch`, `class`, `sequence` of the batch. Nothing of the call was kept. */
  | 'STORE_BATCH_INVALID'
  | 'STORE_SCHEMA_INVALID'
  | 'STORE_QUERY_INVALID'
  | 'STORE_DEVICE_UNKNOWN'
  | 'STORE_POINT_UNKNOWN'
  | 'STORE_CLOSED';

export function storeError(
  code: StoreErrorCode,
  message: string,
  context: Record<string, unknown> = {},
  cause?: unknown,
): RackwattError {
  return new RackwattError(code, message, { cause, context });
}
