import type { Changes } from './changes.js';

/** ms after its last word that a gateway counts as away. It asks every half minute, and a little later when the network is slow. */
const AWAY = 120_000;
const LOOK = 15_000;

/** Which gateways are there: those that wait for orders, or spoke a short while ago. */
export class Presence {
  readonly #changes: Changes;
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, number>();
  readonly #online = new Set<string>();
  readonly #look: NodeJS.Timeout;

  constructor(changes: Changes) {
    this.#changes = changes;
    this.#look = setInterval(() => this.#expire(), LOOK).unref();
  }

  spoke(gateway: string): void {
    this.#seen.set(gateway, Date.now());
    if (this.#online.has(gateway)) return;
    this.#online.add(gateway);
    this.#changes.touch(gateway);
  }

  /** @returns called when the gateway waits no more */
  waits(gateway: string): () => void {
    const count = (by: number) => this.#waiting.set(gateway, (this.#waiting.get(gateway) ?? 0) + by);
    count(1);
    this.spoke(gateway);
    return () => {
      count(-1);
      if (this.#waiting.get(gateway) === 0) this.#waiting.delete(gateway);
      this.#seen.set(gateway, Date.now());
    };
  }

  isOnline(gateway: string): boolean {
    return this.#waiting.has(gateway) || Date.now() - (this.#seen.get(gateway) ?? -Infinity) < AWAY;
  }

  /** Gateways that are there. */
  get size(): number {
    return [...this.#online].filter((gateway) => this.isOnline(gateway)).length;
  }

  /** ms since 1970, as far as it spoke since the center was started. */
  seen(gateway: string): number | undefined {
    return this.#seen.get(gateway);
  }

  end(): void {
    clearInterval(this.#look);
  }

  #expire(): void {
    for (const gateway of this.#online)
      if (!this.isOnline(gateway)) {
        this.#online.delete(gateway);
        this.#changes.touch(gateway);
      }
  }
}
