import { errorMessage, RackwattError } from '../errors.js';
import type { Disposer } from '../scope/index.js';
import type { Contract } from './contract.js';
import { EventQueue } from './event-queue.js';
import { parseFilter, type Filter } from './filter.js';
import { ServiceGroup, type ServiceStage } from './group.js';
import { ServiceHooks } from './hooks.js';
import { ListenerTable, type Listening } from './listeners.js';
import type { PropertySet } from './properties.js';
import { ServiceRecord } from './record.js';
import { Registration, type RegistrantActs } from './registration.js';
import { ServiceIndex } from './service-index.js';
import type {
  ListenOptions,
  Properties,
  ServiceEvent,
  ServiceFactory,
  ServiceListener,
  ServiceObjects,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
} from './types.js';
import { isStubbable } from './stub.js';
import { ServiceUses, unregistered, type ErrorReport } from './uses.js';

export interface RegistryOptions {
  onError: ErrorReport;
}

/** A contract, or its id (`name@major`). */
export type ContractKey<T> = Contract<T> | string;

/**
 * The services of a container.
 *
 * Events are synchronous: when the outermost call returns, every listener has seen them. A listener that itself registers
 * or unregisters is not interrupted: what follows from that waits until all listeners were told of the event before, so
 * that a cascade may be of any length. A service that goes is no longer found at once, but its object can be got until all
 * listeners have seen UNREGISTERING.
 */
export class ServiceRegistry {
  readonly #index = new ServiceIndex();
  readonly #live = new Map<number, ServiceRecord>();
  readonly #owned = new Map<number, Set<ServiceRecord>>();
  readonly #listeners: ListenerTable;
  readonly #hooks: ServiceHooks;
  /** By bundle id: one group, which knows the others while an update is under way. */
  readonly #groups = new Map<number, ServiceGroup>();
  readonly #uses: ServiceUses;
  readonly #queue: EventQueue;
  readonly #acts: RegistrantActs = {
    change: (record, properties) => this.#change(record, properties),
    unregister: (record) => this.#unregister(record),
  };
  #nextId = 1;
  #latest: PropertySet | undefined;

  constructor(options: RegistryOptions) {
    const report: ErrorReport = (owner, error) => {
      try {
        options.onError(owner, error);
      } catch (failure) {
        // The reporter itself is broken: no event may be lost for that, and nothing but the process is left to tell.
        queueMicrotask(() => {
          throw new RackwattError(
            'SERVICE_LISTENER',
            `The error report of the registry failed: ${errorMessage(failure)}`,
            { cause: failure },
          );
        });
      }
    };
    this.#uses = new ServiceUses(report);
    this.#queue = new EventQueue(report);
    this.#hooks = new ServiceHooks(this.#index, this.#uses, report);
    this.#listeners = new ListenerTable(this.#hooks);
  }

  /** Services that can be found now. */
  get size(): number {
    return this.#index.size;
  }

  /**
   * Registers a service under one or several contracts. An object with `scope`, `get` and `release` is taken for a factory.
   * @throws RackwattError `SERVICE_INVALID`, `SERVICE_PROPERTIES`
   */
  register<T>(
    owner: ServiceOwner,
    contracts: Contract<T> | readonly Contract<unknown>[],
    service: NoInfer<T> | ServiceFactory<NoInfer<T>>,
    properties: Properties = {},
    group?: ServiceGroup,
  ): ServiceRegistration<T> {
    const declared = isList(contracts) ? [...contracts] : [contracts];
    if (declared.length === 0 || service === undefined || service === null) {
      const ids = declared.map(({ id }) => id).join(', ');
      const missing = ids === '' ? 'a service under no contract' : `nothing as service of ${ids}`;
      throw new RackwattError('SERVICE_INVALID', `Bundle ${owner.name} registers ${missing}.`, {
        context: { bundle: owner.name },
      });
    }
    const record = new ServiceRecord(this.#nextId, owner, declared, service, properties, this.#latest, group);
    this.#nextId++;
    this.#latest = record.current;
    const registration = new Registration<T>(record, this.#acts);
    record.registration = registration;
    this.#live.set(record.id, record);
    let owned = this.#owned.get(owner.id);
    if (!owned) this.#owned.set(owner.id, (owned = new Set()));
    owned.add(record);
    group?.records.add(record);
    if (group?.held) record.state = 'held';
    else this.#index.add(record);
    this.#announce(record, 'REGISTERED');
    this.#hooks.came(record, () => this.#listeners.all());
    return registration;
  }

  /**
   * The best service: highest ranking, then lowest id.
   * @throws RackwattError `FILTER_SYNTAX`
   */
  reference<T>(contract: ContractKey<T> | undefined, filter?: string | Filter): ServiceReference<T> | undefined {
    return this.#index.best(idOf(contract), filterOf(filter)) as ServiceReference<T> | undefined;
  }

  /**
   * All services of a contract, or of any, best first.
   * @throws RackwattError `FILTER_SYNTAX`
   */
  references<T>(contract: ContractKey<T> | undefined, filter?: string | Filter): ServiceReference<T>[] {
    return this.#index.find(idOf(contract), filterOf(filter)) as ServiceReference<T>[];
  }

  /** Whether some services may be hidden from some bundles. */
  get hides(): boolean {
    return this.#hooks.hideServices;
  }

  /** What the hooks leave a bundle of what was found for it. */
  shownTo<T>(
    owner: ServiceOwner,
    contract: ContractKey<T> | undefined,
    filter: string | undefined,
    references: ServiceReference<T>[],
  ): ServiceReference<T>[] {
    return this.#hooks.found(owner, { contract: idOf(contract), filter: filterOf(filter) }, references);
  }

  /** The service object, held until released as often as got; undefined when it is gone or its factory failed. */
  get<T>(owner: ServiceOwner, reference: ServiceReference<T>): T | undefined {
    const record = this.#record(reference);
    return record && (this.#uses.get(owner, record) as T | undefined);
  }

  /** @returns false when the bundle does not hold the service. */
  release(owner: ServiceOwner, reference: ServiceReference): boolean {
    const record = this.#record(reference);
    return record !== undefined && this.#uses.release(owner, record);
  }

  /** Objects of a service one by one; undefined when the service is gone. */
  serviceObjects<T>(owner: ServiceOwner, reference: ServiceReference<T>): ServiceObjects<T> | undefined {
    const record = this.#record(reference);
    return record && (this.#uses.objects(owner, record) as ServiceObjects<T>);
  }

  /**
   * Hears of services that come, change and go. A changed service that no longer matches gives MODIFIED_ENDMATCH. The same listener
   * of the same bundle replaces itself.
   * @param group hears only of services that this group sees
   * @throws RackwattError `FILTER_SYNTAX`
   */
  listen<T = unknown>(
    owner: ServiceOwner,
    listener: ServiceListener<NoInfer<T>>,
    options: ListenOptions<T> = {},
    group?: ServiceGroup,
  ): Disposer {
    const hear = listener as ServiceListener;
    const stated = filterOf(options.filter);
    const filter = options.unfiltered === true ? undefined : stated;
    const listening = this.#listeners.add(owner, hear, { contract: idOf(options.contract), filter, stated, group });
    return () => this.#listeners.remove(listening);
  }

  /**
   * A service object as a consumer of one contract calls it. What the contract does not hold back (`local`, or nothing to call)
   * is the object itself; else it is a stub, the same for all, that counts what is under way and ends it when the service goes.
   * @param service what `get` gave
   */
  guarded<T>(reference: ServiceReference, contract: Contract<T>, service: T): T {
    if (typeof service !== 'object' || service === null || !isStubbable(contract)) return service;
    return (reference as ServiceRecord).guardOf(service).stub(contract);
  }

  /**
   * Takes no further calls on a service that is gone, waits for those under way, and after so many milliseconds rejects
   * them with `SERVICE_GONE`. Undefined when none is.
   */
  settle(reference: ServiceReference, milliseconds: number): Promise<void> | undefined {
    const record = reference as ServiceRecord;
    const guards = record.guards();
    if (guards.length === 0) return undefined;
    for (const guard of guards) guard.close();
    const busy = guards.filter((guard) => guard.busy > 0);
    record.group?.lingering?.delete(record);
    if (busy.length === 0) return undefined;
    return Promise.all(busy.map((guard) => guard.rest(milliseconds))).then(() => {
      for (const guard of busy) guard.end();
    });
  }

  /** The services of one run of a bundle. @param stage where it is held: nobody else sees them until `flip` */
  group(owner: ServiceOwner, stage?: ServiceStage): ServiceGroup {
    const group = new ServiceGroup(owner, this, stage);
    const other = this.#groups.get(owner.id);
    if (other) group.peers = (other.peers ??= new Set([other])).add(group);
    else this.#groups.set(owner.id, group);
    return group;
  }

  forgetGroup(group: ServiceGroup): void {
    const { owner, peers } = group;
    peers?.delete(group);
    if (this.#groups.get(owner.id) !== group) return;
    const [other] = peers ?? [];
    if (other) this.#groups.set(owner.id, other);
    else this.#groups.delete(owner.id);
  }

  /**
   * Shows the services of the groups that come, and finds those of the groups that go no more: in one step, so that whoever
   * looks, at whatever moment, finds either all the old or all the new. Those who hold a service that goes are not told yet:
   * `withdraw` does that.
   */
  flip(come: readonly ServiceGroup[], go: readonly ServiceGroup[]): void {
    const shown: ServiceRecord[] = [];
    for (const group of come) {
      group.held = false;
      for (const record of group.records) {
        if (record.state !== 'held') continue;
        record.state = 'registered';
        this.#index.add(record);
        shown.push(record);
      }
    }
    for (const group of go) {
      group.leaving = true;
      for (const record of group.records) {
        if (record.state !== 'registered') continue;
        record.state = 'retired';
        this.#index.remove(record);
      }
    }
    for (const record of shown) this.#announce(record, 'REGISTERED', undefined, record.group?.stage);
  }

  /** Unregisters the services of a group that goes, newest first. They can be called until they are settled. */
  withdraw(group: ServiceGroup): void {
    for (const record of [...group.records].reverse()) if (isThere(record)) this.#unregister(record);
  }

  /** In the order of registration. */
  registeredBy(owner: ServiceOwner): ServiceReference[] {
    return [...(this.#owned.get(owner.id) ?? [])];
  }

  usedBy(owner: ServiceOwner): ServiceReference[] {
    return this.#uses.of(owner);
  }

  /** Undoes all that a bundle did here: unregisters its services, newest first, gives back what it holds, removes its listeners. */
  releaseOwner(owner: ServiceOwner): void {
    for (const record of [...(this.#owned.get(owner.id) ?? [])].reverse()) {
      if (isThere(record)) this.#unregister(record);
    }
    this.#uses.dropOwner(owner);
    this.#listeners.removeOwner(owner);
  }

  #record(reference: ServiceReference): ServiceRecord | undefined {
    const record = this.#live.get(reference.id);
    return record === reference ? record : undefined;
  }

  #change(record: ServiceRecord, properties: Properties): void {
    if (!isThere(record)) throw unregistered(record);
    const before = record.current;
    const next = record.replaced(properties);
    if (record.state === 'registered') this.#index.change(record, next);
    else {
      record.current = next;
      record.ranking = next.get('service.ranking') as number;
    }
    this.#announceChange(record, before);
  }

  #unregister(record: ServiceRecord): void {
    const { owner } = record;
    if (!isThere(record) || !owner) throw unregistered(record);
    if (record.state === 'registered') this.#index.remove(record);
    const wasHeld = record.state === 'held';
    record.state = 'unregistering';
    const owned = this.#owned.get(owner.id);
    owned?.delete(record);
    if (owned?.size === 0) this.#owned.delete(owner.id);
    this.#announce(record, 'UNREGISTERING', () => this.#forget(record), undefined, wasHeld);
  }

  /** All listeners know: now the service is gone for those who still hold it, too. */
  #forget(record: ServiceRecord): void {
    this.#live.delete(record.id);
    record.state = 'gone';
    this.#leave(record);
    this.#uses.dropService(record);
    record.forget();
  }

  /** What is called on a service outlives it for a while. */
  #leave(record: ServiceRecord): void {
    const { group } = record;
    const guards = record.guards();
    if (!group?.leaving) for (const guard of guards) guard.close();
    if (!group) return;
    group.records.delete(record);
    if (guards.length === 0) return;
    const lingering = (group.lingering ??= new Set());
    for (const other of lingering) if (!isBusy(other) && !group.leaving) lingering.delete(other);
    lingering.add(record);
  }

  /** @param told those who know it already */
  #announce(
    record: ServiceRecord,
    type: 'REGISTERED' | 'UNREGISTERING',
    done?: () => void,
    told?: ServiceStage,
    held = record.state === 'held',
  ): void {
    const event: ServiceEvent = { type, reference: record };
    const receivers: Listening[] = [];
    for (const listening of this.#listeners.candidates(record.contracts, record.current, undefined)) {
      if (told !== undefined && listening.group?.stage === told) continue;
      if (cares(listening, record, record.current, held)) receivers.push(listening);
    }
    this.#queue.fire({ receivers: this.#hooks.receivers(event, receivers), event, done });
  }

  #announceChange(record: ServiceRecord, before: PropertySet): void {
    const event: ServiceEvent = { type: 'MODIFIED', reference: record };
    const receivers: Listening[] = [];
    const held = record.state === 'held';
    let endmatch: { event: ServiceEvent; receivers: Set<Listening> } | undefined;
    for (const listening of this.#listeners.candidates(record.contracts, record.current, before)) {
      if (cares(listening, record, record.current, held)) receivers.push(listening);
      else if (cares(listening, record, before, held)) {
        receivers.push(listening);
        endmatch ??= { event: { type: 'MODIFIED_ENDMATCH', reference: record }, receivers: new Set() };
        endmatch.receivers.add(listening);
      }
    }
    this.#queue.fire({ receivers: this.#hooks.receivers(event, receivers), event, endmatch });
  }
}

function isThere(record: ServiceRecord): boolean {
  return record.state !== 'unregistering' && record.state !== 'gone';
}

function isBusy(record: ServiceRecord): boolean {
  return record.guards().some((guard) => guard.busy > 0);
}

function cares(listening: Listening, record: ServiceRecord, properties: PropertySet, held: boolean): boolean {
  if (listening.group ? !listening.group.sees(record) : held) return false;
  if (listening.contract !== undefined && !record.contracts.includes(listening.contract)) return false;
  return !listening.filter || listening.filter.accepts(properties);
}

function idOf(contract: ContractKey<unknown> | undefined): string | undefined {
  return typeof contract === 'object' ? contract.id : contract;
}

function filterOf(filter: string | Filter | undefined): Filter | undefined {
  return typeof filter === 'string' ? parseFilter(filter) : filter;
}

function isList<T>(contracts: Contract<T> | readonly Contract<unknown>[]): contracts is readonly Contract<unknown>[] {
  return Array.isArray(contracts);
}
