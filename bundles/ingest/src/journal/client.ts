import { Worker } from 'node:worker_threads';
import { RackwattError } from 'rackwatt';
import { ingestError } from '../errors.js';
import type { Commit, ErrorData, JournalAnswer, JournalContent, JournalOptions, JournalRequest } from './protocol.js';
import { JOURNAL_WORKER } from '../paths.js';

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The journal, in a worker of its own so that no fsync holds up the main loop. */
export class Journal {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #next = 1;
  #gone: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => void worker.once('exit', () => resolve()));
  }

  /** @throws JOURNAL_OPEN_FAILED */
  static async open(options: JournalOptions): Promise<{ journal: Journal; content: JournalContent }> {
    const worker = new Worker(JOURNAL_WORKER, { workerData: options });
    const journal = new Journal(worker);
    const { promise, resolve, reject } = Promise.withResolvers<JournalContent>();
    let ended = 'it ended';
    worker.on('message', (answer: JournalAnswer) => {
      if ('opened' in answer) resolve(answer.opened);
      else if ('refused' in answer) reject(toError(answer.refused));
      else journal.#answered(answer.id, answer.error);
    });
    worker.on('error', (error) => (ended = error.message));
    worker.on('exit', () => {
      const gone = ingestError('JOURNAL_CLOSED', `The journal's worker stopped: ${ended}.`);
      reject(gone);
      journal.#stopped(gone);
    });
    return { journal, content: await promise };
  }

  #answered(id: number, error: ErrorData | undefined): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) pending?.reject(toError(error));
    else pending?.resolve();
  }

  #stopped(gone: Error): void {
    this.#gone = gone;
    for (const { reject } of this.#pending.values()) reject(gone);
    this.#pending.clear();
  }

  #request(request: (id: number) => JournalRequest): Promise<void> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.set(id, { resolve, reject });
    this.#worker.postMessage(request(id));
    return promise;
  }

  /** Settles when all of it is on disk. @throws JOURNAL_FULL, JOURNAL_WRITE_FAILED, JOURNAL_CLOSED */
  commit(commit: Commit): Promise<void> {
    return this.#request((id) => ({ id, commit }));
  }

  async close(): Promise<void> {
    if (this.#gone) return;
    await this.#request((id) => ({ id, close: true }));
    await this.#exited;
  }
}

function toError({ code, message, context }: ErrorData): RackwattError {
  return new RackwattError(code, message, { context });
}
