import type { Range } from '@rackwatt/telemetry/wire';

export interface JournalOptions {
  /** Path of better-sqlite3. */
  sqlite: string;
  file: string;
  /** Bound of the file in bytes. */
  maxBytes: number;
}

/** A message as it came, until the store has it. */
export interface JournalRow {
  id: number;
  topic: string;
  payload: Uint8Array;
  /** When it came, ms. */
  received: number;
  /** How far the gateway's clock was ahead then, ms. */
  offset: number;
}

export interface LaneRow {
  tenant: string;
  gateway: string;
  epoch: string;
  class: string;
  ranges: readonly Range[];
}

export interface VersionRow {
  gateway: string;
  epoch: string;
  version: number;
}

/** All of it becomes durable, or nothing. */
export interface Commit {
  rows: JournalRow[];
  lanes: LaneRow[];
  versions: VersionRow[];
  /** Rows that the store has. */
  done: number[];
  /** Rows that the store refuses for good: kept aside. */
  refused: number[];
}

export interface JournalContent {
  rows: JournalRow[];
  lanes: LaneRow[];
  versions: VersionRow[];
  nextId: number;
}

export type JournalRequest = { id: number; commit: Commit } | { id: number; close: true };

export interface ErrorData {
  code: string;
  message: string;
  context: Record<string, unknown>;
}

export type JournalAnswer = { opened: JournalContent } | { refused: ErrorData } | { id: number; error?: ErrorData };
