import type { Store, StoreBatch } from '@rackwatt/telemetry';
import type { BatchBody } from '@rackwatt/telemetry/wire';
import { errorMessage } from 'rackwatt';
import { type Arrival, bodyOf } from './intake.js';
import { correct } from './time.js';

/** A durable message on its way to the store. */
export interface Entry {
  readonly id: number;
  readonly arrival: Exclude<Arrival, { kind: 'state' }>;
  readonly received: number;
  readonly offset: number;
  /** Decoded already; let go while many wait. */
  body?: BatchBody | undefined;
}

export interface ApplierEvents {
  /** The store has it. */
  done(entry: Entry): void;
  /** The store or the decoder refuses it for good. */
  refused(entry: Entry, reason: string): void;
  /** The store knows the schema only up to a version: what needs more waits. */
  schemaMissing(entry: Entry, after: number): void;
}

/** Batches of one call, at most, and what they may have in bytes. */
const MOST_BATCHES = 256;
const MOST_BYTES = 2 << 20;
/** With more waiting, bodies are decoded again when their turn comes. */
const KEPT_BODIES = 512;
const RETRY = 1000;

type StoreFailure = Error & {
  code?: string;
  context?: { gateway?: string; epoch?: string; after?: number; class?: string; sequence?: number };
};

/** Hands durable messages to the store in their order, many at a time, and again until it takes them. */
export class Applier {
  readonly #store: Store;
  readonly #events: ApplierEvents;
  #queue: Entry[] = [];
  /** What waits for a schema, by gateway and epoch. */
  readonly #blocked = new Map<string, Entry[]>();
  #running = false;
  #closed = false;
  #wake: () => void = () => undefined;
  #trouble: Error | undefined;

  constructor(store: Store, events: ApplierEvents) {
    this.#store = store;
    this.#events = events;
  }

  /** Why the store takes nothing at present. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** First entry of everything that waits for a schema. */
  blocked(): Entry[] {
    return [...this.#blocked.values()].map(([first]) => first!);
  }

  add(entry: Entry): void {
    const key = epochOf(entry);
    const blocked = entry.arrival.kind === 'schema' ? undefined : this.#blocked.get(key);
    if (this.#queue.length > KEPT_BODIES || blocked) entry.body = undefined;
    (blocked ?? this.#queue).push(entry);
    if (!this.#running && !this.#closed) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0 && !this.#closed) {
      const [first] = this.#queue;
      if (first!.arrival.kind === 'schema') await this.#describe(this.#queue.shift()!);
      else await this.#apply(this.#queue.splice(0, this.#batchesAtOnce()));
    }
    this.#running = false;
  }

  #batchesAtOnce(): number {
    let bytes = 0;
    let count = 0;
    for (const { arrival } of this.#queue) {
      if (arrival.kind === 'schema' || count === MOST_BATCHES || bytes > MOST_BYTES) break;
      bytes += arrival.payload.length;
      count++;
    }
    return count;
  }

  async #describe(entry: Entry): Promise<void> {
    const { message, sender } = entry.arrival as Extract<Arrival, { kind: 'schema' }>;
    try {
      await this.#store.describe(sender.key, message.epoch, message.entries);
    } catch (error) {
      await this.#failed([entry], error as StoreFailure);
      return;
    }
    this.#trouble = undefined;
    this.#events.done(entry);
    const key = epochOf(entry);
    const freed = this.#blocked.get(key);
    this.#blocked.delete(key);
    if (freed) this.#queue.unshift(...freed);
  }

  async #apply(entries: Entry[]): Promise<void> {
    const ready: Entry[] = [];
    const batches: StoreBatch[] = [];
    for (const entry of entries) {
      try {
        batches.push(storeBatch(entry));
        ready.push(entry);
      } catch (error) {
        this.#events.refused(entry, errorMessage(error));
      }
    }
    if (ready.length === 0) return;
    try {
      await this.#store.apply(batches);
    } catch (error) {
      // Corrected in place: to be decoded anew.
      for (const entry of ready) entry.body = undefined;
      await this.#failed(ready, error as StoreFailure);
      return;
    }
    this.#trouble = undefined;
    for (const entry of ready) this.#events.done(entry);
  }

  async #failed(entries: Entry[], error: StoreFailure): Promise<void> {
    const { code, context = {} } = error;
    if (this.#closed) return;
    if (code === 'STORE_SCHEMA_MISSING' && context.after !== undefined) {
      const key = `${context.gateway}\n${context.epoch}`;
      const mine = (entry: Entry): boolean => epochOf(entry) === key;
      const stopped = entries.filter(mine);
      if (stopped.length > 0) {
        this.#block(key, [
          ...stopped,
          ...this.#queue.filter((entry) => mine(entry) && entry.arrival.kind !== 'schema'),
        ]);
        this.#queue = this.#queue.filter((entry) => !mine(entry) || entry.arrival.kind === 'schema');
        this.#queue.unshift(...entries.filter((entry) => !mine(entry)));
        this.#events.schemaMissing(stopped[0]!, context.after);
        return;
      }
    }
    if (code === 'STORE_BATCH_INVALID') {
      const bad = entries.find((entry) => isBatch(entry, context));
      if (bad) {
        this.#events.refused(bad, error.message);
        this.#queue.unshift(...entries.filter((entry) => entry !== bad));
        return;
      }
    }
    this.#trouble = error;
    this.#queue.unshift(...entries);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RETRY);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #block(key: string, entries: Entry[]): void {
    for (const entry of entries) entry.body = undefined;
    this.#blocked.set(key, [...(this.#blocked.get(key) ?? []), ...entries]);
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }
}

function epochOf({ arrival }: Entry): string {
  return `${arrival.sender.key}\n${arrival.message.epoch}`;
}

function isBatch(
  { arrival }: Entry,
  { gateway, epoch, class: batchClass, sequence }: NonNullable<StoreFailure['context']>,
): boolean {
  const { kind, sender, message } = arrival;
  return (
    kind === batchClass &&
    kind !== 'schema' &&
    sender.key === gateway &&
    message.epoch === epoch &&
    message.sequence === sequence
  );
}

/** @throws WIRE_INVALID */
function storeBatch(entry: Entry): StoreBatch {
  const { sender, message } = entry.arrival as Exclude<Arrival, { kind: 'schema' | 'state' }>;
  const body = entry.body ?? bodyOf(message);
  correct(message, body, entry.offset, entry.received);
  const { epoch, class: batchClass, sequence, schema } = message;
  const { samples, gaps, events, statuses } = body;
  return { gateway: sender.key, epoch, class: batchClass, sequence, schema, samples, gaps, events, statuses };
}
