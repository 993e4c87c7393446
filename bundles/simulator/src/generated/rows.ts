import type { Profile, ProfileAttribute, ProfilePart, ProfilePoint, ProfileScaleFrom } from '@rackwatt/device-profiles';
import { wordsOf } from '../profile/readings.js';
import { fillTemplate, namesOf } from '../profile/template.js';
import type { Wanted } from '../profile/text.js';
import type { Cells, Demand } from './cells.js';
import { codecOf, digitsOf, type Factor, factorOf } from './codec.js';
import type { NamedPath } from './places.js';
import { limitOf, type Quantity, quantityOf, type Shape } from './quantity.js';

export const SYS_DESCR = '1.3.6.1.2.1.1.1.0';

/** What a profile is laid out for. */
export interface Ground {
  profile: Profile;
  /** What the profile's OIDs stand under. */
  base: string;
  shape: Shape;
  /** Numbers of the units of a chain; one for a device that has no chains. */
  units: readonly number[];
}

/** A row of a point: where it stands and what its objects have to hold. */
export interface Row {
  arcs: Record<string, string>;
  demands: Demand[];
}

/** Rows of tables that are tried for a name that nothing else tells. */
const MOST_ROWS = 400;

/** Whether any object of a group depends on the unit of a chain. */
export function isOfUnit(group: ProfilePart, point: ProfilePoint): boolean {
  return group.attributes?.['unit'] !== undefined || namesOf(point.oid).includes('unit');
}

/** Rows in which a part's point may stand, the likeliest first. */
export function* rowsOf(
  ground: Ground,
  cells: Cells,
  group: ProfilePart,
  point: ProfilePoint,
  { path, texts }: NamedPath,
  unit: number,
): Generator<Row> {
  const quantity = soughtOf(path, point, ground.shape);
  if (!quantity) return;
  for (const arcs of indexesOf(group, point, texts, String(ground.units[unit]!))) {
    const row = rowAt(ground, cells, group, point, { quantity, unit, path, texts, arcs });
    if (row) yield row;
  }
}

/** What a point tells of a part: a value, or a limit that is a row of its own. */
export const soughtOf = (
  path: string,
  { metric, threshold, basis }: ProfilePoint,
  shape: Shape,
): Quantity | undefined =>
  threshold ? limitOf(path, metric, threshold, shape) : quantityOf(path, metric, shape, basis);

/** What the names in a point's OID may stand for. */
function* indexesOf(
  group: ProfilePart,
  point: ProfilePoint,
  texts: Readonly<Record<string, string>>,
  unit: string,
): Generator<Record<string, string>> {
  const free: string[] = [];
  let fixed: Record<string, string>[] = [{ unit, ...(point.list === undefined ? {} : { item: texts['item'] ?? '1' }) }];
  for (const name of namesOf(point.oid)) {
    if (name === 'unit') continue;
    const choices = arcChoices(name, group, point, texts, unit);
    if (choices) fixed = fixed.flatMap((arcs) => choices.map((choice) => ({ ...arcs, [name]: choice })));
    else free.push(name);
  }
  for (const arcs of fixed) {
    const last = free.at(-1);
    const others = Object.fromEntries(free.slice(0, -1).map((name) => [name, '1']));
    if (last === undefined) yield arcs;
    else for (let row = 1; row <= MOST_ROWS; row++) yield { ...arcs, ...others, [last]: String(row) };
  }
}

/** Arcs that a name may stand for, where the path or a condition says so. */
function arcChoices(
  name: string,
  group: ProfilePart,
  point: ProfilePoint,
  texts: Readonly<Record<string, string>>,
  unit: string,
): readonly string[] | undefined {
  const ofUnit = group.attributes?.['unit'];
  if (ofUnit && 'place' in ofUnit && ofUnit.place === name) return [unit];
  const attributes = Object.entries(group.attributes ?? {}).filter(
    ([, attribute]) => 'arc' in attribute && attribute.arc === name,
  );
  const lists = [name, ...attributes.map(([attribute]) => attribute)].flatMap(
    (each) => conditionsOf(each, group, point).lists,
  );
  const worded = attributes.flatMap(([attribute, each]) => {
    const words = wordsOf(each);
    return words ? [rawsOf(words, texts[attribute])] : [];
  });
  const plain = [name, ...attributes.map(([attribute]) => attribute)]
    .filter((each) => texts[each] !== undefined && wordsOf(group.attributes?.[each]) === undefined)
    .map((each) => [texts[each]!.replaceAll('-', '.')]);
  const all = [...lists, ...worded, ...plain];
  if (all.length === 0) return undefined;
  return all.reduce((common, list) => common.filter((choice) => list.includes(choice)));
}

/** Raw values with this word; with any word where the path does not say which. */
function rawsOf(words: Readonly<Record<string, string>>, word: string | undefined): string[] {
  return Object.entries(words).flatMap(([raw, each]) => (word === undefined || each === word ? [raw] : []));
}

interface Conditions {
  lists: string[][];
  patterns: string[];
}

/** What `when` asks of an attribute, an arc or `sysDescr`. */
function conditionsOf(name: string, group: ProfilePart, point: ProfilePoint): Conditions {
  const found: Conditions = { lists: [], patterns: [] };
  for (const when of [group.when, point.when]) {
    const condition = when?.[name];
    if (typeof condition === 'string') found.patterns.push(condition);
    else if (condition) found.lists.push(condition.map(String));
  }
  return found;
}

interface Wish {
  quantity: Quantity;
  unit: number;
  path: string;
  texts: Readonly<Record<string, string>>;
  arcs: Record<string, string>;
}

function rowAt(ground: Ground, cells: Cells, group: ProfilePart, point: ProfilePoint, wish: Wish): Row | undefined {
  const { quantity, unit, path, texts } = wish;
  const arcs = { ...wish.arcs };
  const demands: Demand[] = [];
  for (const [name, attribute] of Object.entries(group.attributes ?? {})) {
    const demand = attributeDemand(ground, group, point, name, attribute, texts, arcs);
    if (demand === 'impossible') return undefined;
    if (demand) demands.push(demand);
  }
  const { patterns } = conditionsOf('sysDescr', group, point);
  for (const pattern of patterns) demands.push({ oid: SYS_DESCR, kind: 'fact', wanted: [{ pattern }] });
  const at = (template: string) => fillTemplate(`${ground.base}.${template}`, arcs);
  for (const { oid: template, bad } of point.guards ?? []) {
    const oid = at(template);
    if (oid !== undefined) demands.push({ oid, kind: 'fact', refused: Object.keys(bad) });
  }
  const factor = factorOf(point.scale);
  for (const from of point.scaleFrom ?? []) {
    const oid = at(from.oid);
    if (oid === undefined) return undefined;
    const chosen = scaleDemand(from, oid, cells, factor, digitsOf(point.metric));
    demands.push(chosen.demand);
    factor.multiply *= chosen.factor.multiply;
    factor.divide *= chosen.factor.divide;
  }
  const oid = at(point.oid);
  if (oid === undefined) return undefined;
  const measured = { quantity, codec: codecOf(point, factor, path), unit };
  demands.push(
    point.list === undefined
      ? { oid, kind: 'measured', measured, refused: noValues(point) }
      : { oid, kind: 'item', measured, separator: point.list, item: Number(arcs['item']) },
  );
  return { arcs, demands };
}

const noValues = ({ noValue }: ProfilePoint): string[] => (Array.isArray(noValue) ? noValue.map(String) : []);

/** What an attribute's column has to hold, and its number among the arcs where a template names it. */
function attributeDemand(
  ground: Ground,
  group: ProfilePart,
  point: ProfilePoint,
  name: string,
  attribute: ProfileAttribute,
  texts: Readonly<Record<string, string>>,
  arcs: Record<string, string>,
): Demand | 'impossible' | undefined {
  const { lists, patterns } = conditionsOf(name, group, point);
  if ('place' in attribute) return undefined;
  if (!('oid' in attribute)) {
    const arc = 'arc' in attribute ? arcs[attribute.arc] : String(attribute.value);
    if (arc === undefined || lists.some((list) => !list.includes(arc))) return 'impossible';
    if ('value' in attribute && (name === 'unit' ? arcs['unit'] : (texts[name] ?? arc)) !== arc) return 'impossible';
    if (/^\d+$/.test(arc)) arcs[name] ??= arc;
    return undefined;
  }
  const oid = fillTemplate(`${ground.base}.${attribute.oid}`, arcs);
  if (oid === undefined) return 'impossible';
  const domains = [...lists];
  if (attribute.words) domains.push(rawsOf(attribute.words, texts[name]));
  else if (texts[name] !== undefined) domains.push([texts[name]]);
  if (name === 'unit') domains.push([arcs['unit']!]);
  if (name === 'phases' && texts[name] === undefined) domains.push([String(ground.shape.phases)]);
  let choices =
    domains.length === 0 ? undefined : domains.reduce((all, list) => all.filter((each) => list.includes(each)));
  if (isNamed(name, group, point)) {
    choices = (choices ?? ['1']).slice(0, 1);
    if (/^\d+$/.test(choices[0] ?? '')) arcs[name] ??= choices[0]!;
  }
  const wanted = patterns.map((pattern): Wanted => ({ pattern, groups: groupsOf(pattern, texts) }));
  if (choices === undefined && wanted.length === 0) return undefined;
  if (choices?.length === 0) return 'impossible';
  return { oid, kind: 'fact', ...(choices ? { choices } : {}), wanted };
}

/** Named groups of a pattern that the path names, with what they have to capture. */
function groupsOf(pattern: string, texts: Readonly<Record<string, string>>): Record<string, string> {
  const names = [...pattern.matchAll(/\(\?<([a-z]+)>/g)].map((match) => match[1]!);
  return Object.fromEntries(names.flatMap((name) => (texts[name] === undefined ? [] : [[name, texts[name]]])));
}

/** Whether a template of the row needs this attribute's number. */
function isNamed(name: string, group: ProfilePart, point: ProfilePoint): boolean {
  const templates = [
    ...(point.guards ?? []),
    ...(point.scaleFrom ?? []),
    ...Object.values(point.thresholds ?? {}),
    ...Object.values(group.attributes ?? {}).flatMap((attribute) => ('oid' in attribute ? [attribute] : [])),
  ].map(({ oid }) => oid);
  const writes = group.switch ? [group.switch.on, group.switch.off].map(({ oid }) => oid) : [];
  return [...templates, ...writes, ...(group.label ?? [])].some((template) => namesOf(template).includes(name));
}

/** Another object that holds a factor: what it says already, else what gives the metric its digits. */
function scaleDemand(
  from: ProfileScaleFrom,
  oid: string,
  cells: Cells,
  so: Factor,
  digits: number,
): { demand: Demand; factor: Factor } {
  const { as, words = {} } = from;
  const there = cells.fact(oid);
  const missing = Math.max(0, digits - Math.round(Math.log10(so.divide / so.multiply)));
  const raw = there ?? (as === 'words' ? fittest(words, 10 ** -missing) : RAW[as](missing));
  return { demand: { oid, kind: 'fact', choices: [raw] }, factor: scaleFactor(from, raw) };
}

type Numbered = Exclude<ProfileScaleFrom['as'], 'words'>;

const RAW: Readonly<Record<Numbered, (digits: number) => string>> = {
  decimals: String,
  exponent: (digits) => String(-digits),
  factor: (digits) => String(-(10 ** digits)),
};

/** What an object that holds a factor says by its raw value. */
const scaleFactor = ({ as, words }: ProfileScaleFrom, raw: string): Factor =>
  as === 'words' ? factorOf(words?.[raw]) : FACTOR[as](Number(raw));

const FACTOR: Readonly<Record<Numbered, (raw: number) => Factor>> = {
  decimals: (raw) => ({ multiply: 1, divide: 10 ** raw }),
  exponent: (raw) => (raw < 0 ? { multiply: 1, divide: 10 ** -raw } : { multiply: 10 ** raw, divide: 1 }),
  factor: (raw) => (raw < 0 ? { multiply: 1, divide: -raw } : { multiply: Math.max(1, raw), divide: 1 }),
};

/** The raw value of the factor that is nearest to the wanted one. */
function fittest(words: Readonly<Record<string, number>>, wanted: number): string {
  const far = (factor: number) => Math.abs(Math.log10(factor / wanted));
  return Object.entries(words).toSorted(([, a], [, b]) => far(a) - far(b))[0]![0];
}
