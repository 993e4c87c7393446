import type { Contract, ServiceGroup } from '../registry/index.js';
import type { Properties, ServiceObjects, ServiceReference } from '../registry/types.js';
import type { Bound, BoundEvent, ReferenceDescription } from './types.js';

/** An object that is one component instance's own, and how many of its references hold it. */
interface Own {
  readonly objects: ServiceObjects;
  readonly object: unknown;
  count: number;
}

/** What one component instance gets from the registry: objects of its bundle, and of its own where a reference wants that. */
export class ComponentServices {
  readonly group: ServiceGroup;
  /** By service id. */
  #own: Map<number, Own> | undefined;

  constructor(group: ServiceGroup) {
    this.group = group;
  }

  /** @returns undefined when the service is gone, or its provider failed to give it. */
  get(reference: ServiceReference, own: boolean): unknown {
    if (!own) return this.group.get(reference);
    const known = this.#own?.get(reference.id);
    if (known) {
      known.count++;
      return known.object;
    }
    const objects = this.group.serviceObjects(reference);
    const object = objects?.get();
    if (!objects || object === undefined) return undefined;
    (this.#own ??= new Map()).set(reference.id, { objects, object, count: 1 });
    return object;
  }

  release(reference: ServiceReference, own: boolean): void {
    if (!own) return void this.group.release(reference);
    const known = this.#own?.get(reference.id);
    if (!known || --known.count > 0) return;
    this.#own?.delete(reference.id);
    // Of a service that is gone, the registry has given everything back.
    if (reference.owner !== undefined) known.objects.release(known.object);
  }
}

/**
 * A service that is bound, and what components see of it, made when they look: of a thousand that follow a service few do.
 */
export class Held {
  readonly reference: ServiceReference;
  /** The component's handler was told that it came. */
  told = false;
  readonly #services: ComponentServices;
  readonly #contract: Contract<unknown>;
  readonly #own: boolean;
  #object: unknown;
  #service: unknown;
  #bound: Bound<unknown> | undefined;

  constructor(reference: ServiceReference, description: ReferenceDescription, services: ComponentServices) {
    this.reference = reference;
    this.#services = services;
    this.#contract = description.contract;
    const { scope } = description;
    this.#own = scope !== undefined && scope !== 'bundle' && reference.property('service.scope') === 'prototype';
  }

  /** Gets the object from its provider. @returns false when that failed */
  obtain(): boolean {
    return (this.#object ??= this.#services.get(this.reference, this.#own)) !== undefined;
  }

  /** What the component calls: a stub, where the contract allows one. Undefined when there is no object to be had. */
  get service(): unknown {
    if (!this.obtain()) return undefined;
    return (this.#service ??= this.#services.group.guarded(this.reference, this.#contract, this.#object));
  }

  get properties(): Properties {
    return this.#bound?.properties ?? this.reference.properties();
  }

  /** Undefined when there is no object to be had. */
  get bound(): Bound<unknown> | undefined {
    if (this.#bound) return this.#bound;
    const { reference, service } = this;
    if (service === undefined) return undefined;
    return (this.#bound = Object.freeze({ service, properties: reference.properties(), id: reference.id }));
  }

  /** As handlers get it; an object that is looked up is got when they look. */
  get event(): BoundEvent<unknown> {
    const { reference } = this;
    const service = (): unknown => this.service;
    return Object.freeze({
      get service() {
        return service();
      },
      properties: reference.properties(),
      id: reference.id,
      reference,
    });
  }

  /** Its properties are others now. */
  renew(): void {
    this.#bound = undefined;
  }

  release(): void {
    if (this.#object !== undefined) this.#services.release(this.reference, this.#own);
  }
}
