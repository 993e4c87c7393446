import type { Profile, ProfileAttribute, ProfilePart, ProfilePoint } from '@rackwatt/device-profiles';
import {
  type DeviceDescription,
  type DeviceIdentity,
  METRICS,
  type Part,
  type PointDescription,
  Quality,
  stateCode,
} from '@rackwatt/telemetry';
import { type Commands, type Layout, type PointRule, Presence, type Slot } from './layout.js';
import { OidPattern } from './oid.js';
import { isAbsent, numberOf, textOf } from './values.js';
import type { Walk } from './walk.js';

const BAD_QUALITY = {
  bad: Quality.BAD,
  'sensor-fault': Quality.BAD | Quality.SENSOR_FAULT,
  'comm-failure': Quality.BAD | Quality.COMM_FAILURE,
} as const;

/** Arcs of a row by name. */
export type Bindings = Record<string, number>;

/** The number in a row's attribute column; NaN when there is none. */
export function valueAt(walk: Walk, profile: Profile, attribute: ProfileAttribute, bindings: Bindings): number {
  const oid = new OidPattern(`${profile.base}.${attribute.oid}`).fill(bindings);
  const varbind = oid === undefined ? undefined : walk.objects.get(oid);
  return varbind === undefined || isAbsent(varbind) ? NaN : numberOf(varbind);
}

/** A part's rows while they are bound. */
interface BoundPoint {
  description: PointDescription;
  rule: PointRule;
}

interface BoundPart {
  part: Part;
  /** Numbers in the path, for order. */
  order: number[];
  points: Map<string, BoundPoint>;
  commands?: Commands;
}

/** Binds the templates of a profile to the rows that a walk found. */
export class Binder {
  readonly #profile: Profile;
  readonly #walk: Walk;
  /** Known before the walk, so that other units of a chain are left out of it. */
  readonly #narrow: boolean;
  #unit: number | undefined;
  readonly #oids: string[] = [];
  readonly #slots = new Map<string, Slot>();
  /** Slots that only slow guards and points need. */
  readonly #fast = new Set<Slot>();
  readonly #parts = new Map<string, BoundPart>();

  constructor(profile: Profile, walk: Walk, unit: number | undefined) {
    this.#profile = profile;
    this.#walk = walk;
    this.#unit = unit;
    this.#narrow = unit !== undefined;
  }

  /** Columns of everything that the profile's parts name. */
  *columns(): Generator<string> {
    for (const group of this.#profile.parts) {
      const templates = [
        ...Object.values(group.attributes ?? {}).map((attribute) => attribute.oid),
        ...(group.label ?? []),
        ...(group.ratedCurrent ? [group.ratedCurrent.oid] : []),
        ...(group.switch?.only ? [group.switch.only.oid] : []),
        ...group.points.flatMap((point) => [
          point.oid,
          ...(point.decimals ? [point.decimals] : []),
          ...(point.guards ?? []).map((guard) => guard.oid),
        ]),
      ];
      for (const template of templates) yield this.#pattern(template).column;
    }
  }

  /** Takes the lowest unit that measures anything where the identity names none. */
  settleUnit(): void {
    if (this.#unit !== undefined) return;
    const units = new Set<number>();
    for (const group of this.#profile.parts) {
      const attribute = group.attributes?.['unit'];
      const patterns = attribute ? [attribute.oid] : group.points.map((point) => point.oid);
      for (const pattern of patterns.map((template) => this.#pattern(template))) {
        for (const oid of this.#walk.columns.get(pattern.column) ?? []) {
          const unit = attribute ? numberOf(this.#walk.objects.get(oid)!) : pattern.match(oid)?.['unit'];
          if (unit !== undefined && !Number.isNaN(unit)) units.add(unit);
        }
      }
    }
    if (units.size > 0) this.#unit = Math.min(...units);
  }

  bind(identity: DeviceIdentity): Layout {
    for (const group of this.#profile.parts) for (const point of group.points) this.#bindPoint(group, point);
    const parts = [...this.#parts.values()].toSorted(comparePlaces);
    const bound = parts.flatMap((part) => [...part.points.values()]);
    const description: DeviceDescription = {
      identity,
      parts: parts.map(({ part }) => part),
      points: bound.map((point) => point.description),
    };
    const commands = new Map(parts.flatMap(({ part, commands: some }) => (some ? [[part.path, some] as const] : [])));
    const raw = new Float64Array(this.#oids.length);
    const presence = new Uint8Array(this.#oids.length);
    const slow = new Uint8Array(this.#oids.length);
    for (const [slot, oid] of this.#oids.entries()) {
      const varbind = this.#walk.objects.get(oid);
      raw[slot] = varbind ? numberOf(varbind) : NaN;
      presence[slot] = varbind ? Presence.PRESENT : Presence.ABSENT;
      slow[slot] = this.#fast.has(slot) ? 0 : 1;
    }
    const { points } = description;
    const rules = bound.map((point) => point.rule);
    const plans = { all: { requests: [] }, fast: { requests: [] } };
    return { description, shape: { points, rules, oids: this.#oids, slow, commands, plans }, raw, presence };
  }

  #bindPoint(group: ProfilePart, point: ProfilePoint): void {
    const pattern = this.#pattern(point.oid);
    for (const oid of this.#walk.columns.get(pattern.column) ?? []) {
      const arcs = pattern.match(oid);
      if (!arcs) continue;
      const row = this.#row(group, arcs);
      if (!row || !holds(point.when, row.raw) || !this.#hasValue(point, oid, row.bindings)) continue;
      const path = group.part.replace(
        /\{([a-z]+)\}/g,
        (_, name: string) => row.words[name] ?? String(row.bindings[name] ?? ''),
      );
      const bound = this.#part(group, path, row.bindings);
      const basis = point.basis ? { basis: point.basis } : {};
      // The first source that a profile names for a metric is the best one.
      if (bound.points.has(point.metric)) continue;
      bound.points.set(point.metric, {
        description: { part: path, metric: point.metric, unit: METRICS[point.metric].unit, ...basis },
        rule: this.#rule(point, oid, row.bindings),
      });
    }
  }

  /** Attributes of a row; undefined when the row is of another unit, or not meant by the group. */
  #row(
    group: ProfilePart,
    arcs: Bindings,
  ): { bindings: Bindings; raw: Bindings; words: Record<string, string> } | undefined {
    if (arcs['unit'] !== undefined && arcs['unit'] !== this.#unit) return undefined;
    const bindings: Bindings = this.#unit === undefined ? { ...arcs } : { unit: this.#unit, ...arcs };
    const raw: Bindings = {};
    const words: Record<string, string> = {};
    for (const [name, attribute] of Object.entries(group.attributes ?? {})) {
      const value = valueAt(this.#walk, this.#profile, attribute, bindings);
      raw[name] = value;
      if (attribute.words) {
        const word = attribute.words[String(value)];
        if (word === undefined) return undefined;
        words[name] = word;
      } else if (group.part.includes(`{${name}}`)) {
        if (!Number.isInteger(value) || value < 0) return undefined;
        bindings[name] = value;
      }
    }
    if (raw['unit'] !== undefined && raw['unit'] !== this.#unit) return undefined;
    if (!holds(group.when, raw)) return undefined;
    return { bindings, raw, words };
  }

  /** Whether the device measures this at all: what it says it does not support is no point, unless it is a passing fault. */
  #hasValue(point: ProfilePoint, oid: string, bindings: Bindings): boolean {
    if (point.noValue === undefined) return true;
    const value = numberOf(this.#walk.objects.get(oid)!);
    const none = point.noValue === 'negative' ? value < 0 : point.noValue.includes(value);
    if (!none) return true;
    return (point.guards ?? []).some((guard) => {
      const at = this.#pattern(guard.oid).fill(bindings);
      const varbind = at === undefined ? undefined : this.#walk.objects.get(at);
      return varbind !== undefined && guard.bad[String(numberOf(varbind))] !== undefined;
    });
  }

  #part(group: ProfilePart, path: string, bindings: Bindings): BoundPart {
    let bound = this.#parts.get(path);
    if (!bound) {
      bound = { part: { path }, order: (path.match(/\d+/g) ?? []).map(Number), points: new Map() };
      this.#parts.set(path, bound);
    }
    const { part } = bound;
    if (part.label === undefined) {
      const label = (group.label ?? [])
        .map((template) => textOf(this.#object(template, bindings)))
        .find((text) => text !== '');
      if (label !== undefined) part.label = label;
    }
    if (part.ratedCurrent === undefined && group.ratedCurrent) {
      const varbind = this.#object(group.ratedCurrent.oid, bindings);
      const rated = varbind ? numberOf(varbind) : NaN;
      if (rated > 0) part.ratedCurrent = applyScale(rated, factor(group.ratedCurrent.scale ?? 1));
    }
    if (group.switch && bound.commands === undefined) {
      const { only, ...writes } = group.switch;
      const state = only ? this.#object(only.oid, bindings) : undefined;
      part.switchable = only === undefined || (state !== undefined && only.values.includes(numberOf(state)));
      if (part.switchable) {
        const filled = Object.entries(writes).map(([name, write]) => [
          name,
          { oid: this.#pattern(write.oid).fill(bindings)!, value: write.value },
        ]);
        bound.commands = Object.fromEntries(filled) as Commands;
      }
    }
    return bound;
  }

  #rule(point: ProfilePoint, oid: string, bindings: Bindings): PointRule {
    const slow = point.poll === 'slow';
    const guards = (point.guards ?? []).flatMap((guard) => {
      const at = this.#pattern(guard.oid).fill(bindings);
      if (at === undefined || !this.#walk.objects.has(at)) return [];
      const bad = new Map(Object.entries(guard.bad).map(([value, quality]) => [Number(value), BAD_QUALITY[quality]]));
      return [{ slot: this.#slot(at, slow || guard.poll === 'slow'), bad }];
    });
    const { multiply, divide, source } = this.#scale(point, bindings);
    return {
      slot: this.#slot(oid, slow),
      multiply,
      divide,
      fahrenheit: point.fahrenheit ?? false,
      magnitude: point.magnitude ?? false,
      negative: point.noValue === 'negative',
      noValue: Array.isArray(point.noValue) ? point.noValue : [],
      states: point.states
        ? new Map(Object.entries(point.states).map(([value, word]) => [Number(value), stateCode(word)]))
        : undefined,
      guards,
      slow,
      scaleSource: source,
    };
  }

  #scale(point: ProfilePoint, bindings: Bindings): { multiply: number; divide: number; source: string } {
    const own = factor(point.scale ?? 1);
    const at = point.decimals === undefined ? undefined : this.#pattern(point.decimals).fill(bindings);
    const varbind = at === undefined ? undefined : this.#walk.objects.get(at);
    const digits = varbind ? numberOf(varbind) : NaN;
    if (!Number.isInteger(digits) || digits < 0 || digits > 9) return { ...own, source: 'profile' };
    return { multiply: own.multiply, divide: own.divide * 10 ** digits, source: at! };
  }

  #slot(oid: string, slow: boolean): Slot {
    let slot = this.#slots.get(oid);
    if (slot === undefined) {
      slot = this.#oids.push(oid) - 1;
      this.#slots.set(oid, slot);
    }
    if (!slow) this.#fast.add(slot);
    return slot;
  }

  #object(template: string, bindings: Bindings): ReturnType<Walk['objects']['get']> {
    const oid = this.#pattern(template).fill(bindings);
    return oid === undefined ? undefined : this.#walk.objects.get(oid);
  }

  /** A template under the base, with the unit filled in, so that other units of a chain are not walked. */
  #pattern(template: string): OidPattern {
    const text = this.#narrow ? template.replace('{unit}', String(this.#unit)) : template;
    return new OidPattern(`${this.#profile.base}.${text}`);
  }
}

function holds(when: ProfilePart['when'], raw: Bindings): boolean {
  return Object.entries(when ?? {}).every(([name, values]) => values.includes(raw[name] ?? NaN));
}

/** A factor as multiplication or division: 467 / 1000 is exact where 467 * 0.001 is not. */
function factor(scale: number): { multiply: number; divide: number } {
  const inverse = Math.round(1 / scale);
  return scale < 1 && Math.abs(1 / scale - inverse) < 1e-6
    ? { multiply: 1, divide: inverse }
    : { multiply: scale, divide: 1 };
}

function applyScale(raw: number, { multiply, divide }: { multiply: number; divide: number }): number {
  return (raw * multiply) / divide;
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
