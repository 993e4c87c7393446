import { basename } from 'node:path';
import type { Bundle, BundleInfo, Framework, RevisionSource } from '../bundle/index.js';
import type { BundleEntry, ConfigurationEdit, ConfigurationStore } from '../configuration/index.js';
import type { BundleStore, InstalledArchive, InstallOptions } from '../deployment/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Changes } from './changes.js';

/** What it takes to install bundles, or a runtime. */
export interface InstallationOptions {
  framework: Framework;
  configuration: ConfigurationStore;
  store: BundleStore;
  changes(): Changes;
  find(entry: Pick<BundleEntry, 'id' | 'digest'>): Promise<RevisionSource>;
  /** Whether unsigned ones may be installed. */
  allowsUnsigned(): boolean;
}

/** Bundles come and go by the configuration naming them: archives into the store first, then one edit, which is one transaction. */
export class Installation {
  readonly #options: InstallationOptions;

  constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /**
   * Verifies archives, keeps them, and has the configuration name them: updates where bundles of those names are there. All of them or
   * none.
   * @param signal cancels until something changes
   * @throws as `BundleStore.install`; `BUNDLE_INSTALL`, `TRANSACTION_RUNNING`
   */
  async install(
    archives: readonly ({ file: string } & Pick<InstallOptions, 'expect' | 'name'>)[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<BundleInfo[]> {
    const { store, configuration, framework, allowsUnsigned } = this.#options;
    const changes = this.#options.changes();
    const transaction = await changes.accept(
      `installed ${archives.map(({ file, name }) => name ?? basename(file)).join(', ')}`,
    );
    let installed: InstalledArchive[] = [];
    const cancel = (why: string, unwanted: readonly InstalledArchive[] = []): Promise<void> =>
      changes
        .cancel(
          transaction,
          why,
          unwanted.map(({ root }) => root),
        )
        .catch((unsaid: unknown) => void errorMessage(unsaid));
    try {
      const cancelled = signal === undefined ? {} : { signal };
      const verified = archives.map(({ file, expect, name }) => ({
        file,
        ...(expect === undefined ? {} : { expect }),
        ...(name === undefined ? {} : { name }),
        ...cancelled,
      }));
      installed = await store.installAll(verified, allowsUnsigned());
      signal?.throwIfAborted();
      const what = installed.map(({ name, version }) => `${name} ${version}`).join(', ');
      const edits = await this.#edits(installed);
      const outcome = await configuration.edit(edits, { reason: `installed ${what}`, transaction });
      if (!outcome.applied)
        throw new RackwattError(
          'BUNDLE_INSTALL',
          `${what} was not installed, nothing changed: ${outcome.problems.map(({ message }) => message).join('; ')}`,
        );
      await cancel('it is in force already');
    } catch (error) {
      await cancel(errorMessage(error), installed);
      throw error;
    }
    return installed.map(({ name }) => framework.bundle(name)!.info());
  }

  /** Takes a bundle out of the configuration; what it stored stays. @throws `BUNDLE_UNKNOWN`, `BUNDLE_UNINSTALL` */
  async uninstall(bundle: Bundle): Promise<{ name: string }> {
    const { configuration } = this.#options;
    const index = (await this.#names()).indexOf(bundle.name);
    if (index < 0)
      throw new RackwattError(
        'BUNDLE_UNKNOWN',
        `${bundle.name} is not in the configuration (it comes from ${bundle.location}); remove it there`,
      );
    const outcome = await configuration.edit([{ path: ['bundles', index] }], { reason: `uninstalled ${bundle.name}` });
    if (!outcome.applied)
      throw new RackwattError(
        'BUNDLE_UNINSTALL',
        `${bundle.name} stays: ${outcome.problems.map(({ message }) => message).join('; ')}`,
      );
    return { name: bundle.name };
  }

  async #edits(installed: readonly InstalledArchive[]): Promise<ConfigurationEdit[]> {
    const names: (string | undefined)[] = await this.#names();
    const edits: ConfigurationEdit[] = [];
    for (const { name, version, digest } of installed) {
      const entry = { id: `store:${name}@${version}`, digest: `sha256:${digest}` };
      const index = names.indexOf(name);
      if (index < 0) edits.push({ path: ['bundles', names.push(name) - 1], value: entry });
      else for (const [key, value] of Object.entries(entry)) edits.push({ path: ['bundles', index, key], value });
    }
    return edits;
  }

  /** Of the bundles that the configuration names, in its order; undefined where nobody knows. */
  #names(): Promise<(string | undefined)[]> {
    const { configuration, find } = this.#options;
    return Promise.all(
      configuration.document.bundles.map(async (entry) => {
        const [, stored, platform] = /^(?:store:(.+)@[^@]+|platform:(.+))$/.exec(entry.id) ?? [];
        if (stored !== undefined || platform !== undefined) return stored ?? platform;
        const source = await find(entry).catch((error: unknown) => void errorMessage(error));
        return source?.manifest.name;
      }),
    );
  }
}
