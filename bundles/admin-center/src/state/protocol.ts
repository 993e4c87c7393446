import type { ArtifactRecords } from './artifact-records.js';
import type { Audit } from './audit.js';
import type { Enrolments } from './enrolments.js';
import type { Gateways } from './gateways.js';
import type { Orders } from './orders.js';

/** What the thread of the center's file serves, by part. */
export interface Parts {
  artifacts: ArtifactRecords;
  audit: Audit;
  enrolments: Enrolments;
  gateways: Gateways;
  orders: Orders;
}

/** The same from outside of the thread: each method answers later, when what it did is on the disk. */
export type Remote<T> = {
  [K in keyof T]: T[K] extends (...given: infer Given) => infer Result ? (...given: Given) => Promise<Result> : never;
};

/** What is handed to the thread when it starts. */
export interface WorkerStart {
  /** Path of the host's better-sqlite3. */
  sqlite: string;
  path: string;
}

export type Request = { id: number } & (
  | { part: keyof Parts; method: string; arguments: unknown[] }
  | { part: 'close' }
);

export interface Failure {
  code: string;
  message: string;
  context: Record<string, unknown>;
}

export type Answer = { id: number; value: unknown } | { id: number; failure: Failure };
