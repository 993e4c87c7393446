import { inTurn } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import type { BundleState } from './contract.js';
import type { BundleEvent } from './events.js';
import type { BundleView } from './view.js';

/** What a tracker keeps for a bundle, and what it does as bundles change. `event` is absent for what was so when it was opened. */
export interface BundleTrackerCustomizer<T> {
  /** Gives what is kept for the bundle; undefined or null leaves it untracked until its next event. */
  adding(bundle: BundleView, event: BundleEvent | undefined): T | undefined | null;
  modified?(bundle: BundleView, event: BundleEvent, tracked: T): void;
  removed?(bundle: BundleView, event: BundleEvent | undefined, tracked: T): void;
}

/** Where a tracker looks for bundles. */
export interface BundleTrackerSource {
  bundles(): readonly BundleView[];
  /** Synchronous. */
  listen(listener: (event: BundleEvent) => void): Disposer;
}

/**
 * Follows bundles through the states that it was given (OSGi Core 701.5): the means of an extender, which does something for
 * other bundles by what their content says. Hears of everything before the bundle goes on, STARTING and STOPPING included.
 *
 * What a customizer throws on an event is a framework event ERROR of its bundle; what it throws in `open` and `close` reaches
 * the caller, after all other bundles were seen to.
 */
export class BundleTracker<T = BundleView> {
  readonly #source: BundleTrackerSource;
  readonly #states: ReadonlySet<BundleState>;
  readonly #customizer: BundleTrackerCustomizer<T>;
  readonly #tracked = new Map<BundleView, T>();
  /** Their customizer is at work; taken out when they leave the states meanwhile. */
  readonly #adding = new Set<BundleView>();
  #stop: Disposer | undefined;
  #count = -1;

  constructor(source: BundleTrackerSource, states: readonly BundleState[], customizer?: BundleTrackerCustomizer<T>) {
    this.#source = source;
    this.#states = new Set(states);
    this.#customizer = customizer ?? { adding: (bundle) => bundle as T };
  }

  /** Tracks what is there now and what comes; ends with the bundle whose tracker it is. Opening an open tracker does nothing. */
  open(): void {
    if (this.#stop) return;
    this.#stop = this.#source.listen((event) => this.#hear(event));
    this.#count = 0;
    inTurn(this.#source.bundles(), (bundle) => {
      // What the customizer did meanwhile may have closed the tracker, or brought the bundle in.
      if (!this.#stop || !this.#states.has(bundle.state) || this.#tracked.has(bundle)) return;
      this.#add(bundle, undefined);
    });
  }

  /** Calls `removed` for each bundle, and hears no more. It may be opened again. */
  close(): void {
    const stop = this.#stop;
    if (!stop) return;
    this.#stop = undefined;
    void stop();
    this.#count = -1;
    this.#adding.clear();
    const left = [...this.#tracked].reverse();
    this.#tracked.clear();
    inTurn(left, ([bundle, tracked]) => this.#customizer.removed?.(bundle, undefined, tracked));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Each tracked bundle with what is kept for it, in the order in which they came. */
  get tracked(): Map<BundleView, T> {
    return new Map(this.#tracked);
  }

  get size(): number {
    return this.#tracked.size;
  }

  /** Rises whenever a bundle comes, changes or goes; -1 when closed. */
  get trackingCount(): number {
    return this.#count;
  }

  /** What is kept for a bundle. */
  get(bundle: BundleView): T | undefined {
    return this.#tracked.get(bundle);
  }

  /** Stops tracking a bundle until its next event within the states. */
  remove(bundle: BundleView): void {
    this.#remove(bundle, undefined);
  }

  #hear(event: BundleEvent): void {
    const { bundle } = event;
    if (!this.#states.has(bundle.state)) {
      this.#remove(bundle, event);
      return;
    }
    if (this.#adding.has(bundle)) return;
    const tracked = this.#tracked.get(bundle);
    if (tracked === undefined) {
      this.#add(bundle, event);
      return;
    }
    this.#count++;
    this.#customizer.modified?.(bundle, event, tracked);
  }

  #add(bundle: BundleView, event: BundleEvent | undefined): void {
    this.#adding.add(bundle);
    let tracked: T | undefined | null;
    let stays = false;
    try {
      tracked = this.#customizer.adding(bundle, event);
    } finally {
      stays = this.#adding.delete(bundle);
    }
    if (tracked === undefined || tracked === null) return;
    if (!stays) {
      this.#customizer.removed?.(bundle, event, tracked);
      return;
    }
    this.#tracked.set(bundle, tracked);
    this.#count++;
  }

  #remove(bundle: BundleView, event: BundleEvent | undefined): void {
    if (this.#adding.delete(bundle)) return;
    const tracked = this.#tracked.get(bundle);
    if (tracked === undefined) return;
    this.#tracked.delete(bundle);
    this.#count++;
    this.#customizer.removed?.(bundle, event, tracked);
  }
}
