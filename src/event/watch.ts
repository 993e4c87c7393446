/** Something that is to come to an end in time. */
export interface Pending {
  /** `performance.now()` */
  readonly begun: number;
  /** It did not. */
  late(): void;
}

/** One timer for any number of calls, all of which have the same time. */
export class Watch {
  readonly #time: number;
  /** The oldest first. */
  readonly #pending = new Set<Pending>();
  #timer: NodeJS.Timeout | undefined;

  /** @param time ms */
  constructor(time: number) {
    this.#time = time;
  }

  begin(pending: Pending): void {
    this.#pending.add(pending);
    if (this.#timer === undefined) this.#arm(this.#time);
  }

  end(pending: Pending): void {
    this.#pending.delete(pending);
  }

  #arm(milliseconds: number): void {
    // When this thread was busy for long, the answers that came meanwhile are read first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), milliseconds).unref();
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const pending of this.#pending) {
      const left = pending.begun + this.#time - now;
      if (left > 0) {
        this.#arm(Math.ceil(left));
        return;
      }
      this.#pending.delete(pending);
      pending.late();
    }
  }
}
