import type { Handover } from '../component/index.js';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import type { ServiceOwner, ServiceRegistry, ServiceStage } from '../registry/index.js';
import type { BundleInfo, BundleState, Isolation } from './contract.js';
import type { BundleEventType } from './events.js';
import type { Migrations } from './migration.js';
import type { Recovery } from './recovery.js';
import type { Revision, RevisionSource } from './revision.js';
import type { Run, StopOptions } from './run.js';
import type { Wirings } from './wirings.js';

/** ms for calls under way on a bundle that is stopped: nobody takes its place, so that a caller has little to wait for. */
const STOP_DRAIN = 1_000;

/** Codes of refusals that a place to run has for a bundle as such. */
const UNRESOLVED: ReadonlySet<string> = new Set(['ISOLATION_LOCAL', 'CAPABILITY_UNKNOWN']);

/** Codes with which a worker or process ends. */
const ENDED: ReadonlySet<string> = new Set([
  'ISOLATION_CRASH',
  'ISOLATION_EXIT',
  'ISOLATION_FAULT',
  'ISOLATION_MEMORY',
  'ISOLATION_SILENT',
  'ISOLATION_STARTUP',
]);

/** Whether a start failed because the worker or process of the bundle ended. */
export function endedByItself(error: unknown): boolean {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' && ENDED.has(code);
}

/** What a bundle needs of its framework. */
export interface BundleHost {
  readonly registry: ServiceRegistry;
  readonly startLevel: number;
  /** ms for one activator, or for the components of a new revision to become active. */
  readonly patience: number;
  readonly migrations: Migrations;
  /** Told of whatever is asked of a bundle. */
  readonly recovery: Recovery<Bundle>;
  readonly wirings: Wirings;
  fire(type: BundleEventType, bundle: Bundle): void;
  error(bundle: Bundle, error: unknown): void;
  wire(revisions: readonly Revision[]): Promise<void>;
  makeRun(bundle: Bundle, revision: Revision, isolation: Isolation, stage?: ServiceStage): Run;
  update(changes: readonly Change[]): Promise<void>;
}

/** New content for a bundle. */
export interface Change {
  bundle: Bundle;
  source: RevisionSource;
  /** Where it is to run; as before when absent. */
  isolation?: Isolation;
}

/** One installed bundle: OSGi's states, one operation at a time, and always either its old or its new revision. */
export class Bundle implements ServiceOwner {
  readonly id: number;
  readonly name: string;
  startLevel: number;
  /** Whether it is to run when the start level allows; survives stops caused by the start level. */
  autostart = false;
  readonly #host: BundleHost;
  #revision: Revision;
  #isolation: Isolation;
  #reason: string | undefined;
  #state: BundleState = 'INSTALLED';
  #run: Run | undefined;
  /** Why this content cannot run where it is to run. */
  #refusal: RackwattError | undefined;
  /** The last of those that run or wait. */
  #operation: Promise<void> | undefined;

  constructor(id: number, revision: Revision, options: { startLevel: number; isolation: Isolation }, host: BundleHost) {
    this.id = id;
    this.name = revision.manifest.name;
    this.startLevel = options.startLevel;
    this.#isolation = options.isolation;
    this.#revision = revision;
    this.#host = host;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Where it runs, or is to run. */
  get isolation(): Isolation {
    return this.#isolation;
  }

  /** What runs now; undefined while nothing does. */
  get run(): Run | undefined {
    return this.#run;
  }

  get state(): BundleState {
    return this.#state;
  }

  /** Why it is not active; undefined when it is or was never asked to be. */
  get reason(): string | undefined {
    return this.#host.recovery.reason(this) ?? this.#reason;
  }

  get version(): string {
    return this.revision.manifest.version;
  }

  get location(): string {
    return this.revision.source.location;
  }

  /** Components found in the code that is loaded now. */
  get definitions(): Run['definitions'] {
    return this.#run?.definitions ?? [];
  }

  info(): BundleInfo {
    const { digest } = this.revision.source;
    const recovery = this.#host.recovery.info(this);
    return {
      id: this.id,
      name: this.name,
      version: this.version,
      state: this.#state,
      location: this.location,
      ...(digest === undefined ? {} : { digest }),
      startLevel: this.startLevel,
      update: this.revision.manifest.update,
      isolation: this.#isolation,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(recovery === undefined ? {} : { recovery }),
    };
  }

  /** Wires the bundle and loads its code, so that its components and their schemas are known. @throws `BUNDLE_RESOLVE` */
  resolve(): Promise<void> {
    return this.exclusively('resolve', () => this.#resolve());
  }

  /**
   * Starts the bundle, resolving it first. Above the active start level only `autostart` is noted.
   * @throws `BUNDLE_RESOLVE`, `BUNDLE_START` with the cause
   */
  start(): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('start', async () => {
      this.autostart = true;
      if (this.wanted) await this.launch();
    });
  }

  /** Stops the bundle; `transient` leaves `autostart` as it is, `run` stops nothing when another one runs by then. @throws `BUNDLE_STOP` when its activator threw; it is stopped all the same */
  stop(options: { transient?: boolean; run?: unknown } = {}): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('stop', async () => {
      if (options.run !== undefined && options.run !== this.#run) return;
      if (!options.transient) this.autostart = false;
      this.#reason = undefined;
      await this.halt({ drain: STOP_DRAIN });
    });
  }

  /** Whether it is to run at the present start level. */
  get wanted(): boolean {
    return this.autostart && this.startLevel <= this.#host.startLevel;
  }

  /**
   * Replaces the content. `staged` bundles prove the new revision beside the old one first; `exclusive` ones stop, start,
   * and go back when that fails. On any failure the old revision serves.
   * @throws `BUNDLE_UPDATE` with the cause
   */
  update(source: RevisionSource, options: { isolation?: Isolation } = {}): Promise<void> {
    return this.#host.update([{ bundle: this, source, ...options }]);
  }

  uninstall(): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('uninstall', async () => {
      try {
        await this.halt({ drain: STOP_DRAIN });
      } catch (error) {
        this.#host.error(this, error);
      }
      this.revision.unload();
      if (this.#state === 'RESOLVED') this.#host.fire('UNRESOLVED', this);
      this.autostart = false;
      this.#state = 'UNINSTALLED';
      this.#host.wirings.leave(this.name);
      this.#host.wirings.release(this.revision);
      this.#host.fire('UNINSTALLED', this);
    });
  }

  async #resolve(): Promise<void> {
    if (this.#state !== 'INSTALLED') return;
    if (this.#refusal) throw this.#refusal;
    try {
      await this.#host.wire([this.revision]);
    } catch (error) {
      this.#reason = errorMessage(error);
      throw error;
    }
    this.resolved();
  }

  /** Its revision is wired now, by itself or because another bundle needs it. */
  resolved(): void {
    if (this.#state !== 'INSTALLED') return;
    this.#state = 'RESOLVED';
    this.#host.fire('RESOLVED', this);
  }

  /**
   * Brings it up; within `exclusively`.
   * @param run made for its present content; without one it is made here
   * @throws `BUNDLE_RESOLVE`, `BUNDLE_START` with the cause; it is then stopped
   */
  async launch(run?: Run, inherits?: Handover): Promise<void> {
    if (this.#state === 'ACTIVE') return;
    await this.#resolve();
    this.#state = 'STARTING';
    this.#reason = undefined;
    this.#host.fire('STARTING', this);
    try {
      this.#run = run ?? this.#host.makeRun(this, this.#revision, this.#isolation);
      if (!run) this.#run.services.step(undefined);
      await this.#run.load();
      await this.#host.migrations.run(this.#revision, this.#run.definitions);
      // Only what an update brings may have to go back.
      if (!run) this.#host.migrations.commit(this.name);
      await this.#run.start({ held: false, inherits });
    } catch (error) {
      const cause = errorRecord(error);
      this.#reason = cause.message;
      this.#state = 'STOPPING';
      this.#host.fire('STOPPING', this);
      await this.#end({ drain: 0 }).catch((failure: unknown) => this.#host.error(this, failure));
      if (cause.code !== undefined && UNRESOLVED.has(cause.code)) throw this.#unresolved(error);
      throw new RackwattError('BUNDLE_START', `bundle ${this.name} ${this.version} did not start: ${cause.message}`, {
        cause: error,
      });
    }
    this.#state = 'ACTIVE';
    this.#host.fire('STARTED', this);
  }

  /** What the bundle is, not what its code did, keeps it from running where it is to run. */
  #unresolved(cause: unknown): RackwattError {
    this.#state = 'INSTALLED';
    this.#host.fire('UNRESOLVED', this);
    const message = `bundle ${this.name} ${this.version} does not resolve: ${errorMessage(cause)}`;
    this.#refusal = new RackwattError('BUNDLE_RESOLVE', message, { cause });
    return this.#refusal;
  }

  /** Takes it down; within `exclusively`. @throws `BUNDLE_STOP` when its activator threw; it is stopped all the same */
  async halt(options: StopOptions = {}): Promise<void> {
    if (this.#state !== 'ACTIVE') return;
    this.#state = 'STOPPING';
    this.#host.fire('STOPPING', this);
    try {
      await this.#end(options);
    } catch (error) {
      throw new RackwattError('BUNDLE_STOP', `bundle ${this.name} stopped with an error: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  async #end(options: StopOptions): Promise<void> {
    const run = this.#run;
    try {
      await run?.stop(options);
    } finally {
      this.#run = undefined;
      this.#host.registry.releaseOwner(this);
      this.#state = 'RESOLVED';
      this.#host.fire('STOPPED', this);
    }
  }

  /** Takes other content; within `exclusively`. @param run of that content, when it runs already in the place of the present one */
  adopt(revision: Revision, isolation: Isolation, run?: Run): void {
    this.#revision = revision;
    this.#host.wirings.enter(revision, this.id);
    this.#isolation = isolation;
    this.#refusal = undefined;
    if (run) this.#run = run;
    else this.#state = revision.wiring ? 'RESOLVED' : 'INSTALLED';
  }

  /** One operation at a time; one that waits too long for another is refused rather than stuck. */
  async exclusively(what: string, operation: () => Promise<void>): Promise<void> {
    const before = this.#operation;
    const { promise, resolve } = Promise.withResolvers<void>();
    const mine = before ? before.then(() => promise) : promise;
    this.#operation = mine;
    void mine.then(() => {
      if (this.#operation === mine) this.#operation = undefined;
    });
    try {
      if (before) await this.#turn(before, what);
      if (this.#state === 'UNINSTALLED')
        throw new RackwattError('BUNDLE_STATE', `cannot ${what} ${this.name}: it was uninstalled`);
      await operation();
    } finally {
      resolve();
    }
  }

  /** Waits for the operation before. @throws `BUNDLE_BUSY` */
  async #turn(before: Promise<void>, what: string): Promise<void> {
    const limit = 2 * this.#host.patience;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `cannot ${what} ${this.name}: another operation on it has not finished in ${limit / 1000} s`;
      timer = setTimeout(() => reject(new RackwattError('BUNDLE_BUSY', message)), limit);
    });
    try {
      await Promise.race([before, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
