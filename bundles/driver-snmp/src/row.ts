import type { Profile, ProfileAttribute, ProfileIdentitySource, ProfileWhen } from '@rackwatt/device-profiles';
import type { Varbind } from './snmp/varbind.js';
import { type Bindings, compareOids, OidPattern } from './oid.js';
import { isAbsent, numberOf, textOf } from './values.js';
import type { Walk } from './walk.js';

/** What a walk found, seen through the templates of a profile. */
export interface Found {
  profile: Profile;
  walk: Walk;
  sysDescr: string;
  /** Places of what arcs of an index stand for, by name, as far as they were asked for. */
  places: Map<string, ReadonlyMap<string, number>>;
}

/** What an attribute, an arc or `sysDescr` holds for a row. */
interface Fact {
  number: number;
  text: string;
}

/** A row of a table with all that is known of it. */
export interface Row {
  /** Arcs of its index, attributes that are whole numbers, and the unit. */
  bindings: Bindings;
  facts: Map<string, Fact>;
  /** What stands in the path, of attributes with words and of named groups. */
  words: Record<string, string>;
}

/** A template as an OID below the profile's base. */
export function patternOf(profile: Profile, template: string): OidPattern {
  return new OidPattern(`${profile.base}.${template}`);
}

/** The object of a row; undefined when the device has none. */
export function objectAt(found: Found, template: string, bindings: Bindings): Varbind | undefined {
  const oid = patternOf(found.profile, template).fill(bindings);
  const varbind = oid === undefined ? undefined : found.walk.objects.get(oid);
  return varbind === undefined || isAbsent(varbind) ? undefined : varbind;
}

/** What the row's attribute holds; undefined when the device does not tell. */
export function attributeAt(found: Found, attribute: ProfileAttribute, bindings: Bindings): Fact | undefined {
  if ('value' in attribute) return factOf(attribute.value);
  if ('arc' in attribute) return factOf(bindings[attribute.arc]);
  if ('place' in attribute) return factOf(placesOf(found, attribute.place).get(String(bindings[attribute.place])));
  const varbind = objectAt(found, attribute.oid, bindings);
  if (varbind) return { number: numberOf(varbind), text: textOf(varbind) };
  const { otherwise } = attribute;
  return factOf(typeof otherwise === 'string' ? bindings[otherwise] : otherwise);
}

/** What arcs of this name stand for in the indexes of the device, in order and counted from 1. */
function placesOf({ profile, walk, places }: Found, name: string): ReadonlyMap<string, number> {
  const known = places.get(name);
  if (known) return known;
  const all = new Set<string>();
  for (const template of [...identityTemplates(profile), ...pointTemplates(profile)]) {
    const pattern = patternOf(profile, template);
    for (const oid of walk.columns.get(pattern.column) ?? []) {
      const arcs = pattern.match(oid)?.[name];
      if (arcs !== undefined) all.add(String(arcs));
    }
  }
  const found = new Map([...all].toSorted(compareOids).map((arcs, i) => [arcs, i + 1]));
  places.set(name, found);
  return found;
}

const pointTemplates = ({ parts }: Profile): string[] => parts.flatMap(({ points }) => points.map(({ oid }) => oid));

/** Templates of the identity, without those that are patterns of sysDescr. */
export function identityTemplates({ identity: { attributes, ...sources } }: Profile): string[] {
  const columns = Object.values(attributes ?? {}).flatMap((attribute) => ('oid' in attribute ? [attribute.oid] : []));
  const templates = Object.values(sources).flatMap((list) =>
    (list ?? []).flatMap((source) => templateOf(source) ?? []),
  );
  return [...templates, ...columns];
}

export function templateOf(source: ProfileIdentitySource): string | undefined {
  if (typeof source === 'string') return source;
  return 'oid' in source ? source.oid : undefined;
}

function factOf(value: number | string | undefined): Fact | undefined {
  return value === undefined ? undefined : { number: Number(value), text: String(value) };
}

/**
 * A row by its index; undefined when one of its attributes has no word for it.
 * @param unit of the chain that the row is of, where the index does not name it
 */
export function rowOf(
  found: Found,
  attributes: Readonly<Record<string, ProfileAttribute>> | undefined,
  arcs: Bindings,
  unit: number | undefined,
): Row | undefined {
  const bindings: Bindings = unit === undefined ? { ...arcs } : { unit, ...arcs };
  const facts = new Map<string, Fact>([['sysDescr', { number: NaN, text: found.sysDescr }]]);
  for (const [name, arc] of Object.entries(bindings)) facts.set(name, { number: Number(arc), text: String(arc) });
  const words: Record<string, string> = {};
  for (const [name, attribute] of Object.entries(attributes ?? {})) {
    const fact = attributeAt(found, attribute, bindings);
    const known = 'words' in attribute ? attribute.words : undefined;
    if (known) {
      const word = fact && (known[String(fact.number)] ?? known[fact.text]);
      if (word === undefined) return undefined;
      words[name] = word;
    }
    if (fact === undefined) continue;
    facts.set(name, fact);
    if (Number.isInteger(fact.number) && fact.number >= 0) bindings[name] ??= fact.number;
  }
  return { bindings, facts, words };
}

const patterns = new Map<string, RegExp>();

/** Patterns are those of profiles: few, and asked for at every row. */
function patternNamed(text: string): RegExp {
  const pattern = patterns.get(text) ?? new RegExp(text);
  patterns.set(text, pattern);
  return pattern;
}

/**
 * Whether a condition holds for a row; named groups of its patterns become words of it. What the device does not tell is an
 * empty text, so that a pattern can leave out what it says and keep what it is silent about.
 */
export function holds(when: ProfileWhen | undefined, row: Row): boolean {
  for (const [name, condition] of Object.entries(when ?? {})) {
    const fact = row.facts.get(name);
    if (typeof condition !== 'string') {
      if (!condition.includes(fact?.number ?? NaN)) return false;
      continue;
    }
    const match = patternNamed(condition).exec(fact?.text ?? '');
    if (!match) return false;
    for (const [group, text] of Object.entries(match.groups ?? {})) if (text !== undefined) row.words[group] = text;
  }
  return true;
}

/** A path with the names of its template filled in; undefined when one is missing or no part of a path. */
export function pathOf(template: string, { words, bindings }: Row): string | undefined {
  let complete = true;
  const path = template.replace(/\{([a-z]+)\}/g, (_, name: string) => {
    const text = words[name] ?? bindings[name];
    if (text === undefined) complete = false;
    return String(text).replaceAll('.', '-');
  });
  return complete && /^(unit|[a-z]+(\/[A-Za-z0-9-]+)+)$/.test(path) ? path : undefined;
}
