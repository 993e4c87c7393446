import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  ComponentEngine,
  type ComponentBundle,
  type ComponentDefinition,
  type InstanceConfiguration,
  type Logger,
} from '../component/index.js';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import { type RegistryOptions, ServiceRegistry, ServiceStage } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import type { HostModules, RevisionTokens, TransformCache } from '../space/index.js';
import { Bundle, endedByItself, type BundleHost, type Change } from './bundle.js';
import type { Isolation } from './contract.js';
import { Events, type BundleEvent, type BundleEventType, type FrameworkEvent } from './events.js';
import { markData, Migrations, type MigrationHost } from './migration.js';
import { Recovery } from './recovery.js';
import { Revision, type RevisionSource, type SpaceMaker } from './revision.js';
import type { Run, RunMaker } from './run.js';
import { SpaceRun } from './space-run.js';
import { updateBundles } from './update.js';
import { resolveRevisions } from './resolution.js';
import { type SharedVersions, Wirings } from './wirings.js';

export interface FrameworkOptions {
  /** Folder of everything that the container keeps. */
  storage: string;
  /** Modules that the container shares, and their versions by package name. */
  host: HostModules;
  shared: SharedVersions;
  version: string;
  logger(bundle: string, component?: string): Logger;
  /** Configurations in force for a PID. */
  configurations?(pid: string, definition: ComponentDefinition): readonly InstanceConfiguration[];
  defaults?(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
  /** Folder for transformed sources; without it every start transforms anew. */
  transforms?: TransformCache;
  patience?: number;
  /** ms for calls under way on a service that goes. */
  drain?: number;
  /** The configurations behind the migrations of bundles; without it only data are migrated. */
  migration?: MigrationHost;
  /** Makers of the runs that are not in this process; without them every bundle runs in a space. */
  isolation?: Readonly<Record<Exclude<Isolation, 'space'>, RunMaker>>;
  tokens?: RevisionTokens;
  /** The process or thread runs this container for one bundle only, which may end it. */
  alone?: boolean;
  /** Makes the service registry, where it is to be another than the usual one. */
  registry?(options: RegistryOptions): ServiceRegistry;
}

/**
 * The container: installs bundles, wires them, starts and stops them by start level, and holds the service registry and
 * the components. Knows nothing of configuration files, archives or the command line.
 */
export class Framework implements BundleHost {
  readonly registry: ServiceRegistry;
  readonly components: ComponentEngine;
  readonly patience: number;
  /** Starts bundles again that failed by themselves. */
  readonly recovery: Recovery<Bundle>;
  /** Brings data and configurations of bundles from version to version. */
  readonly migrations: Migrations;
  /** Who is wired to whom. */
  readonly wirings: Wirings;
  readonly #options: FrameworkOptions;
  readonly #bundles = new Map<string, Bundle>();
  readonly #bundleEvents: Events<BundleEvent<Bundle>>;
  readonly #frameworkEvents: Events<FrameworkEvent<Bundle>>;
  #spaceMaker: Promise<SpaceMaker> | undefined;
  #startLevel = 0;
  #nextId = 1;

  constructor(options: FrameworkOptions) {
    this.#options = options;
    this.patience = options.patience ?? 10_000;
    const log = options.logger('rackwatt');
    this.#frameworkEvents = new Events((error) =>
      log.error({ error: errorRecord(error) }, `a framework listener threw: ${errorMessage(error)}`),
    );
    this.#bundleEvents = new Events((error, { bundle }) => this.error(bundle, error), ['STARTING', 'STOPPING']);
    this.recovery = new Recovery({
      info: (bundle, message) => options.logger(bundle.name).info(message),
      error: (bundle, message, error) => options.logger(bundle.name).error({ error }, message),
    });
    this.wirings = new Wirings(options.shared, options.version);
    this.migrations = new Migrations((name) => this.#folderOf(name), options.logger, options.migration);
    const reporting: RegistryOptions = {
      onError: (owner, error) => this.error(this.#bundles.get(owner.name), error),
    };
    this.registry = options.registry?.(reporting) ?? new ServiceRegistry(reporting);
    this.components = new ComponentEngine({
      registry: this.registry,
      configurations: (pid, definition) => options.configurations?.(pid, definition) ?? [],
      defaults: (definition) => options.defaults?.(definition) ?? {},
      logger: (bundle: ComponentBundle, component) => options.logger(bundle.owner.name, component),
      patience: this.patience,
      ...(options.drain === undefined ? {} : { drain: options.drain }),
    });
  }

  get startLevel(): number {
    return this.#startLevel;
  }

  bundles(): Bundle[] {
    return [...this.#bundles.values()];
  }

  bundle(name: string): Bundle | undefined {
    return this.#bundles.get(name);
  }

  onBundleEvent(listener: (event: BundleEvent<Bundle>) => void, options?: { synchronous?: boolean }): Disposer {
    return this.#bundleEvents.listen(listener, options);
  }

  onFrameworkEvent(listener: (event: FrameworkEvent<Bundle>) => void): Disposer {
    return this.#frameworkEvents.listen(listener, { synchronous: true });
  }

  /**
   * Installs a bundle; the same location again gives the bundle that is there.
   * @throws `BUNDLE_DUPLICATE` when the name is taken by another location
   */
  install(source: RevisionSource, options: { startLevel?: number; isolation?: Isolation } = {}): Bundle {
    const { name } = source.manifest;
    const existing = this.#bundles.get(name);
    if (existing) {
      if (existing.location === source.location) return existing;
      throw new RackwattError(
        'BUNDLE_DUPLICATE',
        `${name} is already installed from ${existing.location}; update it instead of installing ${source.location}`,
      );
    }
    const { startLevel = 5, isolation = 'space' } = options;
    const bundle = new Bundle(this.#nextId++, this.makeRevision(source), { startLevel, isolation }, this);
    this.#bundles.set(name, bundle);
    this.wirings.enter(bundle.revision, bundle.id);
    this.fire('INSTALLED', bundle);
    return bundle;
  }

  async uninstall(bundle: Bundle): Promise<void> {
    await bundle.uninstall();
    this.#bundles.delete(bundle.name);
  }

  /** Gives several bundles new content as one transaction. @throws `BUNDLE_UPDATE`: then all of them go on as they were */
  update(changes: readonly Change[]): Promise<void> {
    for (const { bundle } of changes) this.recovery.asked(bundle);
    return updateBundles(changes, this);
  }

  /** Tries bundles again that are to run and could not be wired: what they lacked may be there now. */
  async retryUnresolved(): Promise<void> {
    for (const bundle of this.bundles()) {
      if (bundle.autostart && bundle.state === 'INSTALLED' && bundle.startLevel <= this.#startLevel)
        await this.#tryStart(bundle);
    }
  }

  /** Raises or lowers level by level: ascending bundle ids up, descending down. A bundle that fails does not stop the climb. */
  async setStartLevel(level: number): Promise<void> {
    while (this.#startLevel < level) {
      this.#startLevel++;
      for (const bundle of this.#atLevel(this.#startLevel)) if (bundle.autostart) await this.#tryStart(bundle);
    }
    while (this.#startLevel > level) {
      const leaving = this.#atLevel(this.#startLevel).reverse();
      this.#startLevel--;
      for (const bundle of leaving) {
        if (bundle.state === 'ACTIVE')
          await bundle.stop({ transient: true }).catch((error: unknown) => this.error(bundle, error));
      }
    }
    this.#frameworkEvents.fire({ type: 'STARTLEVEL_CHANGED', bundle: undefined });
  }

  #atLevel(level: number): Bundle[] {
    return this.bundles()
      .filter((bundle) => bundle.startLevel === level)
      .sort((a, b) => a.id - b.id);
  }

  async #tryStart(bundle: Bundle): Promise<void> {
    try {
      await bundle.start();
    } catch (error) {
      // A place of its own that ended while it started may not the next time; nobody is there to try that.
      if (endedByItself(error)) this.failed(bundle, (error as RackwattError).cause);
      else this.error(bundle, error);
    }
  }

  /** Stops every bundle, the last started first. */
  async stop(): Promise<void> {
    this.recovery.close();
    await this.setStartLevel(0);
    this.#frameworkEvents.fire({ type: 'STOPPED', bundle: undefined });
  }

  fire(type: BundleEventType, bundle: Bundle): void {
    this.#bundleEvents.fire({ type, bundle });
  }

  error(bundle: Bundle | undefined, error: unknown): void {
    this.#frameworkEvents.fire({ type: 'ERROR', bundle, error: errorRecord(error) });
  }

  failed(bundle: Bundle, error: unknown): void {
    this.recovery.failed(bundle, error);
  }

  makeRevision(source: RevisionSource): Revision {
    return new Revision(source, () => (this.#spaceMaker ??= this.#loadSpaceMaker()), this.#options.host);
  }

  /**
   * A run of a revision.
   * @param died told of the end of a run that is to prove itself, and says whether that is all; one that is the bundle's goes to recovery when it dies
   */
  makeRun(
    bundle: Bundle,
    revision: Revision,
    isolation: Isolation,
    stage = new ServiceStage(),
    died?: (error: unknown) => boolean,
  ): Run {
    const make =
      isolation === 'space'
        ? (parts: Parameters<RunMaker>[0]) => new SpaceRun(parts)
        : this.#options.isolation?.[isolation];
    if (!make)
      throw new RackwattError(
        'BUNDLE_ISOLATION',
        `${bundle.name} asks for isolation "${isolation}", which this container does not have`,
      );
    const { registry, components, patience } = this;
    const run: Run = make({
      owner: { id: bundle.id, name: bundle.name },
      revision,
      registry,
      components,
      patience,
      stage,
      dataFolder: () => this.dataFolder(bundle),
      error: (error) => this.error(bundle, error),
      died: (error) => {
        if (!died?.(error) && bundle.run === run) this.failed(bundle, error);
      },
    });
    return run;
  }

  /** Wires revisions, with each other first, and what they need; evaluates the contracts that they import. @throws `BUNDLE_RESOLVE` */
  async wire(revisions: readonly Revision[]): Promise<void> {
    const resolved = await resolveRevisions(revisions, this.wirings);
    for (const revision of resolved) {
      const bundle = this.#bundles.get(revision.manifest.name);
      if (bundle?.revision === revision) bundle.resolved();
    }
  }

  /** The data folder of a bundle, made by its version where there is none. */
  dataFolder({ name, version }: { name: string; version: string }): string {
    const folder = this.#folderOf(name);
    mkdirSync(folder, { recursive: true });
    markData(folder, version);
    return folder;
  }

  #folderOf(name: string): string {
    return join(this.#options.storage, 'data', name.replace('/', '+'));
  }

  async #loadSpaceMaker(): Promise<SpaceMaker> {
    const { ModuleSpace } = await import('../space/index.js');
    const { transforms, tokens, alone } = this.#options;
    return (root, label, host, kind) => {
      const space = new ModuleSpace({ root, label, host, transforms, alone, ...kind });
      tokens?.track(space.token);
      return space;
    };
  }
}
