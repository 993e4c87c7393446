import { compareReferences, type ServiceRecord } from './record.js';

const CHUNK = 512;

/**
 * Services in registry order. A list of short sorted lists: finding, adding and removing touch one of them, so that
 * 100,000 services of one contract can come, go and change their ranking cheaply, and the best is at hand.
 */
export class SortedServices {
  #chunks: ServiceRecord[][] = [];
  #size = 0;

  static of(records: Iterable<ServiceRecord>): SortedServices {
    const services = new SortedServices();
    for (const record of records) services.add(record);
    return services;
  }

  get size(): number {
    return this.#size;
  }

  get first(): ServiceRecord | undefined {
    return this.#chunks[0]?.[0];
  }

  /** Non-empty lists, each sorted and wholly before the next. */
  get chunks(): readonly (readonly ServiceRecord[])[] {
    return this.#chunks;
  }

  add(record: ServiceRecord): void {
    this.#size++;
    const last = this.#chunks.at(-1);
    if (!last) {
      // No push: that makes room for sixteen more, and most contracts have one service.
      this.#chunks = [[record]];
      return;
    }
    // A new service mostly comes last, being the youngest.
    if (compareReferences(last[last.length - 1]!, record) < 0) {
      if (last.length < CHUNK) last.push(record);
      else this.#chunks.push([record]);
      return;
    }
    const at = this.#chunkFor(record);
    const chunk = this.#chunks[at]!;
    chunk.splice(position(chunk, record), 0, record);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK >> 1));
  }

  /** The ranking must still be the one with which it was added. */
  remove(record: ServiceRecord): void {
    const at = this.#chunkFor(record);
    const chunk = this.#chunks[at];
    if (!chunk) return;
    const index = position(chunk, record);
    if (chunk[index] !== record) return;
    this.#size--;
    if (chunk.length === 1) this.#chunks.splice(at, 1);
    else chunk.splice(index, 1);
  }

  /** The first chunk whose last service is not before the given one. */
  #chunkFor(record: ServiceRecord): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = this.#chunks[middle]!;
      if (compareReferences(chunk[chunk.length - 1]!, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function position(chunk: readonly ServiceRecord[], record: ServiceRecord): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareReferences(chunk[middle]!, record) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export const NO_SERVICES = new SortedServices();
