/** Runs at most once in a period: for a log line that a hostile peer could ask for a thousand times a second. */
export class Rarely {
  readonly #period: number;
  #next = Number.NEGATIVE_INFINITY;

  /** @param period ms */
  constructor(period: number) {
    this.#period = period;
  }

  run(action: () => void): void {
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + this.#period;
    action();
  }
}
