import type {
  Profile,
  ProfilePart,
  ProfilePoint,
  ProfileRecognition,
  ProfileThreshold,
} from '@rackwatt/device-profiles';
import { type Objects, type PointRow, rowsRead } from '../profile/readings.js';
import { fillTemplate, namesOf } from '../profile/template.js';
import { compareOids, parseOid } from '../snmp/oid.js';
import { type ObjectName, objectName } from '../snmp/table.js';
import { type Cell, Cells, type Measured, tellsToo } from './cells.js';
import { codecOf, factorOf } from './codec.js';
import { type NamedPath, pathsOf } from './places.js';
import { identify, type IdentityOids } from './identity.js';
import { BRANCH_RATING, OUTLET_RATING } from './pdu.js';
import { capacityOf, limitOf, type Shape } from './quantity.js';
import { hash } from './random.js';
import { type Ground, isOfUnit, rowsOf, soughtOf } from './rows.js';

/** What a profile reads of a laid out device: a row that counts, and the value that stands in it. */
export interface Reading extends PointRow {
  /** Of the unit of a chain with this place, from 0. */
  unit: number;
}

/** The objects of a device of a family: what lies where, of whatever PDU. */
export interface Layout extends Ground {
  recognition: ProfileRecognition;
  /** Arcs of the sysObjectID that stand in the base, by name. */
  names: Readonly<Record<string, string>>;
  cells: ReadonlyMap<string, Cell>;
  /** Names of the objects, shared by all devices of this layout. */
  objects: readonly ObjectName[];
  /** What the profile reads, of all units; of two with one part and metric the one that counts comes first. */
  readings: readonly Reading[];
  /** Where each unit says who it is. */
  identity: readonly IdentityOids[];
}

export interface LayoutOptions {
  shape: Shape;
  /** Units of a chain behind the agent. */
  units: number;
  /** Which of the profile's `recognise` the device is recognised by. */
  recognition: number;
  /** Points that the device does not have. */
  without?: ReadonlySet<ProfilePoint>;
}

const MOST_REPAIRS = 500;

export function layOut(profile: Profile, { shape, units, recognition: chosen, without }: LayoutOptions): Layout {
  const recognition = profile.recognise[chosen] ?? profile.recognise[0]!;
  const template = recognition.base ?? profile.base;
  const names = Object.fromEntries((recognition.sysObjectId ?? []).flatMap(namesOf).map((name) => [name, '1']));
  const base = fillTemplate(template, names) ?? template;
  const isOneOutput = profile.parts.every(({ part }) => !/^outlet\/[^/]*\{/.test(part));
  const ground: Ground = {
    profile,
    base,
    shape: { ...shape, isOneOutput },
    units: Array.from({ length: units }, (_, i) => i + 1),
  };
  const cells = new Cells();
  for (const group of profile.parts)
    for (const point of group.points)
      for (const unit of unitsOf(ground, group, point))
        present(ground, cells, group, point, unit, without?.has(point) ?? false);
  const readings = settle(ground, cells);
  for (const probe of recognition.probe ?? []) answerProbe(cells, probe);
  const identity = ground.units.map((_, unit) => identify(ground, cells, unit));
  for (const reading of readings) describe(ground, cells, reading);
  const objects = [...cells.entries()].map(([oid]) => objectName(oid)).toSorted((a, b) => compareOids(a.oid, b.oid));
  const ordered = new Map(objects.map(({ key }) => [key, cells.get(key)!]));
  return { ...ground, recognition, names, cells: ordered, objects, readings, identity };
}

const unitsOf = ({ units }: Ground, group: ProfilePart, point: ProfilePoint): number[] =>
  isOfUnit(group, point) ? [...units.keys()] : [0];

/**
 * Gives a point its rows: each place of the PDU that it can stand for, of sensors as many as its metrics need, and those whose object
 * is there already (the state of a sensor that says whether its value counts).
 */
function present(
  ground: Ground,
  cells: Cells,
  group: ProfilePart,
  point: ProfilePoint,
  unit: number,
  onlyThere: boolean,
): void {
  const paths = pathsOf(group, point, ground.shape);
  const isSensor = group.part.startsWith('sensor/');
  let shown = false;
  for (const path of paths) {
    const taken = place(ground, cells, group, point, path, unit, onlyThere || (isSensor && shown));
    shown ||= taken;
  }
}

function place(
  ground: Ground,
  cells: Cells,
  group: ProfilePart,
  point: ProfilePoint,
  path: NamedPath,
  unit: number,
  onlyThere: boolean,
): boolean {
  for (const row of rowsOf(ground, cells, group, point, path, unit)) {
    const own = row.demands.at(-1)!.oid;
    if ((!onlyThere || cells.get(own)) && cells.take(row.demands)) return true;
  }
  return false;
}

/** What is read of the cells; rows that would be read as something else than they hold are told apart, or taken back. */
function settle(ground: Ground, cells: Cells): Reading[] {
  for (let repairs = 0; ; repairs++) {
    const readings = readingsOf(ground, cells);
    const wrong = winners(readings).find((reading) => !isSound(ground, cells, reading));
    if (!wrong || repairs === MOST_REPAIRS) return readings;
    const attributes = Object.values(wrong.group.attributes ?? {}).flatMap((attribute) =>
      'oid' in attribute ? (fillTemplate(`${ground.base}.${attribute.oid}`, wrong.arcs) ?? []) : [],
    );
    if (!attributes.some((oid) => cells.next(oid))) cells.delete(wrong.oid);
  }
}

function readingsOf({ profile, base, units }: Ground, cells: Cells): Reading[] {
  const oids = [...cells.entries()]
    .filter(([, { kind }]) => kind === 'measured' || kind === 'list')
    .map(([oid]) => ({ oid, arcs: parseOid(oid) }))
    .toSorted((a, b) => compareOids(a.arcs, b.arcs))
    .map(({ oid }) => oid);
  const objects: Objects = { oids: () => oids, text: (oid) => textOf(cells, oid) };
  return units.flatMap((number, unit) =>
    [...rowsRead(profile, base, objects, number)].map((row): Reading => ({ ...row, unit })),
  );
}

function textOf(cells: Cells, oid: string): string | undefined {
  const cell = cells.get(oid);
  if (cell?.kind === 'list') return Array.from(cell.items, () => '0').join(cell.separator);
  return cell?.kind === 'fact' ? cells.fact(oid) : undefined;
}

/** Of readings with one part and metric of a unit, those that count. */
export function winners<Each extends Reading>(readings: readonly Each[]): Each[] {
  const seen = new Set<string>();
  return readings.filter(({ unit, path, point }) => {
    const key = `${unit} ${path} ${point.metric} ${point.threshold ?? ''}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The value that stands in an object, or in its item of a list. */
export function measuredAt(
  cells: { get(oid: string): Cell | undefined },
  oid: string,
  arcs: Readonly<Record<string, string>>,
): Measured | undefined {
  const cell = cells.get(oid);
  if (cell?.kind === 'list') return cell.items[Number(arcs['item']) - 1];
  return cell?.kind === 'measured' ? cell : undefined;
}

/** Whether the object holds what its part's metric is in the model. */
function isSound({ shape }: Ground, cells: Cells, { oid, path, point, arcs, unit, group }: Reading): boolean {
  const measured = measuredAt(cells, oid, arcs);
  const quantity = soughtOf(path, point, shape);
  const of = isOfUnit(group, point) ? unit : 0;
  if (measured === undefined || quantity === undefined || measured.unit !== of) return false;
  const told = { quantity, codec: codecOf(point, measured.codec.factor, path), unit };
  if (measured.quantity.key !== quantity.key) return tellsToo(measured, told);
  return told.codec.signature === measured.codec.signature;
}

/** What a row holds beside its value, as far as it agrees with the rest. */
function describe(ground: Ground, cells: Cells, { group, point, path, oid, arcs, unit }: Reading): void {
  const at = (template: string) => fillTemplate(`${ground.base}.${template}`, arcs);
  const [label] = group.label ?? [];
  const named = label && at(label);
  if (named) cells.take([{ oid: named, kind: 'text', name: `label ${unit} ${path}` }]);
  const rated = group.ratedCurrent && at(group.ratedCurrent.oid);
  if (rated) {
    const { multiply, divide } = factorOf(group.ratedCurrent!.scale);
    const rating = (ratingOf(path, ground.shape) * divide) / multiply;
    cells.take([{ oid: rated, kind: 'fact', choices: [String(Math.round(rating))] }]);
  }
  const only = group.switch?.only && at(group.switch.only.oid);
  if (only) cells.take([{ oid: only, kind: 'fact', choices: group.switch!.only!.values.map(String) }]);
  for (const [level, threshold] of Object.entries(point.thresholds ?? {}) as [Level, ProfileThreshold][]) {
    const limit = at(threshold.oid);
    const enabled = threshold.enabled && at(threshold.enabled.oid);
    if (!limit) continue;
    const factor =
      threshold.scale === undefined ? measuredAt(cells, oid, arcs)!.codec.factor : factorOf(threshold.scale);
    const { metric, fahrenheit } = point;
    const how = { metric, fahrenheit, noValue: threshold.noValue ?? point.noValue };
    const codec = codecOf(how, factor, path);
    const measured = { quantity: limitOf(path, point.metric, level, ground.shape), codec, unit };
    cells.take([
      { oid: limit, kind: 'measured', measured },
      ...(enabled && !isSwitchedOff(level, path)
        ? [{ oid: enabled, kind: 'bit' as const, bit: threshold.enabled!.bit }]
        : []),
    ]);
  }
}

/** Of some places a limit is set and not in force. */
const isSwitchedOff = (level: Level, path: string): boolean => level === 'lowerCritical' && hash(path) % 2 === 0;

type Level = keyof NonNullable<ProfilePoint['thresholds']>;

const ratingOf = (path: string, shape: Shape): number =>
  path.startsWith('outlet/') ? OUTLET_RATING : path.startsWith('branch/') ? BRANCH_RATING : capacityOf(shape);

type Probe = NonNullable<ProfileRecognition['probe']>[number];

/** Sees to it that an object is there, or one below it, by which the device is recognised. */
function answerProbe(cells: Cells, probe: Probe): void {
  const { oid, values, above, pattern } = typeof probe === 'string' ? { oid: probe } : probe;
  const free = values === undefined && above === undefined && pattern === undefined;
  if (free && [...cells.entries()].some(([each]) => each === oid || each.startsWith(`${oid}.`))) return;
  const choices = values?.map(String) ?? (above === undefined ? undefined : [String(above + 1)]);
  cells.take([{ oid, kind: 'fact', ...(choices ? { choices } : {}), ...(pattern ? { wanted: [{ pattern }] } : {}) }]);
}
