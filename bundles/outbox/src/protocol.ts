import type { BatchClass, Outbox } from '@rackwatt/telemetry';

/** What is handed to the storage worker when it starts. */
export interface WorkerStart {
  /** Path of the host's better-sqlite3. */
  sqlite: string;
  path: string;
  maxBytes: number;
  live: boolean;
}

export type OutboxMethod = Exclude<keyof Outbox, 'written'>;

/** A call of the storage worker. */
export type Request =
  | { [M in OutboxMethod]: { id: number; method: M; arguments: Parameters<Outbox[M]> } }[OutboxMethod]
  | { id: number; method: 'close'; arguments: [] };

/** What went wrong, as plain data. */
export interface Failure {
  code: string;
  message: string;
  context: Record<string, unknown>;
}

export type Answer =
  | { id: number; value: unknown }
  | { id: number; failure: Failure }
  /** Classes in which batches were written. */
  | { written: BatchClass[] }
  /** Something that the log should have, such as a damaged file that was moved aside. */
  | { notice: string };
