import { deserialize, serialize } from 'node:v8';
import { errorMessage, RackwattError } from '../errors.js';

/** Bytes of one component's state: a driver of a thousand devices has some megabytes to tell. */
const LIMIT = 16 * 1024 * 1024;
/** ms for one component to say what it hands over. */
const PATIENCE = 1_000;

export interface Inheritance {
  state: unknown;
  /** Version of the bundle that it comes from. */
  from: string;
}

/** What the components of one revision hand over to those of the next, by label: copies, so that no code goes with them. */
export class Handover {
  /** Version of the revision that hands over. */
  readonly from: string;
  readonly #states = new Map<string, Uint8Array>();

  constructor(from: string) {
    this.from = from;
  }

  /**
   * Keeps what a component hands over; `undefined` for nothing.
   * @throws `HANDOVER_REFUSED` when it came late, is too large, or cannot be cloned
   */
  async keep(label: string, asked: unknown): Promise<void> {
    const state = await inTime(label, Promise.resolve(asked));
    if (state === undefined) return;
    let bytes: Uint8Array;
    try {
      bytes = serialize(state);
    } catch (error) {
      throw refused(label, `cannot be cloned: ${errorMessage(error)}`);
    }
    if (bytes.byteLength > LIMIT) throw refused(label, `has ${bytes.byteLength} bytes, at most ${LIMIT} are taken`);
    this.#states.set(label, bytes);
  }

  /** What there is for a component, once. */
  take(label: string): Inheritance | undefined {
    const bytes = this.#states.get(label);
    this.#states.delete(label);
    return bytes && { state: deserialize(bytes), from: this.from };
  }

  /** As it crosses to another side. */
  entries(): [string, Uint8Array][] {
    return [...this.#states];
  }

  /** Takes one of the entries of another side. */
  add(label: string, bytes: Uint8Array): void {
    this.#states.set(label, bytes);
  }

  /** What came from another side. */
  static of(from: string, entries: Iterable<[string, Uint8Array]>): Handover {
    const handover = new Handover(from);
    for (const [label, bytes] of entries) handover.#states.set(label, bytes);
    return handover;
  }
}

async function inTime(label: string, asked: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(refused(label, `was not there in ${PATIENCE / 1000} s`)), PATIENCE);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refused(label: string, why: string): RackwattError {
  return new RackwattError('HANDOVER_REFUSED', `the state that ${label} hands over ${why}`, { context: { label } });
}
