import type { Disposer } from '../scope/index.js';
import type { Held } from './held.js';
import type { Bound, Live, LiveSet } from './types.js';

type Listener = (bound: Bound<unknown>) => void;

/** What a component's own code hears of one dynamic reference, for one activation. */
export class Listeners {
  readonly #failed: (error: unknown) => void;
  #added: Set<Listener> | undefined;
  #removed: Set<Listener> | undefined;
  #changed: Set<() => void> | undefined;

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  came(held: Held): void {
    this.#tell(this.#added, held);
    this.changed();
  }

  went(held: Held): void {
    this.#tell(this.#removed, held);
  }

  changed(): void {
    if (this.#changed) for (const listener of Array.from(this.#changed)) this.#call(listener);
  }

  clear(): void {
    this.#added = undefined;
    this.#removed = undefined;
    this.#changed = undefined;
  }

  /** @param current the one that is bound */
  live(current: () => Held | undefined): Live<unknown> {
    return {
      get service() {
        return current()?.service;
      },
      get properties() {
        return current()?.properties;
      },
      onChange: (listener) => added((this.#changed ??= new Set()), listener),
    };
  }

  /** @param bounds those that are bound, best first */
  liveSet(bounds: () => readonly Bound<unknown>[], size: () => number): LiveSet<unknown> {
    return {
      get size() {
        return size();
      },
      [Symbol.iterator]: () => bounds().slice()[Symbol.iterator](),
      onAdded: (listener) => {
        const undo = added((this.#added ??= new Set()), listener);
        for (const bound of bounds().slice()) this.#call(() => listener(bound));
        return undo;
      },
      onRemoved: (listener) => added((this.#removed ??= new Set()), listener),
    };
  }

  #tell(listeners: Set<Listener> | undefined, held: Held): void {
    if (!listeners || listeners.size === 0) return;
    const { bound } = held;
    if (bound) for (const listener of Array.from(listeners)) this.#call(() => listener(bound));
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#failed(error);
    }
  }
}

function added<L>(listeners: Set<L>, listener: L): Disposer {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
