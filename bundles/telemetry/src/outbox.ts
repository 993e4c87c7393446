import { contract } from 'rackwatt';
import type { DeviceDescription, DeviceLocation, PointDescription } from './device.js';
import type { DeviceStatus, EventRecord, Gap, Sample } from './sample.js';
import type { Range } from './wire/ranges.js';

/**
 * Lane of a batch. `live`: written while a publisher was keeping up. `replay`: written while none was; sent in the
 * background so that it never delays what is live. `event`: events and device states. Fixed when the batch is written.
 */
export type BatchClass = 'live' | 'replay' | 'event';

/** One row of the outbox: what is sent, acknowledged and deleted as a whole. */
export interface Batch {
  /** Epoch of the file that it is in. */
  epoch: string;
  class: BatchClass;
  /** Rising by one within the class of an epoch, from 1. */
  sequence: number;
  /** Schema version that the point numbers in it need. */
  schema: number;
  /** Encoded `BatchBody` (see `@rackwatt/telemetry/wire`), compressed. */
  body: Uint8Array;
}

/** A device and its points as an outbox numbered them. Entries are only ever added; a changed device is a new entry. */
export interface SchemaEntry {
  /** Rising by one for each entry; a batch that needs version n needs all entries up to n. */
  version: number;
  device: string;
  identity: DeviceDescription['identity'];
  location: DeviceLocation;
  parts: DeviceDescription['parts'];
  /** Point numbers are `firstPoint + i`; empty when only identity, location or parts changed. */
  firstPoint: number;
  points: PointDescription[];
  /** Poll interval, ms. */
  interval: number;
}

export interface OutboxStatus {
  epoch: string;
  batches: Record<BatchClass, number>;
  bytes: number;
  /** Bound in bytes. */
  capacity: number;
  /** Wall time of the oldest waiting batch, ms. */
  oldest: number | null;
  /** Samples dropped because it was full; each is in a gap record too. */
  dropped: number;
}

/**
 * Durable queue between acquisition and a publisher. What `append` has acknowledged is on disk and leaves only by an
 * acknowledgement of the concentrator, or, when full, oldest first, leaving a gap record.
 */
export interface Outbox {
  /** Numbers the points of a device; the same points get the same numbers again. */
  describe(
    device: string,
    description: DeviceDescription,
    context: { location: DeviceLocation; interval: number },
  ): Promise<Uint32Array>;
  /** Settles after fsync. */
  append(records: {
    samples?: Sample[];
    gaps?: Gap[];
    events?: EventRecord[];
    statuses?: DeviceStatus[];
  }): Promise<void>;
  /** Highest due number ever appended for a device (sample or gap); 0 for a new one. */
  lastNumber(device: string): Promise<number>;
  /** A publisher says whether it keeps up: decides the class of what is written from now on. */
  setLive(live: boolean): Promise<void>;
  /** Up to `limit` batches of a class after a sequence, in order. */
  batches(batchClass: BatchClass, after: number, limit: number): Promise<Batch[]>;
  /** Entries after a version. */
  schema(after: number): Promise<SchemaEntry[]>;
  /** Deletes what a concentrator holds durably. */
  acknowledge(batchClass: BatchClass, ranges: Range[]): Promise<void>;
  /** Gives the class of new batches as they are written, coalesced. */
  written(): AsyncIterable<BatchClass>;
  status(): Promise<OutboxStatus>;
}

export const Outbox = contract<Outbox>('rackwatt.telemetry/Outbox', {
  major: 1,
  methods: ['describe', 'append', 'lastNumber', 'setLive', 'batches', 'schema', 'acknowledge', 'status'],
  streams: ['written'],
  transfers: ['append', 'batches'],
});
