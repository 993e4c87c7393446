import type { DeviceIdentity, DeviceLocation, DeviceStatus, MetricName, Part } from '@rackwatt/telemetry';
import type { RangeSet } from '@rackwatt/telemetry/wire';

export interface Point {
  readonly id: number;
  readonly device: Device;
  readonly part: string;
  readonly metric: MetricName;
  /** Of a voltage; empty for anything else. */
  readonly basis: string;
  unit: string;
}

/** A device as the store knows it: one per unit, however many gateways read it. */
export interface Device {
  readonly id: number;
  readonly key: string;
  identity: DeviceIdentity;
  location: DeviceLocation;
  parts: Part[];
  interval: number;
  /** By rank: whichever came first. */
  readonly sources: Source[];
  /** By part, metric and basis. */
  readonly points: Map<string, Point>;
}

/** One gateway's view of a device. All that it sent is kept; what counts is decided when it is read. */
export interface Source {
  /** Also its rank among the sources of a device: lower counts first. */
  readonly id: number;
  readonly gateway: string;
  /** Id in the gateway's configuration. */
  readonly name: string;
  device: Device;
  interval: number;
  status: Omit<DeviceStatus, 'device'>;
  /** Due numbers of sealed rows; those of open rows are in the rows. */
  readonly sealed: RangeSet;
  doubled: number;
  /** Time of the newest sample, ms; -Infinity before the first. */
  lastSample: number;
  readonly latest: Latest;
  readonly heads: readonly [live: Head, replay: Head];
}

/** Points of a sample, as the store numbers them. One object for all samples with the same points. */
export interface Layout {
  readonly points: Uint32Array;
  /** Places in the source's `Latest`. */
  readonly slots: Uint32Array;
  readonly indexOf: ReadonlyMap<number, number>;
}

/** A sample that is not sealed yet. Columns that are 0 all over are absent. */
export interface OpenRow {
  readonly row: number;
  readonly time: number;
  readonly number: number;
  readonly layout: Layout;
  readonly values: Float64Array;
  readonly quality: Uint16Array | undefined;
  readonly states: Uint8Array | undefined;
}

/** Open rows of a source in the order in which they came. Live and replayed rows are apart, so that blocks stay narrow in time. */
export class Head {
  readonly id: number;
  readonly rows: OpenRow[] = [];
  next = 1;
  /** `performance.now()` of the last row. */
  touched = 0;

  constructor(id: number) {
    this.id = id;
  }

  push(row: OpenRow): void {
    this.rows.push(row);
    this.next = row.row + 1;
    this.touched = performance.now();
  }
}

/** Newest reading of each point of a source, as columns. */
export class Latest {
  readonly slotOf = new Map<number, number>();
  points = new Uint32Array(16);
  times = new Float64Array(16);
  values = new Float64Array(16);
  quality = new Uint16Array(16);
  states = new Uint8Array(16);

  get size(): number {
    return this.slotOf.size;
  }

  slot(point: number): number {
    const known = this.slotOf.get(point);
    if (known !== undefined) return known;
    const slot = this.slotOf.size;
    if (slot === this.points.length) this.#grow();
    this.points[slot] = point;
    this.times[slot] = Number.NEGATIVE_INFINITY;
    this.values[slot] = Number.NaN;
    this.slotOf.set(point, slot);
    return slot;
  }

  #grow(): void {
    const size = this.points.length * 2;
    const grown = <A extends { set(from: A): void }>(into: A, from: A): A => {
      into.set(from);
      return into;
    };
    this.points = grown(new Uint32Array(size), this.points);
    this.times = grown(new Float64Array(size), this.times);
    this.values = grown(new Float64Array(size), this.values);
    this.quality = grown(new Uint16Array(size), this.quality);
    this.states = grown(new Uint8Array(size), this.states);
  }

  /** Takes what of a row is newer. */
  take(row: OpenRow): void {
    const { slots } = row.layout;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if (row.time < this.times[slot]!) continue;
      this.times[slot] = row.time;
      this.values[slot] = row.values[i]!;
      this.quality[slot] = row.quality?.[i] ?? 0;
      this.states[slot] = row.states?.[i] ?? 0;
    }
  }
}

export function layoutOf(source: Source, points: Uint32Array): Layout {
  const indexOf = new Map<number, number>();
  for (let i = 0; i < points.length; i++) indexOf.set(points[i]!, i);
  return { points, slots: points.map((point) => source.latest.slot(point)), indexOf };
}

/** How many intervals a source may be silent before the next one counts. */
const SILENT_INTERVALS = 3;

/** ms without a sample after which a source counts as silent. */
export function silence(source: Source): number {
  return SILENT_INTERVALS * Math.max(source.interval, 1000);
}

/** The source that counts now: the first that is not silent beside the newest sample of any. */
export function primaryOf(device: Device): Source {
  let newest = Number.NEGATIVE_INFINITY;
  for (const source of device.sources) newest = Math.max(newest, source.lastSample);
  return device.sources.find((source) => source.lastSample >= newest - silence(source)) ?? device.sources[0]!;
}
