import { RangeSet } from '@rackwatt/telemetry/wire';
import type { Entry } from './applier.js';
import type { JournalRow } from './journal/protocol.js';
import type { Lane, Lanes } from './lanes.js';

/** A message that waits for its commit. */
export interface Incoming {
  readonly entry: Entry;
  readonly topic: string;
  readonly lane?: Lane;
}

/** By gateway and epoch. */
export type Versions = Map<string, { gateway: string; epoch: string; version: number }>;

/** Durable ranges as they are once these are committed. */
export function rangesWith(pending: Incoming[]): Map<Lane, RangeSet> {
  const ranges = new Map<Lane, RangeSet>();
  for (const { lane, entry } of pending) {
    if (!lane || !('sequence' in entry.arrival.message)) continue;
    let set = ranges.get(lane);
    if (!set) ranges.set(lane, (set = RangeSet.fromArray(lane.durable.toArray())));
    set.add(entry.arrival.message.sequence);
  }
  return ranges;
}

export function rowOf({ topic, entry: { id, arrival, received, offset } }: Incoming): JournalRow {
  return { id, topic, payload: arrival.payload, received, offset };
}

/** Schema versions that are known once these are committed. */
export function versionsWith(lanes: Lanes, pending: Incoming[]): Versions {
  const versions: Versions = new Map();
  for (const { entry } of pending) {
    const { kind, sender, message } = entry.arrival;
    if (kind !== 'schema') continue;
    const key = `${sender.key}\n${message.epoch}`;
    let version = versions.get(key)?.version ?? lanes.version(sender.key, message.epoch);
    const given = new Set(message.entries.map((one) => one.version));
    while (given.has(version + 1)) version++;
    versions.set(key, { gateway: sender.key, epoch: message.epoch, version });
  }
  return versions;
}
