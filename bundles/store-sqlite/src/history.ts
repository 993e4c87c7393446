import type { Series } from '@rackwatt/telemetry';
import type Sqlite from 'better-sqlite3';
import { decodeChunk, decodeNumbers } from './codec/chunk.js';
import { POINTS_OF_BLOCK } from './database.js';
import { type Device, type Point, type Source, silence } from './model.js';

interface BlockRow {
  rows: number;
  first: number;
  last: number;
  times: Uint8Array;
  body: Uint8Array;
}

/** Readings of one point from one source, growing. */
class Columns {
  readonly times: number[] = [];
  readonly values: number[] = [];
  readonly quality: number[] = [];
  readonly states: number[] = [];
  #sorted = true;

  push(time: number, value: number, quality: number, state: number): void {
    if (this.times.length > 0 && time <= this.times.at(-1)!) this.#sorted = false;
    this.times.push(time);
    this.values.push(value);
    this.quality.push(quality);
    this.states.push(state);
  }

  /** Oldest first; of readings with one time the last that came counts. */
  ordered(): Columns {
    if (this.#sorted) return this;
    const order = Array.from(this.times.keys()).sort((a, b) => this.times[a]! - this.times[b]! || a - b);
    const ordered = new Columns();
    order.forEach((at, i) => {
      const next = order[i + 1];
      if (next !== undefined && this.times[next] === this.times[at]) return;
      ordered.take(this, at);
    });
    return ordered;
  }

  take(from: Columns, at: number): void {
    this.push(from.times[at]!, from.values[at]!, from.quality[at]!, from.states[at]!);
  }
}

/** Reads points over time from blocks and open rows. */
export class History {
  readonly #chunks: Sqlite.Statement<[number, number, number, number], BlockRow>;

  constructor(db: Sqlite.Database) {
    // The block's index is named because a plan that starts at `chunk` would look through every block.
    this.#chunks = db.prepare<[number, number, number, number], BlockRow>(`
      SELECT rows, first, last, times, body FROM block INDEXED BY block_time CROSS JOIN chunk ON chunk.id = block.id * ${POINTS_OF_BLOCK} + ?
      WHERE source = ? AND last >= ? AND first <= ? ORDER BY block.id`);
  }

  /**
   * @param limit at most so many readings, the oldest of the span.
   * @throws STORE_CHUNK_CORRUPT
   */
  series(point: Point, from: number, to: number, limit: number): Series {
    const columns = this.#merged(point.device, point.id, from, to);
    const count = Math.min(columns.times.length, limit);
    const cut = (column: number[]): number[] => (count < column.length ? column.slice(0, count) : column);
    return {
      point: point.id,
      times: Float64Array.from(cut(columns.times)),
      values: Float64Array.from(cut(columns.values)),
      quality: Uint16Array.from(cut(columns.quality)),
      states: Uint8Array.from(cut(columns.states)),
    };
  }

  /**
   * Sources by rank: a later one fills in where all before it were silent. So the outcome is the same whichever way and
   * order the readings came.
   */
  #merged(device: Device, point: number, from: number, to: number): Columns {
    const [first, ...others] = device.sources;
    if (!first) return new Columns();
    // What lies just outside decides whether a source is silent at the edge.
    const margin = others.length > 0 ? Math.max(...device.sources.map(silence)) : 0;
    let merged = this.#ofSource(first, point, from - margin, to + margin);
    for (const other of others)
      merged = filled(merged, this.#ofSource(other, point, from - margin, to + margin), silence(first));
    return margin > 0 ? within(merged, from, to) : merged;
  }

  #ofSource(source: Source, point: number, from: number, to: number): Columns {
    const columns = new Columns();
    for (const block of this.#chunks.iterate(point, source.id, from, to)) {
      const times = decodeNumbers(block.times, block.rows);
      const { absent, values, quality, states } = decodeChunk(block.body, block.rows);
      for (let i = 0; i < times.length; i++) {
        const time = times[i]!;
        if (time >= from && time <= to && !absent?.[i]) columns.push(time, values[i]!, quality[i]!, states[i]!);
      }
    }
    for (const head of source.heads) {
      for (const { time, layout, values, quality, states } of head.rows) {
        if (time < from || time > to) continue;
        const at = layout.indexOf.get(point);
        if (at !== undefined) columns.push(time, values[at]!, quality?.[at] ?? 0, states?.[at] ?? 0);
      }
    }
    return columns.ordered();
  }
}

/** `main`, and of `other` what lies in holes of `main` that are longer than `hole`, half an interval away from their ends. */
function filled(main: Columns, other: Columns, hole: number): Columns {
  if (other.times.length === 0) return main;
  if (main.times.length === 0) return other;
  const distance = hole / 6;
  const result = new Columns();
  let at = 0;
  for (let i = 0; i <= main.times.length; i++) {
    const before = i === 0 ? Number.NEGATIVE_INFINITY : main.times[i - 1]!;
    const after = main.times[i] ?? Number.POSITIVE_INFINITY;
    for (; at < other.times.length && other.times[at]! < after; at++) {
      const time = other.times[at]!;
      if (after - before > hole && time > before + distance && time < after - distance) result.take(other, at);
    }
    if (i < main.times.length) result.take(main, i);
  }
  return result;
}

function within(columns: Columns, from: number, to: number): Columns {
  const result = new Columns();
  columns.times.forEach((time, i) => {
    if (time >= from && time <= to) result.take(columns, i);
  });
  return result;
}
