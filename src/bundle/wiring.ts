import { type Capability, CONTRACT, type Requirement } from './requirement.js';

/** What can be wired. */
export interface Wirable<R extends Wirable<R>> {
  readonly capabilities: readonly Capability[];
  readonly requirements: readonly Requirement[];
  readonly wiring: BundleWiring<R> | undefined;
}

/** Who needs something, and from whom it gets it. */
export interface Wire<R> {
  readonly requirement: Requirement;
  readonly capability: Capability;
  readonly requirer: R;
  /** Undefined: the container itself. */
  readonly provider: R | undefined;
}

/** How one revision is wired, from its resolving to its end: to whom, and who to it (OSGi Core, "Bundle Wiring"). */
export class BundleWiring<R extends Wirable<R>> {
  readonly revision: R;
  readonly #required: readonly Wire<R>[];
  readonly #provided = new Set<Wire<R>>();
  /** Own contracts in whose place it takes another's. */
  readonly #substituted: ReadonlySet<Capability>;
  readonly #isCurrent: () => boolean;

  /** @param isCurrent whether the revision is what its bundle is now */
  constructor(revision: R, required: readonly Wire<R>[], isCurrent: () => boolean) {
    this.revision = revision;
    this.#required = required;
    this.#isCurrent = isCurrent;
    const others = new Set(
      required
        .filter(({ requirement, provider }) => requirement.namespace === CONTRACT && provider !== revision)
        .map(({ requirement }) => requirement.name),
    );
    const own = others.size === 0 ? [] : revision.capabilities;
    this.#substituted = new Set(
      own.filter(({ namespace, attributes }) => namespace === CONTRACT && others.has(attributes[CONTRACT] as string)),
    );
  }

  /** Whether the revision is what its bundle is now. False after an update, and once the bundle is uninstalled. */
  get isCurrent(): boolean {
    return this.#isCurrent();
  }

  /** Whether the revision is current, or somebody is wired to it. */
  get isInUse(): boolean {
    return this.isCurrent || this.#provided.size > 0;
  }

  /** Wires to those from whom it gets what it needs, in the order of the manifest. @param namespace only these */
  requiredWires(namespace?: string): readonly Wire<R>[] {
    return this.#required.filter(({ requirement }) => namespace === undefined || requirement.namespace === namespace);
  }

  /** Wires of those who get something from it, in the order of the capabilities in the manifest. @param namespace only these */
  providedWires(namespace?: string): readonly Wire<R>[] {
    const { capabilities } = this.revision;
    return Array.from(this.#provided)
      .filter(({ capability }) => namespace === undefined || capability.namespace === namespace)
      .sort((one, two) => capabilities.indexOf(one.capability) - capabilities.indexOf(two.capability));
  }

  /** What it offers: what its manifest has, without contracts in whose place it takes another's. */
  capabilities(namespace?: string): readonly Capability[] {
    return this.revision.capabilities.filter(
      (each) => (namespace === undefined || each.namespace === namespace) && !this.#substituted.has(each),
    );
  }

  /** What it needs and got, or will need later; what is optional and was not there is not in it. */
  requirements(namespace?: string): readonly Requirement[] {
    const wired = new Set(this.#required.map(({ requirement }) => requirement));
    return this.revision.requirements.filter(
      (each) =>
        (namespace === undefined || each.namespace === namespace) && (wired.has(each) || each.effective !== 'resolve'),
    );
  }

  /** Makes itself known to those to whom it is wired. */
  connect(): void {
    for (const wire of this.#required) {
      const wiring = wire.provider?.wiring;
      if (wiring) wiring.#provided.add(wire);
    }
  }

  /** Ends its wires. @returns to whom they led */
  disconnect(): R[] {
    const providers = this.#required.flatMap(({ provider }) => provider ?? []);
    for (const wire of this.#required) {
      const wiring = wire.provider?.wiring;
      if (wiring) wiring.#provided.delete(wire);
    }
    return providers;
  }
}
