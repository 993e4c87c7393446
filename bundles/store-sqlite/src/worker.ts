import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type Sqlite from 'better-sqlite3';
import type { Series, StoreBatch } from '@rackwatt/telemetry';
import { openDatabase } from './database.js';
import { Engine } from './engine.js';
import { type Answer, type Request, type WorkerOptions, toData } from './protocol.js';

const DAY = 86_400_000;
/** ms between two answers to one reader of changes. */
const SPACING = 50;
const MAINTENANCE = 30_000;
/** ms after which rows that nothing was added to are sealed, so that the open part stays small. */
const IDLE = { live: 6 * 3_600_000, replay: 600_000 };
const RETRY = 5000;
const FORGOTTEN_AT_ONCE = 50;

const port = parentPort!;
const options = workerData as WorkerOptions;
const answer = (message: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

/** Serves calls in their order; applies that wait together share one transaction. Sealing goes on between them, a block at a time. */
class Service {
  readonly #engine: Engine;
  #queue: Request[] = [];
  #scheduled = false;
  #closed = false;
  #sealAfter = 0;
  #troubled = false;
  readonly #waiting = new Map<number, Request>();
  #answering: NodeJS.Timeout | undefined;
  readonly #maintenance: NodeJS.Timeout;

  constructor(engine: Engine) {
    this.#engine = engine;
    engine.changes.onTouched(() => this.#answerReaders());
    this.#maintenance = setInterval(() => this.#maintain(), MAINTENANCE);
  }

  take(request: Request): void {
    this.#queue.push(request);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      this.#serve();
      if (!this.#closed && this.#engine.sealable && performance.now() >= this.#sealAfter) {
        this.#attempt(() => this.#engine.sealOne());
        this.#schedule();
      }
    });
  }

  #serve(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (let i = 0; i < queue.length; ) {
      let next = i;
      while (queue[next]?.method === 'apply') next++;
      if (next > i) {
        this.#apply(queue.slice(i, next));
        i = next;
      } else {
        this.#call(queue[i++]!);
      }
    }
  }

  #apply(requests: Request[]): void {
    try {
      const outcomes = this.#engine.applyAll(requests.map(({ argument }) => argument[0] as StoreBatch[]));
      outcomes.forEach((error, i) => {
        const { id } = requests[i]!;
        answer(error ? { type: 'error', id, error: toData(error) } : { type: 'result', id, result: undefined });
      });
    } catch (error) {
      for (const { id } of requests) answer({ type: 'error', id, error: toData(error) });
    }
  }

  #call(request: Request): void {
    const { id, method, argument } = request;
    const [first] = argument as [never];
    const { changes } = this.#engine;
    try {
      if (method === 'changesOpen') changes.open(first);
      else if (method === 'changesClose') changes.close(first);
      else if (method === 'close') this.#close();
      else if (method === 'changesNext') {
        this.#waiting.set(first, request);
        this.#answerReaders();
        return;
      } else {
        const target = method === 'describe' || method === 'apply' ? this.#engine : this.#engine.queries;
        const serve = target[method as keyof typeof target] as (...given: readonly unknown[]) => unknown;
        const result = serve.apply(target, argument as unknown[]);
        answer({ type: 'result', id, result }, method === 'series' ? buffersOf(result as Series) : []);
        return;
      }
      answer({ type: 'result', id, result: undefined });
      if (method === 'close') port.close();
    } catch (error) {
      answer({ type: 'error', id, error: toData(error) });
    }
  }

  #answerReaders(): void {
    if (this.#waiting.size === 0) return;
    this.#answering ??= setTimeout(() => {
      this.#answering = undefined;
      for (const [reader, { id }] of this.#waiting) {
        const changed = this.#engine.changes.take(reader);
        if (changed.length === 0) continue;
        this.#waiting.delete(reader);
        answer({ type: 'result', id, result: changed });
      }
    }, SPACING);
  }

  #maintain(): void {
    this.#attempt(() => {
      this.#engine.sealIdle(IDLE);
      // A clock that jumps ahead must not empty the store: readings are old beside the newest one.
      const before = Math.min(Date.now(), this.#engine.newest) - options.rawDays * DAY;
      if (Number.isFinite(before) && this.#engine.forget(before, FORGOTTEN_AT_ONCE))
        setImmediate(() => this.#maintain());
      else this.#engine.shrink();
    });
    this.#schedule();
  }

  #attempt(work: () => void): void {
    try {
      work();
      if (this.#troubled) answer({ type: 'trouble', error: undefined });
      this.#troubled = false;
    } catch (error) {
      this.#troubled = true;
      this.#sealAfter = performance.now() + RETRY;
      answer({ type: 'trouble', error: toData(error) });
    }
  }

  #close(): void {
    this.#closed = true;
    clearInterval(this.#maintenance);
    clearTimeout(this.#answering);
    this.#engine.close();
  }
}

function buffersOf({ times, values, quality, states }: Series): ArrayBuffer[] {
  return [times, values, quality, states].map(({ buffer }) => buffer as ArrayBuffer);
}

try {
  const Database = createRequire(__filename)(options.sqlite) as typeof Sqlite;
  const service = new Service(
    new Engine(openDatabase(Database, options), { blockRows: options.blockRows, now: Date.now }),
  );
  port.on('message', (request: Request) => service.take(request));
  answer({ type: 'opened' });
} catch (error) {
  answer({ type: 'refused', error: toData(error) });
  port.close();
}
