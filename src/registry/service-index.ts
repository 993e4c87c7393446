import type { Filter } from './filter.js';
import type { Scalar, ScalarType, Term } from './filter-term.js';
import { isList, type PropertySet } from './properties.js';
import type { ServiceRecord } from './record.js';
import { NO_SERVICES, SortedServices } from './sorted-services.js';
import type { PropertyValue } from './types.js';

/** So few candidates are looked through sooner than an index is built or asked. */
const SCANNED = 16;
/** Filters may come from outside: they must not make the registry keep an index for every name that they invent. */
const INDEXES = 64;

/** Most values of most properties are those of one service, which then stands for itself. */
type Services = ServiceRecord | SortedServices;

/** Services by the values of one property. Values of different types are kept apart: a term reads differently as each. */
class PropertyIndex {
  readonly #types = new Map<ScalarType, Map<Scalar, Services>>();
  /** With a value that has an order of its own, which a filter has to be asked about. */
  readonly #ordered = new SortedServices();

  add(record: ServiceRecord, value: PropertyValue | undefined): void {
    if (isOrdered(value)) this.#ordered.add(record);
    for (const scalar of scalarsOf(value)) {
      const type = typeof scalar as ScalarType;
      let values = this.#types.get(type);
      if (!values) this.#types.set(type, (values = new Map()));
      const there = values.get(scalar);
      if (there === undefined) values.set(scalar, record);
      else if (there instanceof SortedServices) there.add(record);
      else values.set(scalar, SortedServices.of([there, record]));
    }
  }

  remove(record: ServiceRecord, value: PropertyValue | undefined): void {
    if (isOrdered(value)) this.#ordered.remove(record);
    for (const scalar of scalarsOf(value)) {
      const values = this.#types.get(typeof scalar as ScalarType);
      const there = values?.get(scalar);
      if (there instanceof SortedServices) there.remove(record);
      if (there === record || (there instanceof SortedServices && there.size === 0)) values?.delete(scalar);
    }
  }

  /** The services that an `=` term matches; one that it gives by itself does, among several may be some that do not. */
  find(term: Term): Services {
    let found: Services = NO_SERVICES;
    for (const [type, values] of this.#types) {
      const operand = term.operand(type);
      const there = operand === undefined ? undefined : values.get(operand);
      if (there) found = found === NO_SERVICES ? there : union(found, there);
    }
    return this.#ordered.size === 0 ? found : union(found, this.#ordered);
  }
}

function union(a: Services, b: Services): SortedServices {
  return SortedServices.of(new Set([...recordsOf(a), ...recordsOf(b)]));
}

function recordsOf(services: Services): readonly ServiceRecord[] {
  return services instanceof SortedServices ? services.chunks.flat() : [services];
}

function scalarsOf(value: PropertyValue | undefined): Iterable<Scalar> {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return [value];
  return isList(value) ? new Set(value.filter((element) => typeof element !== 'object')) : [];
}

function isOrdered(value: PropertyValue | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return !isList(value) || value.some((element) => typeof element === 'object');
}

/**
 * Where the registry looks: all services, those of a contract, and those with a value of a property. The index of a
 * property is built when a filter first asks for it.
 */
export class ServiceIndex {
  readonly #all = new SortedServices();
  readonly #contracts = new Map<string, SortedServices>();
  readonly #properties = new Map<string, PropertyIndex>();

  get size(): number {
    return this.#all.size;
  }

  /** Whether any service has the contract. */
  has(contract: string): boolean {
    return this.#contracts.has(contract);
  }

  add(record: ServiceRecord): void {
    this.#all.add(record);
    for (const contract of record.contracts) {
      let set = this.#contracts.get(contract);
      if (!set) this.#contracts.set(contract, (set = new SortedServices()));
      set.add(record);
    }
    for (const [key, index] of this.#properties) index.add(record, record.current.get(key));
  }

  remove(record: ServiceRecord): void {
    this.#all.remove(record);
    for (const contract of record.contracts) {
      const set = this.#contracts.get(contract);
      set?.remove(record);
      if (set?.size === 0) this.#contracts.delete(contract);
    }
    for (const [key, index] of this.#properties) index.remove(record, record.current.get(key));
  }

  /** Gives a service new properties, and with them its place in the order. */
  change(record: ServiceRecord, next: PropertySet): void {
    const ranking = next.get('service.ranking') as number;
    if (ranking !== record.ranking) {
      this.remove(record);
      record.current = next;
      record.ranking = ranking;
      this.add(record);
      return;
    }
    const before = record.current;
    record.current = next;
    for (const [key, index] of this.#properties) {
      const was = before.get(key);
      const is = next.get(key);
      if (was === is) continue;
      index.remove(record, was);
      index.add(record, is);
    }
  }

  best(contract: string | undefined, filter: Filter | undefined): ServiceRecord | undefined {
    const candidates = this.#candidates(contract, filter);
    if (!(candidates instanceof SortedServices)) return suits(candidates, contract, filter) ? candidates : undefined;
    if (!filter) return candidates.first;
    for (const chunk of candidates.chunks) {
      for (const record of chunk) {
        if (isOf(record, contract) && filter.accepts(record.current)) return record;
      }
    }
    return undefined;
  }

  find(contract: string | undefined, filter: Filter | undefined): ServiceRecord[] {
    const candidates = this.#candidates(contract, filter);
    if (!(candidates instanceof SortedServices)) return suits(candidates, contract, filter) ? [candidates] : [];
    const found: ServiceRecord[] = [];
    for (const chunk of candidates.chunks) {
      for (const record of chunk) {
        if (!filter || (isOf(record, contract) && filter.accepts(record.current))) found.push(record);
      }
    }
    return found;
  }

  /** The smallest set known to hold every match. One that came by itself satisfies the term by which it was found. */
  #candidates(contract: string | undefined, filter: Filter | undefined): Services {
    let smallest: Services = contract === undefined ? this.#all : this.#ofContract(contract);
    if (!filter) return smallest;
    let mayBuild = true;
    for (const term of filter.required) {
      if (smallest.size <= SCANNED) break;
      let set: Services;
      if (term.key === 'objectclass') set = this.#ofContract(term.text);
      else {
        let index = this.#properties.get(term.key);
        // To build one takes as long as to look through all: a filter that names a thousand properties gets one a time.
        if (!index && !mayBuild) continue;
        if (!index) mayBuild = false;
        index ??= this.#build(term.key);
        set = index.find(term);
      }
      if (!(set instanceof SortedServices)) return set;
      if (set.size < smallest.size) smallest = set;
    }
    return smallest;
  }

  #ofContract(contract: string): SortedServices {
    return this.#contracts.get(contract) ?? NO_SERVICES;
  }

  #build(key: string): PropertyIndex {
    if (this.#properties.size >= INDEXES) {
      const oldest = this.#properties.keys().next();
      if (!oldest.done) this.#properties.delete(oldest.value);
    }
    const index = new PropertyIndex();
    for (const chunk of this.#all.chunks) for (const record of chunk) index.add(record, record.current.get(key));
    this.#properties.set(key, index);
    return index;
  }
}

/** Whether one that was found by a term of the filter is what was asked for: a filter that is that term says no more. */
function suits(record: ServiceRecord, contract: string | undefined, filter: Filter | undefined): boolean {
  return isOf(record, contract) && (!filter || filter.terms.length === 1 || filter.accepts(record.current));
}

function isOf(record: ServiceRecord, contract: string | undefined): boolean {
  return contract === undefined || record.contracts.includes(contract);
}
