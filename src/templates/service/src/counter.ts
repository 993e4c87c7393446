import { RackwattError } from 'rackwatt';
import type { Acme } from './contract.js';

/** Counts in memory, up to a number of names. */
export class Counter implements Acme {
  readonly #limit: number;
  readonly #totals = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  async count(name: string): Promise<number> {
    const total = (this.#totals.get(name) ?? 0) + 1;
    if (total === 1 && this.#totals.size >= this.#limit) {
      throw new RackwattError(
        'ACME_FULL',
        `There are ${this.#limit} names already; raise "names" of acme.counter for more.`,
        { context: { name } },
      );
    }
    this.#totals.set(name, total);
    return total;
  }

  async totals(): Promise<Record<string, number>> {
    return Object.fromEntries(this.#totals);
  }
}
