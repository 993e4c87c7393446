import { errorMessage, RackwattError } from '../errors.js';
import { contract, type Contract } from './contract.js';
import type { Filter } from './filter.js';
import type { Listening } from './listeners.js';
import type { ServiceRecord } from './record.js';
import type { ServiceIndex } from './service-index.js';
import type { ServiceEvent, ServiceOwner, ServiceReference } from './types.js';
import type { ErrorReport, ServiceUses } from './uses.js';

/** Elements of which a hook may take some away, but to which it can add none. */
export class Shrinkable<E> implements Iterable<E> {
  readonly #elements: Set<E>;

  constructor(elements: Iterable<E>) {
    this.#elements = new Set(elements);
  }

  get size(): number {
    return this.#elements.size;
  }

  has(element: E): boolean {
    return this.#elements.has(element);
  }

  /** @returns whether it was there */
  delete(element: E): boolean {
    return this.#elements.delete(element);
  }

  [Symbol.iterator](): Iterator<E> {
    return [...this.#elements].values();
  }
}

/** A service listener as hooks see it: the same object each time. */
export interface ListenerInfo {
  readonly bundle: ServiceOwner;
  /** Id of the contract that it asked for. */
  readonly contract: string | undefined;
  /** Without meaningless blanks. */
  readonly filter: string | undefined;
  /** Whether it hears no more. */
  readonly removed: boolean;
}

/** Hides services from bundles that look for them (OSGi Core R8, 55.3). The container itself finds everything. */
export interface FindHook {
  find(
    bundle: ServiceOwner,
    contract: string | undefined,
    filter: string | undefined,
    references: Shrinkable<ServiceReference>,
  ): void;
}

/** Keeps events from listeners (OSGi Core R8, 55.2), but not from the container's own. */
export interface EventListenerHook {
  event(event: ServiceEvent, listeners: Shrinkable<ListenerInfo>): void;
}

/** Is told who listens to what, with those who did when it was registered (OSGi Core R8, 55.4). */
export interface ListenerHook {
  added(listeners: readonly ListenerInfo[]): void;
  removed(listeners: readonly ListenerInfo[]): void;
}

/** Register it to hide services. */
export const FindHook = contract<FindHook>('rackwatt/FindHook', { major: 1, local: true });
/** Register it to keep events from listeners. */
export const EventListenerHook = contract<EventListenerHook>('rackwatt/EventListenerHook', { major: 1, local: true });
/** Register it to hear who listens to what. */
export const ListenerHook = contract<ListenerHook>('rackwatt/ListenerHook', { major: 1, local: true });

const CONTAINER: ServiceOwner = { id: 0, name: 'rackwatt' };

/** Asks the hooks of a registry, best first. What one throws is reported as an error of its bundle, and the others are asked. */
export class ServiceHooks {
  readonly #index: ServiceIndex;
  readonly #uses: ServiceUses;
  readonly #report: ErrorReport;
  readonly #infos = new WeakMap<Listening, ListenerInfo>();

  constructor(index: ServiceIndex, uses: ServiceUses, report: ErrorReport) {
    this.#index = index;
    this.#uses = uses;
    this.#report = report;
  }

  get hideServices(): boolean {
    return this.#index.has(FindHook.id);
  }

  /** What a bundle may see of what was found. */
  found<T>(
    bundle: ServiceOwner,
    asked: { contract: string | undefined; filter: Filter | undefined },
    references: ServiceReference<T>[],
  ): ServiceReference<T>[] {
    if (bundle.id === CONTAINER.id || !this.hideServices) return references;
    const left = new Shrinkable<ServiceReference>(references);
    this.#each(FindHook, (hook) => hook.find(bundle, asked.contract, asked.filter?.toString(), left));
    return references.filter((reference) => left.has(reference));
  }

  /** Those who may hear an event. */
  receivers(event: ServiceEvent, receivers: Listening[]): Listening[] {
    if (!this.#index.has(EventListenerHook.id)) return receivers;
    const bundles = receivers.filter(({ owner }) => owner.id !== CONTAINER.id);
    const left = new Shrinkable(bundles.map((listening) => this.#infoOf(listening)));
    this.#each(EventListenerHook, (hook) => hook.event(event, left));
    return receivers.filter((listening) => listening.owner.id === CONTAINER.id || left.has(this.#infoOf(listening)));
  }

  added(listening: Listening): void {
    if (this.#index.has(ListenerHook.id)) this.#each(ListenerHook, (hook) => hook.added([this.#infoOf(listening)]));
  }

  removed(listening: Listening): void {
    if (this.#index.has(ListenerHook.id)) this.#each(ListenerHook, (hook) => hook.removed([this.#infoOf(listening)]));
  }

  /** A hook came: it is told of those who listen already. */
  came(record: ServiceRecord, listenings: () => Listening[]): void {
    if (!record.contracts.includes(ListenerHook.id)) return;
    const infos = listenings().map((listening) => this.#infoOf(listening));
    if (infos.length > 0) this.#ask<ListenerHook>(record, (hook) => hook.added(infos));
  }

  #infoOf(listening: Listening): ListenerInfo {
    let info = this.#infos.get(listening);
    if (!info) {
      const { owner: bundle, contract: id, stated } = listening;
      info = {
        bundle,
        contract: id,
        filter: stated?.toString(),
        get removed() {
          return listening.removed;
        },
      };
      this.#infos.set(listening, info);
    }
    return info;
  }

  #each<H>({ id }: Contract<H>, ask: (hook: H) => void): void {
    for (const record of this.#index.find(id, undefined)) this.#ask(record, ask);
  }

  #ask<H>(record: ServiceRecord, ask: (hook: H) => void): void {
    const hook = this.#uses.get(CONTAINER, record) as H | undefined;
    if (hook === undefined) return;
    const owner = record.owner ?? CONTAINER;
    try {
      ask(hook);
    } catch (error) {
      const message = `A service hook of bundle ${owner.name} failed: ${errorMessage(error)}`;
      const context = { service: record.id, bundle: owner.name };
      this.#report(owner, new RackwattError('SERVICE_HOOK', message, { cause: error, context }));
    } finally {
      this.#uses.release(CONTAINER, record);
    }
  }
}
