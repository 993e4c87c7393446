import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import semver from 'semver';
import type { Manifest } from '../bundle/index.js';
import type { RuntimeDocument, RuntimeEntry } from '../configuration/index.js';
import {
  lackOfRuntime,
  launcher,
  RUNTIME_NAME,
  runtimeFolderOf,
  type InstalledArchive,
  type Lock,
} from '../deployment/index.js';
import { realFileSystem } from '../durable/index.cjs';
import { errorMessage, RackwattError } from '../errors.js';
import { runtimeFolder } from '../runtime-folder.js';
import { VERSION } from '../version.js';
import type { InstallationOptions } from './installation.js';

export interface RuntimeInfo {
  version: string;
  /** Version of its Node. */
  node: string;
  folder: string;
  /** `runs` in this process, `chosen` for the next start, or neither. */
  state: 'runs' | 'chosen' | 'installed';
  /** Whether the launcher came with it. */
  isFactory: boolean;
}

/** The runtimes of a node: the one that the launcher came with, and those in the store, of which the configuration names one. */
export class Runtimes {
  readonly #options: InstallationOptions;

  constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /**
   * Verifies a runtime, keeps it, and has the configuration name it; the node then starts again with it.
   * @throws as `BundleStore.install`; `RUNTIME_REFUSED`, `TRANSACTION_RUNNING`
   */
  async install(file: string): Promise<{ version: string; digest: string }> {
    const { store, allowsUnsigned } = this.#options;
    const changes = this.#options.changes();
    const transaction = await changes.accept(`installed the runtime ${basename(file)}`);
    let installed: InstalledArchive | undefined;
    const cancel = (why: string, unwanted: readonly string[] = []): Promise<void> =>
      changes.cancel(transaction, why, unwanted).catch((left: unknown) => void errorMessage(left));
    try {
      [installed] = await store.installAll([{ file }], allowsUnsigned(), 'runtime');
      const { version, digest } = installed!;
      const entry = { version, digest: `sha256:${digest}` };
      await this.#choose(entry, `installed the runtime ${version}`, transaction);
      await cancel('it is in force already');
      return entry;
    } catch (error) {
      await cancel(errorMessage(error), installed ? [installed.root] : []);
      throw error;
    }
  }

  /** Goes back to the runtime before this one, the configuration apart. @throws `RUNTIME_REFUSED`, `TRANSACTION_RUNNING` */
  async rollback(): Promise<{ version: string }> {
    const here = this.#options.configuration.document.framework.runtime?.digest;
    const before = await this.#options.changes().runtimeBefore(here);
    if (before === undefined)
      throw new RackwattError(
        'RUNTIME_REFUSED',
        'there is no runtime to go back to: no generation of another one is kept',
      );
    const { version, digest } = before;
    await this.#choose(digest === undefined ? undefined : { version, digest }, `went back to the runtime ${version}`);
    return { version };
  }

  async list(): Promise<RuntimeInfo[]> {
    const { configuration, store } = this.#options;
    const { storage, document } = configuration;
    const chosen = document.framework.runtime && join(storage, runtimeFolderOf(document.framework.runtime));
    const factory = factoryOf();
    const stateOf = (folder: string, isChosen: boolean): RuntimeInfo['state'] =>
      isHere(folder) ? 'runs' : isChosen ? 'chosen' : 'installed';
    const found: RuntimeInfo[] = [
      { ...factory, state: stateOf(factory.folder, chosen === undefined), isFactory: true },
    ];
    for (const name of (await store.contents.list()).filter((each) => each.startsWith(join(RUNTIME_NAME, '/')))) {
      const folder = join(store.contents.folder, name);
      const about = packageIn(folder);
      if (about) found.push({ ...about, folder, state: stateOf(folder, folder === chosen), isFactory: false });
    }
    return found;
  }

  /** What a generation says of the runtime of a document. */
  static lock(document: RuntimeDocument, storage: string): Lock['runtime'] {
    const { runtime } = document.framework;
    if (runtime === undefined) {
      const { version, node } = factoryOf();
      return { version, node };
    }
    const folder = join(storage, runtimeFolderOf(runtime));
    const node = packageIn(folder)?.node ?? process.versions.node;
    return { version: runtime.version, node, folder: relative(storage, folder), digest: runtime.digest };
  }

  /** Why a document cannot be run with the runtime that it names; undefined when it can. */
  async refusal(document: RuntimeDocument): Promise<string | undefined> {
    const { runtime } = document.framework;
    const version = runtime?.version ?? factoryOf().version;
    if (runtime !== undefined) {
      const lack = await this.#lackOf(runtime);
      if (lack !== undefined)
        return `the runtime ${version} cannot run: ${lack}; install it with: rackwatt runtime install FILE`;
    }
    const excluding = (await this.#manifests(document)).flatMap((manifest) => {
      const range = [manifest.runtime, manifest.imports[RUNTIME_NAME] ?? '*'].find(
        (each) => !semver.satisfies(version, each, { includePrerelease: true }),
      );
      return range === undefined ? [] : [`${manifest.name} ${manifest.version} runs with ${range} only`];
    });
    return excluding.length === 0
      ? undefined
      : `the runtime ${version} is not taken: ${excluding.join(', ')}; update that first, or together with it`;
  }

  async #lackOf(runtime: RuntimeEntry): Promise<string | undefined> {
    const { configuration, store, allowsUnsigned } = this.#options;
    const root = join(configuration.storage, runtimeFolderOf(runtime));
    try {
      const lack = await lackOfRuntime(realFileSystem, root);
      if (lack === undefined) await store.checkRuntime(root, runtime.version, allowsUnsigned());
      return lack;
    } catch (error) {
      return errorMessage(error);
    }
  }

  /** Of the bundles that would run: those of the document, and drop-ins. */
  async #manifests(document: RuntimeDocument): Promise<Manifest[]> {
    const { framework, find } = this.#options;
    const dropIns = framework.bundles().filter(({ location }) => location.startsWith('dropins:'));
    const configured = await Promise.all(
      // One that is not to be found is refused where it is installed.
      document.bundles.map((entry) => find(entry).catch((error: unknown) => void errorMessage(error))),
    );
    return [
      ...configured.flatMap((source) => (source ? [source.manifest] : [])),
      ...dropIns.map(({ revision }) => revision.source.manifest),
    ];
  }

  async #choose(entry: RuntimeEntry | undefined, reason: string, transaction?: string): Promise<void> {
    const { configuration } = this.#options;
    const outcome = await configuration.edit(
      [{ path: ['framework', 'runtime'], ...(entry === undefined ? {} : { value: entry }) }],
      { reason, ...(transaction === undefined ? {} : { transaction }) },
    );
    if (!outcome.applied)
      throw new RackwattError('RUNTIME_REFUSED', outcome.problems.map(({ message }) => message).join('; '));
  }
}

/** Whether two documents name the same runtime. */
export function isSameRuntime(one: RuntimeDocument, other: RuntimeDocument): boolean {
  return one.framework.runtime?.digest === other.framework.runtime?.digest;
}

function factoryOf(): { folder: string; version: string; node: string } {
  return launcher()?.factory ?? { folder: runtimeFolder, version: VERSION, node: process.versions.node };
}

function packageIn(folder: string): { version: string; node: string } | undefined {
  try {
    const { version, rackwatt } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version: string;
      rackwatt: { node: string };
    };
    return { version, node: rackwatt.node };
  } catch (error) {
    void errorMessage(error);
    return undefined;
  }
}

/** Whether this process runs a folder's code, which Node knows by where links lead. */
function isHere(folder: string): boolean {
  return existsSync(folder) && realpathSync(folder) === realpathSync(runtimeFolder);
}
