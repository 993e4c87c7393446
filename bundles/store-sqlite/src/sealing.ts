import type Sqlite from 'better-sqlite3';
import { Quality } from '@rackwatt/telemetry';
import { RangeSet } from '@rackwatt/telemetry/wire';
import { type PointColumns, encodeChunk, encodeNumbers } from './codec/chunk.js';
import { blobOf, POINTS_OF_BLOCK } from './database.js';
import type { Head, OpenRow, Source } from './model.js';

/** Figures of a chunk for later rollups: over numbers that are not bad. */
interface Figures {
  n: number;
  min: number | null;
  max: number | null;
  sum: number | null;
}

/** Moves the oldest open rows of a head into a block: the times of its rows once, and a chunk for each point. */
export class Sealer {
  readonly #db: Sqlite.Database;
  readonly #block: Sqlite.Statement;
  readonly #chunk: Sqlite.Statement;
  readonly #drop: Sqlite.Statement;
  readonly #source: Sqlite.Statement;
  readonly #latest: Sqlite.Statement;

  constructor(db: Sqlite.Database) {
    this.#db = db;
    this.#block = db.prepare(
      'INSERT INTO block (source, first, last, rows, readings, times) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#chunk = db.prepare('INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?)');
    this.#drop = db.prepare('DELETE FROM open WHERE head = ? AND row <= ?');
    this.#source = db.prepare('UPDATE source SET numbers = ?, doubled = ? WHERE id = ?');
    this.#latest = db.prepare('INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?, ?, ?)');
  }

  /**
   * Seals up to `most` rows, whole or not at all.
   * @returns readings sealed.
   */
  seal(source: Source, head: Head, most: number): number {
    const taken = head.rows.slice(0, most);
    if (taken.length === 0) return 0;
    const rows = taken.toSorted((a, b) => a.time - b.time);
    const sealed = RangeSet.fromArray(source.sealed.toArray());
    let doubled = source.doubled;
    for (const { number } of taken) {
      if (sealed.has(number)) doubled++;
      else sealed.add(number);
    }
    const readings = rows.reduce((sum, row) => sum + row.layout.points.length, 0);
    this.#db.transaction(() => {
      this.#write(source, rows, readings);
      this.#drop.run(head.id, taken.at(-1)!.row);
      this.#source.run(JSON.stringify(sealed.toArray()), doubled, source.id);
      const { latest } = source;
      const columns = [latest.points, latest.times, latest.values, latest.quality, latest.states].map((column) =>
        blobOf(column.subarray(0, latest.size)),
      );
      this.#latest.run(source.id, ...columns);
    })();
    head.rows.splice(0, taken.length);
    for (const { number } of taken) source.sealed.add(number);
    source.doubled = doubled;
    return readings;
  }

  #write(source: Source, rows: OpenRow[], readings: number): void {
    const times = Float64Array.from(rows, (row) => row.time);
    const { lastInsertRowid } = this.#block.run(
      source.id,
      times[0]!,
      times.at(-1)!,
      rows.length,
      readings,
      encodeNumbers(times),
    );
    const layouts = new Set(rows.map((row) => row.layout));
    const points = new Set([...layouts].flatMap((layout) => [...layout.points]));
    for (const point of [...points].sort((a, b) => a - b)) {
      const columns = columnsOf(rows, point);
      const { n, min, max, sum } = figuresOf(columns);
      this.#chunk.run(Number(lastInsertRowid) * POINTS_OF_BLOCK + point, n, min, max, sum, encodeChunk(columns));
    }
  }
}

function columnsOf(rows: OpenRow[], point: number): PointColumns {
  const absent = new Uint8Array(rows.length);
  const columns = {
    values: new Float64Array(rows.length).fill(Number.NaN),
    quality: new Uint16Array(rows.length),
    states: new Uint8Array(rows.length),
  };
  let missing = false;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const at = row.layout.indexOf.get(point);
    if (at === undefined) {
      absent[i] = 1;
      missing = true;
      continue;
    }
    columns.values[i] = row.values[at]!;
    if (row.quality) columns.quality[i] = row.quality[at]!;
    if (row.states) columns.states[i] = row.states[at]!;
  }
  return missing ? { ...columns, absent } : columns;
}

function figuresOf({ values, quality }: PointColumns): Figures {
  const figures = { n: 0, min: Infinity, max: -Infinity, sum: 0 };
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value) || (quality[i]! & Quality.BAD) !== 0) continue;
    figures.n++;
    figures.sum += value;
    if (value < figures.min) figures.min = value;
    if (value > figures.max) figures.max = value;
  }
  return figures.n > 0 ? figures : { n: 0, min: null, max: null, sum: null };
}
