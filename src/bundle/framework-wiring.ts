import { errorMessage } from '../errors.js';
import type { Bundle } from './bundle.js';
import { dependents, dependentsOf, refresh, type RefreshHost } from './refresh.js';
import { inTime } from './in-time.js';
import { resolveRevisions } from './resolution.js';
import type { Revision } from './revision.js';

export interface WiringHost extends RefreshHost {
  /** ms for the contracts that a bundle imports. */
  readonly patience: number;
  bundles(): Bundle[];
}

/** The wiring of a container's bundles as a whole (OSGi Core 7, "Framework Wiring"). */
export class FrameworkWiring {
  readonly #host: WiringHost;
  readonly #refreshed: () => void;

  /** @param refreshed says PACKAGES_REFRESHED */
  constructor(host: WiringHost, refreshed: () => void) {
    this.#host = host;
    this.#refreshed = refreshed;
  }

  /**
   * Wires revisions, with each other first, and what they need; evaluates the contracts that they import.
   * @throws `BUNDLE_RESOLVE`, `BUNDLE_TIMEOUT`
   */
  async wire(revisions: readonly Revision[]): Promise<void> {
    const resolving = this.#wire(revisions);
    const needs = revisions.some(({ manifest }) => Object.keys(manifest.imports).length + manifest.requires.length > 0);
    // Contracts are code of bundles, too.
    const late = 'the contracts that it imports were not evaluated';
    await (needs ? inTime(resolving, this.#host.patience, late) : resolving);
  }

  async #wire(revisions: readonly Revision[]): Promise<void> {
    for (const revision of await resolveRevisions(revisions, this.#host.wirings)) {
      const bundle = this.#host.bundle(revision.manifest.name);
      if (bundle?.revision === revision) bundle.resolved();
    }
  }

  /** Resolves bundles, as many as can be, and starts none. @param bundles all when absent. @returns whether all of them are resolved */
  async resolve(bundles: readonly Bundle[] = this.#host.bundles()): Promise<boolean> {
    let all = true;
    for (const bundle of bundles) {
      const failed = await bundle.resolve().then(
        () => undefined,
        (error: unknown) => errorMessage(error),
      );
      if (failed !== undefined) all = false;
    }
    return all;
  }

  /** Bundles, and those that are wired to them, to any depth, whatever revision it is. */
  dependents(bundles: Iterable<Bundle>): Bundle[] {
    const names = new Set(Array.from(dependents(bundles, this.#host), ({ manifest }) => manifest.name));
    return this.#host.bundles().filter(({ name }) => names.has(name));
  }

  /** What bundles were once, and others are still wired to. */
  removalPending(): Revision[] {
    return this.#host.wirings.removalPending();
  }

  /**
   * Wires bundles anew, and all that are wired to them: until then who was wired to a revision stays with it, also when its bundle was
   * updated or uninstalled. What was active is stopped and starts again; errors are framework events. At the end comes PACKAGES_REFRESHED.
   * @param bundles when absent, those with revisions that are kept only because others are wired to them
   * @returns the bundles that were wired anew
   */
  async refresh(bundles?: readonly Bundle[]): Promise<Bundle[]> {
    await Promise.resolve();
    const revisions = bundles
      ? dependents(bundles, this.#host)
      : dependentsOf(this.#host.wirings.removalPending(), this.#host);
    const refreshed = await refresh(revisions, this.#host);
    this.#refreshed();
    return refreshed;
  }
}
