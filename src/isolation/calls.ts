import { RackwattError } from '../errors.js';
import { Carrier, type Crossing, isPlainObject, isPrimitive } from './carry.js';
import { Deadlines, type Due } from './deadlines.js';
import { isolationError } from './errors.js';
import { failureOf } from './failures.js';
import { LentCallbacks, Loan } from './handles.js';
import { FRAME, protocolError } from './messages.js';
import type { Outgoing } from './outgoing.js';
import { strongestWay, subscriptionOf } from './subscriptions.js';

/** Something of the other side that can be called. */
export interface Operation extends Crossing {
  readonly kind: typeof FRAME.call | typeof FRAME.callback | typeof FRAME.request | typeof FRAME.open;
  /** Fields between the number and the loans. */
  readonly target: readonly unknown[];
  /** ms; 0: no limit. */
  readonly timeout: number;
}

interface Pending extends Due {
  readonly number: number;
  readonly operation: Pick<Operation, 'title' | 'timeout'>;
  readonly loan: Loan | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface CallsOptions {
  label: string;
  /** ms; 0: no limit. */
  timeout: number;
  /** Takes what nobody waits for. */
  unheard(error: unknown): void;
}

/** Calls that this side makes: numbered, sent, settled by an answer, a deadline or the end of the other side. */
export class Calls {
  readonly #out: Outgoing;
  readonly #options: CallsOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #kept = new Set<Loan>();
  readonly #deadlines = new Deadlines<Pending>(
    () => this.#pending.values(),
    (pending) => this.#expire(pending),
  );
  readonly callbacks = new LentCallbacks();
  #last = 0;
  #gone: (() => RackwattError) | undefined;

  constructor(out: Outgoing, options: CallsOptions) {
    this.#out = out;
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get subscriptions(): number {
    return this.#kept.size;
  }

  number(): number {
    return ++this.#last;
  }

  /** @param signal ends the waiting here at once, besides aborting the signals of the call over there */
  invoke(operation: Operation, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone());
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const number = ++this.#last;
    let loan: Loan | undefined;
    try {
      loan = this.send(operation, number, args);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const settled = this.#expect(number, operation, loan);
    if (!signal) return settled;
    const aborted = () => {
      const pending = this.#pending.get(number);
      if (pending) this.#abandon(pending, signal.reason, signal.reason);
    };
    signal.addEventListener('abort', aborted, { once: true });
    return settled.finally(() => signal.removeEventListener('abort', aborted));
  }

  /**
   * Sends the frame of an operation, with what its arguments lend.
   * @throws CALL_UNCLONABLE; nothing was sent
   */
  send(operation: Operation, number: number, args: readonly unknown[]): Loan | undefined {
    const { kind, target } = operation;
    if (args.every(isPrimitive)) {
      this.#out.frame(kind, number, ...target, 0, args.length, ...args);
      return undefined;
    }
    const carrier = new Carrier(operation, this.#out.transfers);
    const loan = new Loan(number, this.callbacks, this.#out);
    try {
      const carried = args.map((arg, i) => this.#argument(arg, i, operation, carrier, loan));
      const places = loan.places.length > 0 ? loan.places : 0;
      this.#out.carried(carrier, kind, number, ...target, places, carried.length, ...carried);
    } catch (error) {
      loan.release();
      throw carrier.refused(error, 'an argument');
    }
    return loan.places.length > 0 ? loan : undefined;
  }

  #argument(arg: unknown, i: number, operation: Operation, carrier: Carrier, loan: Loan): unknown {
    const lend = (value: unknown, key: string | 0): boolean => {
      if (typeof value === 'function') loan.callback(i, key, value as () => unknown, operation.title);
      else if (value instanceof AbortSignal) loan.signal(i, key, value);
      else return false;
      return true;
    };
    if (lend(arg, 0)) return undefined;
    let data = arg;
    if (isPlainObject(arg))
      for (const key of Object.keys(arg))
        if (lend(arg[key], key)) {
          if (data === arg) data = { ...arg };
          (data as Record<string, unknown>)[key] = undefined;
        }
    return carrier.carry(data, `argument ${i + 1}`);
  }

  #expect(number: number, operation: Pending['operation'], loan?: Loan): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const due = operation.timeout > 0 ? performance.now() + operation.timeout : Infinity;
      const pending: Pending = { number, operation, loan, due, resolve, reject };
      this.#pending.set(number, pending);
      this.#deadlines.add(pending);
    });
  }

  result(number: number, value: unknown): void {
    const pending = this.#take(number);
    pending?.loan?.release();
    pending?.resolve(value);
  }

  failure(number: number, error: unknown): void {
    const pending = this.#take(number);
    pending?.loan?.release();
    pending?.reject(error);
  }

  /** The call gave something that lives until it is ended, and with it what the call lent. */
  keep(number: number, subscription: number, ways: number, data: Record<string, unknown>): void {
    const pending = this.#take(number);
    if (!pending) {
      // Nobody waits for it any more, so that nobody could end it.
      this.#out.frame(FRAME.end, 0, subscription, strongestWay(ways));
      return;
    }
    const { loan, operation } = pending;
    if (loan) this.#kept.add(loan);
    let ended: Promise<void> | undefined;
    const ending = (way: number): Promise<void> => (ended ??= this.#end(subscription, way, operation.title, loan));
    pending.resolve(subscriptionOf(ways, data, ending, this.#options.unheard));
  }

  async #end(subscription: number, way: number, title: string, loan: Loan | undefined): Promise<void> {
    try {
      // With the other side, what it kept has ended.
      if (this.#gone) return;
      const number = ++this.#last;
      this.#out.frame(FRAME.end, number, subscription, way);
      await this.#expect(number, { title: `the end of what ${title} gave`, timeout: this.#options.timeout });
    } catch (error) {
      if (!this.#gone) throw error;
    } finally {
      loan?.release();
      if (loan) this.#kept.delete(loan);
    }
  }

  /** Rejects whatever waits, now and from now on. */
  close(gone: () => RackwattError): void {
    this.#gone = gone;
    this.#deadlines.close();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { loan, reject } of pending) {
      loan?.release();
      reject(gone());
    }
    for (const loan of this.#kept) loan.release();
    this.#kept.clear();
    this.callbacks.clear();
  }

  #take(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    if (pending) this.#pending.delete(number);
    else if (number > this.#last) throw protocolError('it answers what was not asked');
    return pending;
  }

  #expire(pending: Pending): void {
    const { title, timeout } = pending.operation;
    const { label } = this.#options;
    const text = `${title} gave no answer within ${timeout} ms; it runs in ${label}, which may be busy or wait for something itself.`;
    const error = isolationError('CALL_TIMEOUT', text, { call: title, timeout, label });
    this.#abandon(pending, error, new DOMException(text, 'TimeoutError'));
  }

  /** Stops waiting, and tells the other side. */
  #abandon(pending: Pending, error: unknown, reason: unknown): void {
    this.#pending.delete(pending.number);
    this.#out.frame(FRAME.abort, pending.number, -1, failureOf(reason));
    pending.loan?.release();
    pending.reject(error);
  }
}
