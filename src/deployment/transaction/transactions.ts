import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { replaceFile, type FileSystem } from '../../durable/index.cjs';
import { errorMessage, RackwattError } from '../../errors.js';
import { putBack, revisionOf, settle } from './boot.cjs';
import {
  generationNumbers,
  readCurrent,
  readGeneration,
  removeGeneration,
  sha256,
  writeCurrent,
  writeGeneration,
  type Lock,
  type StoredGeneration,
} from './generation.cjs';
import {
  FINAL,
  Journal,
  type JournalRecord,
  type Look,
  type TransactionRecord,
  type TransactionState,
} from './journal.cjs';

export interface TransactionsOptions {
  system: FileSystem;
  storage: string;
  /** The configuration file. */
  file: string;
  now?(): Date;
}

/** What is to run: everything but the number and the time. */
export type Candidate = Omit<StoredGeneration, 'number' | 'time' | 'reason' | 'revision'>;

/** Starts of a generation that nobody committed, before the one before comes back. */
const TRIES = 3;

/**
 * The durable half of every change: a generation is complete on the disk before it is named, the journal says what is under
 * way before it happens, and the next start can finish or undo what a crash cut off. Knows nothing of what runs.
 */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #journal: Journal;
  #current: number | undefined;
  /** Verdicts that a full disk did not take yet. */
  readonly #owed = new Map<string, JournalRecord>();

  private constructor(options: TransactionsOptions, journal: Journal, current: number | undefined) {
    this.#options = options;
    this.#journal = journal;
    this.#current = current;
  }

  static async open(options: TransactionsOptions): Promise<Transactions> {
    await options.system.makeFolder(options.storage);
    const journal = await Journal.open(options.system, join(options.storage, 'journal'));
    // Nobody knows yet whether the name of the storage itself is on the disk.
    if (journal.records.length === 0) await options.system.sync(dirname(options.storage));
    return new Transactions(options, journal, await readCurrent(options.system, options.storage));
  }

  /** Number of the generation in force; there is none before the first. */
  get current(): number | undefined {
    return this.#current;
  }

  /** Oldest first. */
  history(): TransactionRecord[] {
    return this.#journal.transactions();
  }

  /** The one whose generation runs and is not committed yet. */
  get armed(): TransactionRecord | undefined {
    return this.history().find(({ id, armed, isFinal }) => armed !== undefined && !isFinal && !this.#owed.has(id));
  }

  /** @throws `STORE_WRITE` */
  async begin(reason: string): Promise<Transaction> {
    const id = randomUUID();
    await this.note(id, 'ACCEPTED', { reason });
    return new Transaction(this, id, reason);
  }

  /** One that began with its contents being fetched. @throws `TRANSACTION_ENDED` when it was cancelled meanwhile */
  accepted(id: string, reason?: string): Transaction {
    const found = this.history().find((transaction) => transaction.id === id);
    if (found === undefined || found.isFinal)
      throw new RackwattError(
        'TRANSACTION_ENDED',
        `"${found?.reason ?? id}" is over: ${found?.why ?? 'it is not known'}`,
      );
    return new Transaction(this, id, reason ?? found.reason);
  }

  /** Takes up what an earlier process armed. */
  resume(): Transaction | undefined {
    const { armed } = this;
    return armed && new Transaction(this, armed.id, armed.reason, armed.armed);
  }

  async read(number: number): Promise<StoredGeneration | undefined> {
    return readGeneration(this.#options.system, this.#options.storage, number);
  }

  /** Descending. */
  async numbers(): Promise<number[]> {
    return generationNumbers(this.#options.system, this.#options.storage);
  }

  async remove(number: number): Promise<void> {
    await removeGeneration(this.#options.system, this.#options.storage, number);
  }

  /** @throws `STORE_WRITE` */
  async write(candidate: Candidate, reason: string): Promise<StoredGeneration> {
    const used = [...(await this.numbers()), ...this.history().map(({ armed }) => armed?.to ?? 0), this.#current ?? 0];
    const number = Math.max(0, ...used) + 1;
    const lock: Lock = {
      number,
      time: this.#time(),
      reason,
      revision: sha256(candidate.text),
      bundles: candidate.bundles,
      runtime: candidate.runtime,
    };
    try {
      await writeGeneration(this.#options.system, this.#options.storage, { ...lock, text: candidate.text });
    } catch (error) {
      await this.remove(number).catch((left: unknown) => void errorMessage(left));
      throw unwritten(this.#options.storage, error);
    }
    return { ...lock, text: candidate.text };
  }

  /** @throws `STORE_WRITE` */
  async note(id: string, state: TransactionState, facts: Partial<JournalRecord> = {}): Promise<void> {
    const record = { id, state, time: this.#time(), ...facts };
    if (FINAL.has(state)) this.#owed.set(id, record);
    try {
      for (const [owing, owed] of this.#owed) {
        await this.#journal.append(owed);
        this.#owed.delete(owing);
      }
      if (!FINAL.has(state)) await this.#journal.append(record);
    } catch (error) {
      // What was not committed may still be rolled back.
      if (state === 'COMMITTED') this.#owed.delete(id);
      throw unwritten(this.#options.storage, error);
    }
  }

  async revision(): Promise<string | undefined> {
    return revisionOf(this.#options.system, this.#options.file);
  }

  /**
   * The configuration file, then `current`: a start in between goes on with the new one.
   * @returns false when the file is neither the expected nor the new one
   */
  async switchTo({ number, text, revision }: StoredGeneration, expected: string | undefined): Promise<boolean> {
    const { system, storage, file } = this.#options;
    const found = await this.revision();
    if (found !== revision) {
      const isExpected = (content: Buffer): boolean => sha256(content) === expected;
      if (!(await replaceFile(system, file, text, { expected: isExpected }))) return false;
    } else await settle(system, file);
    await writeCurrent(system, storage, number);
    this.#current = number;
    return true;
  }

  /** Names another generation, whose configuration the file is already. */
  async name(number: number): Promise<void> {
    const { system, storage, file } = this.#options;
    await settle(system, file);
    await writeCurrent(system, storage, number);
    this.#current = number;
  }

  /** The configuration file and `current` as they were. */
  async putBack(number: number | undefined, text: string): Promise<void> {
    const { system, storage, file } = this.#options;
    await putBack(system, { storage, file, number, text });
    this.#current = number;
  }

  #time(): string {
    return (this.#options.now?.() ?? new Date()).toISOString();
  }
}

/** One change, from being accepted to its one verdict. */
export class Transaction {
  readonly id: string;
  readonly reason: string;
  readonly #transactions: Transactions;
  #armed: JournalRecord | undefined;
  #staged: StoredGeneration | undefined;

  constructor(transactions: Transactions, id: string, reason: string, armed?: JournalRecord) {
    this.#transactions = transactions;
    this.id = id;
    this.reason = reason;
    this.#armed = armed;
  }

  /** Number of the new generation, once there is one. */
  get generation(): number | undefined {
    return this.#staged?.number ?? this.#armed?.to;
  }

  get probation(): number {
    return this.#armed?.probation ?? 0;
  }

  get before(): Look {
    return this.#armed?.before ?? { failing: [], checks: [] };
  }

  /** Number of the generation that comes back if this one does not hold. */
  get from(): number | undefined {
    return this.#armed?.from;
  }

  /** Everything that the candidate needs is in the store already; its generation becomes durable. @throws `STORE_WRITE` */
  async stage(candidate: Candidate): Promise<void> {
    this.#staged = await this.#transactions.write(candidate, this.reason);
    await this.#note('STAGED', { reason: this.reason });
  }

  /** From here on the next start owns the outcome. @throws `TRANSACTION_RUNNING`, `STORE_WRITE` */
  async arm(options: { revision: string; probation?: number; before?: Look; joined?: Transaction }): Promise<void> {
    const other = this.#transactions.armed;
    if (other !== undefined && other.id !== options.joined?.id)
      throw new RackwattError('TRANSACTION_RUNNING', `"${other.reason}" is still under way; try again when it is done`);
    const current = options.joined === undefined ? this.#transactions.current : options.joined.from;
    const { number, revision } = this.#staged!;
    const facts = {
      ...(current === undefined ? {} : { from: current }),
      to: number,
      revisions: [options.revision, revision] as [string, string],
      tries: TRIES,
      probation: options.probation ?? 0,
      ...(options.before === undefined ? {} : { before: options.before }),
    };
    await this.#note('ARMED', facts);
    this.#armed = { id: this.id, state: 'ARMED', time: '', ...facts };
    await options.joined?.goOnIn(this);
  }

  /** @returns false when somebody edited the configuration file meanwhile; nothing is switched then */
  async switch(): Promise<boolean> {
    return this.#transactions.switchTo(this.#staged!, this.#armed!.revisions![0]);
  }

  /** Like `switch` for a change that began with the file being saved. */
  async name(): Promise<void> {
    await this.#transactions.name(this.#staged!.number);
  }

  /** A stop that somebody asked for counts as no failed try. */
  async pause(): Promise<void> {
    await this.#note('PAUSED');
  }

  /** Another transaction that is armed goes back as far as this one would have. */
  async goOnIn({ id, reason }: Transaction): Promise<void> {
    await this.#note('SUPERSEDED', { why: `it goes on in "${reason}"`, goesOnIn: id });
  }

  /** @param why it needs no generation of its own */
  async commit(why?: string): Promise<void> {
    await this.#note('COMMITTED', why === undefined ? {} : { why });
  }

  /**
   * Puts what was before back on the disk; the caller then brings back what runs.
   * @param text of the configuration file before; that of the generation before when absent
   * @returns false when somebody edited the configuration file meanwhile: what it says now counts
   */
  async rollBack(why: string, text?: string): Promise<boolean> {
    if (!this.#armed!.revisions!.includes((await this.#transactions.revision()) ?? '')) {
      await this.#note('SUPERSEDED', { why: 'the configuration file was edited meanwhile' });
      return false;
    }
    const { from } = this.#armed!;
    if (this.#transactions.current === from && (await this.#transactions.revision()) === this.#armed!.revisions![0]) {
      await this.refuse(why);
      return true;
    }
    const before = text ?? (from === undefined ? undefined : (await this.#transactions.read(from))?.text);
    if (before === undefined)
      throw new RackwattError('CONFIG_GENERATION', `generation ${from}, to go back to, is damaged or gone`);
    await this.#note('ROLLBACK', { why });
    await this.#transactions.putBack(from, before);
    await this.#note('ROLLED_BACK', { why });
    return true;
  }

  /** Ends a transaction that switched nothing. What it staged is returned to the disk. */
  async refuse(why: string): Promise<void> {
    const from = this.#armed?.from;
    if (from !== undefined && this.#transactions.current !== from) await this.#transactions.name(from);
    // Before the verdict, so that a full disk has room for it.
    if (this.#staged !== undefined) await this.#transactions.remove(this.#staged.number);
    await this.#note(this.#armed === undefined ? 'REFUSED' : 'ROLLED_BACK', { why });
  }

  #note(state: TransactionState, facts?: Partial<JournalRecord>): Promise<void> {
    return this.#transactions.note(this.id, state, facts);
  }
}

function unwritten(storage: string, error: unknown): RackwattError {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code));
  return new RackwattError(
    'STORE_WRITE',
    isFull
      ? `the disk that holds ${storage} is full; nothing was changed: free some space and repeat the change`
      : `${storage} cannot be written, nothing was changed: ${errorMessage(error)}`,
    { cause: error, context: { storage } },
  );
}
