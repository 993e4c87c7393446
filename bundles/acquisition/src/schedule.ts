import type { TimeSource } from './time.js';

/** A read is due. `skipped` reads before it became due unseen, because the process was held up. */
export type DueListener = (due: number, skipped: number) => void;

const LATENESS_KEPT = 4096;

/**
 * Calls each device at its due times: `phase + k * interval` on the monotonic clock. Phases come from the device's
 * name, so that devices spread over the interval and keep their place over restarts; no lateness adds up.
 */
export class Schedule {
  readonly #time: TimeSource;
  readonly #lateness = new Float64Array(LATENESS_KEPT);
  #seen = 0;

  constructor(time: TimeSource) {
    this.#time = time;
  }

  /** @returns stops the calls. */
  every(name: string, interval: number, listener: DueListener): () => void {
    const phase = phaseOf(name) * interval;
    let due = phase + Math.ceil((this.#time.now() - phase) / interval) * interval;
    let cancel: () => void;
    const arm = () => {
      cancel = this.#time.at(due, () => {
        const late = this.#time.now() - due;
        this.#lateness[this.#seen++ % LATENESS_KEPT] = late;
        const skipped = Math.max(0, Math.floor(late / interval));
        const current = due + skipped * interval;
        due = current + interval;
        arm();
        listener(current, skipped);
      });
    };
    arm();
    return () => cancel();
  }

  /** 99th percentile of how late the last calls came, ms; 0 before the first. */
  latenessP99(): number {
    const kept = this.#lateness.slice(0, Math.min(this.#seen, LATENESS_KEPT)).sort();
    return kept.length === 0 ? 0 : kept[Math.ceil(kept.length * 0.99) - 1]!;
  }
}

/** A fraction of the interval, the same for a name for ever (FNV-1a with a final mix). */
export function phaseOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const octet of Buffer.from(name, 'utf8')) hash = Math.imul(hash ^ octet, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
