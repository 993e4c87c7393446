import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { errorMessage, RackwattError, type Health, type Logger } from 'rackwatt';
import type {
  Batch,
  BatchClass,
  DeviceDescription,
  DeviceLocation,
  Outbox,
  OutboxStatus,
  Sample,
  SchemaEntry,
} from '@rackwatt/telemetry';
import type { Range } from '@rackwatt/telemetry/wire';
import { estimate, type Records } from './bodies.js';
import type { Answer, OutboxMethod, Request, WorkerStart } from './protocol.js';
import { WrittenStream } from './stream.js';

/** Bytes that may wait for the disk; more would only fill the memory. */
const MOST_WAITING = 64 << 20;
/** Pause before a storage worker that ended is started again, ms; doubles up to the second. */
const RESTART = [100, 10_000] as const;
/** How long the worker may take to write what waits when the outbox closes, ms. */
const CLOSING = 5000;

export interface OutboxOptions extends Omit<WorkerStart, 'live'> {
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Readings pass through the worker; a small nursery keeps its share of the gateway's memory small. */
const HEAP = { maxYoungGenerationSizeMb: 2 };

interface Call {
  bytes: number;
  resolve(value: never): void;
  reject(error: RackwattError): void;
}

/** The buffers of samples: moved to the worker, not copied. A view of a larger buffer is copied, as the rest of it is not ours. */
function detach(samples: readonly Sample[]): { samples: Sample[]; buffers: ArrayBuffer[] } {
  const buffers = new Set<ArrayBuffer>();
  const own = <T extends Uint32Array | Float64Array | Uint16Array | Uint8Array>(array: T): T => {
    const whole =
      array.buffer instanceof ArrayBuffer && array.byteLength === array.buffer.byteLength && !buffers.has(array.buffer);
    const column = (whole ? array : array.slice()) as T & { buffer: ArrayBuffer };
    buffers.add(column.buffer);
    return column;
  };
  const moved = samples.map((sample) => ({
    ...sample,
    points: own(sample.points),
    values: own(sample.values),
    quality: own(sample.quality),
    states: own(sample.states),
  }));
  return { samples: moved, buffers: [...buffers] };
}

/** The outbox of a node: its file lives in a worker thread, so that no commit holds up the main loop. */
export class WorkerOutbox implements Outbox {
  readonly #options: OutboxOptions;
  readonly #calls = new Map<number, Call>();
  readonly #stream = new WrittenStream();
  /** Absent while it is being restarted. */
  worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #pause: number = RESTART[0];
  #next = 1;
  #waitingBytes = 0;
  #live = false;
  #closing: Promise<void> | undefined;
  #trouble: RackwattError | undefined;
  #notice: string | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#start();
  }

  describe(
    device: string,
    description: DeviceDescription,
    context: { location: DeviceLocation; interval: number },
  ): Promise<Uint32Array> {
    return this.#call('describe', [device, description, context]);
  }

  async append(records: Records): Promise<void> {
    const bytes = estimate(records);
    if (this.#waitingBytes + bytes > MOST_WAITING) {
      const text = `Outbox ${this.#options.path}: the disk does not keep up; ${this.#waitingBytes} bytes wait for it.`;
      throw new RackwattError('OUTBOX_OVERLOADED', text, { context: { waiting: this.#waitingBytes } });
    }
    const { samples, buffers } = detach(records.samples ?? []);
    return this.#call('append', [{ ...records, samples }], buffers, bytes);
  }

  lastNumber(device: string): Promise<number> {
    return this.#call('lastNumber', [device]);
  }

  setLive(live: boolean): Promise<void> {
    this.#live = live;
    return this.#call('setLive', [live]);
  }

  batches(batchClass: BatchClass, after: number, limit: number): Promise<Batch[]> {
    return this.#call('batches', [batchClass, after, limit]);
  }

  schema(after: number): Promise<SchemaEntry[]> {
    return this.#call('schema', [after]);
  }

  acknowledge(batchClass: BatchClass, ranges: Range[]): Promise<void> {
    return this.#call('acknowledge', [batchClass, ranges]);
  }

  written(): AsyncIterable<BatchClass> {
    return this.#stream.read();
  }

  status(): Promise<OutboxStatus> {
    return this.#call('status', []);
  }

  async health(): Promise<Health> {
    try {
      const { batches, bytes, capacity, dropped, oldest } = await this.status();
      const figures = {
        ...batches,
        bytes,
        capacity,
        dropped,
        ...(oldest === null ? {} : { oldest: new Date(oldest).toISOString() }),
      };
      if (this.#trouble) return { state: 'failed', detail: this.#trouble.message, figures };
      if (this.#notice) return { state: 'degraded', detail: this.#notice, figures };
      if (bytes > capacity * 0.8) {
        const percent = Math.round((bytes / capacity) * 100);
        return {
          state: 'degraded',
          detail: `The outbox is ${percent} % full; when it is full the oldest readings go. Check the connection to the concentrator.`,
          figures,
        };
      }
      return { state: 'ok', figures };
    } catch (error) {
      return { state: 'failed', detail: errorMessage(error) };
    }
  }

  /** Writes what waits and ends the worker. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restart);
    const worker = this.worker;
    if (worker) {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      void this.#post(worker, 'close', [], [], 0).catch((error: unknown) =>
        this.#options.log.warn({ error: errorMessage(error) }, 'the outbox did not close cleanly'),
      );
      const late = setTimeout(() => void worker.terminate(), CLOSING);
      await ended;
      clearTimeout(late);
    }
    this.#stream.end();
  }

  #start(): void {
    const { sqlite, path, maxBytes } = this.#options;
    const workerData: WorkerStart = { sqlite, path, maxBytes, live: this.#live };
    const worker = new Worker(join(__dirname, 'worker.js'), {
      workerData,
      resourceLimits: HEAP,
      name: 'rackwatt outbox',
    });
    this.worker = worker;
    worker.on('message', (answer: Answer) => this.#answered(answer));
    worker.on('error', (error) =>
      this.#options.log.error({ error: errorMessage(error) }, 'the storage worker of the outbox failed'),
    );
    worker.on('exit', (code) => this.#ended(code));
  }

  #ended(exit: number): void {
    this.worker = undefined;
    const text = `Outbox ${this.#options.path}: its storage worker ended; what was not written yet is not in it.`;
    const error = new RackwattError('OUTBOX_WORKER', text, { context: { exit } });
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#waitingBytes = 0;
    for (const call of calls) call.reject(error);
    if (this.#closing) return;
    this.#restart = setTimeout(() => this.#start(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, RESTART[1]);
  }

  #call<T>(method: OutboxMethod, parameters: unknown[], transfer: ArrayBuffer[] = [], bytes = 0): Promise<T> {
    if (this.#closing)
      return Promise.reject(new RackwattError('OUTBOX_CLOSED', `Outbox ${this.#options.path} is closed.`));
    if (!this.worker) {
      return Promise.reject(
        new RackwattError(
          'OUTBOX_WORKER',
          `Outbox ${this.#options.path}: its storage worker is being restarted; try again in a moment.`,
        ),
      );
    }
    return this.#post(this.worker, method, parameters, transfer, bytes);
  }

  #post<T>(
    worker: Worker,
    method: Request['method'],
    parameters: unknown[],
    transfer: ArrayBuffer[],
    bytes: number,
  ): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      try {
        worker.postMessage({ id, method, arguments: parameters }, transfer);
      } catch (error) {
        const text = `Outbox ${this.#options.path}: a record cannot be handed over (${errorMessage(error)}).`;
        return reject(new RackwattError('WIRE_INVALID', text, { cause: error }));
      }
      this.#waitingBytes += bytes;
      this.#calls.set(id, { bytes, resolve: resolve as Call['resolve'], reject });
    });
  }

  #answered(answer: Answer): void {
    if ('written' in answer) return this.#stream.tell(answer.written);
    if ('notice' in answer) {
      this.#notice = answer.notice;
      return this.#options.log.error(answer.notice);
    }
    const call = this.#calls.get(answer.id);
    if (!call) return;
    this.#calls.delete(answer.id);
    this.#waitingBytes -= call.bytes;
    this.#pause = RESTART[0];
    if (!('failure' in answer)) {
      if (call.bytes > 0) this.#recovered();
      return call.resolve(answer.value as never);
    }
    const { code, message, context } = answer.failure;
    const error = new RackwattError(code, message, { context });
    this.#failed(error);
    call.reject(error);
  }

  /** One line when trouble begins and one when it ends, not one for each reading. */
  #failed(error: RackwattError): void {
    // A record that cannot be carried is its giver's trouble, not the file's.
    if (error.code === 'WIRE_INVALID' || error.code === 'OUTBOX_TOO_LARGE' || this.#trouble?.code === error.code)
      return;
    this.#trouble = error;
    this.#options.log.error({ code: error.code, ...error.context }, error.message);
  }

  #recovered(): void {
    if (!this.#trouble) return;
    this.#trouble = undefined;
    this.#options.log.info('the outbox is written again');
  }
}
