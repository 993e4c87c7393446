import type Database from 'better-sqlite3';
import { isDeepStrictEqual } from 'node:util';
import type { DeviceDescription, DeviceLocation, PointDescription, SchemaEntry } from '@rackwatt/telemetry';
import { decodeEntry, encodeEntry } from '@rackwatt/telemetry/wire';

const keyOf = ({ part, metric, unit, basis }: PointDescription): string =>
  JSON.stringify([part, metric, unit, basis ?? null]);

/** Entries that one call gives at most. */
const ENTRIES_AT_ONCE = 1000;

/** The schema: devices and their points as they were numbered, append-only. */
export class DeviceEntries {
  readonly #database: Database.Database;
  #version: number;
  #nextPoint: number;

  constructor(database: Database.Database) {
    this.#database = database;
    const { version, points } = database
      .prepare('SELECT ifnull(max(version), 0) AS version, ifnull(sum(points), 0) AS points FROM entry')
      .get() as { version: number; points: number };
    this.#version = version;
    this.#nextPoint = points;
  }

  /** Version of the newest entry; 0 when there is none. */
  get version(): number {
    return this.#version;
  }

  /**
   * Numbers the points of a device: those that it had before keep their numbers. Durable when it returns.
   * @throws WIRE_INVALID when the description cannot be carried.
   */
  describe(
    device: string,
    description: DeviceDescription,
    context: { location: DeviceLocation; interval: number },
  ): Uint32Array {
    const known = new Map<string, number>();
    let latest: SchemaEntry | undefined;
    for (const entry of this.#of(device)) {
      entry.points.forEach((point, i) => known.set(keyOf(point), entry.firstPoint + i));
      latest = entry;
    }
    const firstPoint = this.#nextPoint;
    const points: PointDescription[] = [];
    const numbers = Uint32Array.from(description.points, (point) => {
      const key = keyOf(point);
      let number = known.get(key);
      if (number === undefined) {
        known.set(key, (number = firstPoint + points.length));
        points.push(point);
      }
      return number;
    });
    const { identity, parts } = description;
    const entry = { version: this.#version + 1, device, identity, ...context, parts, firstPoint, points };
    // What comes back from the wire is what counts: labels may have been cut there.
    const body = encodeEntry(entry);
    const same =
      latest !== undefined &&
      points.length === 0 &&
      isDeepStrictEqual(decodeEntry(body), { ...latest, version: entry.version, firstPoint, points: [] });
    if (same) return numbers;
    this.#database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?)').run(entry.version, device, points.length, body);
    this.#version++;
    this.#nextPoint += points.length;
    return numbers;
  }

  /** Entries after a version, in order; as many as one answer takes. */
  after(version: number): SchemaEntry[] {
    const bodies = this.#database.prepare('SELECT body FROM entry WHERE version > ? ORDER BY version LIMIT ?').pluck();
    return (bodies.all(version, ENTRIES_AT_ONCE) as Uint8Array[]).map(decodeEntry);
  }

  #of(device: string): SchemaEntry[] {
    const bodies = this.#database.prepare('SELECT body FROM entry WHERE device = ? ORDER BY version').pluck();
    return (bodies.all(device) as Uint8Array[]).map(decodeEntry);
  }
}
