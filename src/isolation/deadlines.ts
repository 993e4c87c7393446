/** The most that a call may take where nobody says otherwise, ms. */
export const CALL_TIMEOUT = 60_000;

export interface Due {
  /** Of `performance.now()`; Infinity: never. */
  readonly due: number;
}

/** One timer for any number of calls: most are answered long before, and a timer of their own would cost more than they do. */
export class Deadlines<T extends Due> {
  readonly #waiting: () => Iterable<T>;
  readonly #expire: (due: T) => void;
  #timer: NodeJS.Timeout | undefined;
  #armed = Infinity;

  /**
   * @param waiting gives all that is waited for
   * @param expire takes what is due out of it
   */
  constructor(waiting: () => Iterable<T>, expire: (due: T) => void) {
    this.#waiting = waiting;
    this.#expire = expire;
  }

  add({ due }: T): void {
    if (due >= this.#armed) return;
    this.#arm(due);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#armed = -Infinity;
  }

  #arm(due: number): void {
    clearTimeout(this.#timer);
    this.#armed = due;
    // When this thread was busy beyond the deadline, the answers that came meanwhile are read first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), Math.max(1, due - performance.now()));
    this.#timer.unref();
  }

  #look(): void {
    if (this.#armed === -Infinity) return;
    const now = performance.now();
    this.#armed = Infinity;
    let next = Infinity;
    for (const each of this.#waiting()) {
      if (each.due <= now) this.#expire(each);
      else if (each.due < next) next = each.due;
    }
    if (next < this.#armed) this.#arm(next);
  }
}
