import { basename } from 'node:path';
import type { Bundle, BundleInfo, Framework, RevisionSource } from '../bundle/index.js';
import type { BundleEntry, ConfigurationEdit, ConfigurationStore, RuntimeDocument } from '../configuration/index.js';
import type { BundleStore, DeploymentChange, InstalledArchive, InstallOptions } from '../deployment/index.js';
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

type Archive = { file: string } & Pick<InstallOptions, 'expect' | 'name'>;

/** What is to become of what runs. */
export interface InstallationChange extends Pick<DeploymentChange, 'remove' | 'configurations' | 'probation'> {
  /** What it does, when absent. */
  reason?: string;
  archives?: readonly Archive[];
}

/**
 * Bundles come and go by the configuration naming them: archives into the store first, then one edit, which is one transaction. The one
 * way in which anybody installs or takes away a bundle.
 */
export class Installation {
  readonly #options: InstallationOptions;

  constructor(options: InstallationOptions) {
    this.#options = options;
  }

  /**
   * Verifies archives, keeps them, and has the configuration say what is to run: all of the change or nothing.
   * @param signal cancels until something is switched
   * @returns id of the transaction, and what the archives were
   * @throws as `Deployment.apply`
   */
  async apply(
    change: InstallationChange,
    signal?: AbortSignal,
  ): Promise<{ id: string; installed: readonly InstalledArchive[] }> {
    signal?.throwIfAborted();
    const { store, configuration, allowsUnsigned } = this.#options;
    const { archives = [], probation } = change;
    const changes = this.#options.changes();
    const id = await changes.accept(
      change.reason ??
        said(
          change,
          archives.map(({ file, name }) => name ?? basename(file)),
        ),
    );
    const cancelled = signal === undefined ? {} : { signal };
    let installed: InstalledArchive[] = [];
    try {
      if (archives.length > 0)
        installed = await store.installAll(
          archives.map((archive) => ({ ...archive, ...cancelled })),
          allowsUnsigned(),
        );
      const reason =
        change.reason ??
        said(
          change,
          installed.map(({ name, version }) => `${name} ${version}`),
        );
      const outcome = await configuration.edit((document) => this.#edits(document, change, installed), {
        reason,
        transaction: id,
        ...(probation === undefined ? {} : { probation }),
        ...cancelled,
      });
      if (!outcome.applied)
        throw new RackwattError(
          outcome.undone ? 'CONFIG_NOT_APPLIED' : 'CONFIG_INVALID',
          `${change.reason === undefined ? `not ${reason}` : `"${reason}" was not done`}, nothing was changed: ${outcome.problems.map(({ message }) => message).join('; ')}`,
          { context: { problems: outcome.problems } },
        );
    } catch (error) {
      const unwanted = installed.map(({ root }) => root);
      await changes.cancel(id, errorMessage(error), unwanted).catch((unsaid: unknown) => void errorMessage(unsaid));
      throw error;
    }
    await changes.unneeded(id);
    return { id, installed };
  }

  /** Installs bundles, or updates those that are there. @throws as `apply` */
  async install(archives: readonly Archive[], signal?: AbortSignal): Promise<BundleInfo[]> {
    const { installed } = await this.apply({ archives }, signal);
    return installed.map(({ name }) => this.#options.framework.bundle(name)!.info());
  }

  /** Takes a bundle out of the configuration; what it stored stays. @throws as `apply` */
  async uninstall({ name }: Bundle): Promise<{ name: string }> {
    await this.apply({ remove: [name] });
    return { name };
  }

  /** What a change means for the file as it stands. @throws `BUNDLE_UNKNOWN`, `BUNDLE_NEEDED`, `USAGE` */
  async #edits(
    document: RuntimeDocument,
    { remove = [], configurations = {} }: InstallationChange,
    installed: readonly InstalledArchive[],
  ): Promise<ConfigurationEdit[]> {
    const names = await this.#names(document);
    const twice = installed.find(({ name }, index) => installed.findIndex((other) => other.name === name) !== index);
    const both = twice ?? installed.find(({ name }) => remove.includes(name));
    if (both) throw new RackwattError('USAGE', `one change says of ${both.name} two things: say one of them`);
    checkNotNeeded(this.#options.framework, remove, installed);
    const gone = [...new Set(remove)].map((name) => this.#place(names, name)).sort((one, other) => other - one);
    let next = names.length - gone.length;
    const updated: ConfigurationEdit[] = [];
    const added: ConfigurationEdit[] = [];
    for (const { name, version, digest } of installed) {
      const entry = { id: `store:${name}@${version}`, digest: `sha256:${digest}` };
      const index = names.indexOf(name);
      if (index < 0) added.push({ path: ['bundles', next++], value: entry });
      else for (const [key, value] of Object.entries(entry)) updated.push({ path: ['bundles', index, key], value });
    }
    // From the end, so that no index moves that is still to come.
    const removed = gone.map((index) => ({ path: ['bundles', index] }));
    const configured = Object.entries(configurations).map(([pid, value]) => ({
      path: ['configurations', pid],
      ...(value === null ? {} : { value }),
    }));
    return [...updated, ...removed, ...added, ...configured];
  }

  #place(names: readonly (string | undefined)[], name: string): number {
    const index = names.indexOf(name);
    if (index >= 0) return index;
    const bundle = this.#options.framework.bundle(name);
    throw new RackwattError(
      'BUNDLE_UNKNOWN',
      `${name} is not in the configuration${bundle ? ` (it comes from ${bundle.location}); remove it there` : ''}`,
    );
  }

  /** Of the bundles that a document names, in its order; undefined where nobody knows. */
  #names(document: RuntimeDocument): Promise<(string | undefined)[]> {
    const { find } = this.#options;
    return Promise.all(
      document.bundles.map(async (entry) => {
        const [, stored, platform] = /^(?:store:(.+)@[^@]+|platform:(.+))$/.exec(entry.id) ?? [];
        if (stored !== undefined || platform !== undefined) return stored ?? platform;
        const source = await find(entry).catch((error: unknown) => void errorMessage(error));
        return source?.manifest.name;
      }),
    );
  }
}

/**
 * What goes must not be missing at the next start: until then those who need it would go on with what they have of it.
 * @throws `BUNDLE_NEEDED`
 */
function checkNotNeeded(framework: Framework, remove: readonly string[], installed: readonly InstalledArchive[]): void {
  const changing = new Set([...remove, ...installed.map(({ name }) => name)]);
  for (const name of remove) {
    const users = framework
      .bundles()
      .filter((bundle) => !changing.has(bundle.name) && requires(bundle, name))
      .map((bundle) => bundle.name);
    if (users.length > 0)
      throw new RackwattError(
        'BUNDLE_NEEDED',
        `${name} stays, for ${users.join(', ')} ${users.length > 1 ? 'need' : 'needs'} it; take ${users.length > 1 ? 'them' : 'that'} away in the same change`,
        { context: { bundle: name, users } },
      );
  }
}

function requires({ revision }: Bundle, name: string): boolean {
  const wires = revision.wiring?.requiredWires() ?? [];
  return wires.some(({ requirement, provider }) => provider?.manifest.name === name && !requirement.optional);
}

/** What a change does, in words. @param archives as far as it is known what they are */
function said({ remove = [], configurations = {} }: InstallationChange, archives: readonly string[]): string {
  return (
    [
      ['installed', archives],
      ['uninstalled', remove],
      ['configured', Object.keys(configurations)],
    ] as const
  )
    .flatMap(([verb, what]) => (what.length === 0 ? [] : [`${verb} ${what.join(', ')}`]))
    .join('; ');
}
