import type { Filter } from './filter.js';
import type { Scalar, ScalarType, Term } from './filter-term.js';
import type { ServiceGroup } from './group.js';
import { isList, type PropertySet } from './properties.js';
import type { PropertyValue, ServiceListener, ServiceOwner } from './types.js';

/** A listener with what it listens to. */
export interface Listening {
  /** Rises with each listener: the order of delivery. */
  readonly order: number;
  readonly owner: ServiceOwner;
  readonly listener: ServiceListener;
  readonly contract: string | undefined;
  readonly filter: Filter | undefined;
  /** What it gave as its filter, which hooks are told; the same, but of one that wants to hear of all. */
  readonly stated: Filter | undefined;
  /** Hears only of services that this group sees. */
  readonly group: ServiceGroup | undefined;
  removed: boolean;
}

const SCALARS: readonly ScalarType[] = ['string', 'number', 'bigint', 'boolean'];

/** Listeners of one contract, by a value that their filter insists on. */
class Bucket {
  /** Those whose filter insists on no value. */
  readonly #plain = new Set<Listening>();
  /** Made with the first that has one: most contracts have few listeners, and those take any service. */
  #keyed: Map<string, Map<Scalar, Set<Listening>>> | undefined;

  get empty(): boolean {
    return this.#plain.size === 0 && !this.#keyed?.size;
  }

  /** @returns removes it again. */
  add(listening: Listening): () => void {
    const term = this.#rarest(listening.filter);
    if (!term) {
      this.#plain.add(listening);
      return () => void this.#plain.delete(listening);
    }
    const keyed = (this.#keyed ??= new Map());
    let values = keyed.get(term.key);
    if (!values) keyed.set(term.key, (values = new Map()));
    const operands = operandsOf(term);
    for (const operand of operands) {
      let set = values.get(operand);
      if (!set) values.set(operand, (set = new Set()));
      set.add(listening);
    }
    return () => {
      for (const operand of operands) {
        const set = values.get(operand);
        set?.delete(listening);
        if (set?.size === 0) values.delete(operand);
      }
      if (values.size === 0 && keyed.get(term.key) === values) keyed.delete(term.key);
    };
  }

  collect(properties: PropertySet, before: PropertySet | undefined, found: Listening[]): void {
    for (const listening of this.#plain) found.push(listening);
    if (!this.#keyed?.size) return;
    for (const [key, values] of this.#keyed) {
      const value = properties.get(key);
      collectValue(values, value, found);
      const was = before?.get(key);
      if (was !== value) collectValue(values, was, found);
    }
  }

  /** Of the values that a filter insists on, the one that fewest others here insist on. */
  #rarest(filter: Filter | undefined): Term | undefined {
    let rarest: Term | undefined;
    let fewest = Infinity;
    for (const term of filter?.required ?? []) {
      if (term.key === 'objectclass') continue;
      const others = this.#keyed?.get(term.key)?.get(term.text)?.size ?? 0;
      if (others < fewest) [rarest, fewest] = [term, others];
    }
    return rarest;
  }
}

const NOBODY: ReadonlySet<Listening> = new Set();

function collectValue(values: Map<Scalar, Set<Listening>>, value: PropertyValue | undefined, found: Listening[]): void {
  if (value === undefined || value === null) return;
  for (const scalar of isList(value) ? value : [value]) {
    // What has an order of its own may equal any text: its listeners' filters are asked.
    const sets = typeof scalar === 'object' ? values.values() : [values.get(scalar) ?? NOBODY];
    for (const set of sets) for (const listening of set) found.push(listening);
  }
}

function operandsOf(term: Term): Scalar[] {
  return SCALARS.map((type) => term.operand(type)).filter((operand) => operand !== undefined);
}

/** What a listener listens to. */
export type Asked = Pick<Listening, 'contract' | 'filter' | 'stated' | 'group'>;

/** Told of listeners that come and go. */
export interface ListenerWatch {
  added(listening: Listening): void;
  removed(listening: Listening): void;
}

/** All listeners, found for an event without asking each. */
export class ListenerTable {
  readonly #byContract = new Map<string, Bucket>();
  readonly #ofAny = new Bucket();
  readonly #byOwner = new Map<number, Map<ServiceListener, { listening: Listening; remove: () => void }>>();
  readonly #watch: ListenerWatch;
  #next = 0;

  constructor(watch: ListenerWatch) {
    this.#watch = watch;
  }

  /** In the order in which they came. */
  all(): Listening[] {
    const listenings = Array.from(this.#byOwner.values(), (own) =>
      Array.from(own.values(), ({ listening }) => listening),
    );
    return listenings.flat().sort((a, b) => a.order - b.order);
  }

  /** The same listener of the same bundle replaces itself, as in OSGi. */
  add(owner: ServiceOwner, listener: ServiceListener, asked: Asked): Listening {
    let own = this.#byOwner.get(owner.id);
    if (!own) this.#byOwner.set(owner.id, (own = new Map()));
    const replaced = own.get(listener);
    if (replaced) this.remove(replaced.listening);
    const { contract, filter } = asked;
    const listening: Listening = { order: this.#next++, owner, listener, ...asked, removed: false };
    const key = contract ?? filter?.required.find((term) => term.key === 'objectclass')?.text;
    const remove = key === undefined ? this.#ofAny.add(listening) : this.#addToContract(key, listening);
    own = this.#byOwner.get(owner.id) ?? own;
    this.#byOwner.set(owner.id, own.set(listener, { listening, remove }));
    this.#watch.added(listening);
    return listening;
  }

  remove(listening: Listening): void {
    if (listening.removed) return;
    listening.removed = true;
    const own = this.#byOwner.get(listening.owner.id);
    own?.get(listening.listener)?.remove();
    own?.delete(listening.listener);
    if (own?.size === 0) this.#byOwner.delete(listening.owner.id);
    this.#watch.removed(listening);
  }

  removeOwner(owner: ServiceOwner): void {
    for (const { listening } of this.#byOwner.get(owner.id)?.values() ?? []) this.remove(listening);
  }

  /**
   * Listeners that may care about a service, in the order in which they came; their filters are still to be asked.
   * @param before the properties that the service had, when it changed
   */
  candidates(contracts: readonly string[], properties: PropertySet, before: PropertySet | undefined): Listening[] {
    const found: Listening[] = [];
    this.#ofAny.collect(properties, before, found);
    for (const contract of contracts) this.#byContract.get(contract)?.collect(properties, before, found);
    if (found.length < 2) return found;
    found.sort((a, b) => a.order - b.order);
    return found.filter((listening, i) => listening !== found[i - 1]);
  }

  #addToContract(contract: string, listening: Listening): () => void {
    let bucket = this.#byContract.get(contract);
    if (!bucket) this.#byContract.set(contract, (bucket = new Bucket()));
    const remove = bucket.add(listening);
    return () => {
      remove();
      if (bucket.empty && this.#byContract.get(contract) === bucket) this.#byContract.delete(contract);
    };
  }
}
