import { errorRecord, RackwattError } from 'rackwatt';
import type { QueryMethod } from './queries.js';

export interface WorkerOptions {
  /** Path of better-sqlite3. */
  sqlite: string;
  file: string;
  /** Bound of the file in bytes; 0 is none. */
  maxBytes: number;
  /** Samples of a block. */
  blockRows: number;
  /** Days for which readings are kept. */
  rawDays: number;
}

export type Method = QueryMethod | 'describe' | 'apply' | 'changesOpen' | 'changesNext' | 'changesClose' | 'close';

export interface Request {
  id: number;
  method: Method;
  argument: readonly unknown[];
}

export interface ErrorData {
  code: string;
  message: string;
  context: Record<string, unknown>;
}

export type Answer =
  | { type: 'opened' }
  | { type: 'refused'; error: ErrorData }
  | { type: 'result'; id: number; result: unknown }
  | { type: 'error'; id: number; error: ErrorData }
  /** Work of its own, sealing or forgetting, went wrong; undefined when it goes again. */
  | { type: 'trouble'; error: ErrorData | undefined };

export function toData(error: unknown): ErrorData {
  const { code = 'STORE_WRITE_FAILED', message } = errorRecord(error);
  return { code, message, context: error instanceof RackwattError || hasContext(error) ? { ...error.context } : {} };
}

/** An error of another copy of `rackwatt` is none of this one's class. */
function hasContext(error: unknown): error is { context: Record<string, unknown> } {
  return typeof error === 'object' && error !== null && 'context' in error && typeof error.context === 'object';
}

export function toError({ code, message, context }: ErrorData): RackwattError {
  return new RackwattError(code, message, { context });
}
