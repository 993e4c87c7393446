import { join } from 'node:path';
import { ComponentEngine, type ComponentBundle } from '../component/index.js';
import { RackwattError } from '../errors.js';
import type { EventDispatcher } from '../event/index.js';
import {
  ALWAYS,
  Condition,
  type RegistryOptions,
  type ServiceOwner,
  ServiceRegistry,
  ServiceStage,
} from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import { Bundle } from './bundle.js';
import type { BundleHost, Change, UninstallOptions } from './bundle-host.js';
import type { ContextHost } from './context.js';
import type { Isolation } from './contract.js';
import { ContainerEvents, type OwnedListenerOptions } from './container-events.js';
import { DataFolders } from './data-folders.js';
import { eventAdmin } from './event-admin.js';
import type { BundleEvent, BundleEventType, FrameworkEvent } from './events.js';
import { FrameworkWiring } from './framework-wiring.js';
import { InstalledBundles } from './installed.js';
import { Migrations } from './migration.js';
import { outside } from './operations.js';
import type { FrameworkOptions } from './options.js';
import { propertyOf } from './properties.js';
import { BundleRecords } from './records.js';
import { Recovery } from './recovery.js';
import { Revision, type RevisionSource, type SpaceMakerSource } from './revision.js';
import type { Run } from './run.js';
import { runMakerOf } from './run-maker.js';
import { spaceMakerSource } from './space-maker.js';
import { endedByItself } from './start-failures.js';
import { checkLevel, StartLevels } from './start-levels.js';
import { SystemBundle, type StopEvent } from './system-bundle.js';
import { updateBundles } from './update.js';
import type { BundleView } from './view.js';
import { Wirings } from './wirings.js';

/** Level of bundles that name none, where nobody chose another. */
const INITIAL_START_LEVEL = 1;

export interface InstallOptions {
  startLevel?: number;
  /** Whether it is to run; it is not started yet. */
  autostart?: boolean;
  isolation?: Isolation;
}

type AnyBundle = Bundle | SystemBundle;

/**
 * The container: installs bundles, wires them, starts and stops them by start level, and holds the service registry and
 * the components. Knows nothing of configuration files, archives or the command line.
 */
export class Framework implements BundleHost, ContextHost {
  readonly registry: ServiceRegistry;
  readonly components: ComponentEngine;
  /** The Event Admin; absent where the node's is used. */
  readonly events: EventDispatcher | undefined;
  readonly patience: number;
  /** Starts bundles again that failed by themselves. */
  readonly recovery: Recovery<Bundle>;
  /** Brings data and configurations of bundles from version to version. */
  readonly migrations: Migrations;
  /** Who is wired to whom. */
  readonly wirings: Wirings;
  /** Resolves, refreshes, tells who depends on whom. */
  readonly wiring: FrameworkWiring;
  /** The container itself as a bundle, id 0. */
  readonly system: SystemBundle;
  readonly #options: FrameworkOptions;
  readonly #installed: InstalledBundles;
  readonly #events: ContainerEvents<Bundle, SystemBundle>;
  readonly #startLevels: StartLevels<Bundle>;
  readonly #data: DataFolders;
  readonly #spaces: SpaceMakerSource;
  #cleaned = false;

  constructor(options: FrameworkOptions) {
    this.#options = options;
    this.patience = options.patience ?? 10_000;
    this.#data = new DataFolders(options.storage);
    this.#spaces = spaceMakerSource(options, (name, error) => this.error(this.bundle(name) ?? this.system, error));
    this.#startLevels = new StartLevels({
      bundles: () => this.bundles(),
      start: (bundle) => this.#tryStart(bundle),
      stop: (bundle) => bundle.stop({ transient: true }).catch((error: unknown) => this.error(bundle, error)),
      changed: () => this.#events.framework('STARTLEVEL_CHANGED'),
    });
    this.#installed = new InstalledBundles(
      new BundleRecords(options.remembers ? join(options.storage, 'bundles.log') : undefined),
    );
    this.system = new SystemBundle({
      version: options.version,
      open: () => this.#open(),
      climb: (level) => this.setStartLevel(level ?? options.startLevel ?? 1),
      descend: () => this.#descend(),
      fire: (type) => this.#events.framework(type),
      failed: (error) => this.error(this.system, error),
    });
    this.#events = new ContainerEvents(this.system, ({ id }) => this.#installed.get(id), options.logger('rackwatt'));
    this.recovery = new Recovery({
      info: (bundle, message) => {
        options.logger(bundle.name).info(message);
        this.#events.info(bundle, message);
      },
      error: (bundle, message, error) => options.logger(bundle.name).error({ error }, message),
    });
    this.wirings = new Wirings(options.shared, options.version);
    this.wiring = new FrameworkWiring(this, () => this.#events.framework('PACKAGES_REFRESHED'));
    this.migrations = new Migrations((name) => this.#data.pathOf(name), options.logger, options.migration);
    const reporting: RegistryOptions = { onError: (owner, error) => this.error(owner, error) };
    this.registry = options.registry?.(reporting) ?? new ServiceRegistry(reporting);
    this.registry.register({ id: 0, name: 'rackwatt' }, Condition, ALWAYS, { 'condition.id': 'true' });
    this.components = new ComponentEngine({
      registry: this.registry,
      configurations: (pid, definition, bundle) => options.configurations?.(pid, definition, bundle) ?? [],
      defaults: (definition) => options.defaults?.(definition) ?? {},
      logger: (bundle: ComponentBundle, component) => options.logger(bundle.owner.name, component),
      patience: this.patience,
      ...(options.drain === undefined ? {} : { drain: options.drain }),
    });
    this.events = options.alone ? undefined : eventAdmin(this, options);
  }

  /** The active start level. */
  get startLevel(): number {
    return this.#startLevels.active;
  }

  /** Level of bundles that are installed without one. */
  get initialBundleStartLevel(): number {
    return this.#installed.records.initialStartLevel ?? INITIAL_START_LEVEL;
  }

  /** Holds for bundles installed from now on, also after a restart where the container remembers. @throws `BUNDLE_START_LEVEL` */
  set initialBundleStartLevel(level: number) {
    checkLevel(level);
    this.#installed.records.keepInitialStartLevel(level);
  }

  /** Those that are installed, the container's own apart. */
  bundles(): Bundle[] {
    return this.#installed.all();
  }

  views(): BundleView[] {
    return [this.system, ...this.bundles().sort((a, b) => a.id - b.id)];
  }

  bundle(name: string): Bundle | undefined;
  bundle(id: number): AnyBundle | undefined;
  bundle(key: string | number): AnyBundle | undefined {
    if (typeof key === 'string') return this.#installed.named(key);
    return key === 0 ? this.system : this.#installed.get(key);
  }

  property(name: string): string | undefined {
    return propertyOf(name, this.#options);
  }

  /** Hears of what bundles become; only synchronous listeners hear of STARTING and STOPPING. */
  onBundleEvent(listener: (event: BundleEvent<Bundle>) => void, options?: OwnedListenerOptions): Disposer {
    return this.#events.onBundleEvent(listener, options);
  }

  onFrameworkEvent(listener: (event: FrameworkEvent<AnyBundle>) => void, options?: OwnedListenerOptions): Disposer {
    return this.#events.onFrameworkEvent(listener, options);
  }

  releaseOwner(owner: ServiceOwner): void {
    this.#events.releaseOwner(owner);
  }

  /**
   * Brings back what was installed when the container last stopped, where it remembers and can find it; nothing is started yet (OSGi
   * Core 4.2.4). What cannot be found is an event ERROR, and left out.
   */
  init(): Promise<void> {
    return this.system.init();
  }

  /** Starts the bundles up to a level (OSGi Core 4.2.6). @param level the container's own when absent */
  start(level?: number): Promise<void> {
    return this.system.start(level);
  }

  async #open(): Promise<void> {
    const { records } = this.#installed;
    this.recovery.open();
    if (this.#options.clean !== undefined && !this.#cleaned) {
      records.clear();
      this.#data.clear();
    }
    this.#cleaned = true;
    const damage = records.takeDamage();
    if (damage !== undefined) this.#events.framework('WARNING', damage);
    if (!this.#options.find) return;
    for (const { id, location, startLevel, autostart, isolation } of records.all()) {
      if (this.#installed.get(id)) continue;
      try {
        this.install(await this.find(location), { startLevel, autostart, isolation });
      } catch (error) {
        this.error(this.system, error);
      }
    }
  }

  /**
   * Installs a bundle; the same location again gives the bundle that is there.
   * @throws `BUNDLE_DUPLICATE` when the name is taken by another location
   */
  install(source: RevisionSource, options: InstallOptions = {}): Bundle {
    const existing = this.#installed.existing(source);
    if (existing) return existing;
    const { startLevel = this.initialBundleStartLevel, autostart = false, isolation = 'space' } = options;
    checkLevel(startLevel);
    const id = this.#installed.idOf(source);
    const bundle = new Bundle(id, this.makeRevision(source), { startLevel, autostart, isolation }, this);
    this.#installed.add(bundle);
    this.wirings.enter(bundle.revision, bundle.id);
    this.fire('INSTALLED', bundle);
    return bundle;
  }

  /**
   * Installs what lies at a location; one that is installed already gives the bundle that is there, and nothing is read.
   * @throws `BUNDLE_STATE` where the container was not told how to find content; what finding it throws: then nothing is installed
   */
  async installFrom(location: string, options: InstallOptions = {}): Promise<Bundle> {
    return this.#installed.at(location) ?? this.install(await this.find(location), options);
  }

  uninstall(bundle: Bundle, options: UninstallOptions = {}): Promise<void> {
    return bundle.uninstall(options);
  }

  forget(bundle: Bundle, { data = false }: UninstallOptions): void {
    this.#noted(bundle, () => this.#installed.remove(bundle));
    if (data) this.#data.remove(bundle.name);
  }

  changed(bundle: Bundle): void {
    this.#noted(bundle, () => this.#installed.changed(bundle));
  }

  /** What cannot be remembered holds until the process ends. */
  #noted(bundle: Bundle, note: () => void): void {
    try {
      note();
    } catch (error) {
      this.error(bundle, error);
    }
  }

  /** @throws `BUNDLE_STATE` */
  find(location: string): Promise<RevisionSource> {
    const { find } = this.#options;
    if (find) return find(location);
    throw new RackwattError('BUNDLE_STATE', `this container was not told how to find ${location}`);
  }

  /** Gives several bundles new content as one transaction. @throws `BUNDLE_UPDATE`: then all of them go on as they were */
  update(changes: readonly Change[]): Promise<void> {
    for (const { bundle } of changes) this.recovery.asked(bundle);
    return updateBundles(changes, this);
  }

  /** Tries bundles again that are to run and could not be wired: what they lacked may be there now. */
  async retryUnresolved(): Promise<void> {
    for (const bundle of this.bundles()) {
      if (bundle.autostart && bundle.state === 'INSTALLED' && bundle.startLevel <= this.startLevel)
        await this.#tryStart(bundle);
    }
  }

  /**
   * Raises or lowers the active start level one by one: ascending bundle ids up, descending down. A bundle that fails does not stop
   * the climb. Settles when the level is reached; asked from inside the start or stop of a bundle, at once.
   * @param level 0 stops all
   * @throws `BUNDLE_START_LEVEL`
   */
  setStartLevel(level: number): Promise<void> {
    return this.#startLevels.set(level);
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

  /** Stops every bundle, the last started first, `autostart` untouched; it can be started again. */
  stop(): Promise<void> {
    return this.system.shutDown();
  }

  /** How the container ended. @param timeout ms; 0 waits for ever */
  waitForStop(timeout = 0): Promise<StopEvent> {
    return this.system.stopped(timeout);
  }

  async #descend(): Promise<void> {
    this.recovery.close();
    await this.setStartLevel(0);
  }

  fire(type: BundleEventType, bundle: Bundle): void {
    this.#events.bundle(type, bundle);
  }

  /** @param owner whose fault it is */
  error(owner: ServiceOwner, error: unknown): void {
    this.#events.error(owner, error);
  }

  failed(bundle: Bundle, error: unknown): void {
    // Its stop waits for its turn, also where it is the start that has it.
    outside(() => this.recovery.failed(bundle, error));
  }

  makeRevision(source: RevisionSource): Revision {
    return new Revision(source, this.#spaces, this.#options.host);
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
    const make = runMakerOf(bundle.name, isolation, this.#options.isolation);
    const { registry, components, patience } = this;
    const run: Run = make({
      owner: { id: bundle.id, name: bundle.name },
      container: this,
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

  /** Wires revisions, with each other first, and what they need. @throws `BUNDLE_RESOLVE`, `BUNDLE_TIMEOUT` */
  wire(revisions: readonly Revision[]): Promise<void> {
    return this.wiring.wire(revisions);
  }

  /** The data folder of a bundle, made by its version where there is none. */
  dataFolder(bundle: { name: string; version: string }): string {
    return this.#data.folderOf(bundle);
  }
}
