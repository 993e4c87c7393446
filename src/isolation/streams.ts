import type { RackwattError } from '../errors.js';
import type { Calls, Operation } from './calls.js';
import { Carrier, type Crossing, isPrimitive } from './carry.js';
import type { Borrowed, Loan } from './handles.js';
import { FRAME, protocolError } from './messages.js';
import type { Outgoing } from './outgoing.js';

/** Items that a producer may be ahead of its consumer. */
export const WINDOW = 16;
/** Consumed items are told of so many at a time. */
const REFILL = WINDOW / 2;

type Result = IteratorResult<unknown, undefined>;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Reads a stream of the other side. */
class Consumer {
  readonly number: number;
  readonly #streams: Consumers;
  readonly #items: unknown[] = [];
  readonly #waiting: Waiting[] = [];
  loan: Loan | undefined;
  #consumed = 0;
  /** How the stream ended: `error` is thrown once, after the items that came before it. */
  #ended: { error?: unknown } | undefined;

  constructor(number: number, streams: Consumers) {
    this.number = number;
    this.#streams = streams;
  }

  next(): Promise<Result> {
    if (this.#items.length > 0) {
      this.#count();
      return Promise.resolve({ value: this.#items.shift(), done: false });
    }
    if (this.#ended) {
      const { error } = this.#ended;
      const failed = 'error' in this.#ended;
      this.#ended = {};
      return failed ? Promise.reject(error as Error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Wants nothing more; the producer is told, and not waited for: it may itself wait for something that never comes. */
  return(): void {
    if (!this.#ended) this.#streams.return(this.number);
    this.#items.length = 0;
    this.end({});
    this.#ended = {};
  }

  /** @throws PEER_PROTOCOL when the producer does not keep to the window */
  item(value: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting) {
      this.#count();
      waiting.resolve({ value, done: false });
    } else if (this.#items.push(value) > WINDOW) throw protocolError('a stream goes beyond its window');
  }

  #count(): void {
    if (this.#ended || ++this.#consumed < REFILL) return;
    this.#consumed = 0;
    this.#streams.credit(this.number, REFILL);
  }

  end(how: { error?: unknown }): void {
    if (this.#ended) return;
    this.#ended = how;
    this.loan?.release();
    for (const { resolve, reject } of this.#waiting.splice(0)) void this.next().then(resolve, reject);
  }
}

/** What the reader of a stream holds; when it is dropped unfinished, the stream is ended. */
class StreamIterator implements AsyncIterableIterator<unknown> {
  readonly #consumer: Consumer;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  next(): Promise<Result> {
    return this.#consumer.next();
  }

  return(): Promise<Result> {
    this.#consumer.return();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<Result> {
    this.#consumer.return();
    return Promise.reject(error as Error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A stream that was refused before it began. */
class Refused implements AsyncIterableIterator<unknown> {
  #error: { error: unknown } | undefined;

  constructor(error: unknown) {
    this.#error = { error };
  }

  next(): Promise<Result> {
    const refused = this.#error;
    this.#error = undefined;
    return refused ? Promise.reject(refused.error as Error) : Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Streams that this side reads. */
export class Consumers {
  readonly #out: Outgoing;
  readonly #calls: Calls;
  readonly #consumers = new Map<number, Consumer>();
  readonly #dropped = new FinalizationRegistry<Consumer>((consumer) => consumer.return());
  #gone: (() => RackwattError) | undefined;

  constructor(out: Outgoing, calls: Calls) {
    this.#out = out;
    this.#calls = calls;
  }

  get size(): number {
    return this.#consumers.size;
  }

  /** Nothing is asked for until it is iterated; each iteration is a stream of its own. */
  iterable(operation: Operation, args: readonly unknown[]): AsyncIterable<unknown> {
    return { [Symbol.asyncIterator]: () => this.#open(operation, args) };
  }

  #open(operation: Operation, args: readonly unknown[]): AsyncIterator<unknown> {
    if (this.#gone) return new Refused(this.#gone());
    const consumer = new Consumer(this.#calls.number(), this);
    try {
      consumer.loan = this.#calls.send(operation, consumer.number, args);
    } catch (error) {
      return new Refused(error);
    }
    this.#consumers.set(consumer.number, consumer);
    const iterator = new StreamIterator(consumer);
    this.#dropped.register(iterator, consumer);
    return iterator;
  }

  credit(number: number, items: number): void {
    this.#out.frame(FRAME.credit, number, items);
  }

  return(number: number): void {
    if (this.#consumers.delete(number)) this.#out.frame(FRAME.return, number);
  }

  item(number: number, value: unknown): void {
    this.#consumers.get(number)?.item(value);
  }

  done(number: number): void {
    const consumer = this.#consumers.get(number);
    this.#consumers.delete(number);
    consumer?.end({});
  }

  /** @returns whether it was a stream that failed */
  failure(number: number, error: unknown): boolean {
    const consumer = this.#consumers.get(number);
    this.#consumers.delete(number);
    consumer?.end({ error });
    return consumer !== undefined;
  }

  close(gone: () => RackwattError): void {
    this.#gone = gone;
    const consumers = [...this.#consumers.values()];
    this.#consumers.clear();
    for (const consumer of consumers) consumer.end({ error: gone() });
  }
}

/** Sends a stream of this side, never more than the window ahead of its reader. */
export class Producer {
  readonly #out: Outgoing;
  readonly #number: number;
  readonly #crossing: Crossing;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #borrowed: Borrowed | undefined;
  readonly #finished: () => void;
  readonly #unheard: (error: unknown) => void;
  #credit = WINDOW;
  #pulling = false;
  #ended = false;

  /**
   * @param finished told once: nothing more is sent
   * @param unheard takes what the end of the iteration throws when an item cannot cross: its reader is told of the item
   */
  constructor(
    out: Outgoing,
    number: number,
    crossing: Crossing,
    iterable: AsyncIterable<unknown>,
    borrowed: Borrowed | undefined,
    finished: () => void,
    unheard: (error: unknown) => void,
  ) {
    this.#out = out;
    this.#number = number;
    this.#crossing = crossing;
    this.#iterator = iterable[Symbol.asyncIterator]();
    this.#borrowed = borrowed;
    this.#finished = finished;
    this.#unheard = unheard;
  }

  /** @throws PEER_PROTOCOL when that is more than the window */
  credit(items: number): void {
    this.#credit += items;
    if (this.#credit > WINDOW) throw protocolError('a stream is given more than its window');
    void this.pull();
  }

  async pull(): Promise<void> {
    if (this.#pulling) return;
    this.#pulling = true;
    try {
      while (this.#credit > 0 && !this.#ended) {
        const { value, done } = await this.#iterator.next();
        if (this.#ended) return;
        if (done === true) {
          this.#finish();
          this.#out.frame(FRAME.done, this.#number);
          return;
        }
        this.#credit--;
        this.#send(value);
      }
    } catch (error) {
      if (this.#ended) return;
      this.#finish();
      this.#out.failure(this.#number, error);
    } finally {
      this.#pulling = false;
    }
  }

  #send(value: unknown): void {
    if (isPrimitive(value)) return this.#out.frame(FRAME.item, this.#number, value);
    const carrier = new Carrier(this.#crossing, this.#out.transfers);
    try {
      this.#out.carried(carrier, FRAME.item, this.#number, carrier.carry(value, 'an item'));
    } catch (error) {
      this.return(new DOMException('An item could not cross.', 'AbortError')).catch(this.#unheard);
      this.#out.failure(this.#number, carrier.refused(error, 'an item'));
    }
  }

  abort(index: number, reason: unknown): void {
    this.#borrowed?.abort(index, reason);
  }

  /** The reader wants no more. Rejects with what the end of the iteration throws. */
  async return(reason: unknown): Promise<void> {
    if (this.#ended) return;
    this.#finish();
    this.#borrowed?.abort(-1, reason);
    await this.#iterator.return?.();
  }

  #finish(): void {
    this.#ended = true;
    this.#borrowed?.release();
    this.#finished();
  }
}
