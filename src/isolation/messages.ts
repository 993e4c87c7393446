import { RackwattError } from '../errors.js';

/**
 * What the sides of a port say to each other. A message is one flat array of frames, each its kind and then its fields:
 * a batch of nested arrays costs twice the time to clone.
 *
 * Calls, requests and streams of a side share one row of rising numbers. `arguments` is a count and as many values;
 * what is no data among them (callbacks, signals) leaves `undefined` in its place and stands in `loans`.
 */
export const FRAME = {
  /** number, handle, method, loans, arguments */
  call: 1,
  /** number, callback, loans, arguments */
  callback: 2,
  /** number, name, body */
  request: 3,
  /** name, body */
  tell: 4,
  /** number, value */
  result: 5,
  /** number, failure; ends a call or a stream */
  failure: 6,
  /** number, subscription, ways to end it, value: the call gave something that lives until it is ended */
  keep: 7,
  /** number (0: wants no answer), subscription, way */
  end: 8,
  /** number of the call, index of the signal (-1: all), failure */
  abort: 9,
  /** number, handle, method, loans, arguments */
  open: 10,
  /** number of the stream, value */
  item: 11,
  /** number of the stream */
  done: 12,
  /** number of the stream, items */
  credit: 13,
  /** number of the stream */
  return: 14,
  /** reason */
  bye: 15,
} as const;

/** What stands in for a function or a signal among arguments. */
export const LOAN = {
  /** reference: handle of the callback */
  callback: 0,
  /** reference: 0; aborted by frames with the index of the signal */
  signal: 1,
  /** reference: failure that the signal was aborted with before the call */
  aborted: 2,
} as const;

export interface LoanPlace {
  argument: number;
  /** Property of the argument; undefined: the argument itself. */
  key: string | undefined;
  what: number;
  reference: unknown;
}

/** Fields of a flat loan. */
const LOAN_FIELDS = 4;
/** More frames of a message are never sent by a sane side; it bounds what is lent by one call. */
const MOST_LOANS = 64;

export function protocolError(what: string): RackwattError {
  return new RackwattError('PEER_PROTOCOL', `A message between two containers is malformed: ${what}.`);
}

/** Reads the frames of a message, which is hostile until read. Every method throws `PEER_PROTOCOL`. */
export class Frames {
  readonly #fields: readonly unknown[];
  #at = 0;

  constructor(message: unknown) {
    if (!Array.isArray(message)) throw protocolError('it is no array');
    this.#fields = message;
  }

  get more(): boolean {
    return this.#at < this.#fields.length;
  }

  any(): unknown {
    if (this.#at >= this.#fields.length) throw protocolError('it ends within a frame');
    return this.#fields[this.#at++];
  }

  integer(least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#fields[this.#at++];
    if (typeof value === 'number' && value >= least && value <= most && Number.isInteger(value)) return value;
    throw protocolError(`a number between ${least} and ${most} is missing`);
  }

  text(): string {
    const value = this.#fields[this.#at++];
    if (typeof value === 'string') return value;
    throw protocolError('a text is missing');
  }

  record(): Record<string, unknown> {
    const value = this.#fields[this.#at++];
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    throw protocolError('an object is missing');
  }

  arguments(): unknown[] {
    const count = this.integer(0, this.#fields.length - this.#at - 1);
    const from = this.#at;
    this.#at += count;
    return this.#fields.slice(from, this.#at);
  }

  loans(): readonly unknown[] | undefined {
    const value = this.#fields[this.#at++];
    if (value === 0) return undefined;
    if (Array.isArray(value) && value.length % LOAN_FIELDS === 0 && value.length <= MOST_LOANS * LOAN_FIELDS)
      return value;
    throw protocolError('loans are missing');
  }
}

/** What is lent, each with the place that it takes among the arguments. */
export function* loanPlaces(loans: readonly unknown[], args: readonly unknown[]): Generator<LoanPlace> {
  for (let at = 0; at < loans.length; at += LOAN_FIELDS) {
    const [argument, key, what, reference] = loans.slice(at, at + LOAN_FIELDS);
    if (typeof argument !== 'number' || !(argument in args)) throw protocolError('a loan has no place');
    if (key !== 0) {
      const options = args[argument];
      if (typeof key !== 'string' || typeof options !== 'object' || options === null || !Object.hasOwn(options, key))
        throw protocolError('a loan has no place');
    }
    if (what !== LOAN.callback && what !== LOAN.signal && what !== LOAN.aborted) throw protocolError('an unknown loan');
    yield { argument, key: key === 0 ? undefined : key, what, reference };
  }
}
