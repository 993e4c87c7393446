import { setTimeout as delay } from 'node:timers/promises';
import type { Batch, BatchClass, Outbox } from '@rackwatt/telemetry';
import { decodeBody } from '@rackwatt/telemetry/wire';
import { errorMessage, type Health, type Logger } from 'rackwatt';
import { Points } from './points.js';
import { type Row, rowsOf } from './rows.js';

export interface PublisherOptions {
  outbox: Outbox;
  log: Logger;
  /** Settles when the rows are safe on the other side. */
  send(rows: readonly Row[]): Promise<void>;
  /** Ends it. */
  signal: AbortSignal;
}

/** In this order: what happened, what is measured now, what was kept while nobody listened. */
const CLASSES: readonly BatchClass[] = ['event', 'live', 'replay'];
const BATCHES_AT_ONCE = 16;
/** Waits after a failure, ms: doubling, up to a minute. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/**
 * Takes batches out of the outbox in their order and acknowledges those that are safe on the other side. What was sent and not
 * acknowledged, because the power went in between, is sent again: let the other side take a row twice.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #points: Points;
  #failure: string | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#points = new Points(options.outbox);
  }

  /** Sends until the signal aborts. */
  async run(): Promise<void> {
    const { log, signal } = this.#options;
    let wait = FIRST_WAIT;
    while (!signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (signal.aborted) return;
        if (this.#failure !== errorMessage(error)) log.warn(`not sent: ${errorMessage(error)}`);
        this.#failure = errorMessage(error);
        await delay(wait, undefined, { signal }).catch(errorMessage);
        wait = Math.min(2 * wait, LONGEST_WAIT);
        continue;
      }
      wait = FIRST_WAIT;
    }
  }

  health(): Health {
    return this.#failure === undefined ? { state: 'ok' } : { state: 'degraded', detail: this.#failure };
  }

  /** Sends all that there is, and then what comes. */
  async #follow(): Promise<void> {
    const { outbox, signal } = this.#options;
    const written = outbox.written()[Symbol.asyncIterator]();
    // The outbox may have nothing to say for a long time: the end does not wait for it.
    const ended = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => ended.resolve(), { once: true });
    try {
      while (!signal.aborted) {
        // Asked for first: what is written while the rest is sent is not missed.
        const next = written.next();
        for (const batchClass of CLASSES) await this.#drain(batchClass);
        this.#failure = undefined;
        await outbox.setLive(true);
        await Promise.race([next, ended.promise]);
      }
    } finally {
      void written.return?.();
    }
  }

  async #drain(batchClass: BatchClass): Promise<void> {
    const { outbox, signal } = this.#options;
    while (!signal.aborted) {
      const batches = await outbox.batches(batchClass, 0, BATCHES_AT_ONCE);
      if (batches.length === 0) return;
      for (const batch of batches) await this.#publish(batch);
    }
  }

  async #publish({ class: batchClass, sequence, schema, body }: Batch): Promise<void> {
    const { outbox, send } = this.#options;
    await this.#points.reach(schema);
    const rows = rowsOf(decodeBody(body), this.#points);
    if (rows.length > 0) await send(rows);
    await outbox.acknowledge(batchClass, [[sequence, sequence]]);
  }
}
