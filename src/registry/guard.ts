import { errorMessage, RackwattError } from '../errors.js';
import type { Contract } from './contract.js';
import { stubOf, type StubTarget } from './stub.js';

/** A call or a stream that has not ended. */
interface Flight {
  fail(error: RackwattError): void;
  /** The service is to go: a stream that waits for nothing in particular should not hold that up. */
  hurry?(): void;
}

/** ms without a value after which a stream of a service that is to go is ended: a subscription may be silent for ever. */
const SILENCE = 100;

/**
 * One service object as consumers call it: knows what is under way, and ends it when the service goes. Whoever keeps a
 * stub after that keeps this, but neither the service nor the revision that it came from.
 */
export class Guard implements StubTarget {
  /** What it stands for, in words. */
  readonly #name: string;
  readonly #id: number;
  #service: Readonly<Record<string, unknown>> | undefined;
  readonly #flights = new Set<Flight>();
  readonly #stubs = new Map<Contract<unknown>, unknown>();
  #waiting: (() => void)[] = [];
  #leaving = false;

  /** @param name contract and bundle, such as `acme/Meter@1 of bundle acme` */
  constructor(id: number, name: string, service: object) {
    this.#id = id;
    this.#name = name;
    this.#service = service as Readonly<Record<string, unknown>>;
  }

  /** The stub of a contract: one for all who consume the service. */
  stub<T>(contract: Contract<T>): T {
    let stub = this.#stubs.get(contract);
    if (stub === undefined) this.#stubs.set(contract, (stub = stubOf(contract, this)));
    return stub as T;
  }

  /** Calls and streams under way. */
  get busy(): number {
    return this.#flights.size;
  }

  /** Takes no further call and forgets the service; what is under way goes on. */
  close(): void {
    this.#service = undefined;
  }

  /** Rejects what is under way with `SERVICE_GONE`. */
  abandon(): void {
    for (const flight of this.#flights) flight.fail(this.#gone());
    this.#flights.clear();
    this.#rested();
  }

  /** Rejects what is under way, and every later call, with `SERVICE_GONE`. */
  end(): void {
    this.close();
    this.abandon();
  }

  /** Resolves when nothing is under way, or after so many ms. */
  async rest(milliseconds: number): Promise<void> {
    if (this.#flights.size === 0) return;
    this.#leaving = true;
    for (const flight of this.#flights) flight.hurry?.();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  call(method: string, args: unknown[]): Promise<unknown> {
    let result: unknown;
    try {
      result = this.#invoke(method, args);
    } catch (error) {
      return Promise.reject(read(error));
    }
    if (!isThenable(result)) return Promise.resolve(result);
    const pending = result;
    return new Promise((resolve, reject) => {
      const flight: Flight = { fail: reject };
      this.#flights.add(flight);
      pending.then(
        (value) => {
          this.#landed(flight);
          resolve(value);
        },
        (error: unknown) => {
          this.#landed(flight);
          reject(read(error));
        },
      );
    });
  }

  stream(method: string, args: unknown[]): AsyncIterable<unknown> {
    let source: AsyncIterable<unknown>;
    try {
      source = this.#invoke(method, args) as AsyncIterable<unknown>;
    } catch (error) {
      return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(read(error)) }) };
    }
    return { [Symbol.asyncIterator]: () => this.#iterate(source) };
  }

  #iterate(source: AsyncIterable<unknown>): AsyncIterator<unknown> {
    if (!this.#service) return { next: () => Promise.reject(this.#gone()) };
    const stream = new StreamFlight(source[Symbol.asyncIterator](), {
      leaving: () => this.#leaving,
      gone: () => this.#gone(),
      landed: (flight) => this.#landed(flight),
    });
    this.#flights.add(stream);
    return stream;
  }

  #invoke(method: string, args: unknown[]): unknown {
    const service = this.#service;
    if (!service) throw this.#gone();
    const found = service[method];
    if (typeof found === 'function') return (found as (...given: unknown[]) => unknown).apply(service, args);
    throw new RackwattError(
      'SERVICE_METHOD_ABSENT',
      `Service ${this.#id} (${this.#name}) has no ${method}: update its bundle to a version that knows it.`,
      { context: { service: this.#id, method } },
    );
  }

  #landed(flight: Flight): void {
    if (this.#flights.delete(flight) && this.#flights.size === 0) this.#rested();
  }

  #rested(): void {
    for (const rested of this.#waiting.splice(0)) rested();
  }

  #gone(): RackwattError {
    return new RackwattError(
      'SERVICE_GONE',
      `Service ${this.#id} (${this.#name}) is gone: its bundle was updated or stopped. Call the one that took its place.`,
      { context: { service: this.#id } },
    );
  }
}

interface StreamHost {
  leaving(): boolean;
  gone(): RackwattError;
  landed(flight: Flight): void;
}

/** A stream on its way from a service to a consumer; ends when either of them does. */
class StreamFlight implements AsyncIterator<unknown>, Flight {
  readonly #host: StreamHost;
  #source: AsyncIterator<unknown> | undefined;
  #error: RackwattError | undefined;
  /** Those who wait for a value. */
  readonly #rejects = new Set<(error: RackwattError) => void>();
  #silence: NodeJS.Timeout | undefined;

  constructor(source: AsyncIterator<unknown>, host: StreamHost) {
    this.#source = source;
    this.#host = host;
  }

  next(): Promise<IteratorResult<unknown>> {
    const source = this.#source;
    if (!source) return this.#over();
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      if (this.#host.leaving()) this.hurry();
      const settled = (): void => {
        this.#rejects.delete(reject);
        clearTimeout(this.#silence);
      };
      source.next().then(
        (result) => {
          settled();
          if (result.done) this.#land();
          resolve(result);
        },
        (error: unknown) => {
          settled();
          this.#land();
          reject(read(error));
        },
      );
    });
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    const source = this.#source;
    this.#land();
    await source?.return?.(value);
    return { done: true, value };
  }

  fail(error: RackwattError): void {
    const source = this.#source;
    this.#error = error;
    this.#land();
    for (const reject of this.#rejects) reject(error);
    this.#rejects.clear();
    // What waits inside the source need not listen, and nobody is left to hear of a failure.
    void (async () => source?.return?.())().catch(errorMessage);
  }

  hurry(): void {
    clearTimeout(this.#silence);
    if (this.#rejects.size > 0) this.#silence = setTimeout(() => this.fail(this.#host.gone()), SILENCE);
  }

  #land(): void {
    clearTimeout(this.#silence);
    this.#source = undefined;
    this.#host.landed(this);
  }

  #over(): Promise<IteratorResult<unknown>> {
    const error = this.#error;
    this.#error = undefined;
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
  }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** An error that leaves its revision, with its stack read: V8 else keeps the code that threw it. */
function read(error: unknown): Error {
  void errorMessage(error);
  return error as Error;
}
