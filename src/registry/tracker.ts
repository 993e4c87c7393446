import { RackwattError } from '../errors.js';
import type { Disposer } from '../scope/index.js';
import { inTurn } from './in-turn.js';
import { compareReferences } from './record.js';
import type { ServiceGroup } from './group.js';
import type { ContractKey } from './registry.js';
import type { ServiceEvent, ServiceReference } from './types.js';

/** The services as the bundle sees them that tracks. */
export type TrackedServices = Pick<ServiceGroup, 'references' | 'get' | 'release' | 'listen'>;

/** Which services to track: those of a contract, those that match a filter, both, or one only. */
export interface TrackerTarget<T> {
  contract?: ContractKey<T>;
  /** In OSGi's syntax. */
  filter?: string;
  /** This service alone; the filter then counts for nothing. */
  reference?: ServiceReference<T>;
}

/** What a tracker keeps for a service, and what it does as services come, change and go. */
export interface TrackerCustomizer<T, Tracked> {
  /** Gives what is kept for the service; undefined or null leaves it untracked until it changes. */
  adding(reference: ServiceReference<T>): Tracked | undefined | null;
  /** A tracked service changed, and still matches. */
  modified?(reference: ServiceReference<T>, tracked: Tracked): void;
  /** A tracked service goes or no longer matches, or the tracker is closed. The service can still be got. */
  removed?(reference: ServiceReference<T>, tracked: Tracked): void;
}

/**
 * Follows services as they come and go (OSGi Core R8, 701.4). Without a customizer it gets each service and keeps
 * its object.
 *
 * What a customizer throws on an event is reported as an error of its bundle; what it throws in `open` and `close` reaches the
 * caller, after all other services were seen to.
 */
export class ServiceTracker<T, Tracked = T> {
  readonly #services: TrackedServices;
  readonly #target: TrackerTarget<T>;
  readonly #customizer: TrackerCustomizer<T, Tracked>;
  readonly #tracked = new Map<ServiceReference<T>, Tracked>();
  /** Found by `open`, their turn still to come. */
  readonly #initial = new Set<ServiceReference<T>>();
  /** Their customizer is at work; taken out when they go meanwhile. */
  readonly #adding = new Set<ServiceReference<T>>();
  readonly #waiting = new Set<() => void>();
  #stop: Disposer | undefined;
  #count = -1;
  #order: ServiceReference<T>[] | undefined;

  constructor(services: TrackedServices, target: TrackerTarget<T>, customizer?: TrackerCustomizer<T, Tracked>) {
    this.#services = services;
    this.#target = target;
    this.#customizer = customizer ?? {
      adding: (reference) => services.get(reference) as Tracked | undefined,
      removed: (reference) => void services.release(reference),
    };
  }

  /**
   * Tracks what is there now and what comes. Opening an open tracker does nothing.
   * @returns the tracker
   * @throws RackwattError `FILTER_SYNTAX`; what the customizer throws: it is open all the same
   */
  open(): this {
    if (this.#stop) return this;
    const { contract, reference } = this.#target;
    const filter = reference ? `(service.id=${reference.id})` : this.#target.filter;
    // A listener of its own for each opening: the same one twice would replace itself.
    const listener = (event: ServiceEvent<T>) => this.#hear(event);
    this.#stop = this.#services.listen<T>(listener, {
      ...(contract === undefined ? {} : { contract }),
      ...(filter === undefined ? {} : { filter }),
    });
    this.#count = 0;
    for (const found of this.#services.references(contract, filter)) this.#initial.add(found);
    inTurn([...this.#initial], (found) => {
      if (this.#initial.delete(found)) this.#add(found);
    });
    return this;
  }

  /** Calls `removed` for each service and hears no more. It may be opened again. */
  close(): void {
    const stop = this.#stop;
    if (!stop) return;
    this.#stop = undefined;
    void stop();
    this.#count = -1;
    this.#initial.clear();
    this.#adding.clear();
    const left = [...this.#tracked];
    this.#tracked.clear();
    this.#order = undefined;
    for (const wake of this.#waiting) wake();
    inTurn(left.reverse(), ([reference, tracked]) => this.#customizer.removed?.(reference, tracked));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What is kept for the best service. */
  get service(): Tracked | undefined {
    const best = this.reference;
    return best && this.#tracked.get(best);
  }

  /** The best service. */
  get reference(): ServiceReference<T> | undefined {
    return this.#ordered()[0];
  }

  /** Best first. */
  get references(): ServiceReference<T>[] {
    return [...this.#ordered()];
  }

  /** What is kept for each service, best first. */
  get services(): Tracked[] {
    return this.#ordered().map((reference) => this.#tracked.get(reference)!);
  }

  /** Each service with what is kept for it, best first. */
  get tracked(): Map<ServiceReference<T>, Tracked> {
    return new Map(this.#ordered().map((reference) => [reference, this.#tracked.get(reference)!]));
  }

  /** How many services are tracked. */
  get size(): number {
    return this.#tracked.size;
  }

  /** Rises whenever a service comes, changes or goes; -1 when closed. */
  get trackingCount(): number {
    return this.#count;
  }

  /** What is kept for a service. */
  get(reference: ServiceReference<T>): Tracked | undefined {
    return this.#tracked.get(reference);
  }

  /** Stops tracking a service until it changes. */
  remove(reference: ServiceReference<T>): void {
    this.#remove(reference);
  }

  /**
   * The best service as soon as there is one; undefined when none came in time, or the tracker is or gets closed.
   * @param timeout milliseconds; 0 waits for ever
   * @throws RackwattError `TRACKER_TIMEOUT` for a negative time
   */
  async waitForService(timeout = 0): Promise<Tracked | undefined> {
    if (!(timeout >= 0)) {
      throw new RackwattError('TRACKER_TIMEOUT', `A tracker cannot wait ${timeout} ms; give 0 to wait for ever.`, {
        context: { timeout },
      });
    }
    if (this.#tracked.size > 0 || !this.#stop) return this.service;
    await new Promise<void>((resolve) => {
      const timer = timeout === 0 ? undefined : setTimeout(() => wake(), timeout);
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
    return this.service;
  }

  #hear({ type, reference }: ServiceEvent<T>): void {
    if (type === 'UNREGISTERING' || type === 'MODIFIED_ENDMATCH') {
      this.#remove(reference);
      return;
    }
    if (this.#initial.has(reference) || this.#adding.has(reference)) return;
    const tracked = this.#tracked.get(reference);
    if (tracked === undefined) {
      this.#add(reference);
      return;
    }
    this.#changed();
    this.#customizer.modified?.(reference, tracked);
  }

  #add(reference: ServiceReference<T>): void {
    this.#adding.add(reference);
    let tracked: Tracked | undefined | null;
    let stays = false;
    try {
      tracked = this.#customizer.adding(reference);
    } finally {
      stays = this.#adding.delete(reference);
    }
    if (tracked === undefined || tracked === null) return;
    if (!stays) {
      this.#customizer.removed?.(reference, tracked);
      return;
    }
    this.#tracked.set(reference, tracked);
    this.#changed();
    for (const wake of this.#waiting) wake();
  }

  #remove(reference: ServiceReference<T>): void {
    if (this.#initial.delete(reference) || this.#adding.delete(reference)) return;
    const tracked = this.#tracked.get(reference);
    if (tracked === undefined) return;
    this.#tracked.delete(reference);
    this.#changed();
    this.#customizer.removed?.(reference, tracked);
  }

  #changed(): void {
    this.#count++;
    this.#order = undefined;
  }

  #ordered(): readonly ServiceReference<T>[] {
    this.#order ??= [...this.#tracked.keys()].sort(compareReferences);
    return this.#order;
  }
}
