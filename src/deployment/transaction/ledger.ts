import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  changedMeanwhile,
  unwritable,
  type Change,
  type ChangeTransaction,
  type Generation,
  type GenerationInfo,
  type Generations,
  type RuntimeDocument,
} from '../../configuration/index.js';
import { errorMessage, RackwattError } from '../../errors.js';
import type { ContentStore } from '../content.js';
import type { Lock, LockedBundle, StoredGeneration } from './generation.cjs';
import type { Look, TransactionRecord } from './journal.cjs';
import type { Transaction, Transactions } from './transactions.js';

/** What proves a generation while it runs. */
export interface Prover {
  /** ms for which a change must be healthy; 0 when being applied is enough. */
  probation(change: Change): number;
  /** How the node is; its health checks are asked only where that is worth their time. */
  look(withChecks: boolean): Promise<Look>;
  /** The generation runs and is on probation from now on. */
  watch(transaction: Transaction): void;
  /** Gives up the transaction on probation to one that it goes on in. */
  release(): Transaction | undefined;
  /** Ends a probation early, because something else is to change. @returns why that is not possible */
  settle(): Promise<string | undefined>;
}

export interface LedgerOptions {
  transactions: Transactions;
  /** The configuration file. */
  file: string;
  storage: string;
  contents: ContentStore;
  runtime(document: RuntimeDocument): Lock['runtime'];
  /** Absent where nothing runs that could fail. */
  prover?: Prover;
  /** A generation came or went. */
  onEnd?(): void;
}

/** The generations of a node: each change of what runs is a transaction, and each transaction that holds makes one. */
export class GenerationLedger implements Generations {
  readonly #options: LedgerOptions;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  async list(): Promise<GenerationInfo[]> {
    const { transactions } = this.#options;
    const found: GenerationInfo[] = [];
    for (const number of await transactions.numbers()) {
      const generation = await transactions.read(number);
      if (generation !== undefined) found.push(withoutText(this.#described(generation)));
    }
    return found;
  }

  async get(number: number): Promise<Generation> {
    const { transactions } = this.#options;
    const numbers = await transactions.numbers();
    const generation = await transactions.read(number);
    if (generation !== undefined) return this.#described(generation);
    const why = numbers.includes(number) ? 'its files are damaged' : 'it is not kept';
    throw new RackwattError(
      'CONFIG_GENERATION',
      `there is no generation ${number} (${why}); kept are ${numbers.join(', ') || 'none'}`,
      { context: { generation: number } },
    );
  }

  async begin(change: Change): Promise<ChangeTransaction> {
    const { prover, file } = this.#options;
    const joined = change.joins === true ? prover?.release() : undefined;
    const transaction = await this.#armed(change, joined).catch((error: unknown) => {
      if (joined !== undefined) prover!.watch(joined);
      throw error;
    });
    return {
      switch: () => (change.isSaved ? Promise.resolve() : this.#switch(transaction, file, change)),
      applied: () => this.#applied(transaction, change),
      undo: async (why) => {
        const isUndone = await this.#undo(transaction, change, why);
        this.#options.onEnd?.();
        return isUndone;
      },
    };
  }

  async #armed(change: Change, joined: Transaction | undefined): Promise<Transaction> {
    const { transactions, prover, runtime } = this.#options;
    const { signal } = change;
    const busy = joined === undefined && prover ? await unlessAborted(() => prover.settle(), signal) : undefined;
    if (busy !== undefined) throw new RackwattError('TRANSACTION_RUNNING', busy);
    const transaction =
      change.transaction === undefined
        ? await transactions.begin(change.reason)
        : transactions.accepted(change.transaction, change.reason);
    const probation = joined?.probation ?? prover?.probation(change) ?? 0;
    try {
      const { text, document, base } = change;
      await transaction.stage({ text, bundles: this.#bundles(document), runtime: runtime(document) });
      const before = joined?.before ?? (prover && (await unlessAborted(() => prover.look(probation > 0), signal)));
      await transaction.arm({
        revision: base.revision,
        probation,
        ...(before === undefined ? {} : { before }),
        ...(joined === undefined ? {} : { joined }),
      });
      return transaction;
    } catch (error) {
      await transaction.refuse(errorMessage(error)).catch((unsaid: unknown) => void errorMessage(unsaid));
      throw error;
    }
  }

  async #switch(transaction: Transaction, file: string, change: Change): Promise<void> {
    let failure: RackwattError;
    try {
      if (await transaction.switch()) return;
      failure = changedMeanwhile(file);
    } catch (error) {
      failure = unwritable(file, error);
    }
    await (failure.code === 'CONFIG_WRITE'
      ? this.#undo(transaction, change, failure.message)
      : transaction.refuse(failure.message));
    throw failure;
  }

  async #applied(transaction: Transaction, { isSaved }: Change): Promise<void> {
    if (isSaved) await transaction.name();
    if (transaction.probation > 0) this.#options.prover!.watch(transaction);
    else {
      await transaction.commit();
      this.#options.onEnd?.();
    }
  }

  async #undo(transaction: Transaction, { isSaved, base }: Change, why: string): Promise<boolean> {
    const { transactions } = this.#options;
    const number = transaction.generation!;
    const isUndone = isSaved ? true : await transaction.rollBack(why, base.text);
    if (isSaved) await transaction.refuse(why);
    // It never ran.
    else await transactions.remove(number);
    return isUndone;
  }

  #bundles(document: RuntimeDocument): LockedBundle[] {
    const { contents, storage } = this.#options;
    return document.bundles.map(({ id, digest }) => {
      const folder = contentOf(contents, id, digest);
      return { id, ...(folder === undefined ? {} : { folder: relative(storage, folder) }) };
    });
  }

  #described(generation: StoredGeneration): Generation {
    const { number, time, reason, revision, text, runtime } = generation;
    const { transactions } = this.#options;
    const last = transactions.history().findLast(({ armed }) => armed?.to === number);
    const state = stateOf(number, transactions.current, last);
    return {
      number,
      time,
      reason,
      revision,
      text,
      state,
      runtime: runtime.version,
      ...(state === 'rolled back' && last?.why !== undefined ? { why: last.why } : {}),
    };
  }
}

/** What asks the node's health takes as long as the slowest check; whoever gives up does not wait for it. */
async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work();
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function stateOf(
  number: number,
  current: number | undefined,
  last: TransactionRecord | undefined,
): GenerationInfo['state'] {
  if (last?.state === 'ROLLED_BACK') return 'rolled back';
  if (number !== current) return 'kept';
  return last?.isFinal === false ? 'on probation' : 'in force';
}

function withoutText({ text: _text, ...info }: Generation): GenerationInfo {
  return info;
}

/** Folder of the content that a bundle entry names; none for what is run in place. */
export function contentOf(contents: ContentStore, id: string, digest: string | undefined): string | undefined {
  const [, name, version] = /^store:(.+)@([^@]+)$/.exec(id) ?? [];
  if (name === undefined || version === undefined) return undefined;
  if (digest !== undefined) return contents.folderOf(name, version, digest.replace(/^sha256:/, ''));
  const folder = contents.folderOf(name);
  const found = existsSync(folder) ? readdirSync(folder).filter((entry) => entry.startsWith(`${version}-`)) : [];
  return found.length === 1 ? join(folder, found[0]!) : undefined;
}
