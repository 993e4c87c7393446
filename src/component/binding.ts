import type { ServiceEvent, ServiceReference } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import { Held, type ComponentServices } from './held.js';
import { Listeners } from './live.js';
import { sameTarget, type Target } from './target.js';
import type { Bound, BoundEvent, ReferenceDescription } from './types.js';

/** What a binding asks of the component instance that it belongs to. */
export interface BindingHost {
  /** Something changed that may let the instance come up. */
  reconsider(): void;
  /** A bound service is gone, and the instance cannot follow it alive. */
  giveUp(): void;
  /** A better or further service came, which the instance can have by a restart only. */
  betterCame(reference: ServiceReference): void;
  /** Code of the component threw. */
  failed(what: string, error: unknown): void;
}

type Handler = (event: BoundEvent<unknown>) => unknown;

/** What the component does as services of one reference come, change and go. */
export interface Handlers {
  readonly bind?: Handler | undefined;
  readonly updated?: Handler | undefined;
  readonly unbind?: Handler | undefined;
}

/** Who holds which service, by service id: the edges along which going down is planned. */
export type Holders = Map<number, Set<ReferenceBinding>>;

/**
 * One reference of one component instance: finds its services, holds them while the instance is up, and follows
 * changes as cardinality, policy and policy option say (OSGi Declarative Services, "Reference Policy").
 */
export class ReferenceBinding {
  readonly name: string;
  readonly description: ReferenceDescription;
  readonly many: boolean;
  readonly dynamic: boolean;
  readonly host: BindingHost;
  #target: Target;
  readonly #services: ComponentServices;
  readonly #holders: Holders;
  readonly #handlers: Handlers | undefined;
  readonly #held = new Map<number, Held>();
  #listeners: Listeners | undefined;
  #order: Held[] | undefined;
  /** The one of a unary reference. */
  #latest: Held | undefined;
  #stopListening: Disposer | undefined;
  #up = false;
  /** Handlers are told of what comes and goes. */
  #telling = false;

  constructor(
    name: string,
    description: ReferenceDescription,
    target: Target,
    host: BindingHost,
    services: ComponentServices,
    holders: Holders,
    handlers?: Handlers,
  ) {
    this.name = name;
    this.description = description;
    this.#target = target;
    this.many = description.cardinality.endsWith('n');
    this.dynamic = description.policy === 'dynamic';
    this.host = host;
    this.#services = services;
    this.#holders = holders;
    this.#handlers = handlers;
  }

  get target(): Target {
    return this.#target;
  }

  /** Services needed to be satisfied. */
  get minimum(): number {
    return this.#target.minimum;
  }

  /** Begins to watch for services. */
  open(): void {
    const { contract, filter, problem } = this.#target;
    if (problem !== undefined) return;
    this.#stopListening ??= this.#services.group.listen((event) => this.#onEvent(event), {
      ...(contract === undefined ? {} : { contract }),
      ...(filter === undefined ? {} : { filter }),
    });
  }

  /** Follows no further change: what it holds is held until the instance goes down. */
  freeze(): void {
    void this.#stopListening?.();
    this.#stopListening = undefined;
  }

  close(): void {
    this.freeze();
    this.unbind();
  }

  /** Services that it may take, best first. */
  candidates({ contract, filter, problem } = this.#target): ServiceReference[] {
    return problem === undefined ? this.#services.group.references(contract, filter) : [];
  }

  /** Services of the contract that the filter keeps out, in words; for explaining. */
  nearMisses(): string[] {
    const { contract } = this.#target;
    if (contract === undefined) return [];
    const others = this.#services.group.references(contract).slice(0, 5);
    return others.map(
      (reference) =>
        `#${reference.id} of ${reference.owner?.name ?? 'nobody'} ${JSON.stringify(reference.properties(), plain)}`,
    );
  }

  #best(): ServiceReference | undefined {
    const { contract, filter, problem } = this.#target;
    return problem === undefined ? this.#services.group.reference(contract, filter) : undefined;
  }

  satisfied(): boolean {
    const { minimum } = this.#target;
    if (minimum === 0) return true;
    return minimum === 1 ? this.#best() !== undefined : this.candidates().length >= minimum;
  }

  /** The services whose objects `bind` is about to get. */
  wanted(): ServiceReference[] {
    if (this.description.lookup) return [];
    if (this.many) return this.candidates();
    const best = this.#best();
    return best ? [best] : [];
  }

  /** Takes hold of the services. @returns false when fewer than the minimum could be had. */
  bind(): boolean {
    this.#up = true;
    let missed = false;
    if (this.many) for (const reference of this.candidates()) missed = !this.#hold(reference) || missed;
    else {
      const best = this.#best();
      missed = best !== undefined && !this.#hold(best) && !this.#holdNext();
    }
    if (missed && this.dynamic) queueMicrotask(() => this.#catchUp());
    return this.#held.size >= this.minimum;
  }

  /** What could not be had while it was itself being activated, in a circle, may be had now. */
  #catchUp(): void {
    if (!this.#up) return;
    for (const reference of this.candidates()) {
      if (!this.many && this.#held.size > 0) return;
      this.#take(reference);
    }
  }

  /** Tells the component's handlers of what is bound, and from now on of what comes and goes. */
  beginTelling(): void {
    this.#telling = true;
    if (this.#handlers) for (const held of this.#ordered().slice()) this.#tellBound(held);
  }

  /** Tells the handlers that everything goes. */
  endTelling(): void {
    this.#telling = false;
    if (this.#handlers) for (const held of this.#ordered().toReversed()) this.#tellUnbound(held);
  }

  /** Lets all services go. */
  unbind(): void {
    if (this.#telling) this.endTelling();
    this.#up = false;
    for (const held of [...this.#held.values()].reverse()) this.#release(held);
    this.#listeners?.changed();
    this.#listeners?.clear();
  }

  /** Whether the instance cannot live on when this service goes. */
  fallsWithout(serviceId: number): boolean {
    if (!this.#held.has(serviceId)) return false;
    if (!this.dynamic) return true;
    if (this.#held.size - 1 >= this.minimum) return false;
    return !this.candidates().some((candidate) => candidate.id !== serviceId && !this.#held.has(candidate.id));
  }

  /** Whether the instance can live on with another target. */
  follows(target: Target): boolean {
    if (sameTarget(this.#target, target)) return true;
    if (target.problem !== undefined) return false;
    const found = this.candidates(target);
    if (found.length < target.minimum) return false;
    if (this.dynamic) return true;
    const kept = found.filter(({ id }) => this.#held.has(id));
    if (kept.length < this.#held.size || kept.length < target.minimum) return false;
    return !this.description.greedy || (this.many ? kept.length === found.length : kept[0] === found[0]);
  }

  /** Takes another target, which it `follows`: a dynamic reference gives up what no longer matches, and takes what now does. */
  retarget(target: Target): void {
    if (sameTarget(this.#target, target)) return;
    this.freeze();
    this.#target = target;
    this.open();
    if (!this.#up || !this.dynamic) return;
    const found = this.candidates();
    const matches = new Set(found.map(({ id }) => id));
    if (this.many) for (const reference of found) this.#arrived(reference);
    else if (found[0] && (this.#held.size === 0 || this.description.greedy)) this.#arrived(found[0]);
    for (const held of Array.from(this.#held.values()))
      if (!matches.has(held.reference.id)) this.#departed(held.reference);
  }

  /** What the component gets under the reference's name. */
  value(): unknown {
    if (this.dynamic) {
      this.#listeners ??= new Listeners((error) => this.host.failed('a listener of a reference', error));
      if (!this.many) return this.#listeners.live(() => this.#latest);
      // What is looked up may turn out not to be had.
      const size = (): number => (this.description.lookup ? this.#bounds().length : this.#held.size);
      return this.#listeners.liveSet(() => this.#bounds(), size);
    }
    if (this.description.lookup) return this.many ? () => Object.freeze(this.#bounds()) : () => this.#latest?.service;
    return this.many ? Object.freeze(this.#bounds()) : this.#latest?.service;
  }

  /** The best service that is bound; of a unary reference, the one. */
  locate(): unknown {
    return this.many ? this.locateAll()[0] : this.#latest?.service;
  }

  /** All services that are bound, best first. */
  locateAll(): readonly unknown[] {
    return this.#bounds().map(({ service }) => service);
  }

  boundReferences(): ServiceReference[] {
    return [...this.#held.values()].map((held) => held.reference);
  }

  #ordered(): readonly Held[] {
    return (this.#order ??= [...this.#held.values()].sort(
      (a, b) => b.reference.ranking - a.reference.ranking || a.reference.id - b.reference.id,
    ));
  }

  #bounds(): Bound<unknown>[] {
    return this.#ordered().flatMap(({ bound }) => bound ?? []);
  }

  #hold(reference: ServiceReference, instead?: Held): Held | undefined {
    if (this.#held.has(reference.id)) return undefined;
    const held = new Held(reference, this.description, this.#services);
    if (!this.description.lookup && !this.#obtained(held, instead)) return undefined;
    this.#latest = held;
    this.#held.set(reference.id, held);
    let holders = this.#holders.get(reference.id);
    if (!holders) this.#holders.set(reference.id, (holders = new Set()));
    holders.add(this);
    this.#order = undefined;
    return held;
  }

  /** A provider may be made to give its object, and do whatever else: so is the place still free afterwards? */
  #obtained(held: Held, instead: Held | undefined): boolean {
    if (!held.obtain()) return false;
    const others = this.many ? this.#held.has(held.reference.id) : this.#latest !== instead;
    if (this.#up && !others && held.reference.owner !== undefined) return true;
    held.release();
    return false;
  }

  /** Holds the best of those that can be had. */
  #holdNext(instead?: Held): Held | undefined {
    for (const candidate of this.candidates()) {
      const held = this.#hold(candidate, instead);
      if (held || this.#latest !== instead) return held;
    }
    return undefined;
  }

  #release(held: Held): void {
    const { id } = held.reference;
    this.#held.delete(id);
    const holders = this.#holders.get(id);
    holders?.delete(this);
    if (holders?.size === 0) this.#holders.delete(id);
    this.#order = undefined;
    if (this.#latest === held) this.#latest = undefined;
    this.#tellUnbound(held);
    this.#listeners?.went(held);
    held.release();
  }

  #take(reference: ServiceReference): void {
    const held = this.#hold(reference);
    if (!held) return;
    this.#tellBound(held);
    this.#listeners?.came(held);
  }

  /** The new one is bound, and the component told, before the old one is let go, so that it never sees none. */
  #replaced(before: Held, held: Held | undefined): boolean {
    if (!held) return false;
    this.#tellBound(held);
    this.#listeners?.changed();
    this.#release(before);
    return true;
  }

  #onEvent(event: ServiceEvent): void {
    const { reference, type } = event;
    if (type === 'REGISTERED' || type === 'MODIFIED') {
      const held = this.#held.get(reference.id);
      if (held) this.#modified(held);
      else this.#arrived(reference);
    } else this.#departed(reference);
  }

  #modified(held: Held): void {
    held.renew();
    this.#order = undefined;
    this.#listeners?.changed();
    if (held.told) this.#tell('updated', held);
    if (this.many || !this.description.greedy) return;
    const best = this.#best();
    if (best && best.id !== held.reference.id && this.#latest === held) this.#betterCame(best, held);
  }

  #arrived(reference: ServiceReference): void {
    if (!this.#up) return this.host.reconsider();
    const { greedy } = this.description;
    const [before] = this.#held.values();
    if (this.many || !before) {
      if (this.dynamic) this.#take(reference);
      else if (greedy) this.host.betterCame(reference);
    } else if (greedy && this.#best()?.id === reference.id) this.#betterCame(reference, before);
  }

  #betterCame(reference: ServiceReference, before: Held): void {
    if (this.dynamic) this.#replaced(before, this.#hold(reference, before));
    else this.host.betterCame(reference);
  }

  #departed(reference: ServiceReference): void {
    const held = this.#held.get(reference.id);
    if (!held) return this.#up ? undefined : this.host.reconsider();
    if (!this.dynamic) return this.host.giveUp();
    if (!this.many && this.#replaced(held, this.#holdNext(held))) return;
    if (this.#held.size - 1 < this.minimum) return this.host.giveUp();
    this.#release(held);
    this.#listeners?.changed();
  }

  #tellBound(held: Held): void {
    if (!this.#handlers || !this.#telling || held.told) return;
    held.told = true;
    this.#tell('bind', held);
  }

  #tellUnbound(held: Held): void {
    if (!held.told) return;
    held.told = false;
    this.#tell('unbind', held);
  }

  #tell(what: keyof Handlers, held: Held): void {
    const handler = this.#handlers?.[what];
    if (!handler) return;
    const failed = (error: unknown): void => this.host.failed(`${what} of reference "${this.name}"`, error);
    try {
      const pending: unknown = handler(held.event);
      if (pending instanceof Promise) pending.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function plain(key: string, value: unknown): unknown {
  if (key === 'objectClass' || key.startsWith('service.')) return undefined;
  return typeof value === 'bigint' ? value.toString() : value;
}
