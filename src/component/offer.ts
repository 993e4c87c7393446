import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import { isStubbable, stubOf, type StubTarget } from '../registry/index.js';
import type { Properties, ServiceFactory, ServiceOwner } from '../registry/types.js';
import { demand, demandNow } from './demand.js';
import type { EngineParts } from './engine.js';
import { FactoryOffer } from './factory.js';
import type { ComponentInstance } from './instance.js';

/** What a component registers before it is activated. */
export interface Offer {
  readonly contracts: readonly Contract<unknown>[];
  readonly service: unknown;
  /** Getting it activates the component at once. */
  readonly eager: boolean;
  /** Whether the component has to stay up. */
  readonly used: boolean;
  /** Why the component is not active, as a sentence. */
  readonly waitsFor: string;
  properties(): Properties;
  /** Instances that are made for one user each. */
  ofUsers(): readonly ComponentInstance[];
  /** They are gone. */
  forget(): void;
}

/** Undefined for a component that is activated as soon as it is satisfied. */
export function offerOf(instance: ComponentInstance, engine: EngineParts): Offer | undefined {
  const { factory, serviceScope, immediate } = instance.definition.options;
  if (factory !== undefined) return new FactoryOffer(instance, engine);
  if (serviceScope === 'bundle' || serviceScope === 'prototype') return new ScopedOffer(instance, serviceScope);
  return immediate === false ? new DelayedOffer(instance) : undefined;
}

const joined = new WeakMap<readonly Contract<unknown>[], Contract<unknown>>();

/** Everything that may be called on an object of several contracts; undefined when one of them needs the object itself. */
function callableOn(contracts: readonly Contract<unknown>[]): Contract<unknown> | undefined {
  if (!contracts.every(isStubbable)) return undefined;
  if (contracts.length === 1) return contracts[0];
  let all = joined.get(contracts);
  if (!all) {
    const methods = [...new Set(contracts.flatMap((contract) => contract.methods))];
    const streams = [...new Set(contracts.flatMap((contract) => contract.streams))];
    joined.set(contracts, (all = { ...contracts[0]!, methods, streams }));
  }
  return all;
}

/** Hands calls on to the component, which the first of them activates. */
class Awakening implements StubTarget {
  readonly #instance: ComponentInstance;
  #closed = false;

  constructor(instance: ComponentInstance) {
    this.#instance = instance;
  }

  /** It was given back. */
  close(): void {
    this.#closed = true;
  }

  call(method: string, args: unknown[]): Promise<unknown> {
    try {
      const service = this.#demand();
      if (service instanceof Promise) return service.then((object) => this.#invoke(object, method, args));
      return Promise.resolve(this.#invoke(service, method, args));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async *stream(method: string, args: unknown[]): AsyncIterable<unknown> {
    yield* this.#invoke(await this.#demand(), method, args) as AsyncIterable<unknown>;
  }

  #demand(): unknown {
    if (!this.#closed) return demand(this.#instance);
    const { label } = this.#instance;
    throw new RackwattError('COMPONENT_NOT_ACTIVE', `component ${label} is called by a bundle that gave it back`, {
      context: { component: label },
    });
  }

  #invoke(service: unknown, method: string, args: unknown[]): unknown {
    const found = (service as Readonly<Record<string, unknown>>)[method];
    if (typeof found === 'function') return (found as (...given: unknown[]) => unknown).apply(service, args);
    const { label } = this.#instance;
    throw new RackwattError('SERVICE_METHOD_ABSENT', `component ${label} has no ${method}`, {
      context: { component: label, method },
    });
  }
}

/** What stands for the object of a component; until it is given back. */
class StandIn {
  readonly #instance: ComponentInstance;
  readonly #callable: Contract<unknown> | undefined;
  readonly #target: Awakening;

  /** @param callable all that may be called; undefined where users need the object itself */
  constructor(instance: ComponentInstance, callable: Contract<unknown> | undefined) {
    this.#instance = instance;
    this.#callable = callable;
    this.#target = new Awakening(instance);
  }

  give(): unknown {
    return this.#callable ? stubOf(this.#callable, this.#target) : demandNow(this.#instance);
  }

  close(): void {
    this.#target.close();
  }
}

abstract class ServiceOffer implements Offer, ServiceFactory<unknown> {
  abstract readonly scope: 'bundle' | 'prototype';
  readonly contracts: readonly Contract<unknown>[];
  readonly eager: boolean;
  protected readonly instance: ComponentInstance;
  protected readonly callable: Contract<unknown> | undefined;

  constructor(instance: ComponentInstance, isShared: boolean) {
    this.instance = instance;
    this.contracts = instance.contracts;
    this.callable = callableOn(instance.contracts);
    this.eager = this.callable === undefined && isShared;
  }

  abstract readonly used: boolean;
  abstract readonly waitsFor: string;
  abstract get(user: ServiceOwner): unknown;
  abstract release(user: ServiceOwner, registration: unknown, object: unknown): void;

  get service(): unknown {
    return this;
  }

  properties(): Properties {
    return this.instance.properties;
  }

  ofUsers(): readonly ComponentInstance[] {
    return NONE;
  }

  forget(): void {}
}

/**
 * A service whose component is activated when somebody uses it, one for all, and deactivated when nobody does any more. Where
 * its contracts say all that may be called, users hold an object whose first call activates the component, so that `activate` may take its
 * time; where they need the service itself, getting it does, and `activate` must not wait for anything.
 */
class DelayedOffer extends ServiceOffer {
  readonly scope = 'bundle';
  readonly waitsFor = 'it is activated when somebody uses its service';
  readonly #users = new Map<number, StandIn>();

  constructor(instance: ComponentInstance) {
    super(instance, true);
  }

  get used(): boolean {
    return this.#users.size > 0;
  }

  get(user: ServiceOwner): unknown {
    const standIn = new StandIn(this.instance, this.callable);
    this.#users.set(user.id, standIn);
    try {
      return standIn.give();
    } catch (error) {
      this.#users.delete(user.id);
      throw error;
    }
  }

  release(user: ServiceOwner): void {
    this.#users.get(user.id)?.close();
    this.#users.delete(user.id);
    if (!this.used) this.instance.reconsider();
  }
}

/** A service of which each bundle, or each request, gets an object of its own. */
class ScopedOffer extends ServiceOffer {
  readonly waitsFor = 'each of its users gets an instance, at the first use';
  readonly scope: 'bundle' | 'prototype';
  readonly #made = new Map<unknown, { made: ComponentInstance; standIn: StandIn }>();

  constructor(instance: ComponentInstance, scope: 'bundle' | 'prototype') {
    super(instance, false);
    this.scope = scope;
  }

  get used(): boolean {
    return this.#made.size > 0;
  }

  get(user: ServiceOwner): unknown {
    const made = this.instance.make({ user });
    try {
      const standIn = new StandIn(made, this.callable);
      const object = standIn.give();
      this.#made.set(object, { made, standIn });
      return object;
    } catch (error) {
      made.end('unspecified');
      throw error;
    }
  }

  release(_user: ServiceOwner, _registration: unknown, object: unknown): void {
    const given = this.#made.get(object);
    // With the component that stands for all they go when nobody calls them any more.
    if (!given || this.instance.state === 'deactivating') return;
    this.#made.delete(object);
    given.standIn.close();
    given.made.end('unspecified');
  }

  override ofUsers(): readonly ComponentInstance[] {
    return this.#made.size === 0 ? NONE : Array.from(this.#made.values(), ({ made }) => made);
  }

  override forget(): void {
    this.#made.clear();
  }
}

const NONE: readonly ComponentInstance[] = [];
