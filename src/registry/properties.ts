import { RackwattError } from '../errors.js';
import type { Comparable, Properties, PropertyScalar, PropertyValue } from './types.js';

/** Properties that the registry sets on every service; a caller's values for them are ignored, but for the ranking. */
export const OWNED_KEYS = [
  'objectClass',
  'service.id',
  'service.bundleid',
  'service.scope',
  'service.ranking',
] as const;
export type OwnedValues = [objectClass: readonly string[], id: number, bundle: number, scope: string, ranking: number];

const OWNED = new Set(OWNED_KEYS.map((key) => key.toLowerCase()));
const RANKING = 'service.ranking';

/**
 * The keys of a property set. Services of one kind have the same keys, so that a layout is shared and a set is
 * little more than an array of values.
 */
class Layout {
  /** As the caller wrote them. */
  readonly given: readonly string[];
  /** The key of each value in its original case. */
  readonly names: readonly string[];
  /** Where in `given` each of the caller's values comes from. */
  readonly sources: readonly number[];
  /** Position of a value by its key in lower case. */
  readonly positions: ReadonlyMap<string, number>;
  /** Where in `given` the ranking is, or -1. */
  readonly ranking: number;

  constructor(given: readonly string[], owned: boolean) {
    const names: string[] = owned ? [...OWNED_KEYS] : [];
    const positions = new Map(names.map((name, position) => [name.toLowerCase(), position]));
    const sources: number[] = [];
    const seen = new Set<string>();
    let ranking = -1;
    given.forEach((name, source) => {
      const key = name.toLowerCase();
      if (seen.has(key)) {
        throw new RackwattError(
          'SERVICE_PROPERTIES',
          `Property "${name}" is given twice: keys compare without case; leave one out.`,
          {
            context: { key: name },
          },
        );
      }
      seen.add(key);
      if (owned && key === RANKING) ranking = source;
      if (owned && OWNED.has(key)) return;
      positions.set(key, names.length);
      names.push(name);
      sources.push(source);
    });
    this.given = given;
    this.names = names;
    this.sources = sources;
    this.positions = positions;
    this.ranking = ranking;
  }

  fits(given: readonly string[]): boolean {
    if (given.length !== this.given.length) return false;
    for (let i = 0; i < given.length; i++) if (given[i] !== this.given[i]) return false;
    return true;
  }
}

/** Layouts in use are held by their sets, so that this may be forgotten whenever it grows too large. */
const LAYOUTS = 1000;
const layouts = new Map<string, Layout>();

function layoutOf(given: readonly string[]): Layout {
  const key = JSON.stringify(given);
  let layout = layouts.get(key);
  if (!layout) {
    layout = new Layout(given, true);
    if (layouts.size >= LAYOUTS) layouts.clear();
    layouts.set(key, layout);
  }
  return layout;
}

/** An immutable copy of properties, found without regard to the case of their keys. */
export class PropertySet {
  readonly #layout: Layout;
  readonly #values: readonly PropertyValue[];

  private constructor(layout: Layout, values: readonly PropertyValue[]) {
    this.#layout = layout;
    this.#values = values;
  }

  /** Any properties, none of them the registry's. */
  static of(properties: Properties): PropertySet {
    const given = Object.keys(properties);
    const layout = new Layout(given, false);
    return new PropertySet(layout, copyValues([], given, layout.sources, properties));
  }

  /**
   * The properties of a service.
   * @param like a set that probably has the same keys
   * @throws RackwattError `SERVICE_PROPERTIES`
   */
  static ofService(properties: Properties, owned: OwnedValues, like: PropertySet | undefined): PropertySet {
    const given = Object.keys(properties);
    const layout = like !== undefined && like.#layout.fits(given) ? like.#layout : layoutOf(given);
    if (layout.ranking >= 0) {
      const ranking = properties[given[layout.ranking]!];
      owned[4] = Number.isInteger(ranking) ? Number(ranking) : 0;
    }
    return new PropertySet(layout, copyValues(owned, given, layout.sources, properties));
  }

  /** @param key in lower case */
  get(key: string): PropertyValue | undefined {
    const position = this.#layout.positions.get(key);
    return position === undefined ? undefined : this.#values[position];
  }

  toObject(): Properties {
    return Object.fromEntries(this.#layout.names.map((name, position) => [name, handedOut(this.#values[position]!)]));
  }
}

function copyValues(
  values: PropertyValue[],
  given: readonly string[],
  sources: readonly number[],
  properties: Properties,
): PropertyValue[] {
  for (const source of sources) {
    const key = given[source]!;
    const value = properties[key];
    values.push(typeof value === 'string' || typeof value === 'number' ? value : copyValue(key, value));
  }
  return values;
}

function copyValue(key: string, value: unknown): PropertyValue {
  if (isScalar(value)) return copyDate(value);
  // A key that is there without a value is the same as no key: neither matches any filter.
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) {
    const copy: unknown[] = Array.from(value);
    if (copy.every(isScalar)) return Object.freeze(copy.map(copyDate));
  }
  throw new RackwattError(
    'SERVICE_PROPERTIES',
    `Property "${key}" is neither a string, number, bigint, boolean, date or version nor an array of them; leave it out or write it as text.`,
    { context: { key } },
  );
}

/** A value as it is given away: what can be changed is a copy. */
export function handedOut<V extends PropertyValue | undefined>(value: V): V;
export function handedOut(value: PropertyValue | undefined): PropertyValue | undefined {
  if (typeof value !== 'object' || value === null) return value;
  if (!isList(value)) return copyDate(value);
  return value.some((element) => element instanceof Date) ? Object.freeze(value.map(copyDate)) : value;
}

/** `Array.isArray` says nothing of arrays that are only read. */
export const isList = Array.isArray as (value: unknown) => value is readonly PropertyScalar[];

function copyDate(value: PropertyScalar): PropertyScalar {
  return value instanceof Date ? new Date(value) : value;
}

function isScalar(value: unknown): value is PropertyScalar {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return true;
    case 'object':
      return value instanceof Date || isComparable(value);
    default:
      return false;
  }
}

export function isComparable(value: unknown): value is Comparable {
  return (
    typeof value === 'object' && value !== null && 'compareText' in value && typeof value.compareText === 'function'
  );
}

/** Whether a value may be a property, such as one from a configuration. */
export function isPropertyValue(value: unknown): value is PropertyValue {
  return value === null || isScalar(value) || (Array.isArray(value) && Array.from<unknown>(value).every(isScalar));
}
