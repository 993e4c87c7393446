import type { Poll } from '@rackwatt/telemetry';

/** So many are kept of each device. */
const MOST_POLLS = 20;

/** The last reads of a device, oldest first: what it took, and what went wrong. */
export class Polls {
  readonly #last: Poll[] = [];

  add(poll: Poll): void {
    if (this.#last.push(poll) > MOST_POLLS) this.#last.shift();
  }

  list(): Poll[] {
    return [...this.#last];
  }
}
