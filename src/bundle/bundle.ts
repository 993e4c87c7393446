import type { Handover } from '../component/index.js';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import type { BundleHost, UninstallOptions } from './bundle-host.js';
import type { BundleInfo, BundleState, Isolation } from './contract.js';
import { entriesOf, entryOf, type EntrySearch } from './entries.js';
import { isRefusal } from './start-failures.js';
import type { Manifest } from './manifest.js';
import { insideOperation, Operations, outside } from './operations.js';
import type { Revision, RevisionSource } from './revision.js';
import type { Run, StopOptions } from './run.js';
import { checkLevel } from './start-levels.js';
import type { BundleView } from './view.js';

/** ms for calls under way on a bundle that is stopped: nobody takes its place, so that a caller has little to wait for. */
const STOP_DRAIN = 1_000;

/** One installed bundle: OSGi's states, one operation at a time, and always either its old or its new revision. */
export class Bundle implements BundleView {
  readonly id: number;
  readonly name: string;
  readonly #host: BundleHost;
  readonly #operations: Operations;
  #startLevel: number;
  #autostart = false;
  #revision: Revision;
  #isolation: Isolation;
  #reason: string | undefined;
  #state: BundleState = 'INSTALLED';
  #run: Run | undefined;
  /** Why this content cannot run where it is to run. */
  #refusal: RackwattError | undefined;

  constructor(
    id: number,
    revision: Revision,
    options: { startLevel: number; autostart?: boolean; isolation: Isolation },
    host: BundleHost,
  ) {
    this.id = id;
    this.name = revision.manifest.name;
    this.#operations = new Operations(this.name, () => 2 * host.patience);
    this.#startLevel = options.startLevel;
    this.#autostart = options.autostart ?? false;
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

  get manifest(): Manifest {
    return this.revision.manifest;
  }

  get startLevel(): number {
    return this.#startLevel;
  }

  /** Whether it is to run when the start level allows; survives stops caused by the start level, and restarts of the container. */
  get autostart(): boolean {
    return this.#autostart;
  }

  get running(): boolean {
    return this.#state === 'ACTIVE';
  }

  entry(path: string): string | undefined {
    return entryOf(this.revision.source.root, path);
  }

  entries(search?: EntrySearch): string[] {
    return entriesOf(this.revision.source.root, search);
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
   * @param options.transient leaves `autostart` as it is
   * @throws `BUNDLE_RESOLVE`, `BUNDLE_START` with the cause; `BUNDLE_START_LEVEL` when it cannot be started transiently
   */
  start({ transient = false }: { transient?: boolean } = {}): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('start', async () => {
      if (!transient) this.#noteAutostart(true);
      if (this.#allowed) await this.launch();
      else if (transient)
        throw new RackwattError(
          'BUNDLE_START_LEVEL',
          `${this.name} cannot be started transiently: its start level ${this.startLevel} is above the active one, ${this.#host.startLevel}`,
        );
    });
  }

  /** Starts what ran before, where the start level still allows it. @throws as `start` */
  resume(): Promise<void> {
    return this.exclusively('start', async () => {
      if (this.#allowed) await this.launch();
    });
  }

  /**
   * Gives it another start level, and starts or stops it where that makes a difference; what goes wrong with that is a framework
   * event. Asked from inside the start or stop of a bundle, it does not wait for that.
   * @throws `BUNDLE_START_LEVEL`, `BUNDLE_STATE`
   */
  async setStartLevel(level: number): Promise<void> {
    this.#refuseGone('move');
    checkLevel(level);
    this.#startLevel = level;
    this.#host.changed(this);
    const moved = outside(() => this.exclusively('move', () => this.#move())).catch((error: unknown) =>
      this.#host.error(this, error),
    );
    if (!insideOperation()) await moved;
  }

  async #move(): Promise<void> {
    if (this.wanted) await this.launch();
    else if (!this.#allowed) await this.halt({ drain: STOP_DRAIN });
  }

  #noteAutostart(autostart: boolean): void {
    if (autostart === this.#autostart) return;
    this.#autostart = autostart;
    this.#host.changed(this);
  }

  /** Stops the bundle; `transient` leaves `autostart` as it is, `run` stops nothing when another one runs by then. @throws `BUNDLE_STOP` when its activator threw; it is stopped all the same */
  stop(options: { transient?: boolean; run?: unknown } = {}): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('stop', async () => {
      if (options.run !== undefined && options.run !== this.#run) return;
      if (!options.transient) this.#noteAutostart(false);
      this.#reason = undefined;
      await this.halt({ drain: STOP_DRAIN });
    });
  }

  /** Whether it is to run at the present start level. */
  get wanted(): boolean {
    return this.autostart && this.#allowed;
  }

  get #allowed(): boolean {
    return this.startLevel <= this.#host.startLevel;
  }

  /**
   * Replaces the content. `staged` bundles prove the new revision beside the old one first; `exclusive` ones stop, start,
   * and go back when that fails. On any failure the old revision serves.
   * @param source without it, what now lies at the bundle's location
   * @throws `BUNDLE_UPDATE` with the cause
   */
  async update(source?: RevisionSource, options: { isolation?: Isolation } = {}): Promise<void> {
    const content = source ?? (await this.#host.find(this.location));
    await this.#host.update([{ bundle: this, source: content, ...options }]);
  }

  /** Stops it and takes it away; its contracts stay with those who import them. */
  uninstall(options: UninstallOptions = {}): Promise<void> {
    this.#host.recovery.asked(this);
    return this.exclusively('uninstall', async () => {
      try {
        await this.halt({ drain: STOP_DRAIN });
      } catch (error) {
        this.#host.error(this, error);
      }
      this.revision.unload();
      this.unresolved();
      this.#state = 'UNINSTALLED';
      this.#host.wirings.leave(this.name);
      this.#host.wirings.release(this.revision);
      this.#host.forget(this, options);
      this.#autostart = false;
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

  /** Its revision is wired no more; within `exclusively`. */
  unresolved(): void {
    if (this.#state !== 'RESOLVED') return;
    this.#state = 'INSTALLED';
    this.#host.fire('UNRESOLVED', this);
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
      if (isRefusal(cause.code)) throw this.#unresolved(error);
      throw new RackwattError('BUNDLE_START', `bundle ${this.name} ${this.version} did not start: ${cause.message}`, {
        cause: error,
      });
    }
    this.#state = 'ACTIVE';
    this.#host.fire('STARTED', this);
  }

  /** What the bundle is, not what its code did, keeps it from running where it is to run. */
  #unresolved(cause: unknown): RackwattError {
    this.unresolved();
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
    if (!run) this.unresolved();
    this.#revision = revision;
    this.#host.wirings.enter(revision, this.id);
    this.#isolation = isolation;
    this.#refusal = undefined;
    if (run) this.#run = run;
    this.#host.changed(this);
    if (run) return;
    this.#host.fire('UPDATED', this);
    if (revision.wiring) this.resolved();
  }

  /** One operation at a time. @throws `BUNDLE_BUSY`, `BUNDLE_STATE` once it was uninstalled */
  exclusively(what: string, operation: () => Promise<void>): Promise<void> {
    return this.#operations.run(what, () => {
      this.#refuseGone(what);
      return operation();
    });
  }

  #refuseGone(what: string): void {
    if (this.#state !== 'UNINSTALLED') return;
    throw new RackwattError('BUNDLE_STATE', `cannot ${what} ${this.name}: it was uninstalled`);
  }
}
