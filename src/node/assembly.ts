import semver from 'semver';
import type { Bundle, Change, Framework, Isolation, RevisionSource } from '../bundle/index.js';
import type { ComponentDefinition, InstanceConfiguration, Logger } from '../component/index.js';
import {
  concerned,
  parseDuration,
  type BundleEntry,
  type PreparedConfiguration,
  type RuntimeDocument,
  type TargetBundle,
} from '../configuration/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { isolationSettings, type IsolatedRuns, type IsolationSettings } from '../isolation/index.js';
import { componentsOf, onComponentChange } from './components.js';
import { filled, NodeConfigurations } from './configurations.js';
import { MigratedConfigurations } from './migrated.js';

/** What could not be applied, with the JSON pointer of the place in the document. */
export interface AssemblyProblem {
  pointer: string;
  message: string;
}

export interface AssemblyOptions {
  framework: Framework;
  log: Logger;
  /** Folder of the configuration file. */
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Bundles in workers and processes. */
  isolated: Pick<IsolatedRuns, 'configurationsChanged' | 'onChange'>;
  /** Finds the content that a bundle entry names, verified. */
  find(entry: Pick<BundleEntry, 'id' | 'digest'>): Promise<RevisionSource>;
  /** The configurations of a document with their secrets looked up. */
  prepare(document: RuntimeDocument): Promise<Map<string, PreparedConfiguration>>;
}

/** How the contents of bundles differ when a document is in force. */
export interface Coming {
  come: readonly RevisionSource[];
  /** Names of bundles of which the content goes, also because another one comes. */
  gone: ReadonlySet<string>;
}

/** A bundle of a document, with its content and its place. */
interface Wanted {
  entry: BundleEntry;
  source: RevisionSource;
  index: number;
}

/**
 * Brings the framework to what a document says, and drop-in bundles on top of it: the bundles installed, at their
 * versions, started, with their configurations.
 */
export class Assembly {
  readonly #options: AssemblyOptions;
  readonly configurations: NodeConfigurations;
  /** Configurations that bundles migrate while they are updated. */
  readonly migrated: MigratedConfigurations;
  #document: RuntimeDocument | undefined;
  /** Configured bundles by name, with the entry that they came from. */
  readonly #configured = new Map<string, { entry: BundleEntry; source: RevisionSource }>();
  readonly #dropins = new Map<string, RevisionSource>();
  /** Contents of entries of a document that is being looked at, so that they are verified once. */
  readonly #found = new WeakMap<BundleEntry, RevisionSource>();
  /** Of isolated bundles, by name. */
  readonly #limits = new Map<string, IsolationSettings>();

  constructor(options: AssemblyOptions) {
    this.#options = options;
    this.configurations = new NodeConfigurations(options);
    this.migrated = new MigratedConfigurations({
      inForce: this.configurations.inForce,
      document: () => this.#document!,
      prepare: options.prepare,
    });
  }

  /** Bundles that the configuration names and that are installed, with what it says of them. */
  configured(): Iterable<{ entry: BundleEntry; source: RevisionSource }> {
    return this.#configured.values();
  }

  /** What a document changes of the contents of bundles. One that cannot be found is left out: whoever applies the document says so. */
  async coming(document: RuntimeDocument): Promise<Coming> {
    const known = new Map([...this.#configured].map(([name, { entry }]) => [contentKey(entry), name]));
    const gone = new Set(this.#configured.keys());
    const come: RevisionSource[] = [];
    const kept = new Set(this.#dropins.keys());
    for (const entry of document.bundles) {
      const name = known.get(contentKey(entry));
      if (name !== undefined) gone.delete(name);
      else {
        const source = await this.#options.find(entry).catch((error: unknown) => void errorMessage(error));
        if (source === undefined) continue;
        this.#found.set(entry, source);
        const { name: next, version, migrate } = source.manifest;
        const before = this.#configured.get(next)?.source.manifest.version;
        // It is given the configuration of an older content, and answers for what it makes of it.
        if (migrate !== undefined && before !== undefined && semver.gt(version, before)) kept.add(next);
        else come.push(source);
      }
    }
    for (const name of kept) gone.delete(name);
    return { gone, come: come.filter(({ manifest }) => !kept.has(manifest.name)) };
  }

  /** Configurations in force for a component. */
  configurationsOf(pid: string, definition: ComponentDefinition, bundle: TargetBundle): InstanceConfiguration[] {
    return this.configurations.instances(pid, definition, bundle);
  }

  static defaults(definition: ComponentDefinition): Record<string, unknown> {
    return filled(definition, {});
  }

  /** Installs everything; what fails is logged and left out, so that one bad bundle does not keep a node down. */
  async begin(document: RuntimeDocument): Promise<void> {
    await this.#prepare(document);
    for (const [index, entry] of document.bundles.entries()) {
      try {
        await this.#add(entry, document);
      } catch (error) {
        this.#options.log.error(`bundle ${index + 1} of the configuration, ${entry.id}: ${errorMessage(error)}`);
      }
    }
  }

  /** Applies a changed document. @returns what failed; the caller then goes back by applying the previous one. */
  async change(previous: RuntimeDocument, next: RuntimeDocument): Promise<AssemblyProblem[]> {
    const problems: AssemblyProblem[] = [];
    const changed = await this.#prepare(next);
    await this.#changeBundles(previous, next, problems);
    if (problems.length > 0) return problems;
    for (const pid of this.configurations.touched()) changed.add(pid);
    await this.#tell(changed);
    problems.push(...(await this.#unhealthy(changed, parseDuration(next.framework.activationTimeout))));
    return problems;
  }

  /** Content of a drop-in: updates the bundle of that name, or installs it. @returns location of what is configured under the name */
  async drop(source: RevisionSource, startLevel: number): Promise<string | undefined> {
    const { framework } = this.#options;
    const { name } = source.manifest;
    const existing = framework.bundle(name);
    if (existing) await this.#lay(existing, source);
    else await this.#startDropIn(source, startLevel);
    this.#dropins.set(name, source);
    await framework.retryUnresolved();
    await this.#tell(this.configurations.touched());
    return this.#configured.get(name)?.source.location;
  }

  /** Tells components that read these configurations. */
  async #tell(changed: ReadonlySet<string>): Promise<void> {
    const pids = concerned(changed);
    await this.#options.framework.components.configurationsChanged(pids);
    await this.#options.isolated.configurationsChanged(pids);
  }

  /** Another content than the configuration says: what that says of the bundle's components stays. */
  async #lay(bundle: Bundle, source: RevisionSource): Promise<void> {
    this.migrated.spared.add(bundle.name);
    const back = this.configurations.bring(bundle, source);
    try {
      await bundle.update(source);
    } catch (error) {
      back();
      throw error;
    } finally {
      this.migrated.spared.delete(bundle.name);
    }
  }

  async #startDropIn(source: RevisionSource, startLevel: number): Promise<void> {
    const { framework } = this.#options;
    const bundle = framework.install(source, { startLevel });
    this.configurations.bring(bundle, source);
    try {
      await bundle.start();
    } catch (error) {
      await this.#uninstall(bundle);
      throw error;
    }
  }

  /** A drop-in is gone: the configured content comes back, or the bundle goes. */
  async lift(name: string): Promise<void> {
    if (!this.#dropins.delete(name)) return;
    const { framework } = this.#options;
    const bundle = framework.bundle(name);
    const configured = this.#configured.get(name);
    if (!bundle) return;
    if (configured) await this.#lay(bundle, configured.source);
    else await this.#uninstall(bundle);
    await this.#tell(this.configurations.touched());
  }

  async #uninstall(bundle: Bundle): Promise<void> {
    await this.#options.framework.uninstall(bundle);
    this.configurations.withdraw(bundle.name);
  }

  /** @returns PIDs whose configuration came, went or changed. */
  #prepare(document: RuntimeDocument): Promise<Set<string>> {
    this.#document = document;
    return this.configurations.take(document);
  }

  async #changeBundles(previous: RuntimeDocument, next: RuntimeDocument, problems: AssemblyProblem[]): Promise<void> {
    const { framework, log } = this.#options;
    const wanted = new Map<string, Wanted>();
    for (const [index, entry] of next.bundles.entries()) {
      try {
        const same = previous.bundles.find((other) => other.id === entry.id && other.digest === entry.digest);
        const known = same && [...this.#configured.values()].find(({ entry: other }) => other.id === entry.id);
        const source = known?.source ?? this.#found.get(entry) ?? (await this.#options.find(entry));
        this.#found.delete(entry);
        if (wanted.has(source.manifest.name))
          throw new RackwattError('BUNDLE_DUPLICATE', `${source.manifest.name} stands in "bundles" twice`);
        wanted.set(source.manifest.name, { entry, source, index });
      } catch (error) {
        problems.push({ pointer: `/bundles/${index}/id`, message: errorMessage(error) });
      }
    }
    if (problems.length > 0) return;
    // What is new is there, not started yet, before those are updated that may need its contracts.
    for (const [name, { entry, source, index }] of wanted) {
      if (framework.bundle(name)) continue;
      try {
        this.#install(entry, source, next);
      } catch (error) {
        problems.push({ pointer: `/bundles/${index}`, message: errorMessage(error) });
      }
    }
    if (problems.length === 0) await this.#update(wanted, problems);
    if (problems.length > 0) return;
    for (const name of [...this.#configured.keys()].reverse()) {
      if (wanted.has(name)) continue;
      this.#configured.delete(name);
      const bundle = framework.bundle(name);
      if (bundle && !this.#dropins.has(name)) await this.#uninstall(bundle);
    }
    for (const [name, { entry, index }] of wanted) {
      try {
        await this.#run(framework.bundle(name)!, entry, next);
      } catch (error) {
        problems.push({ pointer: `/bundles/${index}`, message: errorMessage(error) });
      }
    }
    if (problems.length === 0) await framework.retryUnresolved();
    if (previous.framework.startLevel !== next.framework.startLevel)
      await framework.setStartLevel(next.framework.startLevel);
    if (previous.framework.storage !== next.framework.storage)
      log.warn('framework.storage takes effect when the node is started again');
  }

  /** All bundles that have new content, or are to run elsewhere, are one transaction: contracts and their users may change together. */
  async #update(wanted: ReadonlyMap<string, Wanted>, problems: AssemblyProblem[]): Promise<void> {
    const { framework } = this.#options;
    const before = new Map(this.#limits);
    let back = (): void => undefined;
    try {
      const changes = [...wanted].flatMap(([name, { entry, source }]) => this.#changeOf(name, entry, source) ?? []);
      back = this.configurations.bringAll(changes);
      if (changes.length > 0) await framework.update(changes);
      for (const [name, { entry, source }] of wanted) this.#configured.set(name, { entry, source });
    } catch (error) {
      back();
      this.#limits.clear();
      for (const [name, limits] of before) this.#limits.set(name, limits);
      const failed = error instanceof RackwattError ? wanted.get(String(error.context['failed'])) : undefined;
      problems.push({ pointer: failed ? `/bundles/${failed.index}` : '/bundles', message: errorMessage(error) });
    }
  }

  /** What an entry changes of its bundle; a drop-in over it keeps its content. @throws `ISOLATION_LIMIT` */
  #changeOf(name: string, entry: BundleEntry, source: RevisionSource): Change | undefined {
    const before = this.#configured.get(name)?.entry;
    const dropIn = this.#dropins.get(name);
    const isNew = !dropIn && (before?.id !== entry.id || before.digest !== entry.digest);
    const isMoved = JSON.stringify(before?.isolation) !== JSON.stringify(entry.isolation);
    if (!isNew && !isMoved) return undefined;
    const bundle = this.#options.framework.bundle(name)!;
    return { bundle, source: dropIn ?? source, isolation: this.#limit(name, entry) };
  }

  /** Starts or stops a bundle as its entry says. */
  async #run(bundle: Bundle, entry: BundleEntry, document: RuntimeDocument): Promise<void> {
    const startLevel = entry.startLevel ?? document.framework.bundleStartLevel;
    if (bundle.startLevel !== startLevel) await bundle.setStartLevel(startLevel);
    if (entry.start && bundle.state !== 'ACTIVE') await bundle.start();
    else if (!entry.start && bundle.state === 'ACTIVE') await bundle.stop();
  }

  /** Limits in force for a bundle that is isolated; by its entry, else the usual ones. */
  limits(name: string, kind: IsolationSettings['kind']): IsolationSettings {
    return this.#limits.get(name) ?? isolationSettings(name, kind)!;
  }

  /** Notes the limits of an entry. @returns where its bundle is to run. @throws `ISOLATION_LIMIT` */
  #limit(name: string, entry: BundleEntry): Isolation {
    const settings = isolationSettings(name, entry.isolation);
    if (settings) this.#limits.set(name, settings);
    else this.#limits.delete(name);
    return settings?.kind ?? 'space';
  }

  async #add(entry: BundleEntry, document: RuntimeDocument): Promise<void> {
    const source = await this.#options.find(entry);
    const bundle = this.#install(entry, source, document);
    try {
      // Below the bundle's start level this only notes that it is to run.
      if (entry.start) await bundle.start();
    } catch (error) {
      this.#configured.delete(bundle.name);
      await this.#uninstall(bundle);
      throw error;
    }
  }

  #install(entry: BundleEntry, source: RevisionSource, document: RuntimeDocument): Bundle {
    const startLevel = entry.startLevel ?? document.framework.bundleStartLevel;
    const isolation = this.#limit(source.manifest.name, entry);
    const bundle = this.#options.framework.install(source, { startLevel, isolation });
    this.#configured.set(bundle.name, { entry, source });
    this.configurations.bring(bundle, source);
    return bundle;
  }

  /** Waits until what a change touched is active; a component that waits for others is no failure of the change. */
  async #unhealthy(pids: ReadonlySet<string>, milliseconds: number): Promise<AssemblyProblem[]> {
    const { framework, isolated } = this.#options;
    const touched = () => componentsOf(framework).filter(({ info }) => info.pid !== undefined && pids.has(info.pid));
    const deadline = performance.now() + milliseconds;
    const isPending = (state: string): boolean => state === 'activating' || state === 'deactivating';
    while (touched().some(({ info, failure }) => isPending(info.state) && !failure) && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          void stop();
          resolve();
        };
        const timer = setTimeout(done, deadline - performance.now());
        const stop = onComponentChange(framework, isolated, done);
      });
    }
    return touched()
      .filter(({ info }) => info.state === 'failed' || isPending(info.state))
      .map(({ info, failure }) => ({
        pointer: `/configurations/${info.pid!.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        message:
          failure === undefined
            ? `${info.name} was not active in ${milliseconds / 1000} s`
            : `${info.name} did not start with it: ${failure}`,
      }));
  }
}

function contentKey({ id, digest = '' }: BundleEntry): string {
  return `${id} ${digest}`;
}
