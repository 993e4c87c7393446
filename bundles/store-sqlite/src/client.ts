import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { LatestValue, Store } from '@rackwatt/telemetry';
import { errorMessage, type Health } from 'rackwatt';
import { storeError } from './errors.js';
import { type Answer, type Method, type WorkerOptions, toError } from './protocol.js';

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** ms after which a worker that ended by itself is started again. */
const RESTART = 1000;
const CLOSING = 10_000;

/** The store as its users see it: every call goes to the worker that owns the file. */
export class WorkerStore implements Store {
  readonly #options: WorkerOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #readers = new Map<number, ChangeReader>();
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #next = 1;
  #closed = false;
  #trouble: Error | undefined;

  private constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** @throws STORE_OPEN_FAILED, STORE_LOCKED, STORE_TOO_NEW */
  static async open(options: WorkerOptions): Promise<WorkerStore> {
    const store = new WorkerStore(options);
    try {
      await store.#start();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  #start(): Promise<void> {
    const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData: this.#options });
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let ended = 'it ended';
    worker.on('message', (answer: Answer) => {
      if (answer.type === 'opened') resolve();
      else if (answer.type === 'refused') reject(toError(answer.error));
      else this.#answered(answer);
    });
    worker.on('error', (error) => (ended = error.message));
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      const gone = storeError(
        'STORE_CLOSED',
        this.#closed ? 'The store is closed.' : `The store's worker stopped (${ended}) and is started again.`,
      );
      reject(gone);
      this.#ended(gone);
    });
    return promise;
  }

  #ended(gone: Error): void {
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
    if (this.#closed) return;
    this.#trouble = gone;
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => void this.#again(), RESTART);
  }

  async #again(): Promise<void> {
    try {
      await this.#start();
      this.#trouble = undefined;
      for (const reader of this.#readers.values()) reader.reopen();
    } catch (error) {
      this.#trouble = error as Error;
    }
  }

  #answered(answer: Extract<Answer, { type: 'result' | 'error' | 'trouble' }>): void {
    if (answer.type === 'trouble') {
      this.#trouble = answer.error && toError(answer.error);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.type === 'result') pending?.resolve(answer.result);
    else pending?.reject(toError(answer.error));
  }

  #call<T>(method: Method, ...argument: unknown[]): Promise<T> {
    if (!this.#worker) return Promise.reject(this.#trouble ?? storeError('STORE_CLOSED', 'The store is closed.'));
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
    this.#worker.postMessage({ id, method, argument });
    return promise;
  }

  describe: Store['describe'] = (...given) => this.#write(this.#call('describe', ...given));
  apply: Store['apply'] = (batches) => this.#write(this.#call('apply', batches));
  devices: Store['devices'] = () => this.#call('devices');
  latest: Store['latest'] = (query) => this.#call('latest', query);
  series: Store['series'] = (query) => this.#call('series', query);
  gaps: Store['gaps'] = (query) => this.#call('gaps', query);
  numbers: Store['numbers'] = (device) => this.#call('numbers', device);
  events: Store['events'] = (query) => this.#call('events', query);
  status: Store['status'] = () => this.#call('status');

  async #write(call: Promise<void>): Promise<void> {
    try {
      await call;
      this.#trouble = undefined;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'STORE_FULL' || code === 'STORE_WRITE_FAILED') this.#trouble = error as Error;
      throw error;
    }
  }

  changes(): AsyncIterable<LatestValue[]> {
    const id = this.#next++;
    const reader = new ChangeReader({
      open: () => this.#call('changesOpen', id),
      next: () => this.#call('changesNext', id),
      close: () => {
        this.#readers.delete(id);
        // A worker that ends meanwhile has closed it too.
        if (this.#worker) this.#call('changesClose', id).catch((error: unknown) => void errorMessage(error));
      },
    });
    this.#readers.set(id, reader);
    reader.reopen();
    return reader;
  }

  async check(): Promise<Health> {
    if (this.#trouble) return { state: 'failed', detail: this.#trouble.message };
    const { readings, bytes, points } = await this.status();
    return { state: 'ok', figures: { readings, bytes, points } };
  }

  /** Settles when the file is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    for (const reader of this.#readers.values()) void reader.return();
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    const late = setTimeout(() => void worker.terminate(), CLOSING);
    await this.#call('close').catch(() => worker.terminate());
    this.#worker = undefined;
    await exited;
    clearTimeout(late);
  }
}

interface ChangeSource {
  open(): Promise<void>;
  next(): Promise<LatestValue[]>;
  close(): void;
}

/** One reader of changes; goes on when the worker was started again, and ends when it or the store is closed. */
class ChangeReader implements AsyncIterableIterator<LatestValue[]> {
  readonly #source: ChangeSource;
  #closed = false;
  #reopened = Promise.withResolvers<void>();
  #wake: (value: LatestValue[] | undefined) => void = () => undefined;

  constructor(source: ChangeSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  reopen(): void {
    this.#source.open().then(
      () => {
        this.#reopened.resolve();
        this.#reopened = Promise.withResolvers<void>();
      },
      // The worker is gone again: it is reopened with the next one.
      () => undefined,
    );
  }

  async next(): Promise<IteratorResult<LatestValue[]>> {
    while (!this.#closed) {
      const reopened = this.#reopened.promise;
      const value = await new Promise<LatestValue[] | undefined>((resolve) => {
        this.#wake = resolve;
        this.#source.next().then(resolve, () => void reopened.then(() => resolve(undefined)));
      });
      if (value && !this.#closed) return { done: false, value };
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<LatestValue[]>> {
    if (!this.#closed) {
      this.#closed = true;
      this.#wake(undefined);
      this.#source.close();
    }
    return Promise.resolve({ done: true, value: undefined });
  }
}
