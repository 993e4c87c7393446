import {
  STATES,
  type EventRecord,
  type Gap,
  type LatestValue,
  type SchemaEntry,
  type Series,
  type Store,
  type StoreBatch,
  type StoredDevice,
} from '@rackwatt/telemetry';
import type { Range } from '@rackwatt/telemetry/wire';
import { RangeSet } from '@rackwatt/telemetry/wire';
import type Sqlite from 'better-sqlite3';
import { Applied } from './applied.js';
import { Catalogue, schemaMissing } from './catalogue.js';
import { Changes } from './changes.js';
import { checkBatch, checkQuery } from './checks.js';
import { copyOf, floatsOf, POINTS_OF_BLOCK, pageSize, writeError, wordsOf } from './database.js';
import { storeError } from './errors.js';
import { History } from './history.js';
import {
  type Head,
  type Latest,
  type Layout,
  type OpenRow,
  type Point,
  type Source,
  layoutOf,
  primaryOf,
  silence,
} from './model.js';
import { decodeRow, encodeRow } from './row.js';
import { Sealer } from './sealing.js';

/** What can be asked of the engine from another thread. */
export type EngineCalls = Omit<Store, 'changes'>;

export interface EngineOptions {
  /** Samples of a block. */
  blockRows: number;
  now: () => number;
}

interface ResolvedSample {
  sample: StoreBatch['samples'][number];
  source: Source;
  layout: Layout;
}

interface ResolvedBatch {
  batch: StoreBatch;
  samples: ResolvedSample[];
}

const MOST_EVENTS = 1000;

/**
 * The store over one database, synchronous: all that is open lies in memory as the tables have it. A write first checks
 * everything, then writes in one transaction, then changes memory; should the transaction fail, memory is read anew.
 */
export class Engine {
  readonly changes: Changes;
  readonly #db: Sqlite.Database;
  readonly #options: EngineOptions;
  readonly #sealer: Sealer;
  readonly #history: History;
  readonly #insertRow: Sqlite.Statement;
  readonly #insertGap: Sqlite.Statement;
  readonly #insertEvent: Sqlite.Statement;
  readonly #setStatus: Sqlite.Statement;
  #catalogue: Catalogue;
  #applied: Applied;
  /** Heads with a whole block of rows. */
  readonly #full = new Map<Head, Source>();
  #sealedReadings = 0;
  #openReadings = 0;
  #stale = false;

  constructor(db: Sqlite.Database, options: EngineOptions) {
    this.#db = db;
    this.#options = options;
    this.#sealer = new Sealer(db);
    this.#history = new History(db);
    this.#insertRow = db.prepare('INSERT INTO open VALUES (?, ?, ?)');
    this.#insertGap = db.prepare('INSERT INTO gap (source, first, last, reason, time) VALUES (?, ?, ?, ?, ?)');
    this.#insertEvent = db.prepare('INSERT INTO event (gateway, device, time, record) VALUES (?, ?, ?, ?)');
    this.#setStatus = db.prepare('UPDATE source SET status = ? WHERE id = ?');
    this.#catalogue = new Catalogue(db);
    this.#applied = new Applied(db);
    this.changes = new Changes((point) => this.#latestOf(this.#catalogue.points.get(point)));
    this.#loadReadings();
  }

  #reload(): void {
    this.#catalogue = new Catalogue(this.#db);
    this.#applied = new Applied(this.#db);
    this.#full.clear();
    this.#loadReadings();
    this.#stale = false;
  }

  #loadReadings(): void {
    const { sources } = this.#catalogue;
    for (const row of this.#db
      .prepare<[], Record<'points' | 'times' | 'numbers' | 'quality' | 'states', Uint8Array> & { source: number }>(
        'SELECT * FROM latest',
      )
      .iterate()) {
      const source = sources.get(row.source);
      if (source) fillLatest(source, row);
    }
    this.#openReadings = 0;
    const layouts = new Map<Source, Layout[]>();
    for (const { head: id, row, body } of this.#db
      .prepare<[], { head: number; row: number; body: Uint8Array }>('SELECT * FROM open ORDER BY head, row')
      .iterate()) {
      const source = sources.get(Math.floor(id / 2));
      if (!source) continue;
      const { points, ...columns } = decodeRow(body);
      let known = layouts.get(source);
      if (!known) layouts.set(source, (known = []));
      let layout = known.find(
        (candidate) =>
          candidate.points.length === points.length && candidate.points.every((point, i) => point === points[i]),
      );
      if (!layout) known.unshift((layout = layoutOf(source, points)));
      this.#push(source, source.heads[id % 2 === 0 ? 0 : 1], { row, layout, ...columns });
    }
    this.#sealedReadings = this.#db.prepare('SELECT coalesce(sum(readings), 0) FROM block').pluck().get() as number;
  }

  #push(source: Source, head: Head, row: OpenRow): void {
    head.push(row);
    source.latest.take(row);
    source.lastSample = Math.max(source.lastSample, row.time);
    this.#openReadings += row.layout.points.length;
    if (head.rows.length >= this.#options.blockRows) this.#full.set(head, source);
  }

  /** Runs a transaction of several calls' work: a failure of the disk fails all of them. */
  #write(work: () => void): void {
    if (this.#stale) this.#reload();
    try {
      this.#db.transaction(work)();
    } catch (error) {
      this.#stale = true;
      throw writeError(error);
    }
  }

  describe(gateway: string, epoch: string, entries: SchemaEntry[]): void {
    const known = this.#catalogue.version(gateway, epoch);
    const first = entries.reduce(
      (least, { version }) => (version > known ? Math.min(least, version) : least),
      Infinity,
    );
    if (first !== Infinity && first !== known + 1) throw schemaMissing(gateway, epoch, known);
    this.#write(() => this.#catalogue.describe(gateway, epoch, entries, this.#options.now()));
  }

  apply(batches: StoreBatch[]): void {
    const [error] = this.applyAll([batches]);
    if (error) throw error;
  }

  /**
   * Applies several calls in one transaction, so that they share its fsync.
   * @returns for each call what kept it from being applied; undefined when it is durable.
   */
  applyAll(calls: StoreBatch[][]): (Error | undefined)[] {
    if (this.#stale) this.#reload();
    const outcomes: (Error | undefined)[] = [];
    const resolved: ResolvedBatch[] = [];
    for (const call of calls) {
      try {
        resolved.push(...call.filter((batch) => !this.#applied.has(batch)).map((batch) => this.#resolve(batch)));
        outcomes.push(undefined);
      } catch (error) {
        outcomes.push(error as Error);
      }
    }
    if (resolved.length === 0) return outcomes;
    try {
      this.#write(() => {
        for (const { batch, samples } of resolved) this.#applyOne(batch, samples);
        this.#applied.save();
      });
    } catch (error) {
      return outcomes.map((outcome) => outcome ?? (error as Error));
    }
    return outcomes;
  }

  #resolve(batch: StoreBatch): ResolvedBatch {
    checkBatch(batch);
    const { gateway, epoch, schema } = batch;
    const samples = batch.samples.map((sample) => {
      const found = this.#catalogue.resolve(gateway, epoch, schema, sample.device, sample.points);
      if (!found) throw schemaMissing(gateway, epoch, this.#catalogue.version(gateway, epoch));
      return { sample, ...found };
    });
    return { batch, samples };
  }

  #applyOne(batch: StoreBatch, samples: ResolvedSample[]): void {
    // The same batch may be in two of the calls.
    if (!this.#applied.add(batch)) return;
    const { gateway } = batch;
    for (const { sample, source, layout } of samples) {
      const head = source.heads[batch.class === 'replay' ? 1 : 0];
      const row = head.next;
      this.#insertRow.run(head.id, row, encodeRow(sample, layout));
      const { time, number, values } = sample;
      const quality = sample.quality.some((mask) => mask !== 0) ? sample.quality : undefined;
      const states = sample.states.some((code) => code !== 0) ? sample.states : undefined;
      this.#push(source, head, { row, time, number, layout, values, quality, states });
      this.changes.touched(layout.points);
    }
    for (const { device, from, to, reason, time } of batch.gaps)
      this.#insertGap.run(this.#catalogue.sourceOf(gateway, device).id, from, to, reason, time);
    for (const event of batch.events)
      this.#insertEvent.run(gateway, event.device ?? null, event.time, JSON.stringify(event));
    for (const { device, ...status } of batch.statuses) {
      const source = this.#catalogue.sourceOf(gateway, device);
      if (status.since < source.status.since) continue;
      source.status = status;
      this.#setStatus.run(JSON.stringify(status), source.id);
    }
  }

  /** Whether a block can be sealed. */
  get sealable(): boolean {
    return this.#full.size > 0;
  }

  /** Seals one block. @throws STORE_FULL, STORE_WRITE_FAILED */
  sealOne(): void {
    if (this.#stale) return;
    const [next] = this.#full;
    if (!next) return;
    const [head, source] = next;
    this.#seal(source, head);
    if (head.rows.length < this.#options.blockRows) this.#full.delete(head);
  }

  /** Seals a block of whatever lay untouched for a while. @param idle ms for live and replayed rows. */
  sealIdle(idle: { live: number; replay: number }): void {
    if (this.#stale) return;
    const now = performance.now();
    for (const source of this.#catalogue.sources.values()) {
      source.heads.forEach((head, lane) => {
        if (head.rows.length > 0 && now - head.touched >= (lane === 1 ? idle.replay : idle.live))
          this.#seal(source, head);
      });
    }
  }

  #seal(source: Source, head: Head): void {
    try {
      const readings = this.#sealer.seal(source, head, this.#options.blockRows);
      this.#sealedReadings += readings;
      this.#openReadings -= readings;
    } catch (error) {
      throw writeError(error);
    }
  }

  /**
   * Deletes what is older, some blocks at a time.
   * @returns whether there may be more.
   */
  forget(before: number, most: number): boolean {
    if (this.#stale) return false;
    const blocks = this.#db
      .prepare<[number, number], { id: number; readings: number }>(
        'SELECT id, readings FROM block WHERE last < ? ORDER BY id LIMIT ?',
      )
      .all(before, most);
    this.#write(() => {
      for (const { id } of blocks) {
        this.#db
          .prepare('DELETE FROM chunk WHERE id >= ? AND id < ?')
          .run(id * POINTS_OF_BLOCK, (id + 1) * POINTS_OF_BLOCK);
        this.#db.prepare('DELETE FROM block WHERE id = ?').run(id);
      }
      this.#db.prepare('DELETE FROM gap WHERE time < ?').run(before);
      this.#db.prepare('DELETE FROM event WHERE time < ?').run(before);
    });
    for (const { readings } of blocks) this.#sealedReadings -= readings;
    return blocks.length === most;
  }

  /** Gives some of the free pages back to the disk. */
  shrink(): void {
    this.#db.pragma('incremental_vacuum(1000)');
  }

  /** Time of the newest sample of all, ms. */
  get newest(): number {
    let newest = Number.NEGATIVE_INFINITY;
    for (const source of this.#catalogue.sources.values()) newest = Math.max(newest, source.lastSample);
    return newest;
  }

  devices(): StoredDevice[] {
    return [...this.#catalogue.devices.values()]
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
    if (id !== undefined) points = this.#catalogue.find(id).device.points.values();
    else if (ids) points = ids.map((point) => this.#point(point));
    else points = this.#catalogue.points.values();
    const wanted = id !== undefined && ids ? new Set(ids) : undefined;
    const found: LatestValue[] = [];
    for (const point of points) {
      if (wanted && !wanted.has(point.id)) continue;
      const latest = this.#latestOf(point);
      if (latest) found.push(latest);
    }
    return found;
  }

  /** The first source counts as long as it is not silent beside the others. */
  #latestOf(point: Point | undefined): LatestValue | undefined {
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
    const point = this.#catalogue.points.get(id);
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
    const { device, source = primaryOf(device) } = this.#catalogue.find(id);
    const select = this.#db.prepare<
      [number, number, number],
      { first: number; last: number; reason: Gap['reason']; time: number }
    >('SELECT first, last, reason, time FROM gap WHERE source = ? AND time >= ? AND time <= ? ORDER BY time, id');
    return this.#catalogue
      .siblings(source)
      .flatMap((one) =>
        select
          .all(one.id, from, to)
          .map((gap) => ({ device: id, from: gap.first, to: gap.last, reason: gap.reason, time: gap.time })),
      );
  }

  numbers(id: string): { ranges: [number, number][]; doubled: number } {
    const { device, source = primaryOf(device) } = this.#catalogue.find(id);
    const all = new RangeSet();
    let count = 0;
    let doubled = 0;
    for (const one of this.#catalogue.siblings(source)) {
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
    const wanted = id === undefined ? undefined : this.#catalogue.find(id).device;
    const events: EventRecord[] = [];
    const select = this.#db.prepare<[number, number], { gateway: string; record: string }>(
      'SELECT gateway, record FROM event WHERE time >= ? AND time <= ? ORDER BY time DESC, id DESC',
    );
    for (const { gateway, record } of select.iterate(from, to)) {
      if (events.length >= limit) break;
      const event = JSON.parse(record) as EventRecord;
      const device = event.device === undefined ? undefined : this.#catalogue.named(gateway, event.device);
      if (wanted && device !== wanted) continue;
      events.push(device ? { ...event, device: device.key } : event);
    }
    return events;
  }

  status(): { readings: number; bytes: number; points: number; oldest: number | null } {
    let oldest = (this.#db.prepare('SELECT min(first) FROM block').pluck().get() as number | null) ?? Infinity;
    for (const { heads } of this.#catalogue.sources.values())
      for (const { rows } of heads) for (const { time } of rows) oldest = Math.min(oldest, time);
    return {
      readings: this.#sealedReadings + this.#openReadings,
      bytes: Number(this.#db.pragma('page_count', { simple: true })) * pageSize(this.#db),
      points: this.#catalogue.points.size,
      oldest: oldest === Infinity ? null : oldest,
    };
  }

  close(): void {
    this.shrink();
    this.#db.close();
  }
}

function timeOf(latest: Latest, point: number): number {
  const slot = latest.slotOf.get(point);
  return slot === undefined ? Number.NEGATIVE_INFINITY : latest.times[slot]!;
}

function fillLatest(
  source: Source,
  row: Record<'points' | 'times' | 'numbers' | 'quality' | 'states', Uint8Array>,
): void {
  const [times, values, quality] = [floatsOf(row.times), floatsOf(row.numbers), new Uint16Array(copyOf(row.quality))];
  wordsOf(row.points).forEach((point, i) => {
    const slot = source.latest.slot(point);
    source.latest.times[slot] = times[i]!;
    source.latest.values[slot] = values[i]!;
    source.latest.quality[slot] = quality[i]!;
    source.latest.states[slot] = row.states[i]!;
    source.lastSample = Math.max(source.lastSample, times[i]!);
  });
}
