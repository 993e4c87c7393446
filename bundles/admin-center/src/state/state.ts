import { Worker } from 'node:worker_threads';
import { RackwattError, type Logger } from 'rackwatt';
import { centerError } from '../errors.js';
import type { Answer, Parts, Remote, Request, WorkerStart } from './protocol.js';

/** How long the thread may take to close its file, ms. */
const CLOSING = 5000;
/** Pause before a thread that ended by itself is started again, ms. */
const AGAIN = 1000;

interface Call {
  resolve(value: unknown): void;
  reject(error: RackwattError): void;
}

/** What the center remembers: its file lives in a thread, so that no commit holds up the main loop. */
export class State {
  readonly artifacts: Remote<Parts['artifacts']> = this.#part('artifacts');
  readonly audit: Remote<Parts['audit']> = this.#part('audit');
  readonly enrolments: Remote<Parts['enrolments']> = this.#part('enrolments');
  readonly gateways: Remote<Parts['gateways']> = this.#part('gateways');
  readonly orders: Remote<Parts['orders']> = this.#part('orders');
  readonly #entry: string;
  readonly #given: WorkerStart;
  readonly #log: Pick<Logger, 'error'>;
  readonly #calls = new Map<number, Call>();
  /** Absent while it is started again. */
  #worker: Worker | undefined;
  #again: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #next = 1;

  /** @param entry path of what runs in the thread, which lies elsewhere from here when the bundle is packed */
  constructor(entry: string, given: WorkerStart, log: Pick<Logger, 'error'>) {
    this.#entry = entry;
    this.#given = given;
    this.#log = log;
    this.#start();
  }

  /** Settles when the file is closed. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearTimeout(this.#again);
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const late = setTimeout(() => void worker.terminate(), CLOSING);
    worker.postMessage({ id: 0, part: 'close' } satisfies Request);
    await ended;
    clearTimeout(late);
  }

  #start(): void {
    const worker = new Worker(this.#entry, { workerData: this.#given, name: 'rackwatt admin-center' });
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#answered(answer));
    worker.on('error', (error) => this.#log.error({ error }, 'the thread of the center’s file failed'));
    worker.on('exit', () => this.#ended());
  }

  #ended(): void {
    this.#worker = undefined;
    for (const call of this.#calls.values()) call.reject(this.#gone());
    this.#calls.clear();
    if (!this.#closing) this.#again = setTimeout(() => this.#start(), AGAIN);
  }

  #part<K extends keyof Parts>(part: K): Remote<Parts[K]> {
    const method =
      (name: string) =>
      (...given: unknown[]) =>
        this.#call(part, name, given);
    return new Proxy({} as Remote<Parts[K]>, { get: (_, name) => method(String(name)) });
  }

  #call(part: keyof Parts, method: string, given: unknown[]): Promise<unknown> {
    const worker = this.#worker;
    if (!worker || this.#closing) return Promise.reject(this.#gone());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      worker.postMessage({ id, part, method, arguments: given } satisfies Request);
    });
  }

  #gone(): RackwattError {
    const why = this.#closing ? 'the center is stopping' : 'its thread ended and is started again';
    return centerError('FLEET_STATE', `${this.#given.path}: ${why}; try again in a moment`);
  }

  #answered(answer: Answer): void {
    const call = this.#calls.get(answer.id);
    this.#calls.delete(answer.id);
    if (!call) return;
    if (!('failure' in answer)) return call.resolve(answer.value);
    const { code, message, context } = answer.failure;
    call.reject(new RackwattError(code, message, { context }));
  }
}
