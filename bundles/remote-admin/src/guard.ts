/** Least tries that must have failed before a center counts as out of reach. */
const TRIES = 2;

/**
 * Says when a change has cut this gateway off from its center: it could be reached immediately before, and cannot be reached any
 * more since. Then nobody could take the change back from afar.
 */
export class ConnectivityGuard {
  #since: number | undefined;
  #patience = 0;
  #tries = 0;

  /** A change is on probation. @param patience ms without the center that are no reason yet */
  arm(patience: number): void {
    this.#since = performance.now();
    this.#patience = patience;
    this.#tries = 0;
  }

  disarm(): void {
    this.#since = undefined;
  }

  get isArmed(): boolean {
    return this.#since !== undefined;
  }

  /** The center answered: what was to be proved is proved. */
  contact(): void {
    this.disarm();
  }

  failure(): void {
    this.#tries++;
  }

  /** A sentence when the gateway is cut off. */
  get verdict(): string | undefined {
    if (this.#since === undefined || this.#tries < TRIES) return undefined;
    const elapsed = performance.now() - this.#since;
    if (elapsed < this.#patience) return undefined;
    return `since the change the center has not been reached for ${Math.round(elapsed / 1000)} s, and it was before`;
  }
}
