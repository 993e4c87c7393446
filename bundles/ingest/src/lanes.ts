import type { BatchClass } from '@rackwatt/telemetry';
import { RangeSet, type Range } from '@rackwatt/telemetry/wire';
import type { Sender } from './intake.js';

/** One class of one outbox epoch of one gateway: what of it is durable here. */
export interface Lane {
  readonly sender: Sender;
  readonly epoch: string;
  readonly class: BatchClass;
  readonly durable: RangeSet;
  /** Sequences on their way into the journal. */
  readonly underway: Set<number>;
}

/** Most ranges of one acknowledgement: with more holes only the newest are told, the rest when it is sent again. */
const MOST_RANGES = 1000;

export function acknowledged({ durable }: Lane): Range[] {
  return durable.toArray().slice(-MOST_RANGES);
}

/** Durable ranges and known schema versions of all gateways, as the journal has them. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #versions = new Map<string, number>();

  lane(sender: Sender, epoch: string, batchClass: BatchClass): Lane {
    const key = `${sender.key}\n${epoch}\n${batchClass}`;
    let lane = this.#lanes.get(key);
    if (!lane)
      this.#lanes.set(key, (lane = { sender, epoch, class: batchClass, durable: new RangeSet(), underway: new Set() }));
    return lane;
  }

  /** Highest schema version up to which all entries are in the journal or the store. */
  version(key: string, epoch: string): number {
    return this.#versions.get(`${key}\n${epoch}`) ?? 0;
  }

  setVersion(key: string, epoch: string, version: number): void {
    this.#versions.set(`${key}\n${epoch}`, version);
  }
}
