import { errorOf, failureOf } from './failures.js';
import { FRAME, LOAN, loanPlaces } from './messages.js';
import type { Outgoing } from './outgoing.js';

// oxlint-disable-next-line typescript/no-unsafe-function-type -- called with whatever the other side gives
type Callback = (...args: never[]) => unknown;

export interface LentCallback {
  readonly callback: Callback;
  readonly title: string;
}

/** Functions of this side that the other side may call, each for as long as its loan. */
export class LentCallbacks {
  readonly #lent = new Map<number, LentCallback>();
  #last = 0;

  get size(): number {
    return this.#lent.size;
  }

  get(handle: number): LentCallback | undefined {
    return this.#lent.get(handle);
  }

  lend(callback: Callback, title: string): number {
    this.#lent.set(++this.#last, { callback, title });
    return this.#last;
  }

  release(handle: number): void {
    this.#lent.delete(handle);
  }

  clear(): void {
    this.#lent.clear();
  }
}

/** What one call lends the other side: functions to call, signals that follow signals here. */
export class Loan {
  readonly #call: number;
  readonly #callbacks: LentCallbacks;
  readonly #out: Outgoing;
  readonly #handles: number[] = [];
  readonly #listening: (() => void)[] = [];
  /** As they stand in a frame. */
  readonly places: unknown[] = [];

  constructor(call: number, callbacks: LentCallbacks, out: Outgoing) {
    this.#call = call;
    this.#callbacks = callbacks;
    this.#out = out;
  }

  callback(argument: number, key: string | 0, callback: Callback, title: string): void {
    const handle = this.#callbacks.lend(callback, title);
    this.#handles.push(handle);
    this.places.push(argument, key, LOAN.callback, handle);
  }

  signal(argument: number, key: string | 0, signal: AbortSignal): void {
    if (signal.aborted) {
      this.places.push(argument, key, LOAN.aborted, failureOf(signal.reason));
      return;
    }
    const index = this.#listening.length;
    const aborted = () => this.#out.frame(FRAME.abort, this.#call, index, failureOf(signal.reason));
    signal.addEventListener('abort', aborted, { once: true });
    this.#listening.push(() => signal.removeEventListener('abort', aborted));
    this.places.push(argument, key, LOAN.signal, 0);
  }

  release(): void {
    for (const handle of this.#handles.splice(0)) this.#callbacks.release(handle);
    for (const stop of this.#listening.splice(0)) stop();
  }
}

/** A function of the other side, as seen here. */
export interface BorrowedCallback {
  readonly handle: number;
  readonly title: string;
  released: boolean;
}

/** Makes the function that calls a borrowed one. */
export type CallbackMaker = (borrowed: BorrowedCallback) => Callback;

/** What one call of the other side brought along. */
export class Borrowed {
  readonly #callbacks: BorrowedCallback[] = [];
  readonly #signals: AbortController[] = [];

  /** Puts functions and signals into their places among the arguments. @throws PEER_PROTOCOL */
  constructor(loans: readonly unknown[], args: unknown[], title: string, label: string, make: CallbackMaker) {
    for (const { argument, key, what, reference } of loanPlaces(loans, args)) {
      const value =
        what === LOAN.callback
          ? this.#callback(reference as number, title, make)
          : this.#signal(what, reference, label);
      if (key === undefined) args[argument] = value;
      else (args[argument] as Record<string, unknown>)[key] = value;
    }
  }

  #callback(handle: number, title: string, make: CallbackMaker): Callback {
    const borrowed = { handle, title: `a callback of ${title}`, released: false };
    this.#callbacks.push(borrowed);
    return make(borrowed);
  }

  #signal(what: number, failure: unknown, label: string): AbortSignal {
    if (what === LOAN.aborted) return AbortSignal.abort(errorOf(failure, label));
    const controller = new AbortController();
    this.#signals.push(controller);
    return controller.signal;
  }

  /** @param index of the signal; -1: all */
  abort(index: number, reason: unknown): void {
    if (index >= 0) this.#signals[index]?.abort(reason);
    else for (const each of this.#signals) each.abort(reason);
  }

  release(): void {
    for (const each of this.#callbacks) each.released = true;
  }
}
