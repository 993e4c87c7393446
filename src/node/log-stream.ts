/** Items that wait for a reader that does not keep up; then the oldest are lost, rather than the node its memory. */
const WAITING = 10_000;

/** What comes, for one reader, in order: whoever writes does not wait for it. */
export class LogStream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #onEnd: () => void;
  #waiting: T[];
  #readers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #isOver = false;

  /** @param history comes first */
  constructor(history: readonly T[], onEnd: () => void) {
    this.#waiting = [...history];
    this.#onEnd = onEnd;
  }

  push(value: T): void {
    const reader = this.#readers.shift();
    if (reader) return reader({ done: false, value });
    if (this.#waiting.length >= WAITING) this.#waiting.shift();
    this.#waiting.push(value);
  }

  /** Nothing comes any more; what waits can still be read. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
    this.#onEnd();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift()! });
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#waiting = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
