import type { DeviceLocation, SchemaEntry } from '@rackwatt/telemetry';
import { RangeSet, type Range } from '@rackwatt/telemetry/wire';
import type Sqlite from 'better-sqlite3';
import { blobOf, wordsOf } from './database.js';
import { storeError } from './errors.js';
import { sourceKey, deviceKey } from './identity.js';
import { Head, Latest, type Device, type Layout, type Point, type Source, layoutOf } from './model.js';

/** What the point numbers of a gateway's outbox mean from one schema version on, for one device. */
interface Binding {
  readonly version: number;
  readonly source: Source;
  /** Store's point by the outbox's number. */
  readonly points: ReadonlyMap<number, number>;
  /** Layouts of late samples: a device sends the same points again and again. */
  readonly layouts: { numbers: Uint32Array; layout: Layout }[];
}

/** Schema of one outbox epoch. */
interface EpochSchema {
  version: number;
  readonly devices: Map<string, Binding[]>;
}

const KEPT_LAYOUTS = 8;
const UNKNOWN_STATUS = { state: 'connecting', since: 0 } as const;

interface SourceRow {
  id: number;
  gateway: string;
  name: string;
  device: number;
  interval: number;
  status: string;
  numbers: string;
  doubled: number;
}

/** Devices, their sources and points, and what the numbers of outboxes mean: in memory, as the tables have it. */
export class Catalogue {
  readonly devices = new Map<number, Device>();
  readonly byKey = new Map<string, Device>();
  readonly sources = new Map<number, Source>();
  readonly points = new Map<number, Point>();
  /** Newest source of a gateway's device. */
  readonly #named = new Map<string, Source>();
  readonly #schemas = new Map<string, EpochSchema>();
  readonly #db: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement>();

  constructor(db: Sqlite.Database) {
    this.#db = db;
    this.#load();
  }

  #load(): void {
    for (const row of this.#rows<{ id: number; key: string; identity: string; parts: string; interval: number }>(
      'SELECT * FROM device',
    )) {
      this.#addDevice({
        ...row,
        identity: JSON.parse(row.identity),
        parts: JSON.parse(row.parts),
        location: {},
        sources: [],
        points: new Map(),
      });
    }
    for (const { device, place } of this.#rows<{ device: number; place: string }>(
      'SELECT device, place FROM location ORDER BY since',
    )) {
      this.devices.get(device)!.location = JSON.parse(place) as DeviceLocation;
    }
    for (const row of this.#rows<{
      id: number;
      device: number;
      part: string;
      metric: Point['metric'];
      basis: string;
      unit: string;
    }>('SELECT * FROM point')) {
      this.#addPoint({
        id: row.id,
        device: this.devices.get(row.device)!,
        part: row.part,
        metric: row.metric,
        basis: row.basis,
        unit: row.unit,
      });
    }
    for (const row of this.#rows<SourceRow>('SELECT * FROM source ORDER BY id')) this.#addSource(row);
    for (const row of this.#rows<{
      gateway: string;
      epoch: string;
      version: number;
      source: number;
      numbers: Uint8Array;
      points: Uint8Array;
    }>('SELECT * FROM entry ORDER BY gateway, epoch, version')) {
      this.#bind(
        row.gateway,
        row.epoch,
        row.version,
        this.sources.get(row.source)!,
        wordsOf(row.numbers),
        wordsOf(row.points),
      );
    }
  }

  #rows<T>(sql: string): IterableIterator<T> {
    return this.#db.prepare<[], T>(sql).iterate();
  }

  #statement(sql: string): Sqlite.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#db.prepare(sql)));
    return statement;
  }

  #addDevice(device: Device): Device {
    this.devices.set(device.id, device);
    this.byKey.set(device.key, device);
    return device;
  }

  #addPoint(point: Point): Point {
    this.points.set(point.id, point);
    point.device.points.set(pointKey(point), point);
    return point;
  }

  #addSource(row: SourceRow): Source {
    const device = this.devices.get(row.device)!;
    const source: Source = {
      id: row.id,
      gateway: row.gateway,
      name: row.name,
      device,
      interval: row.interval,
      status: JSON.parse(row.status) as Source['status'],
      sealed: RangeSet.fromArray(JSON.parse(row.numbers) as Range[]),
      doubled: row.doubled,
      lastSample: Number.NEGATIVE_INFINITY,
      latest: new Latest(),
      heads: [new Head(row.id * 2), new Head(row.id * 2 + 1)],
    };
    device.sources.push(source);
    this.sources.set(source.id, source);
    this.#named.set(sourceKey(source.gateway, source.name), source);
    return source;
  }

  /** All sources of a gateway's device: more than one when the unit itself was replaced. */
  siblings(source: Source): Source[] {
    return [...this.sources.values()].filter((other) => other.gateway === source.gateway && other.name === source.name);
  }

  /** By the store's id, or by `gateway/device`. @throws STORE_DEVICE_UNKNOWN */
  find(id: string): { device: Device; source?: Source } {
    const device = this.byKey.get(id);
    if (device && device.sources.length > 0) return { device };
    const source = this.#named.get(id);
    if (source) return { device: source.device, source };
    throw storeError('STORE_DEVICE_UNKNOWN', `The store knows no device "${id}".`, { device: id });
  }

  /** Device that a gateway calls by a name. */
  named(gateway: string, name: string): Device | undefined {
    return this.#named.get(sourceKey(gateway, name))?.device;
  }

  /** Highest schema version of an epoch; 0 when there is none. */
  version(gateway: string, epoch: string): number {
    return this.#schemas.get(epochKey(gateway, epoch))?.version ?? 0;
  }

  /**
   * Source and layout of a sample's points.
   * @param schema version that the batch names; undefined takes the newest.
   * @returns undefined when the schema lacks the device or a point.
   */
  resolve(
    gateway: string,
    epoch: string,
    schema: number | undefined,
    name: string,
    numbers: Uint32Array,
  ): { source: Source; layout: Layout } | undefined {
    const bindings = this.#schemas.get(epochKey(gateway, epoch))?.devices.get(name);
    const binding = schema === undefined ? bindings?.at(-1) : bindings?.findLast(({ version }) => version <= schema);
    if (!binding) return undefined;
    const { source, layouts } = binding;
    const known = layouts.find((candidate) => sameNumbers(candidate.numbers, numbers));
    if (known) return { source, layout: known.layout };
    const points = new Uint32Array(numbers.length);
    for (let i = 0; i < numbers.length; i++) {
      const point = binding.points.get(numbers[i]!);
      if (point === undefined) return undefined;
      points[i] = point;
    }
    const layout = layoutOf(source, points);
    layouts.unshift({ numbers: numbers.slice(), layout });
    if (layouts.length > KEPT_LAYOUTS) layouts.pop();
    return { source, layout };
  }

  /** Source for what needs no schema (gaps, states): made without identity when the device was never described. */
  sourceOf(gateway: string, name: string): Source {
    const known = this.#named.get(sourceKey(gateway, name));
    if (known) return known;
    return this.#newSource(gateway, name, this.#deviceFor(sourceKey(gateway, name)), 0);
  }

  /** Within a transaction. @throws STORE_SCHEMA_MISSING when entries before these are missing */
  describe(gateway: string, epoch: string, entries: readonly SchemaEntry[], now: number): void {
    for (const entry of [...entries].sort((a, b) => a.version - b.version)) {
      const known = this.version(gateway, epoch);
      if (entry.version <= known) continue;
      if (entry.version !== known + 1) throw schemaMissing(gateway, epoch, known);
      this.#describeEntry(gateway, epoch, entry, now);
    }
  }

  #describeEntry(gateway: string, epoch: string, entry: SchemaEntry, now: number): void {
    const device = this.#deviceFor(deviceKey(gateway, entry.device, entry.identity));
    const source = this.#sourceFor(gateway, entry.device, device, entry.interval);
    device.identity = entry.identity;
    device.parts = entry.parts;
    device.interval = entry.interval;
    this.#statement('UPDATE device SET identity = ?, parts = ?, interval = ? WHERE id = ?').run(
      JSON.stringify(entry.identity),
      JSON.stringify(entry.parts),
      entry.interval,
      device.id,
    );
    this.#move(device, entry.location, now);
    const added = new Map<number, number>();
    const prior = this.#schemas.get(epochKey(gateway, epoch))?.devices.get(entry.device)?.at(-1);
    if (prior && prior.source.device !== device) {
      for (const [number, id] of prior.points) added.set(number, this.#pointOf(device, this.points.get(id)!));
    }
    entry.points.forEach((point, i) => added.set(entry.firstPoint + i, this.#pointOf(device, point)));
    const numbers = Uint32Array.from(added.keys());
    const points = Uint32Array.from(added.values());
    this.#statement('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)').run(
      gateway,
      epoch,
      entry.version,
      source.id,
      blobOf(numbers),
      blobOf(points),
    );
    this.#bind(gateway, epoch, entry.version, source, numbers, points);
  }

  #bind(
    gateway: string,
    epoch: string,
    version: number,
    source: Source,
    numbers: Uint32Array,
    points: Uint32Array,
  ): void {
    const key = epochKey(gateway, epoch);
    let schema = this.#schemas.get(key);
    if (!schema) this.#schemas.set(key, (schema = { version: 0, devices: new Map() }));
    schema.version = version;
    let bindings = schema.devices.get(source.name);
    if (!bindings) schema.devices.set(source.name, (bindings = []));
    const prior = bindings.at(-1);
    const all = new Map(prior?.source.device === source.device ? prior.points : []);
    numbers.forEach((number, i) => all.set(number, points[i]!));
    bindings.push({ version, source, points: all, layouts: [] });
  }

  #deviceFor(key: string): Device {
    const known = this.byKey.get(key);
    if (known) return known;
    const id = Number(
      this.#statement(`INSERT INTO device (key, identity, parts, interval) VALUES (?, '{}', '[]', 0)`).run(key)
        .lastInsertRowid,
    );
    return this.#addDevice({
      id,
      key,
      identity: {},
      location: {},
      parts: [],
      interval: 0,
      sources: [],
      points: new Map(),
    });
  }

  #sourceFor(gateway: string, name: string, device: Device, interval: number): Source {
    const named = this.#named.get(sourceKey(gateway, name));
    let source = device.sources.find((candidate) => candidate.gateway === gateway && candidate.name === name);
    // A device that was only known by its states has now said who it is.
    if (!source && named && named.lastSample === Number.NEGATIVE_INFINITY) {
      named.device.sources.splice(named.device.sources.indexOf(named), 1);
      named.device = device;
      device.sources.push(named);
      device.sources.sort((a, b) => a.id - b.id);
      source = named;
    }
    if (!source) return this.#newSource(gateway, name, device, interval);
    source.interval = interval;
    this.#named.set(sourceKey(gateway, name), source);
    this.#statement('UPDATE source SET device = ?, interval = ? WHERE id = ?').run(device.id, interval, source.id);
    return source;
  }

  #newSource(gateway: string, name: string, device: Device, interval: number): Source {
    const status = JSON.stringify(UNKNOWN_STATUS);
    const { lastInsertRowid } = this.#statement(
      'INSERT INTO source (gateway, name, device, interval, status) VALUES (?, ?, ?, ?, ?)',
    ).run(gateway, name, device.id, interval, status);
    return this.#addSource({
      id: Number(lastInsertRowid),
      gateway,
      name,
      device: device.id,
      interval,
      status,
      numbers: '[]',
      doubled: 0,
    });
  }

  /** A move is a new row: what was measured before stays with the old place. */
  #move(device: Device, location: DeviceLocation, now: number): void {
    const place = JSON.stringify(location);
    if (place === JSON.stringify(device.location)) return;
    device.location = location;
    this.#statement('INSERT OR REPLACE INTO location VALUES (?, ?, ?)').run(device.id, now, place);
  }

  #pointOf(device: Device, described: { part: string; metric: Point['metric']; basis?: string; unit: string }): number {
    const { part, metric, unit, basis = '' } = described;
    const known = device.points.get(pointKey({ part, metric, basis }));
    if (known) {
      if (known.unit !== unit)
        this.#statement('UPDATE point SET unit = ? WHERE id = ?').run((known.unit = unit), known.id);
      return known.id;
    }
    const { lastInsertRowid } = this.#statement(
      'INSERT INTO point (device, part, metric, basis, unit) VALUES (?, ?, ?, ?, ?)',
    ).run(device.id, part, metric, basis, unit);
    return this.#addPoint({ id: Number(lastInsertRowid), device, part, metric, basis, unit }).id;
  }
}

function pointKey({ part, metric, basis }: { part: string; metric: string; basis: string }): string {
  return `${part}\n${metric}\n${basis}`;
}

function epochKey(gateway: string, epoch: string): string {
  return `${gateway}\n${epoch}`;
}

export function schemaMissing(gateway: string, epoch: string, after: number): Error {
  return storeError(
    'STORE_SCHEMA_MISSING',
    `The store needs the schema of gateway ${gateway} (epoch ${epoch}) after version ${after}.`,
    { gateway, epoch, after },
  );
}

function sameNumbers(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
