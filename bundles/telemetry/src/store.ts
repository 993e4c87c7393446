import { contract } from 'rackwatt';
import type { DeviceIdentity, DeviceLocation, Part } from './device.js';
import type { MetricName } from './metrics.js';
import type { DeviceStatus, EventRecord, Gap } from './sample.js';
import type { SchemaEntry } from './outbox.js';

/** A device as the concentrator knows it: one per unit, however many gateways read it. */
export interface StoredDevice {
  /** `vendor:serial` where the device tells both, else `gateway/device`; URL-safe. */
  id: string;
  gateway: string;
  /** Id within the gateway's configuration. */
  device: string;
  identity: DeviceIdentity;
  location: DeviceLocation;
  parts: Part[];
  interval: number;
  status: Omit<DeviceStatus, 'device'>;
  /** Time of the last sample, ms; null before the first. */
  lastSample: number | null;
}

export interface LatestValue {
  /** The store's point id. */
  point: number;
  device: string;
  part: string;
  metric: MetricName;
  unit: string;
  /** null where there is none: null is never zero. */
  value: number | null;
  /** Word of a state metric. */
  state: string | null;
  /** `Quality` mask. */
  quality: number;
  /** Sample time, ms. */
  time: number;
}

/** Columns of one point over time, oldest first. */
export interface Series {
  point: number;
  times: Float64Array;
  /** NaN: no value. */
  values: Float64Array;
  quality: Uint16Array;
  states: Uint8Array;
}

/** Batches of one gateway as ingest hands them on; already decoded and deduplicated. */
export interface StoreBatch {
  gateway: string;
  /** With sequence and class the identity of the batch: applying it twice changes nothing. */
  epoch: string;
  class: string;
  sequence: number;
  /** Schema version that its point numbers need: a later entry may have given them to another unit. Absent: the newest. */
  schema?: number;
  samples: import('./sample.js').Sample[];
  gaps: Gap[];
  events: EventRecord[];
  statuses: DeviceStatus[];
}

/** Time series and latest values of all gateways. */
export interface Store {
  /** Makes entries of a gateway's schema known; settles when durable. */
  describe(gateway: string, epoch: string, entries: SchemaEntry[]): Promise<void>;
  /** Settles when durable. Batches that were applied before are passed over. */
  apply(batches: StoreBatch[]): Promise<void>;
  devices(): Promise<StoredDevice[]>;
  latest(query?: { device?: string; points?: number[] }): Promise<LatestValue[]>;
  series(query: { point: number; from: number; to: number; limit?: number }): Promise<Series>;
  gaps(query: { device: string; from?: number; to?: number }): Promise<Gap[]>;
  /** Due numbers that are stored for a device, as ranges; how often any number came twice. */
  numbers(device: string): Promise<{ ranges: [number, number][]; doubled: number }>;
  events(query: { from?: number; to?: number; device?: string; limit?: number }): Promise<EventRecord[]>;
  /** Latest values as they change, many at a time; a slow reader gets fewer, newer ones. */
  changes(): AsyncIterable<LatestValue[]>;
  status(): Promise<{ readings: number; bytes: number; points: number; oldest: number | null }>;
}

export const Store = contract<Store>('rackwatt.telemetry/Store', {
  major: 1,
  methods: ['describe', 'apply', 'devices', 'latest', 'series', 'gaps', 'numbers', 'events', 'status'],
  streams: ['changes'],
  transfers: ['series'],
});
