import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { isMissing, replaceFile, type FileSystem } from '../../durable/index.cjs';

/**
 * How far a transaction came. `REFUSED`, `COMMITTED`, `ROLLED_BACK` and `SUPERSEDED` (somebody edited the configuration
 * while the outcome was open) are final, and each transaction has one of them in the end.
 */
export type TransactionState =
  | 'ACCEPTED'
  | 'STAGED'
  | 'ARMED'
  | 'TRY'
  | 'PAUSED'
  | 'ROLLBACK'
  | 'COMMITTED'
  | 'ROLLED_BACK'
  | 'REFUSED'
  | 'SUPERSEDED';

/** How a node is, in names that stay the same while it stays so. */
export interface Look {
  /** What is wrong. */
  failing: string[];
  /** Health checks that there are: one that comes with a new generation has nothing to be compared with. */
  checks: string[];
  /** Of health checks that are degraded: the share of what they look at that does not work, 0 to 1. */
  degraded?: Record<string, number>;
}

export interface JournalRecord {
  /** Of the transaction. */
  id: string;
  state: TransactionState;
  /** ISO 8601. */
  time: string;
  /** With ACCEPTED and STAGED: what is to change, for people. */
  reason?: string;
  /** With ARMED: generations; there is none before the first. */
  from?: number;
  to?: number;
  /** With ARMED: sha256 of the configuration file before and after. */
  revisions?: [from: string, to: string];
  /** With ARMED: how often the new generation is started, at most, without being committed. */
  tries?: number;
  /** With ARMED: ms for which it must be healthy; 0 when being applied is enough. */
  probation?: number;
  /** With ARMED: how the node was before, so that nothing of it is held against the new generation. */
  before?: Look;
  /** With ROLLBACK, ROLLED_BACK, REFUSED, SUPERSEDED; with COMMITTED when there was nothing to change. */
  why?: string;
  /** With SUPERSEDED: id of the transaction that it goes on in. */
  goesOnIn?: string;
}

export const FINAL: ReadonlySet<TransactionState> = new Set(['COMMITTED', 'ROLLED_BACK', 'REFUSED', 'SUPERSEDED']);
/** Records that need not be on the disk before what follows them: if they are lost, nothing had happened. */
const PRELIMINARY: ReadonlySet<TransactionState> = new Set(['ACCEPTED', 'STAGED']);
/** Transactions of which the records are kept when the journal is written anew, and its size when that is done. */
const KEPT = 100;
const COMPACT_BYTES = 256 * 1024;

/** One transaction as its records tell it. */
export interface TransactionRecord {
  id: string;
  state: TransactionState;
  reason: string;
  time: string;
  /** Of the last record. */
  changed: string;
  armed?: JournalRecord;
  /** Starts that did not end in a commit, nor in a stop that somebody asked for. */
  tries: number;
  /** Why it goes or went back. */
  why?: string;
  /** Id of the transaction whose outcome is also its own. */
  goesOnIn?: string;
  isRollingBack: boolean;
  isFinal: boolean;
}

/** What was done and what is under way: a line `<16 hex of sha256> <json>` for each step, flushed before the step is taken. */
export class Journal {
  readonly #file: string;
  readonly #system: FileSystem;
  #records: JournalRecord[] = [];
  /** Bytes of sound records; `undefined` when the file may hold something else behind them. */
  #length: number | undefined;
  #last: Promise<void> = Promise.resolve();

  private constructor(system: FileSystem, file: string) {
    this.#system = system;
    this.#file = file;
  }

  /** Reads what is there; a torn end is cut off when the next record is written. */
  static async open(system: FileSystem, file: string): Promise<Journal> {
    const journal = new Journal(system, file);
    await journal.#load();
    return journal;
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  /** Oldest first. */
  transactions(): TransactionRecord[] {
    return transactionsOf(this.#records);
  }

  /** One after the other: a file that is written anew holds what was appended to the one before. */
  append(record: JournalRecord): Promise<void> {
    const appended = this.#last.then(() => this.#append(record));
    this.#last = appended.catch((reported: unknown) => void reported);
    return appended;
  }

  async #append(record: JournalRecord): Promise<void> {
    const line = lineOf(record);
    const length = this.#length;
    this.#length = undefined;
    if (length === undefined || length > COMPACT_BYTES) {
      const records = [...compacted(this.#records), record];
      await replaceFile(this.#system, this.#file, records.map(lineOf).join(''), { mode: 0o600 });
      this.#records = records;
      this.#length = Buffer.byteLength(records.map(lineOf).join(''));
      return;
    }
    await this.#system.append(this.#file, line);
    if (!PRELIMINARY.has(record.state)) {
      await this.#system.sync(this.#file);
      if (!this.#isNamed) await this.#system.sync(dirname(this.#file));
      this.#isNamed = true;
    }
    this.#records.push(record);
    this.#length = length + Buffer.byteLength(line);
  }

  /** Whether the name of the file is on the disk for certain. */
  #isNamed = false;

  async #load(): Promise<void> {
    let text = '';
    try {
      text = (await this.#system.read(this.#file)).toString();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    let length = 0;
    for (const line of text.split('\n')) {
      const record = recordOf(line);
      // What stands behind a torn record was never acted upon.
      if (record === undefined) break;
      this.#records.push(record);
      length += Buffer.byteLength(line) + 1;
    }
    if (length === Buffer.byteLength(text)) this.#length = length;
    // What is acted upon from now on may have been written by a process that was killed before the disk had it.
    if (length > 0) await this.#system.sync(this.#file);
  }
}

export function transactionsOf(records: readonly JournalRecord[]): TransactionRecord[] {
  const found = new Map<string, TransactionRecord>();
  for (const record of records) {
    const { id, state, time } = record;
    const transaction = found.get(id) ?? {
      id,
      state,
      reason: record.reason ?? '',
      time,
      changed: time,
      tries: 0,
      isRollingBack: false,
      isFinal: false,
    };
    found.set(id, transaction);
    if (transaction.isFinal) continue;
    transaction.state = state;
    if (record.reason !== undefined) transaction.reason = record.reason;
    transaction.changed = time;
    if (state === 'ARMED') transaction.armed = record;
    if (state === 'TRY') transaction.tries += 1;
    if (state === 'PAUSED' && transaction.tries > 0) transaction.tries -= 1;
    if (state === 'ROLLBACK') transaction.isRollingBack = true;
    if (record.why !== undefined) transaction.why = record.why;
    if (record.goesOnIn !== undefined) transaction.goesOnIn = record.goesOnIn;
    transaction.isFinal = FINAL.has(state);
  }
  return [...found.values()];
}

function lineOf(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function recordOf(line: string): JournalRecord | undefined {
  const json = line.slice(17);
  if (line[16] !== ' ' || line.slice(0, 16) !== checksum(json)) return undefined;
  return JSON.parse(json) as JournalRecord;
}

function checksum(json: string): string {
  return createHash('sha256').update(json).digest('hex').slice(0, 16);
}

function compacted(records: readonly JournalRecord[]): JournalRecord[] {
  const transactions = transactionsOf(records);
  const kept = new Set(
    transactions.filter(({ isFinal }, i) => !isFinal || i >= transactions.length - KEPT).map(({ id }) => id),
  );
  return records.filter(({ id }) => kept.has(id));
}
