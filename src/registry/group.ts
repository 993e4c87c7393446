import type { Disposer } from '../scope/index.js';
import type { Contract } from './contract.js';
import { parseFilter, type Filter } from './filter.js';
import { compareReferences, type ServiceRecord } from './record.js';
import type { ContractKey, ServiceRegistry } from './registry.js';
import type {
  ListenOptions,
  Properties,
  ServiceFactory,
  ServiceListener,
  ServiceObjects,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
} from './types.js';

/** Groups that come up together, beside those that they are to replace: they see each other's services, and not those. */
export class ServiceStage {
  readonly groups = new Set<ServiceGroup>();

  /** Whether a service is of a group that one of these replaces. */
  replaces({ group }: ServiceRecord): boolean {
    if (!group || this.groups.has(group)) return false;
    for (const { owner } of this.groups) if (owner.id === group.owner.id) return true;
    return false;
  }
}

/**
 * The services of one run of a bundle, and the registry as that run sees it.
 *
 * A group on a *stage* is held: it shows its services to that stage only, so that a new revision comes up on them beside the
 * old one, until `ServiceRegistry.flip` shows them to all. While two groups of one bundle are there, neither sees the
 * other's services: no component of one revision is ever bound to one of another.
 */
export class ServiceGroup {
  readonly owner: ServiceOwner;
  readonly #registry: ServiceRegistry;
  /** Registered through it and not gone, in the order of registration. */
  readonly records = new Set<ServiceRecord>();
  /** Gone, with stubs that may still be called, or calls under way; made with the first. */
  lingering: Set<ServiceRecord> | undefined;
  /** Where it came up, until the groups that it replaces have left. */
  stage: ServiceStage | undefined;
  held: boolean;
  /** Its services are no longer found, but can be called until the end: another group took over. */
  leaving = false;
  /** All groups of the same bundle, once there was another one; they share it. */
  peers: Set<ServiceGroup> | undefined;

  /** Made by `ServiceRegistry.group`. */
  constructor(owner: ServiceOwner, registry: ServiceRegistry, stage: ServiceStage | undefined) {
    this.owner = owner;
    this.#registry = registry;
    this.held = stage !== undefined;
    this.step(stage);
  }

  /** Goes to another stage. Without one it sees what everybody sees. */
  step(to: ServiceStage | undefined): void {
    this.stage?.groups.delete(this);
    this.stage = to;
    to?.groups.add(this);
  }

  /** As `ServiceRegistry.register`. */
  register<T>(
    contracts: Contract<T> | readonly Contract<unknown>[],
    service: NoInfer<T> | ServiceFactory<NoInfer<T>>,
    properties: Properties = {},
  ): ServiceRegistration<T> {
    return this.#registry.register<T>(this.owner, contracts, service, properties, this);
  }

  /** As `ServiceRegistry.listen`. */
  listen<T = unknown>(listener: ServiceListener<NoInfer<T>>, options: ListenOptions<T> = {}): Disposer {
    return this.#registry.listen(this.owner, listener, options, this);
  }

  /** The best service that this group sees. */
  reference<T>(contract: ContractKey<T> | undefined, filter?: string): ServiceReference<T> | undefined {
    if (this.#seesAll() && !this.#registry.hides) return this.#registry.reference(contract, filter);
    return this.references(contract, filter)[0];
  }

  /** All services that this group sees, best first. */
  references<T>(contract: ContractKey<T> | undefined, filter?: string): ServiceReference<T>[] {
    const found = this.#registry.references(contract, filter);
    return this.#registry.shownTo(
      this.owner,
      contract,
      filter,
      this.#seesAll() ? found : this.#seen(found, contract, filter),
    );
  }

  #seen<T>(
    found: ServiceReference<T>[],
    contract: ContractKey<T> | undefined,
    filter: string | undefined,
  ): ServiceReference<T>[] {
    const seen = found.filter((reference) => this.sees(reference as ServiceRecord));
    const staged = [...(this.stage?.groups ?? [])].filter((group) => group.held);
    if (staged.length === 0) return seen;
    return [...seen, ...staged.flatMap((group) => group.own(contract, filter))].sort(compareReferences);
  }

  /** Its own services, held or not, in the order of registration. */
  own<T>(contract?: ContractKey<T>, filter?: string): ServiceReference<T>[] {
    const id = typeof contract === 'object' ? contract.id : contract;
    const parsed: Filter | undefined = filter === undefined ? undefined : parseFilter(filter);
    return [...this.records].filter(
      (record) =>
        record.state !== 'unregistering' &&
        (id === undefined || record.contracts.includes(id)) &&
        (!parsed || parsed.accepts(record.current)),
    ) as ServiceReference<T>[];
  }

  /** As `ServiceRegistry.get`. */
  get<T>(reference: ServiceReference<T>): T | undefined {
    return this.#registry.get(this.owner, reference);
  }

  /** As `ServiceRegistry.release`. */
  release(reference: ServiceReference): boolean {
    return this.#registry.release(this.owner, reference);
  }

  /** As `ServiceRegistry.serviceObjects`. */
  serviceObjects<T>(reference: ServiceReference<T>): ServiceObjects<T> | undefined {
    return this.#registry.serviceObjects(this.owner, reference);
  }

  /** As `ServiceRegistry.guarded`. */
  guarded<T>(reference: ServiceReference, contract: Contract<T>, service: T): T {
    return this.#registry.guarded(reference, contract, service);
  }

  /** As `ServiceRegistry.settle`. */
  settle(reference: ServiceReference, milliseconds: number): Promise<void> | undefined {
    return this.#registry.settle(reference, milliseconds);
  }

  #seesAll(): boolean {
    return this.stage === undefined && (this.peers?.size ?? 1) === 1;
  }

  /** Whether components of this run may be bound to a service. */
  sees(record: ServiceRecord): boolean {
    const { group } = record;
    if (group === undefined || group === this) return true;
    if (group.held) return this.stage !== undefined && group.stage === this.stage;
    return !this.peers?.has(group) && !this.stage?.replaces(record);
  }

  /**
   * Waits until nothing that was called on its services is under way, then, or after so many milliseconds, rejects what is
   * left with `SERVICE_GONE`. Services that are still there can be called on.
   */
  async drain(milliseconds: number): Promise<void> {
    const guards = [...this.records, ...(this.lingering ?? [])].flatMap((record) => record.guards());
    await Promise.all(guards.map((guard) => guard.rest(milliseconds)));
    for (const guard of guards) guard.abandon();
  }

  /** The end: unregisters what is left, newest first, and ends every call. */
  close(): void {
    for (const record of [...this.records].reverse())
      if (record.state !== 'unregistering') record.registration?.unregister();
    for (const record of [...this.records, ...(this.lingering ?? [])]) for (const guard of record.guards()) guard.end();
    this.records.clear();
    this.lingering = undefined;
    this.step(undefined);
    this.#registry.forgetGroup(this);
  }
}
