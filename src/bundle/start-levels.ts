import { RackwattError } from '../errors.js';
import { insideOperation, outside } from './operations.js';

/** What a start level moves. */
export interface Leveled {
  readonly id: number;
  readonly startLevel: number;
  readonly autostart: boolean;
  readonly running: boolean;
}

export interface StartLevelHost<B extends Leveled> {
  bundles(): readonly B[];
  /** Never rejects: a bundle that fails does not stop the climb. */
  start(bundle: B): Promise<void>;
  /** Leaves `autostart` as it is; never rejects. */
  stop(bundle: B): Promise<void>;
  changed(): void;
}

/**
 * The active start level (OSGi Core 9): a bundle runs when it is to and its own level is not above. Raised and lowered level by
 * level, one change after the other; within a level by rising id up, by falling id down.
 */
export class StartLevels<B extends Leveled> {
  readonly #host: StartLevelHost<B>;
  #active = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(host: StartLevelHost<B>) {
    this.#host = host;
  }

  get active(): number {
    return this.#active;
  }

  /**
   * Settles when the level is reached; asked from inside the start or stop of a bundle, which the change may have to wait for, at
   * once.
   * @throws `BUNDLE_START_LEVEL`
   */
  async set(level: number): Promise<void> {
    if (level !== 0) checkLevel(level);
    const reached = outside(() => (this.#last = this.#last.then(() => this.#move(level))));
    if (!insideOperation()) await reached;
  }

  async #move(level: number): Promise<void> {
    while (this.#active < level) {
      this.#active++;
      for (const bundle of this.#at(this.#active)) if (bundle.autostart) await this.#host.start(bundle);
    }
    while (this.#active > level) {
      const leaving = this.#at(this.#active).reverse();
      this.#active--;
      for (const bundle of leaving) if (bundle.running) await this.#host.stop(bundle);
    }
    this.#host.changed();
  }

  #at(level: number): B[] {
    return this.#host
      .bundles()
      .filter((bundle) => bundle.startLevel === level)
      .sort((a, b) => a.id - b.id);
  }
}

/** @throws `BUNDLE_START_LEVEL` */
export function checkLevel(level: number): void {
  if (!Number.isSafeInteger(level) || level < 1)
    throw new RackwattError('BUNDLE_START_LEVEL', `a start level is an integer from 1, not ${level}`);
}
