import { RackwattError } from '../errors.js';
import type { Bundle } from './bundle.js';
import type { BundleRecords } from './records.js';
import type { RevisionSource } from './revision.js';

/** The installed bundles, and with them what a container remembers of those that it had. */
export class InstalledBundles {
  readonly records: BundleRecords;
  readonly #byName = new Map<string, Bundle>();
  readonly #byId = new Map<number, Bundle>();

  constructor(records: BundleRecords) {
    this.records = records;
  }

  all(): Bundle[] {
    return [...this.#byName.values()];
  }

  named(name: string): Bundle | undefined {
    return this.#byName.get(name);
  }

  get(id: number): Bundle | undefined {
    return this.#byId.get(id);
  }

  at(location: string): Bundle | undefined {
    return this.all().find((bundle) => bundle.location === location);
  }

  /**
   * What is installed from there already.
   * @throws `BUNDLE_DUPLICATE` when the name is taken by another location
   */
  existing({ manifest: { name }, location }: RevisionSource): Bundle | undefined {
    const existing = this.#byName.get(name);
    if (!existing || existing.location === location) return existing;
    throw new RackwattError(
      'BUNDLE_DUPLICATE',
      `${name} is already installed from ${existing.location}; update it instead of installing ${location}`,
    );
  }

  /** The id that the bundle had before, or one that none ever had. */
  idOf({ manifest: { name }, location }: RevisionSource): number {
    const known = this.records.of(location);
    return known?.name === name ? known.id : this.records.nextId();
  }

  /** @throws `STORE_WRITE`: a container that cannot remember a bundle does not take it */
  add(bundle: Bundle): void {
    this.records.keep(bundle);
    this.#byName.set(bundle.name, bundle);
    this.#byId.set(bundle.id, bundle);
  }

  /** @throws `STORE_WRITE`: it is gone until the container is started again */
  remove(bundle: Bundle): void {
    this.#byName.delete(bundle.name);
    this.#byId.delete(bundle.id);
    this.records.forget(bundle.id);
  }

  /** A setting of a bundle changed. @throws `STORE_WRITE`: it holds until the container is started again */
  changed(bundle: Bundle): void {
    if (this.#byId.get(bundle.id) === bundle) this.records.keep(bundle);
  }
}
