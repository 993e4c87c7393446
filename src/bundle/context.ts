import { RackwattError } from '../errors.js';
import type {
  Contract,
  ServiceGroup,
  ServiceListener,
  ServiceOwner,
  ServiceReference,
  ServiceRegistration,
  ServiceRegistry,
} from '../registry/index.js';
import type { ListenOptions, Properties, ServiceFactory } from '../registry/types.js';
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

  register<T>(
    contract: Contract<T> | Contract<unknown>[],
    service: T | ServiceFactory<T>,
    properties: Properties = {},
  ): ServiceRegistration {
    this.#live();
    return this.#services.register(contract as Contract<unknown>, service, properties);
  }

  reference<T>(contract: Contract<T>, filter?: string): ServiceReference<T> | undefined {
    return this.#live().reference(contract, filter) as ServiceReference<T> | undefined;
  }

  references<T>(contract: Contract<T>, filter?: string): ServiceReference<T>[] {
    return this.#live().references(contract, filter) as ServiceReference<T>[];
  }

  get<T>(reference: ServiceReference<T>): T | undefined {
    return this.#live().get(this.bundle, reference) as T | undefined;
  }

  release(reference: ServiceReference): boolean {
    return this.#live().release(this.bundle, reference);
  }

  listen(listener: ServiceListener, options: ListenOptions = {}): Disposer {
    return this.#live().listen(this.bundle, listener, options);
  }

  /** A folder of this bundle that outlives updates and restarts. */
  dataFolder(): string {
    this.#live();
    return this.#folder();
  }

  invalidate(): void {
    this.#valid = false;
  }

  #live(): ServiceRegistry {
    if (!this.#valid)
      throw new RackwattError(
        'BUNDLE_CONTEXT_INVALID',
        `the context of bundle ${this.bundle.name} is no longer valid: the bundle was stopped`,
      );
    return this.#registry;
  }
}
