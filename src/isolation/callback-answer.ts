/**
 * What calling a callback of the other side gives. Code that calls listeners seldom waits for them, and is not to end by
 * a failure of theirs: a rejection that nobody waits for is told, and is no unhandled one.
 */
export class CallbackAnswer extends Promise<unknown> {
  #heard = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of(answer: Promise<unknown>, unheard: (error: unknown) => void): CallbackAnswer {
    const made = new CallbackAnswer((resolve) => resolve(answer));
    void made.#watch(unheard);
    return made;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  override then<A = unknown, B = never>(
    fulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#heard = true;
    return super.then(fulfilled, rejected);
  }

  #watch(unheard: (error: unknown) => void): Promise<unknown> {
    return super.then(undefined, (error: unknown) => {
      // Who awaits takes it up a few microtasks later.
      setImmediate(() => {
        if (!this.#heard) unheard(error);
      });
    });
  }
}
