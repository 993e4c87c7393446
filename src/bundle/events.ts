import { errorMessage } from '../errors.js';
import type { ServiceOwner } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import { outside } from './operations.js';
import type { BundleView } from './view.js';

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

/** A bundle changed (OSGi Core 10, BundleEvent). */
export interface BundleEvent<B = BundleView> {
  readonly type: BundleEventType;
  readonly bundle: B;
  /** Who installed it, for INSTALLED: the container, as configured; else the bundle itself. */
  readonly origin: BundleView;
}

export type FrameworkEventType =
  | 'STARTED'
  | 'ERROR'
  | 'WARNING'
  | 'INFO'
  | 'PACKAGES_REFRESHED'
  | 'STARTLEVEL_CHANGED'
  | 'STOPPED'
  | 'STOPPED_UPDATE'
  | 'WAIT_TIMEDOUT';

/** Something happened to the container, or went wrong in it (OSGi Core 10, FrameworkEvent). */
export interface FrameworkEvent<B = BundleView> {
  readonly type: FrameworkEventType;
  /** Whom it is about; the container's own bundle, id 0, where it is nobody else. */
  readonly bundle: B;
  /** Plain data of what went wrong. */
  readonly error?: unknown;
  readonly message?: string;
}

export interface ListenerOptions {
  /** Called before the call that caused the event goes on; else soon afterwards, in the order of the events. */
  synchronous?: boolean;
}

interface Listening<E> {
  readonly owner: ServiceOwner;
  readonly listener: (event: E) => void;
  synchronous: boolean;
  removed: boolean;
}

/** What is to be delivered once whoever caused it is done: events of all kinds, in one order. */
export class DeliveryQueue {
  #waiting: (() => void)[] = [];

  add(deliver: () => void): void {
    this.#waiting.push(deliver);
    if (this.#waiting.length > 1) return;
    outside(() =>
      queueMicrotask(() => {
        // What is fired meanwhile is pushed behind.
        for (const next of this.#waiting) next();
        this.#waiting = [];
      }),
    );
  }
}

export interface EventsOptions<E> {
  queue: DeliveryQueue;
  /** Told of what a listener threw. */
  failed(owner: ServiceOwner, event: E, error: unknown): void;
  /** Types that only synchronous listeners hear of. */
  synchronousOnly?: readonly string[];
}

/**
 * Delivers events: to synchronous listeners at once, to the others afterwards, in order, and to those who listened when the
 * event was fired and still do (OSGi Core 4.7.3). A listener that throws, or whose promise rejects, hurts nobody else.
 */
export class Events<E extends { type: string }> {
  readonly #options: EventsOptions<E>;
  readonly #listeners = new Set<Listening<E>>();
  readonly #synchronousOnly: ReadonlySet<string>;

  constructor(options: EventsOptions<E>) {
    this.#options = options;
    this.#synchronousOnly = new Set(options.synchronousOnly);
  }

  /** The same listener of the same bundle is one, and listens as it was added last. */
  listen(owner: ServiceOwner, listener: (event: E) => void, { synchronous = false }: ListenerOptions = {}): Disposer {
    let listening = this.#find(owner, listener);
    if (listening) listening.synchronous = synchronous;
    else this.#listeners.add((listening = { owner, listener, synchronous, removed: false }));
    const added = listening;
    return () => this.#remove(added);
  }

  removeOwner(owner: ServiceOwner): void {
    for (const listening of this.#listeners) if (listening.owner.id === owner.id) this.#remove(listening);
  }

  fire(event: E): void {
    if (this.#listeners.size === 0) return;
    const [now, later]: [Listening<E>[], Listening<E>[]] = [[], []];
    for (const listening of this.#listeners) {
      if (listening.synchronous) now.push(listening);
      else if (!this.#synchronousOnly.has(event.type)) later.push(listening);
    }
    if (now.length > 0) outside(() => now.forEach((listening) => this.#deliver(listening, event)));
    if (later.length === 0) return;
    this.#options.queue.add(() => {
      for (const listening of later) this.#deliver(listening, event);
    });
  }

  #find(owner: ServiceOwner, listener: (event: E) => void): Listening<E> | undefined {
    for (const listening of this.#listeners)
      if (listening.listener === listener && listening.owner.id === owner.id) return listening;
    return undefined;
  }

  #remove(listening: Listening<E>): void {
    listening.removed = true;
    this.#listeners.delete(listening);
  }

  #deliver(listening: Listening<E>, event: E): void {
    if (listening.removed) return;
    const failed = (error: unknown): void => {
      // Read here, while its code is there: the stack else keeps a revision in memory.
      void errorMessage(error);
      this.#options.failed(listening.owner, event, error);
    };
    try {
      const result: unknown = listening.listener(event);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
