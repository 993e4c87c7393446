import { join } from 'node:path';
import { remoteAdminError } from './errors.js';
import { readJson, replace } from './files.js';

/** Before this moment nobody can have this code. Moved on with each release. */
const RELEASED = Date.UTC(2026, 10, 1);
/** ms by which signed times may go back: of two that were on their way at the same time the older may come later. */
const TOLERANCE = 300_000;

/**
 * Time that neither a dead battery nor whoever sets the clock of the machine can turn back: a durable floor, and the center's
 * signed time carried on by the monotonic clock.
 */
export class TrustedClock {
  readonly #file: string | undefined;
  readonly #system: () => number;
  #floor: number;
  #set: { time: number; monotonic: number } | undefined;

  private constructor(file: string | undefined, floor: number, system: () => number) {
    this.#file = file;
    this.#floor = floor;
    this.#system = system;
  }

  /** @param system the machine's clock, ms since 1970 */
  static async open(folder: string, system: () => number = Date.now): Promise<TrustedClock> {
    const file = join(folder, 'time.json');
    const floor = (await readJson<{ floor: number }>(file))?.floor;
    return new TrustedClock(file, Math.max(RELEASED, Number.isSafeInteger(floor) ? floor! : 0), system);
  }

  /** One that remembers nothing, to try a center with. */
  static trial(): TrustedClock {
    return new TrustedClock(undefined, RELEASED, Date.now);
  }

  /** ms since 1970. */
  now(): number {
    const time = this.#set ? this.#set.time + (performance.now() - this.#set.monotonic) : this.#system();
    return Math.floor(Math.max(time, this.#floor));
  }

  /** Whether somebody who knows the time told it, since this process started. */
  get isTrusted(): boolean {
    return this.#set !== undefined;
  }

  /** ms since the time was told; infinite when it never was. */
  get age(): number {
    return this.#set ? performance.now() - this.#set.monotonic : Number.POSITIVE_INFINITY;
  }

  /** ms by which the machine's clock is ahead; 0 while nobody knows. */
  get deviation(): number {
    return this.#set ? this.#system() - this.now() : 0;
  }

  /** @param time signed by the center, ms since 1970. @throws `CENTER_TIME` when it lies before a time that is past for certain */
  async set(time: number): Promise<void> {
    if (time < this.#floor - TOLERANCE)
      throw remoteAdminError(
        'CENTER_TIME',
        `the center says that it is ${new Date(time).toISOString()}, but it was ${new Date(this.#floor).toISOString()} already`,
      );
    this.#set = { time, monotonic: performance.now() };
    await this.raise(time);
  }

  /** It is later than that, for certain. */
  async raise(floor: number): Promise<void> {
    if (floor <= this.#floor) return;
    this.#floor = floor;
    if (this.#file !== undefined) await replace(this.#file, JSON.stringify({ floor }));
  }
}
