import { RackwattError } from '../errors.js';
import {
  type Contract,
  type ContractKey,
  type ServiceGroup,
  type ServiceRegistry,
  ServiceTracker,
  type TrackerCustomizer,
  type TrackerTarget,
} from '../registry/index.js';
import type {
  ListenOptions,
  Properties,
  ServiceFactory,
  ServiceListener,
  ServiceObjects,
  ServiceOf,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
} from '../registry/types.js';
import { Scope, type Disposer } from '../scope/index.js';

/**
 * Code that runs when a bundle starts and stops. Components are the usual way; an activator is for what is neither a
 * service nor needs one. A bundle exports it as `activator`.
 */
export interface Activator {
  start(context: BundleContext): void | Promise<void>;
  stop?(context: BundleContext): void | Promise<void>;
}

/** A bundle's view of the container, good from STARTING until the end of STOPPING; afterwards every call throws. */
export class BundleContext {
  readonly bundle: ServiceOwner & { readonly version: string };
  readonly scope: Scope;
  readonly #registry: ServiceRegistry;
  readonly #services: ServiceGroup;
  readonly #folder: () => string;
  #valid = true;

  constructor(
    bundle: ServiceOwner & { readonly version: string },
    registry: ServiceRegistry,
    services: ServiceGroup,
    dataFolder: () => string,
  ) {
    this.bundle = bundle;
    this.#registry = registry;
    this.#services = services;
    this.#folder = dataFolder;
    this.scope = new Scope(`bundle ${bundle.name}`);
  }

  /**
   * Registers a service under a contract, or under several. An object with `scope`, `get` and `release` is taken for a factory.
   * Its services go when the bundle stops.
   * @throws RackwattError `SERVICE_INVALID`, `SERVICE_PROPERTIES`
   */
  register<T>(
    contract: Contract<T>,
    service: NoInfer<T> | ServiceFactory<NoInfer<T>>,
    properties?: Properties,
  ): ServiceRegistration<T>;
  register<const C extends readonly Contract<unknown>[]>(
    contracts: C,
    service: ServiceOf<C> | ServiceFactory<ServiceOf<C>>,
    properties?: Properties,
  ): ServiceRegistration<ServiceOf<C>>;
  register(
    contracts: Contract<unknown> | readonly Contract<unknown>[],
    service: unknown,
    properties: Properties = {},
  ): ServiceRegistration {
    return this.#live().register(contracts, service, properties);
  }

  /**
   * The best service of a contract, or of any: highest ranking, then lowest id.
   * @param filter in OSGi's syntax, such as `(&(vendor=apc)(outlets>=24))`
   * @throws RackwattError `FILTER_SYNTAX`
   */
  reference<T>(contract: ContractKey<T> | undefined, filter?: string): ServiceReference<T> | undefined {
    return this.#live().reference(contract, filter);
  }

  /**
   * All services of a contract, or of any, best first; empty when there is none.
   * @throws RackwattError `FILTER_SYNTAX`
   */
  references<T>(contract: ContractKey<T> | undefined, filter?: string): ServiceReference<T>[] {
    return this.#live().references(contract, filter);
  }

  /** The service object, held until released as often as got; undefined when it is gone or its factory failed. */
  get<T>(reference: ServiceReference<T>): T | undefined {
    return this.#live().get(reference);
  }

  /** Gives a service back once. @returns false when the bundle does not hold it. */
  release(reference: ServiceReference): boolean {
    return this.#live().release(reference);
  }

  /** Objects of a service one by one, a new one each time when its scope is `prototype`; undefined when the service is gone. */
  serviceObjects<T>(reference: ServiceReference<T>): ServiceObjects<T> | undefined {
    return this.#live().serviceObjects(reference);
  }

  /**
   * Hears of services that come, change and go, until the bundle stops or what this gives is called. Events are synchronous: when a
   * call that changes something returns, every listener has heard. The same listener again replaces itself.
   * @throws RackwattError `FILTER_SYNTAX`
   */
  listen<T = unknown>(listener: ServiceListener<NoInfer<T>>, options: ListenOptions<T> = {}): Disposer {
    return this.#live().listen(listener, options);
  }

  /**
   * A tracker, which follows services as they come and go from its `open` to its `close` or the end of the bundle. Without a
   * customizer it gets the services and keeps their objects.
   */
  tracker<T, Tracked = T>(
    target: Contract<T> | TrackerTarget<T>,
    ...customizer: [T] extends [Tracked]
      ? [customizer?: TrackerCustomizer<T, Tracked>]
      : [customizer: TrackerCustomizer<T, Tracked>]
  ): ServiceTracker<T, Tracked> {
    this.#live();
    const tracker: ServiceTracker<T, Tracked> = new ServiceTracker<T, Tracked>(
      {
        get: (reference) => this.get(reference),
        release: (reference) => this.release(reference),
        references: (contract, filter) => this.references(contract, filter),
        listen: (listener, options) => {
          const stop = this.listen(listener, options);
          const forget = this.scope.add('service tracker', () => tracker.close());
          return () => void [stop(), forget()];
        },
      },
      'id' in target ? { contract: target } : target,
      ...customizer,
    );
    return tracker;
  }

  /** What a bundle, this one unless another is named, has registered, in the order of registration. */
  registeredServices(bundle: ServiceOwner = this.bundle): ServiceReference[] {
    this.#live();
    return this.#registry.registeredBy(bundle);
  }

  /** What a bundle, this one unless another is named, holds. */
  servicesInUse(bundle: ServiceOwner = this.bundle): ServiceReference[] {
    this.#live();
    return this.#registry.usedBy(bundle);
  }

  /** A folder of this bundle that outlives updates and restarts. */
  dataFolder(): string {
    this.#live();
    return this.#folder();
  }

  invalidate(): void {
    this.#valid = false;
  }

  #live(): ServiceGroup {
    if (!this.#valid)
      throw new RackwattError(
        'BUNDLE_CONTEXT_INVALID',
        `the context of bundle ${this.bundle.name} is no longer valid: the bundle was stopped`,
      );
    return this.#services;
  }
}
