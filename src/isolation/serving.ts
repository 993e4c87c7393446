import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Calls } from './calls.js';
import { Carrier, type Crossing, isPrimitive } from './carry.js';
import { callbackReleased, isolationError, mustCross } from './errors.js';
import { Borrowed, type CallbackMaker } from './handles.js';
import { FRAME, protocolError } from './messages.js';
import type { Outgoing } from './outgoing.js';
import { Producer } from './streams.js';
import { dataBeside, end, strongestWay, waysToEnd } from './subscriptions.js';

/** Answers requests of the other side. */
export type RequestHandler = (body: unknown, options: { signal: AbortSignal }) => unknown;

type Service = Record<string, ((...args: unknown[]) => unknown) | undefined>;

interface Exposure {
  readonly service: Service;
  readonly id: string;
  readonly operations: ReadonlyMap<string, Crossing>;
}

/** What a call gave that lives until it is ended. */
interface Kept {
  readonly result: unknown;
  readonly ways: number;
  /** Number of the call that it came from. */
  readonly call: number;
  readonly borrowed: Borrowed | undefined;
}

export interface ServingOptions {
  label: string;
  /** Makes the functions that call callbacks of the other side. */
  callback: CallbackMaker;
  /** Takes what nobody waits for. */
  unheard(error: unknown): void;
}

/** Methods, or streams, with what is known of each; one for all exposures of a contract. */
const operations = new WeakMap<Contract<unknown>, ReadonlyMap<string, Crossing>>();

function operationsOf(contract: Contract<unknown>): ReadonlyMap<string, Crossing> {
  let known = operations.get(contract);
  if (!known) {
    const { id, methods, streams, transfers } = contract;
    const names = [...methods, ...streams];
    known = new Map(names.map((name) => [name, { title: `${id}.${name}`, moves: transfers.includes(name) }]));
    operations.set(contract, known);
  }
  return known;
}

function methodAbsent(call: string): RackwattError {
  const text = `The service has no ${call}: it is of an older version of the contract than its caller.`;
  return isolationError('SERVICE_METHOD_ABSENT', text, { call });
}

function invoke(service: Service, method: string, { title }: Crossing, args: readonly unknown[]): unknown {
  if (typeof service[method] !== 'function') throw methodAbsent(title);
  return service[method](...args);
}

/** Answers what the other side calls. */
export class Serving {
  readonly #out: Outgoing;
  readonly #calls: Calls;
  readonly #options: ServingOptions;
  readonly #exposures = new Map<number, Exposure>();
  readonly #handlers = new Map<string, RequestHandler>();
  /** What the calls in progress brought along, by their numbers; of those that brought nothing there is nothing. */
  readonly #borrowed = new Map<number, Borrowed>();
  readonly #requests = new Map<number, AbortController>();
  readonly #kept = new Map<number, Kept>();
  readonly #producers = new Map<number, Producer>();
  #lastHandle = 0;
  #lastKept = 0;
  #closed = false;

  constructor(out: Outgoing, calls: Calls, options: ServingOptions) {
    this.#out = out;
    this.#calls = calls;
    this.#options = options;
  }

  /** What is held for the other side. */
  get counts(): { borrowed: number; kept: number; producers: number; exposed: number } {
    return {
      borrowed: this.#borrowed.size,
      kept: this.#kept.size,
      producers: this.#producers.size,
      exposed: this.#exposures.size,
    };
  }

  expose(contract: Contract<unknown>, service: object): number {
    mustCross(contract);
    const exposure = { service: service as Service, id: contract.id, operations: operationsOf(contract) };
    this.#exposures.set(++this.#lastHandle, exposure);
    return this.#lastHandle;
  }

  withdraw(handle: number): void {
    this.#exposures.delete(handle);
  }

  handle(name: string, handler: RequestHandler): () => void {
    this.#handlers.set(name, handler);
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name);
    };
  }

  call(number: number, handle: number, method: string, loans: readonly unknown[] | undefined, args: unknown[]): void {
    const found = this.#find(number, handle, method);
    if (!found) return;
    const [service, crossing] = found;
    const borrowed = this.#borrow(number, loans, args, crossing.title);
    this.#run(number, crossing, borrowed, () => invoke(service, method, crossing, args));
  }

  callback(number: number, handle: number, loans: readonly unknown[] | undefined, args: unknown[]): void {
    const lent = this.#calls.callbacks.get(handle);
    if (!lent) {
      this.#out.failure(number, callbackReleased());
      return;
    }
    const crossing = { title: `a callback of ${lent.title}`, moves: false };
    const borrowed = this.#borrow(number, loans, args, crossing.title);
    this.#run(number, crossing, borrowed, () => lent.callback(...(args as never[])));
  }

  request(number: number, name: string, loans: readonly unknown[] | undefined, args: unknown[]): void {
    const handler = this.#handlers.get(name);
    if (!handler) {
      const text = `Nobody answers the request "${name}" here.`;
      this.#out.failure(number, isolationError('REQUEST_UNKNOWN', text, { request: name }));
      return;
    }
    const crossing = { title: `the request "${name}"`, moves: false };
    const borrowed = this.#borrow(number, loans, args, crossing.title);
    const controller = new AbortController();
    this.#requests.set(number, controller);
    this.#run(number, crossing, borrowed, () => handler(args[0], { signal: controller.signal }));
  }

  open(number: number, handle: number, method: string, loans: readonly unknown[] | undefined, args: unknown[]): void {
    const found = this.#find(number, handle, method);
    if (!found) return;
    const [service, crossing] = found;
    if (this.#producers.has(number)) throw protocolError('a stream is opened twice');
    const borrowed = this.#borrow(number, loans, args, crossing.title);
    try {
      const iterable = invoke(service, method, crossing, args) as AsyncIterable<unknown>;
      const finished = () => void (this.#producers.delete(number), this.#borrowed.delete(number));
      const producer = new Producer(this.#out, number, crossing, iterable, borrowed, finished, this.#options.unheard);
      this.#producers.set(number, producer);
      void producer.pull();
    } catch (error) {
      this.#settle(number, borrowed);
      this.#out.failure(number, error);
    }
  }

  credit(number: number, items: number): void {
    this.#producers.get(number)?.credit(items);
  }

  return(number: number): void {
    const reason = new DOMException('The stream is not read any more.', 'AbortError');
    this.#producers.get(number)?.return(reason).catch(this.#options.unheard);
  }

  /** @param index of a signal; -1: the caller waits no longer */
  abort(number: number, index: number, reason: unknown): void {
    const borrowed = this.#borrowed.get(number);
    borrowed?.abort(index, reason);
    if (index >= 0) return;
    this.#settle(number, borrowed);
    this.#requests.get(number)?.abort(reason);
    this.#requests.delete(number);
  }

  /** @param number 0: nobody waits */
  end(number: number, subscription: number, way: number): void {
    const kept = this.#kept.get(subscription);
    if (kept && !(kept.ways & way)) throw protocolError('a subscription has no such end');
    const crossing = { title: 'the end of a subscription', moves: false };
    this.#run(number, crossing, undefined, () => {
      if (!kept) return undefined;
      this.#kept.delete(subscription);
      return this.#endKept(kept, way);
    });
  }

  /** Ends all that the other side would have ended. */
  close(gone: RackwattError): void {
    this.#closed = true;
    for (const controller of this.#requests.values()) controller.abort(gone);
    for (const borrowed of this.#borrowed.values()) {
      borrowed.abort(-1, gone);
      borrowed.release();
    }
    for (const producer of this.#producers.values()) producer.return(gone).catch(this.#options.unheard);
    for (const kept of this.#kept.values()) this.#endKept(kept, strongestWay(kept.ways)).catch(this.#options.unheard);
    for (const map of [this.#requests, this.#borrowed, this.#producers, this.#kept, this.#exposures, this.#handlers])
      map.clear();
  }

  #find(number: number, handle: number, method: string): [Service, Crossing] | undefined {
    const exposure = this.#exposures.get(handle);
    if (!exposure) {
      const text = `The service ${handle} was withdrawn; it is gone for ${this.#options.label}.`;
      this.#out.failure(number, isolationError('SERVICE_GONE', text, { service: handle }));
      return undefined;
    }
    const crossing = exposure.operations.get(method);
    if (crossing) return [exposure.service, crossing];
    this.#out.failure(number, methodAbsent(`${exposure.id}.${method}`));
    return undefined;
  }

  #borrow(number: number, loans: readonly unknown[] | undefined, args: unknown[], title: string): Borrowed | undefined {
    if (loans === undefined) return undefined;
    if (this.#borrowed.has(number)) throw protocolError('a call is made twice');
    const borrowed = new Borrowed(loans, args, title, this.#options.label, this.#options.callback);
    this.#borrowed.set(number, borrowed);
    return borrowed;
  }

  #run(number: number, crossing: Crossing, borrowed: Borrowed | undefined, call: () => unknown): void {
    try {
      const result = call() as PromiseLike<unknown> | undefined;
      if (typeof result?.then === 'function')
        result.then(
          (value) => this.#answer(number, crossing, borrowed, value),
          (error: unknown) => this.#fail(number, borrowed, error),
        );
      else this.#answer(number, crossing, borrowed, result);
    } catch (error) {
      this.#fail(number, borrowed, error);
    }
  }

  #answer(number: number, crossing: Crossing, borrowed: Borrowed | undefined, value: unknown): void {
    this.#requests.delete(number);
    if (isPrimitive(value)) {
      if (number > 0) this.#out.frame(FRAME.result, number, value);
      this.#settle(number, borrowed);
      return;
    }
    const carrier = new Carrier(crossing, this.#out.transfers);
    try {
      const ways = waysToEnd(value);
      if (ways > 0) this.#keep(number, carrier, borrowed, value, ways);
      else {
        this.#out.carried(carrier, FRAME.result, number, carrier.carry(value, 'its result'));
        this.#settle(number, borrowed);
      }
    } catch (error) {
      this.#fail(number, borrowed, carrier.refused(error, 'its result'));
    }
  }

  #keep(number: number, carrier: Carrier, borrowed: Borrowed | undefined, result: unknown, ways: number): void {
    const kept: Kept = { result, ways, call: number, borrowed };
    if (this.#closed) {
      this.#endKept(kept, strongestWay(ways)).catch(this.#options.unheard);
      return;
    }
    const subscription = ++this.#lastKept;
    this.#kept.set(subscription, kept);
    try {
      const data = carrier.carry(dataBeside(result), 'its result');
      this.#out.carried(carrier, FRAME.keep, number, subscription, ways, data);
    } catch (error) {
      this.#kept.delete(subscription);
      this.#endKept(kept, strongestWay(ways)).catch(this.#options.unheard);
      throw error;
    }
  }

  async #endKept({ result, call, borrowed }: Kept, way: number): Promise<void> {
    try {
      await end(result, way);
    } finally {
      this.#settle(call, borrowed);
    }
  }

  #fail(number: number, borrowed: Borrowed | undefined, error: unknown): void {
    this.#requests.delete(number);
    if (number > 0) this.#out.failure(number, error);
    else this.#options.unheard(error);
    this.#settle(number, borrowed);
  }

  #settle(number: number, borrowed: Borrowed | undefined): void {
    if (borrowed === undefined) return;
    this.#borrowed.delete(number);
    borrowed.release();
  }
}
