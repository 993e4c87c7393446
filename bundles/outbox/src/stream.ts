import type { BatchClass } from '@rackwatt/telemetry';

/**
 * One reader's view of what is written: each class waits at most once, however slow the reader. Ends with `end`.
 */
class Reader implements AsyncIterator<BatchClass> {
  readonly #waiting = new Set<BatchClass>();
  readonly #forget: (reader: Reader) => void;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(forget: (reader: Reader) => void) {
    this.#forget = forget;
  }

  push(batchClass: BatchClass): void {
    this.#waiting.add(batchClass);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<BatchClass, undefined>> {
    while (!this.#ended) {
      for (const value of this.#waiting) {
        this.#waiting.delete(value);
        return { value, done: false };
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    return { value: undefined, done: true };
  }

  return(): Promise<IteratorResult<BatchClass, undefined>> {
    this.end();
    this.#forget(this);
    return Promise.resolve({ value: undefined, done: true });
  }
}

/** Tells any number of readers which classes have new batches. */
export class WrittenStream {
  readonly #readers = new Set<Reader>();
  #ended = false;

  /** A reader hears of what is written after it was made. */
  read(): AsyncIterable<BatchClass> {
    return {
      [Symbol.asyncIterator]: () => {
        const reader = new Reader((gone) => this.#readers.delete(gone));
        if (this.#ended) reader.end();
        else this.#readers.add(reader);
        return reader;
      },
    };
  }

  tell(classes: readonly BatchClass[]): void {
    for (const reader of this.#readers) for (const each of classes) reader.push(each);
  }

  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
