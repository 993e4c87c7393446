import type { Profile, ProfileAttribute, ProfilePart, ProfilePoint, ProfileWhen } from '@rackwatt/device-profiles';
import { compareOids, parseOid } from '../snmp/oid.js';
import { fillTemplate, matchTemplate } from './template.js';

/** Objects of a device as texts; a text that is a plain number counts as that number. */
export interface Objects {
  oids(): Iterable<string>;
  /** Undefined of an object that is not there. */
  text(oid: string): string | undefined;
}

/** An object that a profile reads as a point. */
export interface PointRow {
  group: ProfilePart;
  point: ProfilePoint;
  path: string;
  oid: string;
  arcs: Record<string, string>;
}

/**
 * Objects that a profile reads of one unit, in the order of the profile and then of the OIDs: of two with one part and metric the
 * first one counts. This reading of profiles is apart from the driver's, so that a test of one against the other shows a fault of
 * either.
 *
 * @param base what the profile's OIDs stand under
 */
export function* rowsRead(profile: Profile, base: string, objects: Objects, unit?: number): Generator<PointRow> {
  const sorted = [...objects.oids()];
  for (const group of profile.parts)
    for (const point of group.points)
      for (const oid of sorted) {
        const index = matchTemplate(`${base}.${point.oid}`, oid);
        if (index) yield* rowsAt({ profile, base, objects, unit, group, point }, oid, index);
      }
}

/** Numbers of the units of a chain that a device has rows of; none of a device that has no chains. */
export function unitsIn(profile: Profile, base: string, objects: Objects): number[] {
  const units = new Set<number>();
  for (const { attributes, points } of profile.parts)
    for (const { oid: template } of points)
      for (const oid of objects.oids()) {
        const arcs = matchTemplate(`${base}.${template}`, oid);
        const told =
          arcs &&
          (attributes?.['unit'] ? attributeText({ profile, base, objects }, attributes['unit'], arcs) : arcs['unit']);
        if (told !== undefined && /^\d+$/.test(told)) units.add(Number(told));
      }
  return [...units].toSorted((a, b) => a - b);
}

interface Ground {
  profile: Profile;
  base: string;
  objects: Objects;
}

interface Reader extends Ground {
  unit: number | undefined;
  group: ProfilePart;
  point: ProfilePoint;
}

function* rowsAt(reader: Reader, oid: string, index: Record<string, string>): Generator<PointRow> {
  const { group, point, objects } = reader;
  const items = point.list === undefined ? undefined : (objects.text(oid) ?? '').split(point.list).length;
  for (let item = 1; item <= (items ?? 1); item++) {
    const row = rowAt(reader, items === undefined ? index : { ...index, item: String(item) });
    if (row) yield { group, point, oid, ...row };
  }
}

function rowAt(
  reader: Reader,
  index: Record<string, string>,
): { path: string; arcs: Record<string, string> } | undefined {
  const { base, objects, unit, group, point } = reader;
  if (index['unit'] !== undefined && Number(index['unit']) !== unit) return undefined;
  const arcs: Record<string, string> = unit === undefined ? { ...index } : { unit: String(unit), ...index };
  const facts: Record<string, string | undefined> = { sysDescr: objects.text('1.3.6.1.2.1.1.1.0') ?? '', ...arcs };
  const words: Record<string, string> = {};
  for (const [name, attribute] of Object.entries(group.attributes ?? {})) {
    const text = attributeText(reader, attribute, arcs);
    const known = wordsOf(attribute);
    if (known) {
      const word = text === undefined ? undefined : known[text];
      if (word === undefined) return undefined;
      words[name] = word;
    }
    if (text === undefined) continue;
    facts[name] = text;
    if (/^\d+$/.test(text)) arcs[name] ??= text;
  }
  const told = group.attributes?.['unit'] && facts['unit'];
  if (told !== undefined && Number(told) !== unit) return undefined;
  if (!holds(group.when, facts, words) || !holds(point.when, facts, words)) return undefined;
  for (const { oid: template, words: factors } of point.scaleFrom ?? []) {
    if (factors === undefined) continue;
    const text = objects.text(fillTemplate(`${base}.${template}`, arcs) ?? '');
    if (text === undefined || factors[text] === undefined) return undefined;
  }
  let complete = true;
  const path = group.part.replace(/\{([a-z]+)\}/g, (_, name: string) => {
    const text = words[name] ?? arcs[name];
    if (text === undefined) complete = false;
    return String(text).replaceAll('.', '-');
  });
  return complete ? { path, arcs } : undefined;
}

/** Words of an attribute's raw values. */
export const wordsOf = (attribute: ProfileAttribute | undefined): Readonly<Record<string, string>> | undefined =>
  attribute && 'words' in attribute ? attribute.words : undefined;

function attributeText(ground: Ground, attribute: ProfileAttribute, arcs: Record<string, string>): string | undefined {
  const { base, objects } = ground;
  if ('value' in attribute) return String(attribute.value);
  if ('arc' in attribute) return arcs[attribute.arc];
  if ('place' in attribute) {
    const place = indexesOf(ground, attribute.place).indexOf(arcs[attribute.place] ?? '');
    return place === -1 ? undefined : String(place + 1);
  }
  const oid = fillTemplate(`${base}.${attribute.oid}`, arcs);
  const told = oid === undefined ? undefined : objects.text(oid);
  const { otherwise } = attribute;
  return told ?? (typeof otherwise === 'string' ? arcs[otherwise] : otherwise?.toString());
}

const known = new WeakMap<Objects, Record<string, string[]>>();

/** All that a name of the index stands for in the points of a device, in the order of OIDs. */
function indexesOf({ profile, base, objects }: Ground, name: string): string[] {
  const lists = known.get(objects) ?? {};
  known.set(objects, lists);
  return (lists[name] ??= [
    ...new Set(
      profile.parts.flatMap(({ points }) =>
        points.flatMap((point) =>
          [...objects.oids()].flatMap((oid) => matchTemplate(`${base}.${point.oid}`, oid)?.[name] ?? []),
        ),
      ),
    ),
  ].toSorted((a, b) => compareOids(parseOid(`0.${a}`), parseOid(`0.${b}`))));
}

function holds(
  when: ProfileWhen | undefined,
  facts: Readonly<Record<string, string | undefined>>,
  words: Record<string, string>,
): boolean {
  for (const [name, condition] of Object.entries(when ?? {})) {
    const text = facts[name];
    if (text === undefined) return false;
    if (typeof condition !== 'string') {
      if (!condition.map(String).includes(text)) return false;
      continue;
    }
    const match = new RegExp(condition).exec(text);
    if (!match) return false;
    for (const [group, captured] of Object.entries(match.groups ?? {}))
      if (captured !== undefined) words[group] = captured;
  }
  return true;
}
