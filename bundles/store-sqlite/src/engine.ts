import type { SchemaEntry, StoreBatch } from '@rackwatt/telemetry';
import type Sqlite from 'better-sqlite3';
import { errorRecord } from 'rackwatt';
import { Applied } from './applied.js';
import { Catalogue, schemaMissing } from './catalogue.js';
import { Changes } from './changes.js';
import { checkBatch } from './checks.js';
import { copyOf, floatsOf, POINTS_OF_BLOCK, writeError, wordsOf } from './database.js';
import { type Head, type Layout, type OpenRow, type Source, layoutOf } from './model.js';
import { type OpenState, Queries } from './queries.js';
import { decodeRow, encodeRow } from './row.js';
import { Sealer } from './sealing.js';

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

/**
 * The store over one database, synchronous: all that is open lies in memory as the tables have it. A write first checks
 * everything, then writes in one transaction, then changes memory; should the transaction fail, memory is read anew.
 */
export class Engine implements OpenState {
  readonly changes: Changes;
  readonly queries: Queries;
  readonly #db: Sqlite.Database;
  readonly #options: EngineOptions;
  readonly #sealer: Sealer;
  readonly #insertRow: Sqlite.Statement;
  readonly #insertGap: Sqlite.Statement;
  readonly #insertEvent: Sqlite.Statement;
  readonly #setStatus: Sqlite.Statement;
  catalogue: Catalogue;
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
    this.#insertRow = db.prepare('INSERT INTO open VALUES (?, ?, ?)');
    this.#insertGap = db.prepare('INSERT INTO gap (source, first, last, reason, time) VALUES (?, ?, ?, ?, ?)');
    this.#insertEvent = db.prepare('INSERT INTO event (gateway, device, time, record) VALUES (?, ?, ?, ?)');
    this.#setStatus = db.prepare('UPDATE source SET status = ? WHERE id = ?');
    this.catalogue = new Catalogue(db);
    this.#applied = new Applied(db);
    this.queries = new Queries(db, this);
    this.changes = new Changes((point) => this.queries.latestOf(this.catalogue.points.get(point)));
    this.#loadReadings();
  }

  #reload(): void {
    this.catalogue = new Catalogue(this.#db);
    this.#applied = new Applied(this.#db);
    this.#full.clear();
    this.#loadReadings();
    this.#stale = false;
  }

  /** Forgets at once what was not written; should even that fail, the next write tries again. */
  #recover(): void {
    try {
      this.#reload();
    } catch (error) {
      void errorRecord(error);
    }
  }

  #loadReadings(): void {
    const { sources } = this.catalogue;
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

  get readings(): number {
    return this.#sealedReadings + this.#openReadings;
  }

  /** Runs a transaction of several calls' work: a failure of the disk fails all of them. */
  #write(work: () => void): void {
    try {
      if (this.#stale) this.#reload();
      this.#db.transaction(work)();
    } catch (error) {
      this.#stale = true;
      this.#recover();
      throw writeError(error);
    }
  }

  describe(gateway: string, epoch: string, entries: SchemaEntry[]): void {
    const known = this.catalogue.version(gateway, epoch);
    const first = entries.reduce(
      (least, { version }) => (version > known ? Math.min(least, version) : least),
      Infinity,
    );
    if (first !== Infinity && first !== known + 1) throw schemaMissing(gateway, epoch, known);
    this.#write(() => this.catalogue.describe(gateway, epoch, entries, this.#options.now()));
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
      const found = this.catalogue.resolve(gateway, epoch, schema, sample.device, sample.points);
      if (!found) throw schemaMissing(gateway, epoch, this.catalogue.version(gateway, epoch));
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
      this.#insertGap.run(this.catalogue.sourceOf(gateway, device).id, from, to, reason, time);
    for (const event of batch.events)
      this.#insertEvent.run(gateway, event.device ?? null, event.time, JSON.stringify(event));
    for (const { device, ...status } of batch.statuses) {
      const source = this.catalogue.sourceOf(gateway, device);
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
    for (const source of this.catalogue.sources.values()) {
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
    for (const source of this.catalogue.sources.values()) newest = Math.max(newest, source.lastSample);
    return newest;
  }

  close(): void {
    this.shrink();
    this.#db.close();
  }
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
