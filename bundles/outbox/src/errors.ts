import { errorMessage, errorRecord, RackwattError } from 'rackwatt';

export type OutboxErrorCode =
  | 'OUTBOX_DISK_FULL'
  | 'OUTBOX_READ_ONLY'
  | 'OUTBOX_DAMAGED'
  | 'OUTBOX_IN_USE'
  | 'OUTBOX_DISK'
  | 'OUTBOX_OVERLOADED'
  | 'OUTBOX_TOO_LARGE'
  | 'OUTBOX_WORKER'
  | 'OUTBOX_CLOSED';

/** SQLite's result codes by their beginning, the longest first where one begins another, and what to do about each. */
const CAUSES: readonly [code: string, ours: OutboxErrorCode, sentence: string][] = [
  ['SQLITE_FULL', 'OUTBOX_DISK_FULL', 'the disk is full; free some space, readings are kept again from then on'],
  [
    'SQLITE_READONLY',
    'OUTBOX_READ_ONLY',
    'it cannot be written; check the permissions of the file and its folder, and whether the disk is mounted read-only',
  ],
  ['SQLITE_PERM', 'OUTBOX_READ_ONLY', 'access is denied; check the permissions of the file and its folder'],
  ['SQLITE_CANTOPEN', 'OUTBOX_READ_ONLY', 'it cannot be opened; check that its folder exists and can be written'],
  ['SQLITE_CORRUPT', 'OUTBOX_DAMAGED', 'its content is damaged; it is moved aside, check the disk'],
  ['SQLITE_NOTADB', 'OUTBOX_DAMAGED', 'it is no outbox; it is moved aside'],
  ['SQLITE_BUSY', 'OUTBOX_IN_USE', 'another process has it open; stop that one, a folder belongs to one node'],
  ['SQLITE_LOCKED', 'OUTBOX_IN_USE', 'another process has it open; stop that one, a folder belongs to one node'],
  ['SQLITE_IOERR', 'OUTBOX_DISK', 'the disk reports an error; check the disk and the kernel log'],
];

/** The coded error of anything that happened to the file at `path`. */
export function outboxError(path: string, error: unknown): RackwattError {
  if (error instanceof RackwattError) return error;
  const sqlite = errorRecord(error).code ?? '';
  const [, code, sentence] = CAUSES.find(([begin]) => sqlite.startsWith(begin)) ?? [
    '',
    'OUTBOX_DISK' as const,
    `it failed (${errorMessage(error)})`,
  ];
  return new RackwattError(code, `Outbox ${path}: ${sentence}.`, {
    cause: error,
    context: { path, sqlite, reason: errorMessage(error) },
  });
}
