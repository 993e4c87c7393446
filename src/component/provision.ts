import type { Contract } from '../registry/contract.js';
import type { ServiceGroup } from '../registry/index.js';
import type { Properties, ServiceReference, ServiceRegistration } from '../registry/types.js';

const NOTHING: readonly ServiceReference[] = [];

/** The services of one component instance: its own, and those that it provides beside. */
export class Provision {
  readonly #services: ServiceGroup;
  #registrations: ServiceRegistration[] = [];
  /** Of the object that `activate` gave. */
  #own: ServiceRegistration | undefined;

  constructor(services: ServiceGroup) {
    this.#services = services;
  }

  /** Ids of the services, also of those whose successors were shown already. */
  ids(): number[] {
    return this.#registrations.map((registration) => registration.reference.id);
  }

  /** Registers the object that `activate` gave, or what stands for it until somebody uses it. @param properties those of the component */
  publish(contracts: readonly Contract<unknown>[], service: unknown, properties: Properties): ServiceReference {
    this.#own = this.#services.register(contracts, service as never, ofService(properties));
    this.#registrations = [...this.#registrations, this.#own];
    return this.#own.reference;
  }

  /** Of the component's own service, while that is registered. */
  get reference(): ServiceReference | undefined {
    return this.#own?.reference;
  }

  /** The component's own service has other properties now. */
  change(properties: Properties): void {
    if (this.#own?.reference.owner) this.#own.setProperties(ofService(properties));
  }

  /** Registers a further service, gone with the activation. */
  provide<T>(contract: Contract<T>, service: T, properties: Properties): ServiceRegistration<T> {
    const registration = this.#services.register<T>(contract, service, properties);
    this.#registrations.push(registration);
    return {
      reference: registration.reference,
      setProperties: (next) => registration.setProperties(next),
      unregister: () => {
        this.#registrations = this.#registrations.filter((other) => other.reference !== registration.reference);
        registration.unregister();
      },
    };
  }

  /**
   * Unregisters all, newest first.
   * @param keepOwn but for the component's own service
   * @returns what was registered, to be settled
   */
  withdraw(keepOwn = false): readonly ServiceReference[] {
    const own = keepOwn ? this.#own : undefined;
    if (this.#registrations.length === (own ? 1 : 0)) return NOTHING;
    const registrations = this.#registrations.filter((each) => each !== own).reverse();
    this.#registrations = own ? [own] : [];
    this.#own = own;
    for (const registration of registrations) if (registration.reference.owner) registration.unregister();
    return registrations.map(({ reference }) => reference);
  }

  /** Waits for the calls under way, at most so many ms. Undefined when there are none. */
  settle(gone: readonly ServiceReference[], milliseconds: number): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const reference of gone) {
      const wait = this.#services.settle(reference, milliseconds);
      if (wait) (waits ??= []).push(wait);
    }
    return waits && Promise.all(waits).then(() => undefined);
  }
}

/** Those of a component that its service has, too: those without a leading dot. */
function ofService(properties: Properties): Properties {
  const isPrivate = (key: string): boolean => key.startsWith('.');
  if (!Object.keys(properties).some(isPrivate)) return properties;
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !isPrivate(key)));
}
