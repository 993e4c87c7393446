import type { Batch, BatchClass } from '@rackwatt/telemetry';
import type { RangeSet } from '@rackwatt/telemetry/wire';

export interface LaneOptions {
  class: BatchClass;
  /** Batches, and bytes of them, that may wait for the concentrator's acknowledgement. */
  window: number;
  windowBytes: number;
  /** Bytes that may be under way to the broker: what a lane can put before another one's batches on a slow line. */
  wireBytes: number;
  /** Bytes a second, at most; 0: as fast as acknowledgements come. */
  rate: number;
}

export interface LanePort {
  /** Batches of a class after a sequence, in order. */
  fetch(batchClass: BatchClass, after: number, limit: number): Promise<Batch[]>;
  /** Settles when the broker has it; rejects when the connection went. */
  publish(batch: Batch): Promise<void>;
  /** ms, monotonic. */
  now(): number;
  /** What went wrong with a fetch; the lane tries again when it is pumped next. */
  failed(error: unknown): void;
}

interface Flight {
  batch: Batch;
  first: number;
  last: number;
}

const FETCH = 32;

/**
 * One class of batches on its way: reads them from the outbox in order, keeps a window of them under way, and sends again what
 * is not acknowledged. Holds no only copy: closed and opened it begins anew with what the outbox has.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #port: LanePort;
  readonly #flights = new Map<number, Flight>();
  #queue: Batch[] = [];
  #cursor = 0;
  #bytes = 0;
  #onWire = 0;
  #generation = 0;
  #open = false;
  #pumping = false;
  #again = false;
  #caughtUp = false;
  #heard = false;
  #paced = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions, port: LanePort) {
    this.#options = options;
    this.#port = port;
  }

  /** Everything that the outbox has was sent. */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** Batches that wait for an acknowledgement. */
  get waiting(): number {
    return this.#flights.size;
  }

  /** Since when the oldest batch waits for its acknowledgement; undefined when none does. */
  get waitingSince(): number | undefined {
    let oldest: number | undefined;
    for (const { first } of this.#flights.values()) if (oldest === undefined || first < oldest) oldest = first;
    return oldest;
  }

  open(): void {
    this.#reset();
    this.#open = true;
    void this.pump();
  }

  close(): void {
    this.#reset();
  }

  #reset(): void {
    this.#generation++;
    this.#open = this.#caughtUp = this.#heard = false;
    this.#flights.clear();
    this.#queue = [];
    this.#cursor = this.#bytes = this.#onWire = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sends as much as the window lets. */
  async pump(): Promise<void> {
    this.#again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#fill();
      }
    } catch (error) {
      this.#port.failed(error);
    } finally {
      this.#pumping = false;
    }
  }

  #hasRoom(): boolean {
    const { window, windowBytes, wireBytes } = this.#options;
    if (!this.#open || this.#timer) return false;
    return this.#flights.size < window && this.#bytes < windowBytes && this.#onWire < wireBytes;
  }

  async #fill(): Promise<void> {
    while (this.#hasRoom()) {
      const batch = this.#queue.shift();
      if (batch) {
        this.#send(batch);
        continue;
      }
      const generation = this.#generation;
      const limit = Math.min(FETCH, this.#options.window - this.#flights.size);
      const found = await this.#port.fetch(this.#options.class, this.#cursor, limit);
      if (generation !== this.#generation) {
        this.#again = this.#open;
        return;
      }
      this.#caughtUp = found.length === 0;
      if (this.#caughtUp) return;
      this.#cursor = found.at(-1)!.sequence;
      this.#queue = found;
    }
  }

  #send(batch: Batch): void {
    const now = this.#port.now();
    this.#flights.set(batch.sequence, { batch, first: now, last: now });
    this.#bytes += batch.body.length;
    this.#put(batch);
    this.#pace(batch.body.length, now);
  }

  /** Waits after a batch as long as its bytes take at the rate. */
  #pace(bytes: number, now: number): void {
    if (this.#options.rate === 0) return;
    this.#paced = Math.max(now, this.#paced) + (bytes / this.#options.rate) * 1000;
    if (this.#paced - now < 5) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.pump();
    }, this.#paced - now);
  }

  #put(batch: Batch): void {
    const generation = this.#generation;
    this.#onWire += batch.body.length;
    const landed = (): void => {
      if (generation !== this.#generation) return;
      this.#onWire -= batch.body.length;
      void this.pump();
    };
    // A batch that did not arrive is not acknowledged, and goes again; why is told where the connection is kept.
    this.#port.publish(batch).then(landed, landed);
  }

  /** Forgets what the concentrator holds. */
  acknowledged(held: RangeSet): void {
    this.#heard = true;
    for (const [sequence, { batch }] of this.#flights) {
      if (!held.has(sequence)) continue;
      this.#flights.delete(sequence);
      this.#bytes -= batch.body.length;
    }
    this.#queue = this.#queue.filter(({ sequence }) => !held.has(sequence));
    void this.pump();
  }

  /**
   * Sends again what waits longer than `after` ms. While nothing at all is acknowledged only the oldest goes, to see whether
   * somebody listens again.
   */
  resend(after: number): void {
    const now = this.#port.now();
    for (const flight of this.#flights.values()) {
      if (now - flight.last < after) continue;
      flight.last = now;
      this.#put(flight.batch);
      if (!this.#heard) break;
    }
    if (this.#flights.size > 0) this.#heard = false;
  }
}
