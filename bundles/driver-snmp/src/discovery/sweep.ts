import { setTimeout as delay } from 'node:timers/promises';
import type { DiscoveredDevice, DiscoveryCounts } from '@rackwatt/telemetry';
import { errorMessage, RackwattError } from 'rackwatt';
import type { Tries } from './door.js';
import { look, type Looked, type Means } from './look.js';
import type { Ranges } from './ranges.js';

export interface SweepOptions extends Tries {
  /** Hosts begun in a second. */
  rate: number;
  /** Hosts looked at at the same time; each has a socket. */
  inFlight: number;
}

export const SWEEP_DEFAULTS: SweepOptions = { timeout: 800, retries: 1, rate: 200, inFlight: 256 };

/** One pass over ranges: so many hosts a second, so many at a time; what is not found leaves nothing behind but a count. */
export class Sweep {
  readonly hosts: number;
  looked = 0;
  readonly counts: DiscoveryCounts = { recognised: 0, refused: 0, unknown: 0, silent: 0, closed: 0, unreachable: 0 };
  readonly #ranges: Ranges;
  readonly #means: Means;
  readonly #options: SweepOptions;
  readonly #found: (device: DiscoveredDevice) => void;

  constructor(
    ranges: Ranges,
    means: Omit<Means, 'tries'>,
    options: SweepOptions,
    found: (device: DiscoveredDevice) => void,
  ) {
    this.hosts = ranges.count;
    this.#ranges = ranges;
    this.#means = { ...means, tries: options };
    this.#options = options;
    this.#found = found;
  }

  /** Settles when every host was looked at, or soon after `signal` aborts; fails by what is no trouble of a host. */
  async run(signal: AbortSignal): Promise<void> {
    const { rate, inFlight } = this.#options;
    let running = 0;
    let failure: { error: unknown } | undefined;
    let ended: () => void = () => undefined;
    const anEnd = (): Promise<void> =>
      new Promise((resolve) => {
        ended = resolve;
      });
    let due = performance.now();
    for (const place of this.#ranges) {
      while (running >= inFlight) await anEnd();
      // What could not begin in time is not made up for in a burst.
      due = Math.max(due + 1000 / rate, performance.now() - 100);
      const early = due - performance.now();
      if (early > 5) await delay(early, undefined, { signal }).catch((error: unknown) => void errorMessage(error));
      if (signal.aborted || failure) break;
      running++;
      void look(place, this.#means, signal)
        .then(
          (looked) => this.#take(looked, signal),
          (error: unknown) => {
            if (isOfHost(error)) this.#take('unreachable', signal);
            else failure ??= { error };
          },
        )
        .finally(() => {
          running--;
          ended();
        });
    }
    while (running > 0) await anEnd();
    if (failure) throw failure.error;
  }

  #take(looked: Looked, signal: AbortSignal): void {
    // Cut short, it says nothing about the host.
    if (signal.aborted) return;
    this.looked++;
    if (typeof looked === 'string') {
      this.counts[looked]++;
      return;
    }
    for (const device of looked) {
      this.counts[device.state]++;
      this.#found(device);
    }
  }
}

/** A name without an address, a socket that cannot be had: that host's trouble alone. */
function isOfHost(error: unknown): boolean {
  return error instanceof RackwattError || (error as NodeJS.ErrnoException).syscall !== undefined;
}
