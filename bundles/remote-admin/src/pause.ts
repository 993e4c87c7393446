import { setTimeout as sleep } from 'node:timers/promises';

/** @throws the reason of the signal */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Pauses between tries that fail: random up to a bound that doubles, so that a thousand gateways do not come back at once. */
export class Backoff {
  readonly #base: number;
  readonly #cap: number;
  #failures = 0;

  /** @param base ms of the first bound @param cap ms of the last one */
  constructor(base = 2_000, cap = 600_000) {
    this.#base = base;
    this.#cap = cap;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** ms until the next try. @param least ms that it is at least */
  failed(least = 0): number {
    const bound = Math.min(this.#cap, this.#base * 2 ** Math.min(this.#failures++, 30));
    return least + Math.random() * bound;
  }
}
