import { errorRecord } from '../errors.js';
import type { Disposer } from '../scope/index.js';

export type BundleEventType =
  | 'INSTALLED'
  | 'RESOLVED'
  | 'STARTING'
  | 'STARTED'
  | 'STOPPING'
  | 'STOPPED'
  | 'UPDATED'
  | 'UNRESOLVED'
  | 'UNINSTALLED';

export interface BundleEvent<B> {
  readonly type: BundleEventType;
  readonly bundle: B;
}

export type FrameworkEventType = 'STARTED' | 'ERROR' | 'WARNING' | 'INFO' | 'STARTLEVEL_CHANGED' | 'STOPPED';

export interface FrameworkEvent<B> {
  readonly type: FrameworkEventType;
  readonly bundle: B | undefined;
  readonly error?: unknown;
  readonly message?: string;
}

interface Listening<E> {
  listener: (event: E) => void;
  synchronous: boolean;
}

/**
 * Delivers events: to synchronous listeners before the call that caused them goes on, to the others afterwards, in order,
 * and to those who listened when the event was fired (OSGi Core, "Delivering Events").
 */
export class Events<E extends { type: string }> {
  readonly #listeners = new Set<Listening<E>>();
  readonly #onError: (error: unknown, event: E) => void;
  readonly #synchronousOnly: ReadonlySet<string>;
  #delivery: Promise<void> = Promise.resolve();

  constructor(onError: (error: unknown, event: E) => void, synchronousOnly: readonly string[] = []) {
    this.#onError = onError;
    this.#synchronousOnly = new Set(synchronousOnly);
  }

  listen(listener: (event: E) => void, options: { synchronous?: boolean } = {}): Disposer {
    const listening = { listener, synchronous: options.synchronous ?? false };
    this.#listeners.add(listening);
    return () => void this.#listeners.delete(listening);
  }

  fire(event: E): void {
    const later: Listening<E>[] = [];
    for (const listening of Array.from(this.#listeners)) {
      if (listening.synchronous) this.#deliver(listening, event);
      else if (!this.#synchronousOnly.has(event.type)) later.push(listening);
    }
    if (later.length === 0) return;
    this.#delivery = this.#delivery.then(() => {
      for (const listening of later) if (this.#listeners.has(listening)) this.#deliver(listening, event);
    });
  }

  #deliver(listening: Listening<E>, event: E): void {
    try {
      listening.listener(event);
    } catch (error) {
      void errorRecord(error);
      this.#onError(error, event);
    }
  }
}
