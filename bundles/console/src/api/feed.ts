import type { LatestValue, Store } from '@rackwatt/telemetry';
import { errorMessage, type Live, type Logger, type Scope } from 'rackwatt';

/** Time over which changes are gathered for one message, ms. */
const GATHER = 200;
const AGAIN = 1_000;

export type Wanted = (value: LatestValue) => boolean;

interface Subscriber {
  readonly wanted: Wanted;
  /** Newest value of each point that was not given yet: bounded by the number of points, however slow the reader. */
  pending: Map<number, LatestValue>;
  /** The store was replaced: what the reader knows may be old. */
  restarted: boolean;
  wake(): void;
}

/** One reader of the store's changes for all who look, running only while somebody does. */
export class Feed {
  readonly #subscribers = new Set<Subscriber>();
  readonly #store: Live<Store>;
  readonly #log: Logger;
  #source: { store: Store; stop: AbortController } | undefined;

  constructor(store: Live<Store>, scope: Scope, log: Logger) {
    this.#store = store;
    this.#log = log;
    scope.add(
      'store of the live feed',
      store.onChange(() => this.#restart()),
    );
    scope.add('live feed', () => this.#source?.stop.abort());
  }

  /** Changed values until `signal` aborts, many at a time. `restart`: read everything again. */
  async *changes(wanted: Wanted, signal: AbortSignal): AsyncIterable<LatestValue[] | 'restart'> {
    let wake: () => void = () => undefined;
    const subscriber: Subscriber = { wanted, pending: new Map(), restarted: false, wake: () => wake() };
    const abort = () => wake();
    signal.addEventListener('abort', abort);
    this.#subscribers.add(subscriber);
    this.#start();
    try {
      while (!signal.aborted) {
        if (subscriber.pending.size === 0 && !subscriber.restarted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          if (!signal.aborted) await pause(GATHER, signal);
          continue;
        }
        if (subscriber.restarted) {
          subscriber.restarted = false;
          subscriber.pending.clear();
          yield 'restart';
          continue;
        }
        const values = [...subscriber.pending.values()];
        subscriber.pending.clear();
        yield values;
      }
    } finally {
      signal.removeEventListener('abort', abort);
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#stop();
    }
  }

  #start(): void {
    const store = this.#store.service;
    if (this.#source || !store) return;
    const source = { store, stop: new AbortController() };
    this.#source = source;
    void this.#pump(source);
  }

  #stop(): void {
    this.#source?.stop.abort();
    this.#source = undefined;
  }

  #restart(): void {
    this.#stop();
    if (this.#subscribers.size === 0) return;
    this.#start();
    for (const subscriber of this.#subscribers) {
      subscriber.restarted = true;
      subscriber.wake();
    }
  }

  async #pump({ store, stop: { signal } }: { store: Store; stop: AbortController }): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
    while (!signal.aborted) {
      let iterator: AsyncIterator<LatestValue[]> | undefined;
      try {
        iterator = store.changes()[Symbol.asyncIterator]();
        for (;;) {
          const next = await Promise.race([iterator.next(), stopped]);
          if (!next || next.done) break;
          this.#give(next.value);
        }
      } catch (error) {
        this.#log.warn({ error: errorMessage(error) }, 'the store stopped telling what changes; asking again');
      } finally {
        // Not awaited: a store that waits for its next change would never answer.
        void Promise.resolve(iterator?.return?.()).catch((error: unknown) => void errorMessage(error));
      }
      await pause(AGAIN, signal);
    }
  }

  #give(values: readonly LatestValue[]): void {
    for (const subscriber of this.#subscribers) {
      const before = subscriber.pending.size;
      for (const value of values) if (subscriber.wanted(value)) subscriber.pending.set(value.point, value);
      if (before === 0 && subscriber.pending.size > 0) subscriber.wake();
    }
  }
}

/** Settles after `milliseconds`, or when `signal` aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done);
  });
}
