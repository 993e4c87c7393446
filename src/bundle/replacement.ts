import { type ComponentEngine, Handover } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { ServiceStage } from '../registry/index.js';
import type { Bundle } from './bundle.js';
import type { Change } from './bundle-host.js';
import type { Isolation } from './contract.js';
import type { BundleEventType } from './events.js';
import type { Migrations } from './migration.js';
import { activeLabels, prove } from './proof.js';
import type { Revision, RevisionSource } from './revision.js';
import type { Run } from './run.js';
import type { Wirings } from './wirings.js';

/** What an update needs of the framework. */
export interface ReplacementHost {
  readonly patience: number;
  readonly components: ComponentEngine;
  readonly migrations: Migrations;
  readonly wirings: Wirings;
  fire(type: BundleEventType, bundle: Bundle): void;
  error(bundle: Bundle, error: unknown): void;
  /** What runs in the bundle failed by itself. */
  failed(bundle: Bundle, error: unknown): void;
  makeRevision(source: RevisionSource): Revision;
  makeRun(
    bundle: Bundle,
    revision: Revision,
    isolation: Isolation,
    stage: ServiceStage,
    died: (error: unknown) => boolean,
  ): Run;
}

/**
 * How a bundle gets its new content: `staged` beside the old, `exclusive` after it, `launched` when it is to run and does
 * not, `kept` when it is not to run.
 */
export type Manner = 'staged' | 'exclusive' | 'launched' | 'kept';

/** One bundle in an update: its new revision, and the way back. Its steps are called in the order in which they stand here. */
export class Replacement {
  readonly bundle: Bundle;
  readonly next: Revision;
  readonly #host: ReplacementHost;
  readonly #isolation: Isolation;
  readonly #previous: { revision: Revision; isolation: Isolation; run: Run | undefined };
  /** Labels of the components that were active in the old revision. */
  readonly #active: ReadonlySet<string>;
  readonly #bequest: Handover;
  readonly #proof = new Proof();
  #run: Run | undefined;
  #launching: Promise<void> | undefined;
  #manner: Manner = 'kept';
  /** Whether it was this one that failed. */
  failed = false;
  /** How far it got, for the way back. */
  #adopted = false;
  #halted = false;

  constructor({ bundle, source, isolation }: Change, host: ReplacementHost) {
    if (source.manifest.name !== bundle.name)
      throw new RackwattError('BUNDLE_UPDATE', `${source.location} holds ${source.manifest.name}, not ${bundle.name}`);
    this.bundle = bundle;
    this.#host = host;
    this.next = host.makeRevision(source);
    this.#isolation = isolation ?? bundle.isolation;
    this.#previous = { revision: bundle.revision, isolation: bundle.isolation, run: bundle.run };
    this.#active = activeLabels(bundle.run);
    this.#bequest = new Handover(bundle.version);
  }

  get manner(): Manner {
    return this.#manner;
  }

  /** The run that takes over, in a staged update. */
  get run(): Run {
    return this.#run!;
  }

  /** The run that it takes over from, in a staged update. */
  get old(): Run {
    return this.#previous.run!;
  }

  /** Evaluates the new code, and with that finds out how it can be brought in. */
  async load(stage: ServiceStage): Promise<void> {
    const { bundle, next } = this;
    if (!this.old && !bundle.wanted) return;
    const run = this.#host.makeRun(bundle, next, this.#isolation, stage, this.#proof.died);
    this.#run = run;
    await this.#alive(run.load());
    const { revision } = this.#previous;
    const migrates = (next.manifest.migrate ?? revision.manifest.migrate) !== undefined;
    const isMigrated = migrates && next.manifest.version !== revision.manifest.version;
    if (isMigrated && next.manifest.migrate !== undefined)
      await this.#alive(this.#host.migrations.rehearse(bundle.version, next, run.definitions));
    // Two revisions of different data cannot run on one folder.
    const isStaged = next.manifest.update === 'staged' && revision.manifest.update === 'staged' && !isMigrated;
    if (!this.old) this.#manner = 'launched';
    else this.#manner = isStaged && run.stageable && this.old.stageable ? 'staged' : 'exclusive';
    // Until it starts, those on the stage are to see what it replaces.
    if (this.#manner !== 'staged') run.services.step(new ServiceStage());
  }

  /** Starts a staged revision beside the old one. */
  async hold(): Promise<void> {
    await this.#alive(this.run.start({ held: true }));
  }

  /** Waits until the new revision does what the old one did. @param waiting it may also wait for what is yet to come */
  async prove(waiting = false): Promise<void> {
    await this.#alive(prove(this.run, { active: this.#active, patience: this.#host.patience, waiting }));
    if (this.#manner !== 'staged') this.#proof.close();
  }

  /** Takes the old revision down, where the new one cannot stand beside it. */
  async halt(): Promise<void> {
    this.#halted = true;
    await this.bundle.halt({ bequeaths: this.#bequest });
  }

  /** Starts the new revision in the old one's place. @param stage what is there may be what it needs */
  async launch(stage: ServiceStage): Promise<void> {
    this.#adopt();
    this.run.services.step(stage);
    // A copy: if it comes to that, the old revision gets its own back.
    const { from } = this.#bequest;
    this.#launching = this.bundle.launch(this.run, Handover.of(from, this.#bequest.entries()));
    await this.#alive(this.#launching);
  }

  /** Gives the staged revision, which nobody calls yet, what the old one knows; it goes on without, as long as it lives. */
  async handOver(): Promise<void> {
    const report = (error: unknown): void => this.#host.error(this.bundle, error);
    await this.old.handOver(this.#bequest).catch(report);
    await this.#alive(this.run.takeOver(this.#bequest).catch(report));
  }

  /** The flip is done: the staged revision is the bundle's. What was called on the old one may end, then it is stopped. */
  async succeed(): Promise<void> {
    const { bundle, next, old, run } = this;
    bundle.adopt(next, this.#isolation, run);
    this.#proof.close();
    // It died in the flip, when there was no way back any more.
    if (this.#proof.death) this.#host.failed(bundle, this.#proof.death.error);
    const report = (error: unknown): void => this.#host.error(bundle, error);
    try {
      await old.services.drain(this.#host.components.drain);
      await old.stop({ drain: 0 });
    } catch (error) {
      report(error);
    }
    await this.#host.migrations.ran(next).catch(report);
    this.#host.fire('UPDATED', bundle);
  }

  /** The new content of a bundle that is not to run. */
  keep(): void {
    this.#adopt();
  }

  /** All went well: what is left of the old revision is freed. */
  commit(): void {
    this.#run?.services.step(undefined);
    this.#host.migrations.commit(this.bundle.name);
    this.#previous.revision.unload();
    this.#host.wirings.release(this.#previous.revision);
  }

  /** Ends the new revision, as far as it got. */
  async withdraw(): Promise<void> {
    const { bundle } = this;
    const report = (error: unknown): void => this.#host.error(bundle, error);
    // It may have died in the midst of its launch, which must not go on beside that of the old one. Why it failed is known.
    await this.#launching?.catch((error) => void errorMessage(error));
    if (this.#adopted && bundle.run === this.#run) await bundle.halt({ drain: 0 }).catch(report);
    else await this.#run?.stop({ reason: 'disposed', drain: 0 }).catch(report);
    this.next.unload();
    if (!this.#adopted) this.#host.wirings.release(this.next);
  }

  /** Has the old revision serve again, where it had to stop. */
  async restore(): Promise<void> {
    const { bundle } = this;
    const { revision, isolation, run } = this.#previous;
    if (this.#adopted) {
      await this.#host.migrations.undo(bundle.name).catch((error: unknown) => this.#host.error(bundle, error));
      bundle.adopt(revision, isolation);
      this.#host.wirings.release(this.next);
    }
    if (!this.#halted || !run) return;
    await bundle.launch(undefined, this.#bequest).catch((error: unknown) => this.#host.error(bundle, error));
  }

  #adopt(): void {
    this.#adopted = true;
    this.bundle.adopt(this.next, this.#isolation);
  }

  /** A run that dies fails what it was doing. */
  async #alive(work: Promise<void>): Promise<void> {
    try {
      await Promise.race([work, this.#proof.dead]);
      if (this.#proof.death) throw this.#proof.death.error;
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}

/**
 * Until a revision has proven itself, an error of its own is a failure of the update, and not of the bundle. The run keeps
 * this, which must not keep the run before with it.
 */
class Proof {
  readonly #dead = Promise.withResolvers<never>();
  /** What the revision died of before the end of its proof. */
  death: { error: unknown } | undefined;
  #isClosed = false;

  constructor() {
    // Nobody may be waiting when it dies; `death` tells of it all the same.
    this.#dead.promise.catch((error) => void errorMessage(error));
  }

  /** Rejects when the revision dies. */
  get dead(): Promise<never> {
    return this.#dead.promise;
  }

  /** @returns whether that is taken care of */
  readonly died = (error: unknown): boolean => {
    if (this.#isClosed) return false;
    this.death ??= { error };
    this.#dead.reject(error);
    return true;
  };

  /** From now on its errors are those of the bundle. */
  close(): void {
    this.#isClosed = true;
  }
}
