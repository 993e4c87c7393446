import { join } from 'node:path';
import type { Framework, NodeHealth } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import {
  parseDuration,
  parseSize,
  type ApplyResult,
  type Change,
  type RuntimeDocument,
} from '../configuration/index.js';
import {
  collect,
  ContentStore,
  DROP_INS_FILE,
  DropInRecords,
  GenerationLedger,
  Transactions,
  type DeploymentInfo,
  type Look,
  type Prover,
  type Transaction,
  type TrustStore,
} from '../deployment/index.js';
import { realFileSystem } from '../durable/index.cjs';
import { errorMessage, RackwattError } from '../errors.js';
import { runtimeFolder } from '../runtime-folder.js';
import { deploymentInfo, outcomeOf } from './deployment-info.js';
import { lookAt, worse, worsened } from './look.js';
import { Runtimes } from './runtimes.js';

/** What changes need of the node that runs. */
export interface Changing {
  framework: Framework;
  log: Logger;
  trust: TrustStore;
  document(): RuntimeDocument;
  health(): Promise<NodeHealth>;
  /** Brings an earlier configuration back, in the node and, by `undo`, on the disk. */
  revert(text: string, undo: () => Promise<boolean>): Promise<ApplyResult>;
  /** Settles when the changes that are being applied are. */
  idle(): Promise<void>;
  /** Whether a document, or the one that was applied last, names another runtime than the one that this process was started for. */
  wantsRestart(document?: RuntimeDocument): boolean;
  restart(): void;
}

/** ms from one look at a node on probation to the next. */
const LOOK_EVERY = 1_000;
/** Looks in a row that must show the same trouble before a change goes back: what recovers by itself may. */
const SUSTAINED = 3;
/** ms for which a content that nobody names stays in the store. */
const GRACE = 600_000;
/** Changes that are told of. */
const TOLD = 100;

/** A transaction on probation, with the next look at the node. */
interface Watched {
  transaction: Transaction;
  timer?: NodeJS.Timeout;
}

/** How the changes of a running node come to their end: probation, commit or rollback, and the collection of what is left over. */
export class Changes implements Prover {
  readonly ledger: GenerationLedger;
  readonly #transactions: Transactions;
  readonly #contents: ContentStore;
  readonly #storage: string;
  #node: Changing | undefined;
  #open: Watched | undefined;
  /** Id of the last one that was on probation in this process. */
  #watched: string | undefined;
  #collecting: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(options: { storage: string; file: string }, transactions: Transactions) {
    this.#storage = options.storage;
    this.#transactions = transactions;
    this.#contents = new ContentStore(join(options.storage, 'store'), realFileSystem);
    this.ledger = new GenerationLedger({
      ...options,
      transactions,
      contents: this.#contents,
      runtime: (document) => Runtimes.lock(document, options.storage),
      prover: this,
      onEnd: () => void this.collect(),
    });
  }

  static async open(options: { storage: string; file: string }): Promise<Changes> {
    return new Changes(options, await Transactions.open({ system: realFileSystem, ...options }));
  }

  attach(node: Changing): void {
    this.#node = node;
  }

  /** The node has come up: what an earlier process armed is on probation from here. */
  async begin(): Promise<void> {
    const transaction = this.#transactions.resume();
    if (transaction !== undefined) this.watch(transaction);
    await this.collect();
  }

  /** @param isAsked a stop that somebody asked for counts as no failed try */
  async end(isAsked: boolean): Promise<void> {
    this.#isClosed = true;
    const transaction = this.#take();
    if (isAsked) await transaction?.pause().catch((error: unknown) => this.#node?.log.warn(errorMessage(error)));
    await this.#collecting;
  }

  /** Begins a transaction with its contents still to be fetched. */
  async accept(reason: string): Promise<string> {
    return (await this.#transactions.begin(reason)).id;
  }

  /** Ends what `accept` began, unless it came further than that. */
  async cancel(id: string, why: string, unwanted: readonly string[] = []): Promise<void> {
    const isBegun = this.#isBegun(id);
    if (isBegun) await this.#transactions.accepted(id).refuse(why);
    if (isBegun || unwanted.length > 0) await this.collect(unwanted);
  }

  /** Ends what `accept` began, when nothing was to be switched for it. */
  async unneeded(id: string): Promise<void> {
    if (!this.#isBegun(id)) return;
    const open = this.#open?.transaction;
    const transaction = this.#transactions.accepted(id);
    // It stays or goes with the one that brought it.
    const ended = open === undefined ? transaction.commit('it is in force already') : transaction.goOnIn(open);
    await ended.catch((unsaid: unknown) => void errorMessage(unsaid));
  }

  /** Number of the generation in force. */
  get generation(): number | undefined {
    return this.#transactions.current;
  }

  /** Newest first. */
  history(): DeploymentInfo[] {
    const records = this.#transactions.history();
    return records
      .slice(-TOLD)
      .reverse()
      .map((record) => deploymentInfo(record, records, this.#watched));
  }

  info(id: string): DeploymentInfo {
    return this.history().find((change) => change.id === id)!;
  }

  /**
   * Takes back a change that is on probation, or will be when it is applied, without waiting for it to prove ill.
   * @throws `ROLLBACK_IMPOSSIBLE`, `CONFIG_WRITE`, `STORE_WRITE`
   */
  async rollBack(id: string, why: string): Promise<DeploymentInfo> {
    // Such as what a bundle migrated, which is yet to be written.
    await this.#node!.idle();
    const transaction = this.#open?.transaction;
    const records = this.#transactions.history();
    const found = records.find((record) => record.id === id);
    if (found === undefined) throw irreversible('no such change is known');
    const { state, reason } = deploymentInfo(found, records, this.#watched);
    if (transaction === undefined || outcomeOf(found, records).id !== transaction.id)
      throw irreversible(`"${reason}" is ${state}, and only what is on probation is taken back`);
    const before = await this.#before(transaction);
    if (before === undefined) throw irreversible('there is nothing to go back to');
    // It came to its end while that was read.
    if (this.#open?.transaction !== transaction) return this.rollBack(id, why);
    this.#take();
    try {
      await this.#goBack(transaction, before, why);
    } catch (error) {
      if (!outcomeOf(found, this.#transactions.history()).isRollingBack) this.watch(transaction);
      throw error;
    }
    void this.collect();
    return this.info(id);
  }

  probation({ difference, document, probation: asked = 0 }: Change): number {
    const { bundlesAdded, bundlesChanged } = difference;
    const isNew = ({ id }: { id: string }): boolean => id.startsWith('store:');
    const arrived = [
      ...bundlesAdded,
      ...bundlesChanged.filter(({ previous, next }) => previous.digest !== next.digest).map(({ next }) => next),
    ];
    const isRestarted = this.#node?.wantsRestart(document) === true;
    if (!isRestarted && !arrived.some(isNew)) return asked;
    // What has not run at all yet is not committed.
    return Math.max(asked, parseDuration(document.framework.probation), isRestarted ? LOOK_EVERY : 0);
  }

  async look(withChecks: boolean): Promise<Look> {
    if (this.#node === undefined) return { failing: [], checks: [] };
    const { failing, checks, degraded } = await lookAt(
      this.#node.framework,
      withChecks ? this.#node.health : undefined,
    );
    return { failing, checks, degraded };
  }

  watch(transaction: Transaction): void {
    if (this.#isClosed) return;
    this.#watched = transaction.id;
    if (this.#node?.wantsRestart() === true) {
      this.#node.restart();
      return;
    }
    const deadline = performance.now() + transaction.probation;
    const streaks = new Map<string, number>();
    const open: Watched = { transaction };
    const again = (): void => {
      const pause = Math.max(0, Math.min(LOOK_EVERY, deadline - performance.now()));
      open.timer = setTimeout(() => void look(), pause);
    };
    const look = async (): Promise<void> => {
      const { sentences, keys, doubts } = await this.#worse(transaction);
      if (this.#open !== open) return;
      const seen = [...keys, ...doubts];
      for (const key of streaks.keys()) if (!seen.includes(key)) streaks.delete(key);
      for (const key of seen) streaks.set(key, (streaks.get(key) ?? 0) + 1);
      const isOver = performance.now() >= deadline;
      const isSustained = (key: string): boolean => (streaks.get(key) ?? 0) >= SUSTAINED;
      const isIll = isOver ? keys.length > 0 || doubts.some(isSustained) : keys.some(isSustained);
      if (!isIll && !isOver) return again();
      this.#take();
      await (isIll ? this.#rollBack(transaction, sentences.join('; ')) : this.#commit(transaction));
    };
    this.#open = open;
    again();
  }

  release(): Transaction | undefined {
    return this.#take();
  }

  async settle(): Promise<string | undefined> {
    if (this.#node?.wantsRestart() === true) return 'the node is about to start again with another runtime';
    const transaction = this.#open?.transaction;
    if (transaction === undefined) return undefined;
    const { keys, sentences } = await this.#worse(transaction);
    if (keys.length > 0)
      return `"${transaction.reason}" is on probation and not well (${sentences[0]}); it is rolled back unless that passes, then try again`;
    if (this.#open?.transaction === transaction) {
      this.#take();
      await this.#commit(transaction);
    }
    return undefined;
  }

  /** The newest runtime that ran well and is another one. @param digest of this one; undefined for the launcher's */
  async runtimeBefore(digest: string | undefined): Promise<{ version: string; digest?: string } | undefined> {
    const kept = (await this.ledger.list()).filter(({ state }) => state === 'kept');
    for (const { number } of kept) {
      const runtime = (await this.#transactions.read(number))?.runtime;
      if (runtime !== undefined && runtime.digest !== digest) return runtime;
    }
    return undefined;
  }

  /** Removes what no kept generation needs; one collection after the other. */
  collect(unwanted: readonly string[] = []): Promise<void> {
    this.#collecting = this.#collecting
      .then(() => this.#collect(unwanted))
      .catch((error: unknown) => {
        this.#node?.log.warn(`old generations could not be removed: ${errorMessage(error)}`);
      });
    return this.#collecting;
  }

  async #collect(unwanted: readonly string[]): Promise<void> {
    const node = this.#node;
    if (node === undefined || this.#isClosed) return;
    const dropIns = await DropInRecords.kept(join(this.#storage, DROP_INS_FILE));
    const { generations, contents } = await collect({
      transactions: this.#transactions,
      contents: this.#contents,
      storage: this.#storage,
      quota: parseSize(node.document().framework.quota),
      used: () => [
        ...node.framework.bundles().map((bundle) => bundle.revision.source.root),
        runtimeFolder,
        ...dropIns.map(({ name, version, digest }) => this.#contents.folderOf(name, version, digest)),
      ],
      grace: GRACE,
      unwanted,
    });
    if (contents.length > 0 || generations.length > 0)
      node.log.info(
        `removed from the storage: ${[...generations.map((number) => `generation ${number}`), ...contents].join(', ')}`,
      );
  }

  /** `doubts`: what counts only when it lasts until the end. */
  async #worse(transaction: Transaction): Promise<{ keys: string[]; doubts: string[]; sentences: string[] }> {
    const now = await lookAt(this.#node!.framework, this.#node!.health);
    const [keys, doubts] = [worse(transaction.before, now), worsened(transaction.before, now)];
    return { keys, doubts, sentences: [...keys, ...doubts].map((key) => now.why.get(key) ?? key) };
  }

  /** The transaction on probation, which nobody watches any more. */
  #take(): Transaction | undefined {
    clearTimeout(this.#open?.timer);
    const transaction = this.#open?.transaction;
    this.#open = undefined;
    return transaction;
  }

  async #commit(transaction: Transaction): Promise<void> {
    const { framework, trust, log } = this.#node!;
    try {
      await transaction.commit();
      log.info(`"${transaction.reason}" is proved healthy: generation ${transaction.generation} stays`);
      for (const { revision } of framework.bundles()) {
        const { location, manifest } = revision.source;
        if (location.startsWith('store:') && manifest.minimum !== undefined)
          await trust.raiseFloor(manifest.name, manifest.minimum);
      }
    } catch (error) {
      log.error(`"${transaction.reason}" could not be committed: ${errorMessage(error)}`);
    }
    void this.collect();
  }

  async #rollBack(transaction: Transaction, why: string): Promise<void> {
    const { log } = this.#node!;
    try {
      const before = await this.#before(transaction);
      if (before !== undefined) await this.#goBack(transaction, before, why);
      else {
        log.error(`"${transaction.reason}" is not well (${why}), and there is nothing to go back to`);
        await transaction.commit();
      }
    } catch (error) {
      log.error(`"${transaction.reason}" is not well (${why}) and could not be rolled back: ${errorMessage(error)}`);
    }
    void this.collect();
  }

  /** The configuration that a transaction took the place of. */
  async #before({ from }: Transaction): Promise<string | undefined> {
    return from === undefined ? undefined : (await this.#transactions.read(from))?.text;
  }

  async #goBack(transaction: Transaction, before: string, why: string): Promise<void> {
    const { log, revert, wantsRestart, restart } = this.#node!;
    let isUndone = false;
    const result = await revert(before, async () => (isUndone = await transaction.rollBack(why)));
    log.error(
      isUndone
        ? `"${transaction.reason}" was rolled back to generation ${transaction.from}: ${why}`
        : `"${transaction.reason}" was to be rolled back (${why}), but the configuration file was edited meanwhile, which counts`,
    );
    if (wantsRestart()) restart();
    if (!result.ok) for (const { message } of result.problems) log.error(`going back: ${message}`);
  }

  #isBegun(id: string): boolean {
    const state = this.#transactions.history().find((transaction) => transaction.id === id)?.state;
    return state === 'ACCEPTED' || state === 'STAGED';
  }
}

function irreversible(why: string): RackwattError {
  return new RackwattError('ROLLBACK_IMPOSSIBLE', `nothing is taken back: ${why}`);
}
