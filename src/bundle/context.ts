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
import type { BundleState } from './contract.js';
import type { BundleEvent, FrameworkEvent, ListenerOptions } from './events.js';
import { BundleTracker, type BundleTrackerCustomizer } from './tracker.js';
import type { BundleView } from './view.js';

/**
 * Code that runs when a bundle starts and stops. Components are the usual way; an activator is for what is neither a
 * service nor needs one. A bundle exports it as `activator`.
 */
export interface Activator {
  start(context: BundleContext): void | Promise<void>;
  stop?(context: BundleContext): void | Promise<void>;
}

/** What the context of a bundle needs of its container. */
export interface ContextHost {
  readonly registry: ServiceRegistry;
  /** The container's own bundle first, then the others by id. */
  views(): BundleView[];
  property(name: string): string | undefined;
  onBundleEvent(listener: (event: BundleEvent) => void, options: ListenerOptions & { owner: ServiceOwner }): Disposer;
  onFrameworkEvent(
    listener: (event: FrameworkEvent) => void,
    options: ListenerOptions & { owner: ServiceOwner },
  ): Disposer;
  /** Removes its listeners. */
  releaseOwner(owner: ServiceOwner): void;
}

/**
 * A bundle's view of the container, good from STARTING until the end of STOPPING; afterwards every call throws
 * `BUNDLE_CONTEXT_INVALID` (OSGi Core 4.4.8). What it registers, gets and listens to ends with it.
 *
 * A bundle in a worker or a process sees the small container there: itself, and those whose contracts it imports.
 */
export class BundleContext {
  readonly bundle: ServiceOwner & { readonly version: string };
  /** Closed when the bundle has stopped. */
  readonly scope: Scope;
  readonly #host: ContextHost;
  readonly #services: ServiceGroup;
  readonly #folder: () => string;
  #valid = true;

  constructor(
    bundle: ServiceOwner & { readonly version: string },
    host: ContextHost,
    services: ServiceGroup,
    dataFolder: () => string,
  ) {
    this.bundle = bundle;
    this.#host = host;
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
  tracker<T>(target: Contract<T> | TrackerTarget<T>): ServiceTracker<T, T>;
  tracker<T, Tracked>(
    target: Contract<T> | TrackerTarget<T>,
    customizer: TrackerCustomizer<T, Tracked>,
  ): ServiceTracker<T, Tracked>;
  tracker<T, Tracked>(
    target: Contract<T> | TrackerTarget<T>,
    customizer?: TrackerCustomizer<T, Tracked>,
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
      customizer,
    );
    return tracker;
  }

  /** What a bundle, this one unless another is named, has registered, in the order of registration. */
  registeredServices(bundle: ServiceOwner = this.bundle): ServiceReference[] {
    this.#live();
    return this.#host.registry.registeredBy(bundle);
  }

  /** What a bundle, this one unless another is named, holds. */
  servicesInUse(bundle: ServiceOwner = this.bundle): ServiceReference[] {
    this.#live();
    return this.#host.registry.usedBy(bundle);
  }

  /**
   * Hears of what bundles become. Only synchronous listeners hear of STARTING and STOPPING. The same listener a second time is
   * still one; what it throws is a framework event ERROR of this bundle.
   */
  onBundleEvent(listener: (event: BundleEvent) => void, options: ListenerOptions = {}): Disposer {
    this.#live();
    return this.#host.onBundleEvent(listener, { ...options, owner: this.bundle });
  }

  /** Hears of what happens to the container, and of what goes wrong in it. */
  onFrameworkEvent(listener: (event: FrameworkEvent) => void, options: ListenerOptions = {}): Disposer {
    this.#live();
    return this.#host.onFrameworkEvent(listener, { ...options, owner: this.bundle });
  }

  /** All bundles, by id; the container's own, id 0, first. */
  bundles(): BundleView[] {
    this.#live();
    return this.#host.views();
  }

  /**
   * A tracker, which follows bundles through some of their states from its `open` to its `close` or the end of this bundle: the means
   * of an extender. Without a customizer it keeps the bundles.
   */
  bundleTracker(states: readonly BundleState[]): BundleTracker<BundleView>;
  bundleTracker<T>(states: readonly BundleState[], customizer: BundleTrackerCustomizer<T>): BundleTracker<T>;
  bundleTracker<T>(states: readonly BundleState[], customizer?: BundleTrackerCustomizer<T>): BundleTracker<T> {
    this.#live();
    const tracker: BundleTracker<T> = new BundleTracker<T>(
      {
        bundles: () => this.bundles(),
        listen: (listener) => {
          const stop = this.onBundleEvent(listener, { synchronous: true });
          const forget = this.scope.add('bundle tracker', () => tracker.close());
          return () => void [stop(), forget()];
        },
      },
      states,
      customizer,
    );
    return tracker;
  }

  /**
   * What the container was given to run with, else a fact of the platform: `rackwatt.version`, `node.version`, `os.name`,
   * `os.arch`. Never a variable of the environment.
   */
  property(name: string): string | undefined {
    this.#live();
    return this.#host.property(name);
  }

  /** A folder of this bundle that outlives updates and restarts. */
  dataFolder(): string {
    this.#live();
    return this.#folder();
  }

  invalidate(): void {
    this.#valid = false;
    this.#host.releaseOwner(this.bundle);
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
