import type { ComponentEngine, ComponentSet } from '../component/index.js';
import { explain } from '../component/index.js';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import type { ServiceOwner, ServiceRegistry } from '../registry/index.js';
import { BundleContext } from './context.js';
import type { BundleInfo, BundleState } from './contract.js';
import type { BundleEventType } from './events.js';
import type { Recovery } from './recovery.js';
import { Revision, type Loaded, type RevisionSource } from './revision.js';

/** What a bundle needs of its framework. */
export interface BundleHost {
  readonly registry: ServiceRegistry;
  readonly components: ComponentEngine;
  readonly startLevel: number;
  /** ms for one activator, or for the components of a new revision to become active. */
  readonly patience: number;
  /** Told of whatever is asked of a bundle. */
  readonly recovery: Recovery<Bundle>;
  fire(type: BundleEventType, bundle: Bundle): void;
  error(bundle: Bundle, error: unknown): void;
  makeRevision(source: RevisionSource): Revision;
  wire(revision: Revision): Promise<void>;
  dataFolder(name: string): string;
}

/** One installed bundle: OSGi's states, one operation at a time, and always either its old or its new revision. */
export class Bundle implements ServiceOwner {
  readonly id: number;
  readonly name: string;
  startLevel: number;
  /** Whether it is to run when the start level allows; survives stops caused by the start level. */
  autostart = false;
  revision: Revision;
  readonly #host: BundleHost;
  #reason: string | undefined;
  #state: BundleState = 'INSTALLED';
  #context: BundleContext | undefined;
  #loaded: Loaded | undefined;
  #components: ComponentSet | undefined;
  /** The last of those that run or wait. */
  #operation: Promise<void> | undefined;

  constructor(id: number, revision: Revision, startLevel: number, host: BundleHost) {
    this.id = id;
    this.name = revision.manifest.name;
    this.revision = revision;
    this.startLevel = startLevel;
    this.#host = host;
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
  get definitions(): Loaded['definitions'] {
    return this.#loaded?.definitions ?? [];
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
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(recovery === undefined ? {} : { recovery }),
    };
  }

  /** Wires the bundle and loads its code, so that its components and their schemas are known. @throws `BUNDLE_RESOLVE` */
  resolve(): Promise<void> {
    return this.#serialised('resolve', () => this.#resolve());
  }

  /**
   * Starts the bundle, resolving it first. Above the active start level only `autostart` is noted.
   * @throws `BUNDLE_RESOLVE`, `BUNDLE_START` with the cause
   */
  start(): Promise<void> {
    this.#host.recovery.asked(this);
    return this.#serialised('start', async () => {
      this.autostart = true;
      if (this.startLevel <= this.#host.startLevel) await this.#start();
    });
  }

  /** Stops the bundle; `transient` leaves `autostart` as it is. @throws `BUNDLE_STOP` when its activator threw; it is stopped all the same */
  stop(options: { transient?: boolean } = {}): Promise<void> {
    this.#host.recovery.asked(this);
    return this.#serialised('stop', async () => {
      if (!options.transient) this.autostart = false;
      this.#reason = undefined;
      await this.#stop();
    });
  }

  /**
   * Replaces the content. `staged` bundles prove the new revision beside the old one first; `exclusive` ones stop, start,
   * and go back when that fails. On any failure the old revision serves.
   * @throws `BUNDLE_UPDATE` with the cause
   */
  update(source: RevisionSource): Promise<void> {
    this.#host.recovery.asked(this);
    return this.#serialised('update', async () => {
      const next = this.#host.makeRevision(source);
      if (source.manifest.name !== this.name)
        throw new RackwattError('BUNDLE_UPDATE', `${source.location} holds ${source.manifest.name}, not ${this.name}`);
      try {
        await this.#host.wire(next);
        if (this.#state !== 'ACTIVE') await this.#replaceIdle(next);
        else {
          const loaded = await next.load();
          const isStaged =
            next.manifest.update === 'staged' &&
            this.revision.manifest.update === 'staged' &&
            !loaded.activator &&
            !this.#loaded?.activator;
          await (isStaged ? this.#updateStaged(next, loaded) : this.#updateExclusive(next));
        }
      } catch (error) {
        next.unload();
        throw new RackwattError(
          'BUNDLE_UPDATE',
          `update of ${this.name} to ${source.manifest.version} failed, ${this.version} goes on: ${errorMessage(error)}`,
          { cause: error },
        );
      }
    });
  }

  uninstall(): Promise<void> {
    this.#host.recovery.asked(this);
    return this.#serialised('uninstall', async () => {
      try {
        await this.#stop();
      } catch (error) {
        this.#host.error(this, error);
      }
      this.revision.unload();
      if (this.#state === 'RESOLVED') this.#host.fire('UNRESOLVED', this);
      this.autostart = false;
      this.#state = 'UNINSTALLED';
      this.#host.fire('UNINSTALLED', this);
    });
  }

  async #resolve(): Promise<void> {
    if (this.#state !== 'INSTALLED') return;
    try {
      await this.#host.wire(this.revision);
    } catch (error) {
      this.#reason = errorMessage(error);
      throw error;
    }
    this.#state = 'RESOLVED';
    this.#host.fire('RESOLVED', this);
  }

  async #start(): Promise<void> {
    if (this.#state === 'ACTIVE') return;
    await this.#resolve();
    this.#state = 'STARTING';
    this.#reason = undefined;
    this.#host.fire('STARTING', this);
    try {
      this.#loaded = await this.revision.load();
      this.#context = new BundleContext(
        { id: this.id, name: this.name, version: this.version },
        this.#host.registry,
        () => this.#host.dataFolder(this.name),
      );
      await this.#inTime(this.#loaded.activator?.start(this.#context), 'its activator did not finish starting');
      this.#components = this.#host.components.add(this.#facade(this.revision), this.#loaded.definitions);
    } catch (error) {
      const cause = errorRecord(error);
      this.#reason = cause.message;
      this.#state = 'STOPPING';
      this.#host.fire('STOPPING', this);
      await this.#cleanUp();
      throw new RackwattError('BUNDLE_START', `bundle ${this.name} ${this.version} did not start: ${cause.message}`, {
        cause: error,
      });
    }
    this.#state = 'ACTIVE';
    this.#host.fire('STARTED', this);
  }

  async #stop(): Promise<void> {
    if (this.#state !== 'ACTIVE') return;
    this.#state = 'STOPPING';
    this.#host.fire('STOPPING', this);
    let failure: unknown;
    try {
      if (this.#components) await this.#host.components.remove(this.#components);
      if (this.#context)
        await this.#inTime(this.#loaded?.activator?.stop?.(this.#context), 'its activator did not finish stopping');
    } catch (error) {
      failure = error;
    }
    await this.#cleanUp();
    if (failure !== undefined)
      throw new RackwattError('BUNDLE_STOP', `bundle ${this.name} stopped with an error: ${errorMessage(failure)}`, {
        cause: failure,
      });
  }

  async #cleanUp(): Promise<void> {
    this.#components = undefined;
    this.#host.registry.releaseOwner(this);
    const failures = (await this.#context?.scope.close()) ?? [];
    for (const failure of failures) this.#host.error(this, failure);
    this.#context?.invalidate();
    this.#context = undefined;
    this.#loaded = undefined;
    this.revision.unload();
    this.#state = 'RESOLVED';
    this.#host.fire('STOPPED', this);
  }

  async #replaceIdle(next: Revision): Promise<void> {
    const previous = this.revision;
    if (this.#state === 'RESOLVED') this.#host.fire('UNRESOLVED', this);
    this.revision = next;
    this.#state = 'RESOLVED';
    previous.unload();
    this.#host.fire('UPDATED', this);
    if (this.autostart && this.startLevel <= this.#host.startLevel) await this.#start();
  }

  async #updateStaged(next: Revision, loaded: Loaded): Promise<void> {
    const { components } = this.#host;
    const previous = { revision: this.revision, components: this.#components };
    const staged = components.add(this.#facade(next), loaded.definitions, { held: true });
    try {
      await this.#provenActive(staged, activeLabels(previous.components));
    } catch (error) {
      await components.remove(staged, 'disposed');
      throw error;
    }
    components.release(staged);
    this.revision = next;
    this.#loaded = loaded;
    this.#components = staged;
    if (previous.components) await components.remove(previous.components);
    previous.revision.unload();
    this.#host.fire('UPDATED', this);
  }

  async #updateExclusive(next: Revision): Promise<void> {
    const previous = this.revision;
    const wasActive = activeLabels(this.#components);
    await this.#stop();
    this.revision = next;
    this.#host.fire('UPDATED', this);
    try {
      await this.#start();
      if (this.#components) await this.#provenActive(this.#components, wasActive);
    } catch (error) {
      await this.#stop().catch((failure: unknown) => this.#host.error(this, failure));
      next.unload();
      this.revision = previous;
      await this.#start();
      throw error;
    }
  }

  /** Resolves when every component that was active before is active again; rejects as soon as one failed. */
  async #provenActive(set: ComponentSet, labels: ReadonlySet<string>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = (): string[] => {
      const missing: string[] = [];
      for (const instance of set.instances) {
        if (instance.failure)
          throw new RackwattError(
            'COMPONENT_FAILED',
            `component ${instance.label} failed: ${instance.failure.message}`,
          );
        if (labels.has(instance.label) && instance.state !== 'active')
          missing.push(`${instance.label}: ${explain(instance).join('; ') || instance.state}`);
      }
      return missing;
    };
    const check = (): void => {
      try {
        if (waiting().length === 0) resolve();
      } catch (error) {
        reject(error as RackwattError);
      }
    };
    const stopListening = this.#host.components.onChange(check);
    const timer = setTimeout(() => {
      reject(
        new RackwattError('COMPONENT_FAILED', `not active in ${this.#host.patience / 1000} s: ${waiting().join(', ')}`),
      );
    }, this.#host.patience);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  #facade(revision: Revision) {
    return {
      owner: this as ServiceOwner,
      version: revision.manifest.version,
      dataFolder: () => this.#host.dataFolder(this.name),
      resolve: (specifier: string) => revision.resolvePath(specifier),
    };
  }

  async #inTime(work: void | Promise<void> | undefined, what: string): Promise<void> {
    if (!work) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new RackwattError('BUNDLE_TIMEOUT', `${what} in ${this.#host.patience / 1000} s`)),
        this.#host.patience,
      );
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One operation at a time; one that waits too long for another is refused rather than stuck. */
  async #serialised(what: string, operation: () => Promise<void>): Promise<void> {
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

function activeLabels(set: ComponentSet | undefined): Set<string> {
  return new Set(
    [...(set?.instances ?? [])].filter((instance) => instance.state === 'active').map((instance) => instance.label),
  );
}
