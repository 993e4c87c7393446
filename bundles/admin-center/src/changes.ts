/** What changed: a gateway by its id, or one of these. */
export type Topic = string;
export const ENROLMENTS: Topic = 'enrolments';

/** Tells who waits that something changed. What changed is for them to read. */
export class Changes {
  readonly #versions = new Map<Topic, number>();
  readonly #listeners = new Set<(topic: Topic) => void>();

  touch(topic: Topic): void {
    this.#versions.set(topic, this.version(topic) + 1);
    for (const listener of this.#listeners) listener(topic);
  }

  /** Rises with each change. */
  version(topic: Topic): number {
    return this.#versions.get(topic) ?? 0;
  }

  listen(listener: (topic: Topic) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Settles when the version of a topic is another than `seen`, the time is over, or the signal aborts. @param time ms */
  wait(topic: Topic, seen: number, time: number, signal: AbortSignal): Promise<void> {
    if (this.version(topic) !== seen || signal.aborted || time <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        stop();
        resolve();
      };
      const stop = this.listen((changed) => changed === topic && end());
      const timer = setTimeout(end, time);
      signal.addEventListener('abort', end);
    });
  }
}
