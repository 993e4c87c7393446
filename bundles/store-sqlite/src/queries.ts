import type { EventRecord, Gap, LatestValue, Series, Store, StoredDevice } from '@rackwatt/telemetry';
import { STATES } from '@rackwatt/telemetry';
import { type Range, RangeSet } from '@rackwatt/telemetry/wire';
import type Sqlite from 'better-sqlite3';
import type { Catalogue } from './catalogue.js';
import { checkQuery } from './checks.js';
import { pageSize } from './database.js';
import { storeError } from './errors.js';
import { History } from './history.js';
import { type Latest, type Point, primaryOf, silence } from './model.js';

/** What is open, as the engine has it in memory. */
export interface OpenState {
  readonly catalogue: Catalogue;
  /** Readings in the store, sealed and open. */
  readonly readings: number;
}

/** Questions that the store answers. */
export type QueryMethod = Exclude<keyof Store, 'describe' | 'apply' | 'changes'>;

const MOST_EVENTS = 1000;

/** Answers from the tables and from what is open. */
export class Queries {
  readonly #db: Sqlite.Database;
  readonly #state: OpenState;
  readonly #history: History;

  constructor(db: Sqlite.Database, state: OpenState) {
    this.#db = db;
    this.#state = state;
    this.#history = new History(db);
  }

  devices(): StoredDevice[] {
    return [...this.#state.catalogue.devices.values()]
      .filter(({ sources }) => sources.length > 0)
      .map((device) => {
        const source = primaryOf(device);
        const newest = Math.max(...device.sources.map((one) => one.lastSample));
        const { key: id, identity, location, parts, interval } = device;
        return {
          id,
          gateway: source.gateway,
          device: source.name,
          identity,
          location,
          parts,
          interval,
          status: source.status,
          lastSample: Number.isFinite(newest) ? newest : null,
        };
      });
  }

  latest(query: { device?: string; points?: number[] } = {}): LatestValue[] {
    const { device: id, points: ids } = query;
    let points: Iterable<Point>;
    if (id !== undefined) points = this.#state.catalogue.find(id).device.points.values();
    else if (ids) points = ids.map((point) => this.#point(point));
    else points = this.#state.catalogue.points.values();
    const wanted = id !== undefined && ids ? new Set(ids) : undefined;
    const found: LatestValue[] = [];
    for (const point of points) {
      if (wanted && !wanted.has(point.id)) continue;
      const latest = this.latestOf(point);
      if (latest) found.push(latest);
    }
    return found;
  }

  /** The first source counts as long as it is not silent beside the others. */
  latestOf(point: Point | undefined): LatestValue | undefined {
    if (!point) return undefined;
    let newest = Number.NEGATIVE_INFINITY;
    for (const source of point.device.sources) newest = Math.max(newest, timeOf(source.latest, point.id));
    if (newest === Number.NEGATIVE_INFINITY) return undefined;
    const source = point.device.sources.find((one) => timeOf(one.latest, point.id) >= newest - silence(one))!;
    const { slotOf, values, states, quality, times } = source.latest;
    const slot = slotOf.get(point.id)!;
    const { id, device, part, metric, unit } = point;
    const [value, state] = [values[slot]!, states[slot]!];
    return {
      point: id,
      device: device.key,
      part,
      metric,
      unit,
      value: Number.isNaN(value) ? null : value,
      state: state === 0 ? null : (STATES[state] ?? 'unknown'),
      quality: quality[slot]!,
      time: times[slot]!,
    };
  }

  #point(id: number): Point {
    const point = this.#state.catalogue.points.get(id);
    if (!point) throw storeError('STORE_POINT_UNKNOWN', `The store knows no point ${id}.`, { point: id });
    return point;
  }

  series(query: { point: number; from: number; to: number; limit?: number }): Series {
    checkQuery(query);
    return this.#history.series(this.#point(query.point), query.from, query.to, query.limit ?? Infinity);
  }

  gaps(query: { device: string; from?: number; to?: number }): Gap[] {
    checkQuery(query);
    const { device: id, from = -Infinity, to = Infinity } = query;
    const { device, source = primaryOf(device) } = this.#state.catalogue.find(id);
    const select = this.#db.prepare<
      [number, number, number],
      { first: number; last: number; reason: Gap['reason']; time: number }
    >('SELECT first, last, reason, time FROM gap WHERE source = ? AND time >= ? AND time <= ? ORDER BY time, id');
    return this.#state.catalogue
      .siblings(source)
      .flatMap((one) =>
        select
          .all(one.id, from, to)
          .map((gap) => ({ device: id, from: gap.first, to: gap.last, reason: gap.reason, time: gap.time })),
      );
  }

  numbers(id: string): { ranges: [number, number][]; doubled: number } {
    const { device, source = primaryOf(device) } = this.#state.catalogue.find(id);
    const all = new RangeSet();
    let count = 0;
    let doubled = 0;
    for (const one of this.#state.catalogue.siblings(source)) {
      for (const [from, to] of one.sealed.toArray()) all.add(from, to);
      count += one.sealed.count;
      doubled += one.doubled;
      for (const head of one.heads) for (const { number } of head.rows) all.add(number);
      count += one.heads[0].rows.length + one.heads[1].rows.length;
    }
    return { ranges: all.toArray().map(([from, to]: Range) => [from, to]), doubled: doubled + count - all.count };
  }

  /** Newest first. */
  events(query: { from?: number; to?: number; device?: string; limit?: number } = {}): EventRecord[] {
    checkQuery(query);
    const { from = -Infinity, to = Infinity, limit = MOST_EVENTS, device: id } = query;
    const wanted = id === undefined ? undefined : this.#state.catalogue.find(id).device;
    const events: EventRecord[] = [];
    const select = this.#db.prepare<[number, number], { gateway: string; record: string }>(
      'SELECT gateway, record FROM event WHERE time >= ? AND time <= ? ORDER BY time DESC, id DESC',
    );
    for (const { gateway, record } of select.iterate(from, to)) {
      if (events.length >= limit) break;
      const event = JSON.parse(record) as EventRecord;
      const device = event.device === undefined ? undefined : this.#state.catalogue.named(gateway, event.device);
      if (wanted && device !== wanted) continue;
      events.push(device ? { ...event, device: device.key } : event);
    }
    return events;
  }

  status(): { readings: number; bytes: number; points: number; oldest: number | null } {
    let oldest = (this.#db.prepare('SELECT min(first) FROM block').pluck().get() as number | null) ?? Infinity;
    for (const { heads } of this.#state.catalogue.sources.values())
      for (const { rows } of heads) for (const { time } of rows) oldest = Math.min(oldest, time);
    return {
      readings: this.#state.readings,
      bytes: Number(this.#db.pragma('page_count', { simple: true })) * pageSize(this.#db),
      points: this.#state.catalogue.points.size,
      oldest: oldest === Infinity ? null : oldest,
    };
  }
}

function timeOf(latest: Latest, point: number): number {
  const slot = latest.slotOf.get(point);
  return slot === undefined ? Number.NEGATIVE_INFINITY : latest.times[slot]!;
}
