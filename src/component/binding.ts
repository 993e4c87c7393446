import type { Contract, ServiceGroup } from '../registry/index.js';
import type { Properties, ServiceEvent, ServiceReference } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import type { Bound, Live, LiveSet, ReferenceDescription } from './types.js';

/** What a binding asks of the component instance that it belongs to. */
export interface BindingHost {
  /** Something changed that may let the instance come up. */
  reconsider(): void;
  /** A bound service is gone, or a better one came, and the instance cannot follow it alive. */
  giveUp(): void;
  listenerFailed(error: unknown): void;
}

/** A service that is held, and what components see of it, made when they look: of a thousand that follow a service few do. */
class Held {
  readonly reference: ServiceReference;
  readonly #object: unknown;
  readonly #services: ServiceGroup;
  readonly #contract: Contract<unknown>;
  #service: unknown;
  #bound: Bound<unknown> | undefined;

  constructor(reference: ServiceReference, object: unknown, contract: Contract<unknown>, services: ServiceGroup) {
    this.reference = reference;
    this.#object = object;
    this.#contract = contract;
    this.#services = services;
  }

  /** What the component calls: a stub, where the contract allows one. */
  get service(): unknown {
    return (this.#service ??= this.#services.guarded(this.reference, this.#contract, this.#object));
  }

  get bound(): Bound<unknown> {
    const { reference, service } = this;
    return (this.#bound ??= Object.freeze({ service, properties: reference.properties(), id: reference.id }));
  }

  /** Its properties are others now. */
  renew(): void {
    this.#bound = undefined;
  }
}

type Listener = (bound: Bound<unknown>) => void;

/** Who holds which service, by service id: the edges along which going down is planned. */
export type Holders = Map<number, Set<ReferenceBinding>>;

/**
 * One reference of one component instance: finds its services, holds them while the instance is up, and follows
 * changes as cardinality, policy and policy option say (OSGi Declarative Services, "Reference Policy").
 */
export class ReferenceBinding {
  readonly name: string;
  readonly description: ReferenceDescription;
  /** Filter in force: configuration `<name>.target`, else the description's. */
  readonly target: string | undefined;
  /** Services needed to be satisfied. */
  readonly minimum: number;
  readonly many: boolean;
  readonly dynamic: boolean;
  readonly #services: ServiceGroup;
  readonly #holders: Holders;
  readonly host: BindingHost;
  readonly #held = new Map<number, Held>();
  #added: Set<Listener> | undefined;
  #removed: Set<Listener> | undefined;
  #changed: Set<() => void> | undefined;
  #order: Bound<unknown>[] | undefined;
  /** The one of a unary reference. */
  #latest: Held | undefined;
  #stopListening: Disposer | undefined;
  #up = false;

  constructor(
    name: string,
    description: ReferenceDescription,
    properties: Properties,
    host: BindingHost,
    services: ServiceGroup,
    holders: Holders,
  ) {
    this.name = name;
    this.description = description;
    const target = properties[`${name}.target`];
    this.target = typeof target === 'string' && target !== '' ? target : description.target;
    const declared = description.cardinality.startsWith('1') ? 1 : 0;
    const raised = properties[`${name}.cardinality.minimum`];
    this.many = description.cardinality.endsWith('n');
    this.dynamic = description.policy === 'dynamic';
    this.minimum =
      Number.isInteger(raised) && (raised as number) > declared && (this.many || raised === 1)
        ? (raised as number)
        : declared;
    this.host = host;
    this.#services = services;
    this.#holders = holders;
  }

  /** Begins to watch for services. */
  open(): void {
    this.#stopListening ??= this.#services.listen((event) => this.#onEvent(event), {
      contract: this.description.contract,
      ...(this.target === undefined ? {} : { filter: this.target }),
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

  candidates(): ServiceReference[] {
    return this.#services.references(this.description.contract, this.target);
  }

  /** Services of the contract that the filter keeps out, in words; for explaining. */
  nearMisses(): string[] {
    const { contract } = this.description;
    const others = this.#services.references(contract).slice(0, 5);
    return others.map(
      (reference) =>
        `#${reference.id} of ${reference.owner?.name ?? 'nobody'} ${JSON.stringify(reference.properties(), plain)}`,
    );
  }

  #best(): ServiceReference | undefined {
    return this.#services.reference(this.description.contract, this.target);
  }

  satisfied(): boolean {
    if (this.minimum === 0) return true;
    return this.minimum === 1 ? this.#best() !== undefined : this.candidates().length >= this.minimum;
  }

  /** Takes hold of the services. @returns false when fewer than the minimum could be had. */
  bind(): boolean {
    this.#up = true;
    if (this.many) for (const reference of this.candidates()) this.#hold(reference);
    else {
      const best = this.#best();
      if (best) this.#hold(best);
    }
    return this.#held.size >= this.minimum;
  }

  /** Lets all services go. */
  unbind(): void {
    this.#up = false;
    for (const held of [...this.#held.values()].reverse()) this.#release(held);
    this.#tellChanged();
    this.#added = undefined;
    this.#removed = undefined;
    this.#changed = undefined;
  }

  /** Whether the instance cannot live on when this service goes. */
  fallsWithout(serviceId: number): boolean {
    if (!this.#held.has(serviceId)) return false;
    if (!this.dynamic) return true;
    if (this.#held.size - 1 >= this.minimum) return false;
    return !this.candidates().some((candidate) => candidate.id !== serviceId && !this.#held.has(candidate.id));
  }

  /** What the component gets under the reference's name. */
  value(): unknown {
    if (this.dynamic) return this.many ? this.#liveSet() : this.#live();
    if (this.many) return Object.freeze([...this.#bounds()]);
    return this.#latest?.service;
  }

  boundReferences(): ServiceReference[] {
    return [...this.#held.values()].map((held) => held.reference);
  }

  #bounds(): Bound<unknown>[] {
    this.#order ??= [...this.#held.values()]
      .sort((a, b) => b.reference.ranking - a.reference.ranking || a.reference.id - b.reference.id)
      .map((held) => held.bound);
    return this.#order;
  }

  #hold(reference: ServiceReference): Held | undefined {
    const service = this.#services.get(reference);
    if (service === undefined) return undefined;
    const held = new Held(reference, service, this.description.contract, this.#services);
    this.#latest = held;
    this.#held.set(reference.id, held);
    let holders = this.#holders.get(reference.id);
    if (!holders) this.#holders.set(reference.id, (holders = new Set()));
    holders.add(this);
    this.#order = undefined;
    return held;
  }

  #release(held: Held): void {
    const { id } = held.reference;
    this.#held.delete(id);
    const holders = this.#holders.get(id);
    holders?.delete(this);
    if (holders?.size === 0) this.#holders.delete(id);
    this.#order = undefined;
    if (this.#latest === held) this.#latest = undefined;
    this.#tell(this.#removed, held);
    this.#services.release(held.reference);
  }

  #take(reference: ServiceReference): void {
    const held = this.#hold(reference);
    if (!held) return;
    this.#tell(this.#added, held);
    this.#tellChanged();
  }

  /** The new one is bound, and the component told, before the old one is let go, so that it never sees none. */
  #replace(before: Held, reference: ServiceReference): boolean {
    const held = this.#hold(reference);
    if (!held) return false;
    this.#tellChanged();
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
    this.#tellChanged();
  }

  #arrived(reference: ServiceReference): void {
    if (!this.#up) return this.host.reconsider();
    const isBetter = this.#held.size === 0 || this.#best()?.id === reference.id;
    if (!this.dynamic) {
      if (this.description.greedy && (this.many || isBetter)) this.host.giveUp();
      return;
    }
    const [before] = this.#held.values();
    if (this.many || !before) this.#take(reference);
    else if (this.description.greedy && isBetter) this.#replace(before, reference);
  }

  #departed(reference: ServiceReference): void {
    const held = this.#held.get(reference.id);
    if (!held) return this.#up ? undefined : this.host.reconsider();
    if (!this.dynamic) return this.host.giveUp();
    const next = this.many ? undefined : this.#best();
    if (next && next.id !== reference.id && this.#replace(held, next)) return;
    if (this.#held.size - 1 < this.minimum) return this.host.giveUp();
    this.#release(held);
    this.#tellChanged();
  }

  #live(): Live<unknown> {
    const current = (): Held | undefined => this.#latest;
    return {
      get service() {
        return current()?.service;
      },
      get properties() {
        return current()?.bound.properties;
      },
      onChange: (listener) => {
        (this.#changed ??= new Set()).add(listener);
        return () => void this.#changed?.delete(listener);
      },
    };
  }

  #liveSet(): LiveSet<unknown> {
    const bounds = (): Bound<unknown>[] => this.#bounds();
    const held = this.#held;
    return {
      get size() {
        return held.size;
      },
      [Symbol.iterator]: () => [...bounds()][Symbol.iterator](),
      onAdded: (listener) => {
        (this.#added ??= new Set()).add(listener);
        for (const bound of bounds().slice()) this.#call(listener, bound);
        return () => void this.#added?.delete(listener);
      },
      onRemoved: (listener) => {
        (this.#removed ??= new Set()).add(listener);
        return () => void this.#removed?.delete(listener);
      },
    };
  }

  #tell(listeners: Set<Listener> | undefined, held: Held): void {
    if (listeners) for (const listener of Array.from(listeners)) this.#call(listener, held.bound);
  }

  #tellChanged(): void {
    if (this.#changed) for (const listener of Array.from(this.#changed)) this.#call(listener, undefined as never);
  }

  #call(listener: Listener, bound: Bound<unknown>): void {
    try {
      listener(bound);
    } catch (error) {
      this.host.listenerFailed(error);
    }
  }
}

/** All that properties say about references, as text to compare. */
export function targetsIn(properties: Properties): string {
  const isTarget = (key: string): boolean => key.endsWith('.target') || key.endsWith('.cardinality.minimum');
  return JSON.stringify(Object.entries(properties).filter(([key]) => isTarget(key)));
}

function plain(key: string, value: unknown): unknown {
  if (key === 'objectClass' || key.startsWith('service.')) return undefined;
  return typeof value === 'bigint' ? value.toString() : value;
}
