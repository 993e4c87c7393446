import type { Contract } from './contract.js';

/**
 * A value that has an order of its own and reads the text of a filter by itself, such as a `Version`. It never changes, and a service
 * that has one must be of the container's making to cross isolation.
 */
export interface Comparable {
  /** Below 0, 0 or above 0 as it comes before, is or comes after what the text says; undefined when the text says none. */
  compareText(text: string): number | undefined;
  /** As a filter would write it. */
  toString(): string;
}

/** One value; of an array, any element matches a filter. */
export type PropertyScalar = string | number | bigint | boolean | Date | Comparable;

/** Service and component properties: keys compare without case; values are scalars or arrays of them. */
export type PropertyValue = PropertyScalar | null | readonly PropertyScalar[];
/** Properties by key. */
export type Properties = Readonly<Record<string, PropertyValue>>;

/** Who registers, gets and listens: a bundle, as the registry sees it. */
export interface ServiceOwner {
  /** Bundle id; 0 is the container itself. */
  readonly id: number;
  /** Bundle name. */
  readonly name: string;
}

/** One registered service as consumers see it; stable for the life of the registration, also after it is gone. */
export interface ServiceReference<T = unknown> {
  /** `service.id`: unique, rising, never reused while the container runs. */
  readonly id: number;
  /** Contract ids (`name@major`) under which it is registered. */
  readonly contracts: readonly string[];
  /** `service.ranking`, 0 unless an integer was given. */
  readonly ranking: number;
  /** Who registered it; undefined once unregistered. */
  readonly owner: ServiceOwner | undefined;
  /** A value by its key, whatever the key's case; the last value after unregistering. */
  property(key: string): PropertyValue | undefined;
  /** A copy of all properties. */
  properties(): Properties;
  /** Bundles that hold the service now. */
  users(): readonly ServiceOwner[];
  /** Whether it was registered under a contract: the same name and major version. */
  isAssignableTo<C>(contract: Contract<C>): this is ServiceReference<C>;
  /** Carries the type only; never set. */
  readonly type?: T;
}

/** Held by the registrant alone. */
export interface ServiceRegistration<T = unknown> {
  /** What consumers see of it. */
  readonly reference: ServiceReference<T>;
  /**
   * Replaces all properties but the registry's own; fires MODIFIED or MODIFIED_ENDMATCH.
   * @throws RackwattError `SERVICE_UNREGISTERED`, `SERVICE_PROPERTIES`: then nothing changed
   */
  setProperties(properties: Properties): void;
  /** Fires UNREGISTERING while the service can still be got; a second call throws `SERVICE_UNREGISTERED`. */
  unregister(): void;
}

/** Makes the service object when a bundle first asks, one for each using bundle (scope `bundle`) or request (`prototype`). */
export interface ServiceFactory<T> {
  readonly scope: 'bundle' | 'prototype';
  /** Makes an object for a bundle. What it throws is a framework event ERROR of its bundle; whoever asked gets undefined. */
  get(user: ServiceOwner, registration: ServiceRegistration<T>): T;
  /** Takes an object back: the bundle released it or stopped, or the service goes. */
  release(user: ServiceOwner, registration: ServiceRegistration<T>, service: T): void;
}

/** Hands out a service object by object: a new one each time when its scope is `prototype`, else the bundle's one. */
export interface ServiceObjects<T = unknown> {
  /** The service whose objects these are. */
  readonly reference: ServiceReference<T>;
  /** Undefined when the service is gone or its factory failed. */
  get(): T | undefined;
  /** Throws `SERVICE_OBJECT_FOREIGN` for an object that `get` did not give, `SERVICE_UNREGISTERED` when the service is gone. */
  release(service: T): void;
}

/** `MODIFIED_ENDMATCH`: a changed service no longer matches the listener's filter. `UNREGISTERING`: its object can be got until all have heard. */
export type ServiceEventType = 'REGISTERED' | 'MODIFIED' | 'MODIFIED_ENDMATCH' | 'UNREGISTERING';

/** What happened to which service. */
export interface ServiceEvent<T = unknown> {
  readonly type: ServiceEventType;
  readonly reference: ServiceReference<T>;
}

/** Called synchronously; what it throws is a framework event ERROR of its bundle. */
export type ServiceListener<T = unknown> = (event: ServiceEvent<T>) => void;

/** What a service is that is registered under these contracts: all of them at once. */
export type ServiceOf<C> =
  C extends Contract<infer T>
    ? T
    : C extends readonly [Contract<infer First>, ...infer Rest]
      ? First & ServiceOf<Rest>
      : unknown;

/** What a listener wants to hear of; without any, of all services. */
export interface ListenOptions<T = unknown> {
  /** Only services of this contract, or of this contract id; the cheapest way to narrow. */
  contract?: Contract<T> | string;
  /** In OSGi's syntax. */
  filter?: string;
  /** Hears of all services, whatever the filter says: that is for hooks alone, which say by it what is looked for. */
  unfiltered?: boolean;
}
