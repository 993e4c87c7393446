import type { Arrival } from './intake.js';

export interface HeldBatch {
  topic: string;
  arrival: Extract<Arrival, { kind: 'live' | 'replay' | 'event' }>;
  received: number;
}

/** Bytes for all gateways, and batches of one: what is dropped beyond comes again. */
const MOST_BYTES = 16 << 20;
const MOST_BATCHES = 64;

/** Batches that wait in memory for the schema that was asked for; not acknowledged. */
export class Held {
  readonly #gateways = new Map<string, Map<string, HeldBatch>>();
  #bytes = 0;

  keep(gateway: string, epoch: string, sequence: number, batch: HeldBatch): void {
    const key = `${gateway}\n${epoch}`;
    let batches = this.#gateways.get(key);
    if (!batches) this.#gateways.set(key, (batches = new Map()));
    const name = `${batch.arrival.kind} ${sequence}`;
    const { length } = batch.arrival.payload;
    if (batches.has(name) || batches.size >= MOST_BATCHES || this.#bytes + length > MOST_BYTES) return;
    batches.set(name, batch);
    this.#bytes += length;
  }

  release(gateway: string, epoch: string): HeldBatch[] {
    const key = `${gateway}\n${epoch}`;
    const batches = [...(this.#gateways.get(key)?.values() ?? [])];
    this.#gateways.delete(key);
    for (const { arrival } of batches) this.#bytes -= arrival.payload.length;
    return batches;
  }
}
