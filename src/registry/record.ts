import { PropertySet, type OwnedValues } from './properties.js';
import type {
  Properties,
  PropertyValue,
  ServiceFactory,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
} from './types.js';
import type { Use } from './uses.js';

export type ServiceScope = 'singleton' | 'bundle' | 'prototype';

/**
 * A service in the registry, and the reference that consumers hold. What is not in `ServiceReference` is the
 * registry's own.
 */
export class ServiceRecord implements ServiceReference {
  readonly id: number;
  readonly contracts: readonly string[];
  readonly scope: ServiceScope;
  state: 'registered' | 'unregistering' | 'gone' = 'registered';
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

  constructor(
    id: number,
    owner: ServiceOwner,
    contracts: readonly string[],
    service: unknown,
    properties: Properties,
    like: PropertySet | undefined,
  ) {
    this.id = id;
    this.owner = owner;
    this.contracts = contracts;
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
    return this.current.get(key.toLowerCase());
  }

  properties(): Properties {
    return this.current.toObject();
  }

  users(): readonly ServiceOwner[] {
    return this.uses ? Array.from(this.uses.values(), (use) => use.owner) : [];
  }

  get factory(): ServiceFactory<unknown> | undefined {
    return this.scope === 'singleton' ? undefined : (this.service as ServiceFactory<unknown>);
  }
}

/** The order of services: highest ranking first, then the oldest. */
export function compareReferences(a: ServiceReference, b: ServiceReference): number {
  return b.ranking - a.ranking || a.id - b.id;
}

function isFactory(service: unknown): service is ServiceFactory<unknown> {
  if (typeof service !== 'object' || service === null) return false;
  const { scope, get, release } = service as Partial<ServiceFactory<unknown>>;
  return (scope === 'bundle' || scope === 'prototype') && typeof get === 'function' && typeof release === 'function';
}
