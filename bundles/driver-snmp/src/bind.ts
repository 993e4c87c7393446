import type { Profile, ProfileAttribute, ProfilePart, ProfilePoint } from '@rackwatt/device-profiles';
import {
  type DeviceDescription,
  type DeviceIdentity,
  METRICS,
  type Part,
  type PointDescription,
  Quality,
  type Thresholds,
} from '@rackwatt/telemetry';
import type { Varbind } from './snmp/varbind.js';
import { derive } from './derive.js';
import { type Commands, type Layout, type PointRule, Presence } from './layout.js';
import type { Bindings, OidPattern } from './oid.js';
import { type Found, holds, objectAt, pathOf, patternOf, type Row, rowOf } from './row.js';
import { applyScale, constantScale, scaleOf } from './scale.js';
import { Slots } from './slots.js';
import { commandsOf, columnsOfSwitch } from './switch.js';
import { columnsOfThresholds, limitOf, thresholdsOf } from './thresholds.js';
import { numberOf, quantityOf, textOf } from './values.js';

const BAD_QUALITY = {
  bad: Quality.BAD,
  'sensor-fault': Quality.BAD | Quality.SENSOR_FAULT,
  'comm-failure': Quality.BAD | Quality.COMM_FAILURE,
} as const;

/** A part's rows while they are bound. */
interface BoundPart {
  part: Part;
  /** Numbers in the path, for order. */
  order: number[];
  points: Map<string, { description: PointDescription; rule: PointRule }>;
  /** Limits that are rows of their own, by metric. */
  limits: Map<string, Thresholds>;
  commands?: Commands;
}

/** Columns of everything that the profile's parts name. */
export function* columnsOf(profile: Profile, unit?: number): Generator<string> {
  for (const group of profile.parts)
    for (const template of templatesOf(group)) yield patternOf(profile, narrowed(template, unit)).column;
}

/** With the unit filled in other units of a chain are not walked. */
function narrowed(template: string, unit: number | undefined): string {
  return unit === undefined ? template : template.replace('{unit}', String(unit));
}

function* templatesOf(group: ProfilePart): Generator<string> {
  for (const attribute of Object.values(group.attributes ?? {})) if ('oid' in attribute) yield attribute.oid;
  yield* group.label ?? [];
  if (group.ratedCurrent) yield group.ratedCurrent.oid;
  yield* columnsOfSwitch(group.switch);
  for (const point of group.points) {
    yield point.oid;
    for (const from of point.scaleFrom ?? []) yield from.oid;
    for (const guard of point.guards ?? []) yield guard.oid;
    yield* columnsOfThresholds(point.thresholds);
  }
}

/** Units that the parts of a profile measure. */
export function unitsOfParts(found: Found): Set<number> {
  const units = new Set<number>();
  for (const group of found.profile.parts) {
    const attribute = group.attributes?.['unit'];
    for (const point of group.points) {
      for (const arcs of instancesOf(found, point).map(({ bindings }) => bindings)) {
        const row = attribute ? rowOf(found, { unit: attribute }, arcs, undefined) : undefined;
        const unit = attribute ? row?.facts.get('unit')?.number : arcs['unit'];
        if (Number.isInteger(unit)) units.add(Number(unit));
      }
    }
  }
  return units;
}

/** Objects of a point that the device has; several where one object is a list. */
function instancesOf(found: Found, { oid: template, list }: ProfilePoint): { oid: string; bindings: Bindings }[] {
  const pattern = patternOf(found.profile, template);
  return (found.walk.columns.get(pattern.column) ?? columnWithin(found, pattern)).flatMap((oid) => {
    const bindings = pattern.match(oid);
    if (!bindings) return [];
    if (list === undefined) return [{ oid, bindings }];
    const items = textOf(found.walk.objects.get(oid)).split(list);
    return items.map((_, i) => ({ oid, bindings: { ...bindings, item: i + 1 } }));
  });
}

/** Of a walk that was narrowed to a unit: the objects of its narrower columns. */
function columnWithin(found: Found, pattern: OidPattern): string[] {
  const under = `${pattern.column}.`;
  return [...found.walk.columns].flatMap(([column, oids]) => (column.startsWith(under) ? oids : []));
}

/** Binds the templates of a profile to the rows that a walk found of one unit. */
export function bindProfile(found: Found, unit: number | undefined, identity: DeviceIdentity): Layout {
  const parts = new Map<string, BoundPart>();
  const slots = new Slots();
  for (const group of found.profile.parts) for (const point of group.points) bindPoint(group, point);
  const sorted = [...parts.values()].filter((part) => part.points.size > 0).toSorted(comparePlaces);
  const bound = sorted.flatMap((part) => [...part.points.values()]);
  for (const { points, limits } of sorted) {
    for (const [metric, { description }] of points) {
      const limit = limits.get(metric);
      if (limit) description.thresholds = { ...limit, ...description.thresholds };
    }
  }
  const description: DeviceDescription = {
    identity,
    parts: sorted.map(({ part }) => part),
    points: bound.map((point) => point.description),
  };
  const commands = new Map(sorted.flatMap(({ part, commands: some }) => (some ? [[part.path, some] as const] : [])));
  const { oids, derivations } = slots;
  const raw = new Float64Array(oids.length).fill(NaN);
  const presence = new Uint8Array(oids.length).fill(Presence.ABSENT);
  for (const [slot, oid] of oids.entries()) {
    const varbind = found.walk.objects.get(oid);
    if (!varbind) continue;
    presence[slot] = Presence.PRESENT;
    if (!slots.isDerived(slot)) raw[slot] = numberOf(varbind);
    for (const derivation of derivations.get(slot) ?? []) raw[derivation.slot] = derive(varbind, derivation);
  }
  const shape = {
    points: description.points,
    rules: bound.map((point) => point.rule),
    oids,
    derivations,
    slow: slots.slow(),
    commands,
    plans: { all: { requests: [] }, fast: { requests: [] } },
  };
  return { description, shape, raw, presence };

  function bindPoint(group: ProfilePart, point: ProfilePoint): void {
    for (const { oid, bindings } of instancesOf(found, point)) {
      const row = rowOfUnit(group.attributes, bindings);
      if (!row || !holds(group.when, row) || !holds(point.when, row)) continue;
      const path = pathOf(group.part, row);
      const varbind = found.walk.objects.get(oid)!;
      if (path === undefined) continue;
      if (point.threshold !== undefined) {
        const limit = limitOf(found, point, varbind, row.bindings);
        if (limit !== undefined) limitsOf(path, group, row, point)[point.threshold] ??= limit;
        continue;
      }
      if (!hasValue(point, varbind, row)) continue;
      const part = partAt(path, group, row);
      // The first source that a profile names for a metric is the best one.
      if (part.points.has(point.metric)) continue;
      const rule = ruleOf(point, oid, row);
      if (!rule) continue;
      const { metric, basis } = point;
      const thresholds = thresholdsOf(found, point, row.bindings);
      part.points.set(metric, {
        description: {
          part: path,
          metric,
          unit: METRICS[metric].unit,
          ...(basis ? { basis } : {}),
          ...(thresholds ? { thresholds } : {}),
        },
        rule,
      });
    }
  }

  /** Undefined when the row is of another unit, or not meant by the group. */
  function rowOfUnit(attributes: Record<string, ProfileAttribute> | undefined, arcs: Bindings): Row | undefined {
    if (arcs['unit'] !== undefined && arcs['unit'] !== unit) return undefined;
    const row = rowOf(found, attributes, arcs, unit);
    const told = attributes?.['unit'] && row?.facts.get('unit');
    return told && told.number !== unit ? undefined : row;
  }

  /** Whether the device measures this at all: what it says it does not support is no point, unless it is a passing fault. */
  function hasValue(point: ProfilePoint, varbind: Varbind, { bindings }: Row): boolean {
    const { noValue } = point;
    if (noValue === undefined) return true;
    const number = point.units || point.list ? derive(varbind, derivationOf(point, bindings)) : numberOf(varbind);
    const text = point.list === undefined ? textOf(varbind) : String(number);
    const none = noValue === 'negative' ? number < 0 : noValue.some((value) => value === number || value === text);
    if (!none) return true;
    return (point.guards ?? []).some((guard) => {
      const said = objectAt(found, guard.oid, bindings);
      return said !== undefined && guard.bad[String(numberOf(said))] !== undefined;
    });
  }

  function limitsOf(path: string, group: ProfilePart, row: Row, { metric }: ProfilePoint): Thresholds {
    const { limits } = partAt(path, group, row);
    const known = limits.get(metric) ?? {};
    limits.set(metric, known);
    return known;
  }

  function partAt(path: string, group: ProfilePart, { bindings }: Row): BoundPart {
    let bound = parts.get(path);
    if (!bound) {
      bound = { part: { path }, order: (path.match(/\d+/g) ?? []).map(Number), points: new Map(), limits: new Map() };
      parts.set(path, bound);
    }
    const { part } = bound;
    if (part.label === undefined) {
      const label = (group.label ?? [])
        .map((template) => textOf(objectAt(found, template, bindings)))
        .find((text) => text !== '');
      if (label !== undefined) part.label = label;
    }
    if (part.ratedCurrent === undefined && group.ratedCurrent) {
      const varbind = objectAt(found, group.ratedCurrent.oid, bindings);
      const number = varbind ? numberOf(varbind) : NaN;
      // "32A" is a rating too.
      const rated = Number.isNaN(number) ? quantityOf(textOf(varbind)).number : number;
      if (rated > 0) part.ratedCurrent = applyScale(rated, constantScale(group.ratedCurrent.scale ?? 1));
    }
    if (group.switch && bound.commands === undefined) {
      const commands = commandsOf(found, group.switch, bindings);
      part.switchable = commands !== undefined;
      if (commands) bound.commands = commands;
    }
    return bound;
  }

  function ruleOf(point: ProfilePoint, oid: string, { bindings }: Row): PointRule | undefined {
    const scale = scaleOf(found, point, bindings);
    if (!scale) return undefined;
    const slow = point.poll === 'slow';
    const guards = (point.guards ?? []).flatMap((guard) => {
      const at = patternOf(found.profile, guard.oid).fill(bindings);
      if (at === undefined || !found.walk.objects.has(at)) return [];
      const bad = new Map(Object.entries(guard.bad).map(([value, quality]) => [Number(value), BAD_QUALITY[quality]]));
      return [{ slot: slots.of(at, slow || guard.poll === 'slow'), bad }];
    });
    const { multiply, divide, source } = scale;
    const states = point.states && slots.codes(point.states);
    const asked = slots.of(oid, slow);
    const derivation = derivationOf(point, bindings);
    const plain = !derivation.list && !derivation.units && !derivation.words;
    return {
      slot: plain ? asked : slots.derived(oid, asked, derivation),
      asked,
      multiply,
      divide,
      fahrenheit: point.fahrenheit ?? false,
      magnitude: point.magnitude ?? false,
      negative: point.noValue === 'negative',
      noValue: Array.isArray(point.noValue) ? point.noValue.filter((value) => typeof value === 'number') : [],
      states,
      guards,
      slow,
      scaleSource: source,
    };
  }

  function derivationOf(point: ProfilePoint, bindings: Bindings): Parameters<typeof derive>[1] {
    return {
      list: point.list === undefined ? undefined : { separator: point.list, item: Number(bindings['item']) },
      units: point.units && new Map(Object.entries(point.units)),
      words: point.states && slots.words(point.states),
    };
  }
}

const LEVELS = ['unit', 'inlet', 'branch', 'outlet', 'sensor'];

/** By level, then by the numbers in the path, then by path: outlet/2 before outlet/10. */
function comparePlaces(a: BoundPart, b: BoundPart): number {
  const level = LEVELS.indexOf(a.part.path.split('/')[0]!) - LEVELS.indexOf(b.part.path.split('/')[0]!);
  if (level !== 0) return level;
  for (let i = 0; i < Math.min(a.order.length, b.order.length); i++) {
    if (a.order[i] !== b.order[i]) return a.order[i]! - b.order[i]!;
  }
  return a.part.path < b.part.path ? -1 : 1;
}
