import type { Properties, ServiceEventType } from 'rackwatt';

export type Scope = 'singleton' | 'bundle' | 'prototype';

interface Service {
  id: number;
  owner: number;
  contracts: readonly string[];
  scope: Scope;
  properties: Properties;
  /** By bundle: how often it was got. */
  uses: Map<number, number>;
  /** By bundle: objects handed out one by one. */
  objects: Map<number, number>;
}

interface Listener {
  owner: number;
  contract: string | undefined;
  wants: (properties: Properties) => boolean;
  heard: string[];
}

/**
 * What a registry should be in, said as plainly as it can be: lists, looked through from the beginning to the end. Knows nothing of
 * indexes, queues, cascades.
 */
export class RegistryModel {
  services: Service[] = [];
  listeners: Listener[] = [];
  /** What factories were asked for: `get BUNDLE ID`, `release BUNDLE ID`. */
  readonly factory: string[] = [];

  register(id: number, owner: number, contracts: readonly string[], scope: Scope, properties: Properties): void {
    const service = { id, owner, contracts, scope, properties, uses: new Map(), objects: new Map() };
    this.services.push(service);
    this.#tell(service, 'REGISTERED');
  }

  modify(id: number, properties: Properties): void {
    const service = this.#service(id);
    const before = service.properties;
    service.properties = properties;
    for (const listener of this.listeners) {
      if (!this.#isOf(listener, service)) continue;
      if (listener.wants(properties)) listener.heard.push(`MODIFIED ${id}`);
      else if (listener.wants(before)) listener.heard.push(`MODIFIED_ENDMATCH ${id}`);
    }
  }

  unregister(id: number): void {
    const service = this.#service(id);
    this.#tell(service, 'UNREGISTERING');
    this.services = this.services.filter((one) => one !== service);
    for (const [bundle, count] of service.uses) if (count > 0) this.#call('release', bundle, service);
    for (const [bundle, count] of service.objects)
      for (let i = 0; i < count; i++) this.#call('release', bundle, service);
  }

  get(bundle: number, id: number): void {
    const service = this.#service(id);
    if (this.#count(service.uses, bundle, 1) === 1) this.#call('get', bundle, service);
  }

  /** @returns whether the bundle held it */
  release(bundle: number, id: number): boolean {
    const service = this.#service(id);
    if (!service.uses.get(bundle)) return false;
    if (this.#count(service.uses, bundle, -1) === 0) this.#call('release', bundle, service);
    return true;
  }

  /** Of the scope `prototype`. */
  getObject(bundle: number, id: number): void {
    const service = this.#service(id);
    this.#count(service.objects, bundle, 1);
    this.#call('get', bundle, service);
  }

  releaseObject(bundle: number, id: number): void {
    const service = this.#service(id);
    this.#count(service.objects, bundle, -1);
    this.#call('release', bundle, service);
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** All that a bundle did is undone: its services go, the youngest first; it gives back what it holds; its listeners hear no more. */
  stop(bundle: number): void {
    for (const { id } of this.services.filter(({ owner }) => owner === bundle).reverse()) this.unregister(id);
    for (const service of this.services) {
      if (service.uses.get(bundle)) this.#call('release', bundle, service);
      for (let i = service.objects.get(bundle) ?? 0; i > 0; i--) this.#call('release', bundle, service);
      service.uses.delete(bundle);
      service.objects.delete(bundle);
    }
    this.listeners = this.listeners.filter(({ owner }) => owner !== bundle);
  }

  find(contract: string | undefined, wants: (properties: Properties) => boolean): number[] {
    const ranking = ({ properties }: Service) => {
      const value = properties['service.ranking'];
      return typeof value === 'number' && Number.isInteger(value) ? value : 0;
    };
    return this.services
      .filter(
        (service) => (contract === undefined || service.contracts.includes(contract)) && wants(service.properties),
      )
      .sort((a, b) => ranking(b) - ranking(a) || a.id - b.id)
      .map(({ id }) => id);
  }

  users(id: number): number[] {
    const { uses, objects } = this.#service(id);
    return [1, 2, 3].filter((bundle) => (uses.get(bundle) ?? 0) + (objects.get(bundle) ?? 0) > 0);
  }

  #service(id: number): Service {
    return this.services.find((service) => service.id === id)!;
  }

  #isOf({ contract }: Listener, service: Service): boolean {
    return contract === undefined || service.contracts.includes(contract);
  }

  #tell(service: Service, type: ServiceEventType): void {
    for (const listener of this.listeners)
      if (this.#isOf(listener, service) && listener.wants(service.properties))
        listener.heard.push(`${type} ${service.id}`);
  }

  #count(counts: Map<number, number>, bundle: number, by: 1 | -1): number {
    const count = (counts.get(bundle) ?? 0) + by;
    counts.set(bundle, count);
    return count;
  }

  #call(what: 'get' | 'release', bundle: number, { id, scope }: Service): void {
    if (scope !== 'singleton') this.factory.push(`${what} ${bundle} ${id}`);
  }
}
