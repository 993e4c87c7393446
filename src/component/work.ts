export interface WorkOptions {
  /** ms for one piece of work that is waited for. */
  patience: number;
  /** Called after each piece of work. */
  done(): void;
  /** Whether nothing is queued. */
  idle(): boolean;
  warn(message: string): void;
}

/** What components do that takes time: counted, so that somebody can wait for the end of it. */
export class Work {
  readonly #options: WorkOptions;
  #pending = 0;
  #waiting: (() => void)[] = [];

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  track(work: Promise<void>): Promise<void> {
    this.#pending++;
    return work.finally(() => {
      this.#pending--;
      this.#options.done();
    });
  }

  /** Waits for the work, and warns instead when it takes longer than the patience of the container and `allowance` ms. */
  async inTime<T>(work: Promise<T>, what: string, allowance = 0): Promise<T | undefined> {
    const patience = this.#options.patience + allowance;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.#options.warn(`${what} did not finish in ${patience / 1000} s; going on without it`);
        resolve(undefined);
      }, patience);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #quiet(): boolean {
    return this.#pending === 0 && this.#options.idle();
  }

  /** Tells those who wait when nothing is pending. */
  check(): void {
    if (this.#waiting.length === 0 || !this.#quiet()) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @returns whether nothing is pending, in so many ms at the latest */
  async settled(milliseconds: number): Promise<boolean> {
    if (this.#quiet()) return true;
    let timer: NodeJS.Timeout | undefined;
    const quiet = new Promise<true>((resolve) => this.#waiting.push(() => resolve(true)));
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)));
    const done = await Promise.race([quiet, late]);
    clearTimeout(timer);
    return done;
  }
}
