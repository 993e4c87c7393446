import type Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RackwattError } from 'rackwatt';
import type { Batch, BatchClass, EventRecord, Gap, OutboxStatus } from '@rackwatt/telemetry';
import { BATCH_CLASSES, RangeSet, type Anchor, type Range } from '@rackwatt/telemetry/wire';
import { encodeRecords, type EncodedBatch, type Records } from './bodies.js';
import { DROP_ORDER, lossOf } from './drops.js';
import { DeviceEntries } from './entries.js';

/** What a row costs beside its body. */
const ROW_BYTES = 64;
/** Most gaps that go into one batch when what was dropped is told. */
const GAPS_AT_ONCE = 10_000;
/** Most bytes of bodies that one call of `batches` gives. */
const READ_BYTES = 8 << 20;
/** Free pages from which the file gives some back to the disk. */
const FREE_PAGES = 4096;

const LAYOUT = 1;

const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lane (class TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY, class TEXT NOT NULL, sequence INTEGER NOT NULL, schema INTEGER NOT NULL, written REAL NOT NULL,
    bytes INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (class, sequence)) STRICT;
  CREATE TABLE IF NOT EXISTS device (device TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS loss (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL,
    time REAL NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS loss_end ON loss (device, last);
  CREATE TABLE IF NOT EXISTS entry (
    version INTEGER PRIMARY KEY, device TEXT NOT NULL, points INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS entry_device ON entry (device, version);
`;

export interface FileOptions {
  path: string;
  /** Bound on what waits, bytes. */
  maxBytes: number;
  /** Hard bound of the file, in pages of 4 KiB; past it SQLite says that the disk is full. */
  pages?: number;
  /** Clock by which times are given. */
  stamp(): Anchor;
}

/** What one transaction does. */
export interface Group {
  appends: { records: Records; live: boolean }[];
  acknowledged: { class: BatchClass; ranges: readonly Range[] }[];
  /** A publisher keeps up now: what was dropped can be told. */
  live: boolean;
}

interface Totals {
  batches: Record<BatchClass, number>;
  last: Record<BatchClass, number>;
  bytes: number;
  dropped: number;
  losses: number;
  lostRecords: number;
}

/**
 * The outbox's file: SQLite with a write-ahead log that is synced at each commit, one row a batch. Synchronous, for a worker
 * thread. Throws SQLite's errors as they are, and `WIRE_INVALID` for records that cannot be carried.
 */
export class OutboxFile {
  readonly epoch: string;
  readonly entries: DeviceEntries;
  readonly #options: FileOptions;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #totals: Totals;

  constructor(SQLite: typeof Database, options: FileOptions) {
    this.#options = options;
    mkdirSync(dirname(options.path), { recursive: true });
    this.#database = new SQLite(options.path, { timeout: 1000 });
    try {
      this.#pragmas();
      this.epoch = this.#open();
      this.entries = new DeviceEntries(this.#database);
      this.#totals = this.#load();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #pragmas(): void {
    const database = this.#database;
    database.pragma('auto_vacuum = INCREMENTAL');
    // Held until the process ends: two nodes on one folder would give two batches one name.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma(`journal_size_limit = ${16 << 20}`);
    database.pragma('cache_size = -4096');
    if (this.#options.pages) database.pragma(`max_page_count = ${this.#options.pages}`);
  }

  /** Makes the tables of a new file; gives a copied file a new epoch. */
  #open(): string {
    const { ino, birthtimeMs } = statSync(this.#options.path);
    const file = `${ino}:${birthtimeMs}`;
    return this.#transaction(() => {
      this.#database.exec(TABLES);
      const layout = Number(this.#meta('layout') ?? LAYOUT);
      if (layout !== LAYOUT) {
        const text = `Outbox ${this.#options.path}: it was written by a later version (layout ${layout}); go back to that version, or move the file away.`;
        throw new RackwattError('OUTBOX_LATER', text, { context: { layout } });
      }
      this.#setMeta('layout', LAYOUT);
      const epoch = this.#meta('epoch');
      if (typeof epoch === 'string' && this.#meta('file') === file) return epoch;
      // A restored copy would give names a second time that the original gave already to other batches.
      const fresh = randomBytes(8).toString('hex');
      this.#setMeta('epoch', fresh);
      this.#setMeta('file', file);
      return fresh;
    });
  }

  #load(): Totals {
    const totals: Totals = {
      batches: { live: 0, replay: 0, event: 0 },
      last: { live: 0, replay: 0, event: 0 },
      bytes: 0,
      dropped: Number(this.#meta('dropped') ?? 0),
      losses: this.#sql('SELECT count(*) FROM loss').pluck().get() as number,
      lostRecords: Number(this.#meta('lostRecords') ?? 0),
    };
    const rows = this.#sql('SELECT class, count(*) AS count, sum(bytes) AS bytes FROM batch GROUP BY class').all();
    for (const { class: name, count, bytes } of rows as { class: BatchClass; count: number; bytes: number }[]) {
      totals.batches[name] = count;
      totals.bytes += bytes;
    }
    const lanes = this.#sql('SELECT class, last FROM lane').all() as { class: BatchClass; last: number }[];
    for (const { class: name, last } of lanes) totals.last[name] = last;
    return totals;
  }

  /**
   * Does all of a group, or nothing, in one transaction; durable when it returns.
   * @returns classes in which batches were written.
   */
  commit({ appends, acknowledged, live }: Group): BatchClass[] {
    const anchor = this.#options.stamp();
    const telling = live && (this.#totals.losses > 0 || this.#totals.lostRecords > 0);
    const told = telling ? [this.#told(anchor.wall)] : [];
    const lanes = { live: [...told] as Records[], replay: [] as Records[] };
    for (const { records, live: wasLive } of appends) lanes[wasLive ? 'live' : 'replay'].push(records);
    const batches = [...encodeRecords('replay', anchor, lanes.replay), ...encodeRecords('live', anchor, lanes.live)];
    const incoming = batches.reduce((sum, { body }) => sum + body.length + ROW_BYTES, 0);
    if (incoming > this.#options.maxBytes) {
      const text = `Outbox ${this.#options.path}: ${incoming} bytes at once are more than it may hold (${this.#options.maxBytes}).`;
      throw new RackwattError('OUTBOX_TOO_LARGE', text, { context: { incoming, maxBytes: this.#options.maxBytes } });
    }
    try {
      this.#transaction(() => {
        for (const { class: name, ranges } of acknowledged) this.#acknowledge(name, ranges);
        if (telling) this.#forgetLosses(told[0]!);
        this.#makeRoom(incoming, anchor.wall);
        for (const batch of batches) this.#insert(batch, anchor.wall);
        this.#remember(appends.map(({ records }) => records));
      });
    } catch (error) {
      // What was counted on the way was rolled back with it.
      this.#totals = this.#load();
      throw error;
    }
    if (acknowledged.length > 0) this.#shrink();
    return [...new Set(batches.map((batch) => batch.class))];
  }

  #insert({ class: name, body }: EncodedBatch, written: number): void {
    const totals = this.#totals;
    const sequence = ++totals.last[name];
    const bytes = body.length + ROW_BYTES;
    this.#sql('INSERT INTO batch (class, sequence, schema, written, bytes, body) VALUES (?, ?, ?, ?, ?, ?)').run(
      name,
      sequence,
      this.entries.version,
      written,
      bytes,
      body,
    );
    this.#sql('INSERT INTO lane VALUES (?, ?) ON CONFLICT DO UPDATE SET last = excluded.last').run(name, sequence);
    totals.batches[name]++;
    totals.bytes += bytes;
  }

  /** Keeps the highest due number of each device beside the readings themselves. */
  #remember(groups: readonly Records[]): void {
    const last = new Map<string, number>();
    const raise = (device: string, number: number): void => {
      if (number > (last.get(device) ?? 0)) last.set(device, number);
    };
    for (const { samples = [], gaps = [] } of groups) {
      for (const { device, number } of samples) raise(device, number);
      for (const { device, to } of gaps) raise(device, to);
    }
    const upsert = this.#sql(
      'INSERT INTO device VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)',
    );
    for (const [device, number] of last) upsert.run(device, number);
  }

  #acknowledge(name: BatchClass, ranges: readonly Range[]): void {
    for (const [from, to] of ranges) {
      const select = this.#sql(
        'SELECT count(*) AS count, sum(bytes) AS bytes FROM batch WHERE class = ? AND sequence BETWEEN ? AND ?',
      );
      const { count, bytes } = select.get(name, from, to) as { count: number; bytes: number | null };
      if (count === 0) continue;
      this.#sql('DELETE FROM batch WHERE class = ? AND sequence BETWEEN ? AND ?').run(name, from, to);
      this.#totals.batches[name] -= count;
      this.#totals.bytes -= bytes ?? 0;
    }
  }

  /** Drops the oldest, lane by lane, until `incoming` bytes fit; what is dropped becomes gaps. */
  #makeRoom(incoming: number, time: number): void {
    const totals = this.#totals;
    for (const name of DROP_ORDER) {
      while (totals.bytes + incoming > this.#options.maxBytes && totals.batches[name] > 0) {
        const select = this.#sql('SELECT id, bytes, body FROM batch WHERE class = ? ORDER BY sequence LIMIT 1');
        const { id, bytes, body } = select.get(name) as { id: number; bytes: number; body: Buffer };
        const loss = lossOf(body, time);
        for (const gap of loss.gaps) this.#lose(gap);
        totals.dropped += loss.samples;
        totals.lostRecords += loss.records;
        this.#setMeta('dropped', totals.dropped);
        this.#setMeta('lostRecords', totals.lostRecords);
        this.#sql('DELETE FROM batch WHERE id = ?').run(id);
        totals.batches[name]--;
        totals.bytes -= bytes;
      }
    }
  }

  /** A gap grows with what follows it, so that a long outage takes one row a device. */
  #lose({ device, from, to, reason, time }: Gap): void {
    const grow = this.#sql('UPDATE loss SET last = ?, time = ? WHERE device = ? AND last = ? AND reason = ?');
    if (grow.run(to, time, device, from - 1, reason).changes > 0) return;
    this.#sql('INSERT INTO loss (device, first, last, reason, time) VALUES (?, ?, ?, ?, ?)').run(
      device,
      from,
      to,
      reason,
      time,
    );
    this.#totals.losses++;
  }

  /** Gaps of what was dropped, and an event when events went too. */
  #told(time: number): { gaps: (Gap & { id: number })[]; events: EventRecord[] } {
    const select = this.#sql(
      'SELECT id, device, first AS "from", last AS "to", reason, time FROM loss ORDER BY id LIMIT ?',
    );
    const gaps = select.all(GAPS_AT_ONCE) as (Gap & { id: number })[];
    const lost = this.#totals.lostRecords;
    if (lost === 0) return { gaps, events: [] };
    const message = `The outbox was full: ${lost} events and device states were dropped.`;
    const id = `outbox-dropped-${this.epoch}-${Math.floor(time)}`;
    return { gaps, events: [{ id, time, type: 'outbox.dropped', severity: 'warning', message, data: { lost } }] };
  }

  #forgetLosses({ gaps = [] }: Records): void {
    const last = (gaps.at(-1) as { id?: number } | undefined)?.id ?? 0;
    this.#totals.losses -= this.#sql('DELETE FROM loss WHERE id <= ?').run(last).changes;
    this.#totals.lostRecords = 0;
    this.#setMeta('lostRecords', 0);
  }

  /** Batches of a class after a sequence, in order; fewer than `limit` when they are large. */
  batches(name: BatchClass, after: number, limit: number): Batch[] {
    const select = this.#sql(
      'SELECT class, sequence, schema, body FROM batch WHERE class = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    );
    const found: Batch[] = [];
    let bytes = 0;
    for (const row of select.iterate(name, after, limit) as IterableIterator<Omit<Batch, 'epoch'>>) {
      found.push({ epoch: this.epoch, ...row });
      bytes += row.body.length;
      if (bytes >= READ_BYTES) break;
    }
    return found;
  }

  lastNumber(device: string): number {
    return (this.#sql('SELECT last FROM device WHERE device = ?').pluck().get(device) as number | undefined) ?? 0;
  }

  status(): OutboxStatus {
    const { batches, bytes, dropped } = this.#totals;
    const oldest = this.#sql('SELECT written FROM batch ORDER BY id LIMIT 1').pluck().get() as number | undefined;
    return {
      epoch: this.epoch,
      batches: { ...batches },
      bytes,
      capacity: this.#options.maxBytes,
      oldest: oldest ?? null,
      dropped,
    };
  }

  /** Whether SQLite finds nothing wrong; reads the whole file. */
  sound(): boolean {
    return this.#database.pragma('quick_check(1)', { simple: true }) === 'ok';
  }

  close(): void {
    this.#database.close();
  }

  /** Gives pages that a drained backlog left back to the disk, a few at a time. */
  #shrink(): void {
    const free = this.#database.pragma('freelist_count', { simple: true }) as number;
    if (free > FREE_PAGES) this.#database.pragma('incremental_vacuum(1024)');
  }

  #meta(key: string): unknown {
    return this.#sql('SELECT value FROM meta WHERE key = ?').pluck().get(key);
  }

  #setMeta(key: string, value: string | number): void {
    this.#sql('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(key, value);
  }

  #sql(text: string): Database.Statement {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#database.prepare(text)));
    return statement;
  }

  #transaction<T>(work: () => T): T {
    return this.#database.transaction(work).immediate();
  }
}

/** @throws WIRE_INVALID when it is no class. */
export function checkedClass(name: unknown): BatchClass {
  const found = BATCH_CLASSES.find((each) => each === name);
  if (!found)
    throw new RackwattError(
      'WIRE_INVALID',
      `${JSON.stringify(name)} is no class of batches; there are ${BATCH_CLASSES.join(', ')}.`,
    );
  return found;
}

/** @throws WIRE_INVALID when a range is none. */
export function checkedRanges(ranges: Iterable<Range>): Range[] {
  return RangeSet.fromArray(ranges).toArray();
}
