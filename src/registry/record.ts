import type { Contract } from './contract.js';
import type { ServiceGroup } from './group.js';
import { Guard } from './guard.js';
import { handedOut, PropertySet, type OwnedValues } from './properties.js';
import type {
  Properties,
  PropertyValue,
  ServiceFactory,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
} from './types.js';
import type { Use } from './uses.js';

const UNGUARDED: readonly Guard[] = [];
const NOTHING_DECLARED: readonly Contract<unknown>[] = [];

export type ServiceScope = 'singleton' | 'bundle' | 'prototype';

/**
 * A service in the registry, and the reference that consumers hold. What is not in `ServiceReference` is the
 * registry's own.
 */
export class ServiceRecord implements ServiceReference {
  readonly id: number;
  readonly contracts: readonly string[];
  /** Its contracts as its provider declared them. */
  declared: readonly Contract<unknown>[];
  readonly scope: ServiceScope;
  /**
   * `held`: seen by its own group only. `retired`: found by nobody any more, because another takes its place, which
   * those who hold it have not been told.
   */
  state: 'held' | 'registered' | 'retired' | 'unregistering' | 'gone' = 'registered';
  readonly group: ServiceGroup | undefined;
  ranking = 0;
  /** Replaced as a whole on every change, so that an event can be matched against the state before and after. */
  current: PropertySet;
  owner: ServiceOwner | undefined;
  service: unknown;
  registration: ServiceRegistration | undefined;
  /** By bundle id. */
  uses: Map<number, Use> | undefined;
  /** Bundles for which the factory is at work. */
  making: Set<number> | undefined;
  /** By service object: one, but for factories. Made when a consumer first calls. */
  #guards: Map<object, Guard> | undefined;
  /** Those of a service that is gone: they let its object go when they are closed. */
  #left: readonly Guard[] = UNGUARDED;

  constructor(
    id: number,
    owner: ServiceOwner,
    declared: readonly Contract<unknown>[],
    service: unknown,
    properties: Properties,
    like: PropertySet | undefined,
    group: ServiceGroup | undefined,
  ) {
    this.id = id;
    this.group = group;
    this.owner = owner;
    this.declared = declared;
    const ids = declared.map((contract) => contract.id);
    this.contracts = Object.freeze(ids.length > 1 ? [...new Set(ids)] : ids);
    this.service = service;
    this.scope = isFactory(service) ? service.scope : 'singleton';
    this.current = this.replaced(properties, like);
    this.ranking = this.current.get('service.ranking') as number;
  }

  /** The set that these properties make for this service. */
  replaced(properties: Properties, like: PropertySet | undefined = this.current): PropertySet {
    const owned: OwnedValues = [this.contracts, this.id, this.owner?.id ?? -1, this.scope, 0];
    return PropertySet.ofService(properties, owned, like);
  }

  property(key: string): PropertyValue | undefined {
    return handedOut(this.current.get(key.toLowerCase()));
  }

  properties(): Properties {
    return this.current.toObject();
  }

  users(): readonly ServiceOwner[] {
    return this.uses ? Array.from(this.uses.values(), (use) => use.owner) : [];
  }

  isAssignableTo<C>({ id }: Contract<C>): this is ServiceReference<C> {
    return this.contracts.includes(id);
  }

  /** Of the objects that consumers were given stubs of. */
  guards(): readonly Guard[] {
    return this.#guards ? [...this.#guards.values()] : this.#left;
  }

  guardOf(service: object): Guard {
    if (this.state === 'gone') {
      const late = new Guard(this.id, this.contracts.join(', '), service);
      late.close();
      return late;
    }
    const guards = (this.#guards ??= new Map());
    let guard = guards.get(service);
    if (!guard) {
      const name = `${this.contracts.join(', ')} of bundle ${this.owner?.name}`;
      guards.set(service, (guard = new Guard(this.id, name, service)));
    }
    return guard;
  }

  /** The service is gone: its object is kept only as long as somebody may call it. */
  forget(): void {
    this.#left = this.guards();
    this.#guards = undefined;
    this.declared = NOTHING_DECLARED;
    this.owner = undefined;
    this.service = undefined;
    this.registration = undefined;
  }

  /** A factory took an object back. */
  endGuardOf(service: unknown): void {
    this.#guards?.get(service as object)?.end();
    this.#guards?.delete(service as object);
  }

  get factory(): ServiceFactory<unknown> | undefined {
    return this.scope === 'singleton' ? undefined : (this.service as ServiceFactory<unknown>);
  }
}

/**
 * The contracts of a service as its provider declared them; none of one that is gone. What may be done with the service is
 * said there, not in the contract that somebody asks by.
 */
export function declaredContracts(reference: ServiceReference): readonly Contract<unknown>[] {
  return (reference as ServiceRecord).declared;
}

/** The order of services: highest ranking first, then the oldest. */
export function compareReferences(a: ServiceReference, b: ServiceReference): number {
  return b.ranking - a.ranking || a.id - b.id;
}

/** Whether a service can be found now; one that another takes the place of cannot, though nobody has been told yet. */
export function isFound(reference: ServiceReference): boolean {
  return (reference as ServiceRecord).state === 'registered';
}

function isFactory(service: unknown): service is ServiceFactory<unknown> {
  if (typeof service !== 'object' || service === null) return false;
  const { scope, get, release } = service as Partial<ServiceFactory<unknown>>;
  return (scope === 'bundle' || scope === 'prototype') && typeof get === 'function' && typeof release === 'function';
}
