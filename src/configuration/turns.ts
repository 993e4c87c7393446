/** Calls of one receiver: in order, never two at a time, and none after it is gone. */
export class Turns {
  readonly #failed: (error: unknown) => void;
  #last: Promise<void> = Promise.resolve();
  #isGone = false;

  /** @param failed takes what a call throws */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Calls when those before have ended. @returns settles with it; never rejects */
  call(work: () => unknown): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#isGone) return;
      try {
        await work();
      } catch (error) {
        this.#failed(error);
      }
    });
    return this.#last;
  }

  end(): void {
    this.#isGone = true;
  }
}
