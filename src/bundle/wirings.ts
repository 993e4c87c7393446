import { capability } from './offers.js';
import type { Revision } from './revision.js';
import {
  type Capability,
  CONTRACT,
  ENGINE,
  IDENTITY,
  matches,
  PLATFORM,
  type Requirement,
  SERVICE,
} from './requirement.js';
import { type Candidate, resolve, type Resolution, type Unresolved } from './resolver.js';
import { Version } from './version-range.js';
import { satisfies } from './versions.js';
import { BundleWiring, type Wire } from './wiring.js';

/** Versions of the modules that the container shares, by name. */
export interface SharedVersions {
  get(name: string): string | undefined;
}

/** The container, as one that has capabilities. */
const CONTAINER = { requirements: [] };
type Resource = Revision | typeof CONTAINER;

/** A link of the chain that leads from a bundle to what it lacks. */
export type Lack = Unresolved<Resource>;

/**
 * Who is wired to whom: the revisions that bundles are now, what they have to offer, and those that bundles were once and others
 * are still wired to.
 */
export class Wirings {
  readonly #shared: SharedVersions;
  readonly #engines: Readonly<Record<string, string>>;
  /** What each bundle is now, by its name. */
  readonly #current = new Map<string, { revision: Revision; id: number }>();
  /** Current revisions by the contracts that they have. */
  readonly #exporters = new Map<string, Set<Revision>>();
  /** Current revisions by the namespaces of what else they have. */
  readonly #providers = new Map<string, Set<Revision>>();
  /** No bundle's any more, and in use. */
  readonly #pending = new Set<Revision>();
  /** What the container itself has, and whether it met what was asked of it: neither ever changes. */
  readonly #own = new Map<string, Capability>();
  readonly #met = new Map<string, boolean>();

  /** @param version of the runtime */
  constructor(shared: SharedVersions, version: string) {
    this.#shared = shared;
    this.#engines = { rackwatt: version, node: process.versions.node };
  }

  /** The revision is what its bundle is now. @param id of the bundle */
  enter(revision: Revision, id: number): void {
    const { name } = revision.manifest;
    this.leave(name);
    this.#current.set(name, { revision, id });
    this.#pending.delete(revision);
    this.#index(revision, (index, key) => void (index.get(key) ?? index.set(key, new Set()).get(key)!).add(revision));
  }

  /** The bundle is no more, or is something else; its revision stays for those wired to it until `release`. */
  leave(name: string): void {
    const before = this.#current.get(name);
    if (!before) return;
    this.#current.delete(name);
    this.#index(before.revision, (index, key) => {
      const others = index.get(key);
      others?.delete(before.revision);
      if (others?.size === 0) index.delete(key);
    });
  }

  #index({ manifest }: Revision, each: (index: Map<string, Set<Revision>>, key: string) => void): void {
    if (manifest.contracts.length > 0) each(this.#exporters, manifest.name);
    for (const { name } of manifest.brought) each(this.#exporters, name);
    for (const namespace of new Set(manifest.provides.map((provided) => provided.namespace)))
      each(this.#providers, namespace);
  }

  /** What no bundle is any more ends, with what only it needed; while somebody is wired to it, it is pending. */
  release(revision: Revision): void {
    const open = [revision];
    for (let next = open.pop(); next; next = open.pop()) {
      const { wiring } = next;
      if (!wiring || wiring.isCurrent) continue;
      if (wiring.isInUse) this.#pending.add(next);
      else open.push(...this.unresolve(next).filter((provider) => this.#pending.has(provider)));
    }
  }

  /** Takes a revision's wires from it. @returns those to whom they led */
  unresolve(revision: Revision): Revision[] {
    const providers = revision.wiring?.disconnect() ?? [];
    revision.unwire();
    this.#pending.delete(revision);
    return providers;
  }

  /** Revisions that bundles were once, and others are still wired to. */
  removalPending(): Revision[] {
    return [...this.#pending];
  }

  /**
   * Finds wires for all of the revisions and for those that they need, or for none; changes nothing.
   * @param revisions those that are no bundle's yet come in the place of what the bundle is now
   */
  find(revisions: readonly Resource[]): Resolution<Resource> {
    const coming = new Map(revisions.filter(isRevision).map((revision) => [revision.manifest.name, revision]));
    return resolve<Resource>(revisions, {
      candidates: (requirement) => this.candidates(requirement, coming),
      isResolved: (resource) => !isRevision(resource) || resource.wiring !== undefined,
    });
  }

  /** Gives revisions the wires that were found. @returns those that have some now */
  connect(found: ResolvedWires): Revision[] {
    const resolved: Revision[] = [];
    for (const [requirer, wires] of found) {
      if (!isRevision(requirer)) continue;
      const required: Wire<Revision>[] = [];
      for (const { requirement, capability: wired, resource } of wires) {
        // Who takes its own contract needs no wire for it.
        if (resource === requirer && requirement.namespace === CONTRACT) continue;
        required.push({
          requirement,
          capability: wired,
          requirer,
          provider: isRevision(resource) ? resource : undefined,
        });
      }
      const { name } = requirer.manifest;
      requirer.wire(new BundleWiring(requirer, required, () => this.#current.get(name)?.revision === requirer));
      resolved.push(requirer);
    }
    for (const revision of resolved) revision.wiring?.connect();
    return resolved;
  }

  /** Whatever has the name that a requirement asks for, or lies in its namespace, fit or not. */
  near(requirement: Requirement): Capability[] {
    const own = this.#ownCapability(requirement);
    if (own) return [own];
    const { namespace, name } = requirement;
    return this.#known(requirement, NONE).flatMap((revision) =>
      revision.capabilities.filter(
        (each) => each.namespace === namespace && (name === undefined || each.attributes[namespace] === name),
      ),
    );
  }

  /** Who has what a requirement asks for, those preferred first (OSGi Core, "Provider Selection"). */
  candidates(requirement: Requirement, coming: Coming = NONE): Candidate<Resource>[] {
    const own = this.#ownCapability(requirement);
    if (own) return this.#isMet(requirement, own) ? [{ resource: CONTAINER, capability: own }] : [];
    const found: Candidate<Revision>[] = [];
    for (const revision of this.#known(requirement, coming)) {
      const offered = revision.wiring?.capabilities() ?? revision.capabilities;
      for (const each of offered) if (matches(requirement, each)) found.push({ resource: revision, capability: each });
    }
    return found.length > 1 ? found.sort((one, two) => this.#order(one, two)) : found;
  }

  /** What is resolved before what is not, then the higher version, then who was installed first. */
  #order(one: Candidate<Revision>, two: Candidate<Revision>): number {
    const resolved = Number(two.resource.wiring !== undefined) - Number(one.resource.wiring !== undefined);
    if (resolved !== 0) return resolved;
    const [mine, theirs] = [one.capability.attributes['version'], two.capability.attributes['version']];
    const versions = mine instanceof Version && theirs instanceof Version ? theirs.compare(mine) : 0;
    return versions === 0 ? this.#idOf(one.resource) - this.#idOf(two.resource) : versions;
  }

  #idOf({ manifest }: Revision): number {
    return this.#current.get(manifest.name)?.id ?? Number.MAX_SAFE_INTEGER;
  }

  /** Revisions that may have what is asked for: what bundles are now, or what comes in its place. */
  #known(requirement: Requirement, coming: Coming): Revision[] {
    const { namespace } = requirement;
    const isOfAll = namespace === IDENTITY || namespace === SERVICE;
    const name = namespace === CONTRACT ? nameIn(requirement) : undefined;
    const known =
      name !== undefined
        ? (this.#exporters.get(name) ?? [])
        : isOfAll || namespace === CONTRACT
          ? Array.from(this.#current.values(), ({ revision }) => revision)
          : (this.#providers.get(namespace) ?? []);
    return [...[...known].filter(({ manifest }) => !coming.has(manifest.name)), ...coming.values()];
  }

  /** Whether the container will do; many bundles ask for the same few things of it. */
  #isMet(requirement: Requirement, own: Capability): boolean {
    const { namespace, name, range, filter } = requirement;
    if (name === undefined || filter) return isMet(requirement, own);
    const key = `${namespace} ${name} ${String(range)}`;
    const known = this.#met.get(key) ?? isMet(requirement, own);
    if (this.#met.size < 1_000) this.#met.set(key, known);
    return known;
  }

  /** What the container itself has under the name that is asked for. */
  #ownCapability(requirement: Requirement): Capability | undefined {
    const { namespace } = requirement;
    if (namespace === PLATFORM) return capability(PLATFORM, { os: process.platform, cpu: process.arch });
    if (namespace !== CONTRACT && namespace !== ENGINE) return undefined;
    const name = nameIn(requirement);
    if (name === undefined) return undefined;
    const version = namespace === ENGINE ? this.#engines[name] : this.#shared.get(name);
    if (version === undefined) return undefined;
    const key = `${namespace} ${name}`;
    let own = this.#own.get(key);
    if (!own) {
      own = capability(namespace, { [namespace]: name, version: Version.parse(version) });
      this.#own.set(key, own);
    }
    return own;
  }
}

type Coming = ReadonlyMap<string, Revision>;
type ResolvedWires = NonNullable<Resolution<Resource>['wires']>;
const NONE: Coming = new Map();

function isRevision(resource: Resource): resource is Revision {
  return resource !== CONTAINER;
}

/** The one name that a requirement can be met under, where it says one. */
function nameIn({ namespace, name, filter }: Requirement): string | undefined {
  return name ?? filter?.required.find((term) => term.name === namespace)?.text;
}

/** Whether the container will do. Of its own parts a prerelease counts as what comes after it, as npm has it for engines. */
function isMet({ range, ...requirement }: Requirement, own: Capability): boolean {
  const { version } = own.attributes;
  return (range === undefined || satisfies(String(version), range.toString())) && matches(requirement, own);
}
