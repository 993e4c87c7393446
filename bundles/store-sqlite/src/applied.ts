import { RangeSet, type Range } from '@rackwatt/telemetry/wire';
import type Sqlite from 'better-sqlite3';

interface BatchIdentity {
  gateway: string;
  epoch: string;
  class: string;
  sequence: number;
}

interface Lane extends Omit<BatchIdentity, 'sequence'> {
  sequences: RangeSet;
}

/** Which batches are in the store, as ranges for each gateway, epoch and class: what makes applying them twice change nothing. */
export class Applied {
  readonly #lanes = new Map<string, Lane>();
  readonly #changed = new Set<Lane>();
  readonly #save: Sqlite.Statement;

  constructor(db: Sqlite.Database) {
    this.#save = db.prepare('INSERT OR REPLACE INTO applied VALUES (?, ?, ?, ?)');
    for (const { ranges, ...lane } of db
      .prepare<[], Omit<Lane, 'sequences'> & { ranges: string }>('SELECT * FROM applied')
      .iterate()) {
      this.#lanes.set(key(lane), { ...lane, sequences: RangeSet.fromArray(JSON.parse(ranges) as Range[]) });
    }
  }

  has(batch: BatchIdentity): boolean {
    return this.#lanes.get(key(batch))?.sequences.has(batch.sequence) ?? false;
  }

  /** @returns false when it was there. */
  add(batch: BatchIdentity): boolean {
    let lane = this.#lanes.get(key(batch));
    if (!lane) {
      const { gateway, epoch, class: batchClass } = batch;
      this.#lanes.set(key(batch), (lane = { gateway, epoch, class: batchClass, sequences: new RangeSet() }));
    }
    if (lane.sequences.has(batch.sequence)) return false;
    lane.sequences.add(batch.sequence);
    this.#changed.add(lane);
    return true;
  }

  /** Writes what changed, within the transaction of the batches themselves. */
  save(): void {
    for (const { gateway, epoch, class: batchClass, sequences } of this.#changed)
      this.#save.run(gateway, epoch, batchClass, JSON.stringify(sequences.toArray()));
    this.#changed.clear();
  }
}

function key({ gateway, epoch, class: batchClass }: Omit<BatchIdentity, 'sequence'>): string {
  return `${gateway}\n${epoch}\n${batchClass}`;
}
