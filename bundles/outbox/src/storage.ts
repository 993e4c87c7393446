import type Database from 'better-sqlite3';
import { renameSync } from 'node:fs';
import { errorRecord, type RackwattError } from 'rackwatt';
import type { BatchClass } from '@rackwatt/telemetry';
import { systemClock, type Range } from '@rackwatt/telemetry/wire';
import { BODY_BYTES, estimate, type Records } from './bodies.js';
import { outboxError } from './errors.js';
import { checkedClass, checkedRanges, OutboxFile, type FileOptions } from './file.js';
import type { Request, WorkerStart } from './protocol.js';

/** Time between the beginnings of two commits, ms, as long as less than a full body waits: a busy outbox writes fewer, larger batches. */
const LINGER = 20;
/** Time between two tries to open the file, ms. */
const REOPEN = 1000;
/** Most batches that one call gives. */
const MOST_BATCHES = 1000;

interface Waiting {
  append?: { records: Records; live: boolean };
  acknowledged?: { class: BatchClass; ranges: Range[] };
  settle: () => void;
  fail: (error: unknown) => void;
}

export interface StorageEvents {
  written(classes: BatchClass[]): void;
  notice(text: string): void;
}

/**
 * The outbox's file behind calls that wait: what comes while a commit runs goes into the next one. Opens the file when first
 * called, and again after it failed; a damaged file is moved aside.
 */
export class Storage {
  readonly #SQLite: typeof Database;
  readonly #options: FileOptions;
  readonly #events: StorageEvents;
  #file: OutboxFile | undefined;
  #refused: { until: number; error: RackwattError } | undefined;
  #suspect = false;
  #live: boolean;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #lastCommit = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(SQLite: typeof Database, start: Omit<WorkerStart, 'sqlite'> & { pages?: number }, events: StorageEvents) {
    const clock = systemClock();
    const { path, maxBytes, live, pages } = start;
    this.#SQLite = SQLite;
    this.#options = { path, maxBytes, stamp: () => clock.stamp(), ...(pages ? { pages } : {}) };
    this.#live = live;
    this.#events = events;
  }

  async call(request: Request): Promise<unknown> {
    switch (request.method) {
      case 'append': {
        const [records] = request.arguments;
        return this.#commit({ append: { records, live: this.#live } }, estimate(records));
      }
      case 'acknowledge': {
        const [name, ranges] = request.arguments;
        return this.#commit({ acknowledged: { class: checkedClass(name), ranges: checkedRanges(ranges) } }, 0);
      }
      case 'setLive':
        this.#live = request.arguments[0];
        // Nothing waits for it, but what was dropped can be told from now on.
        return this.#live ? this.#commit({}, 0) : undefined;
      case 'describe':
        return this.#use((file) => file.entries.describe(...request.arguments));
      case 'lastNumber':
        return this.#use((file) => file.lastNumber(request.arguments[0]));
      case 'batches': {
        const [name, after, limit] = request.arguments;
        return this.#use((file) => file.batches(checkedClass(name), after, Math.min(limit, MOST_BATCHES)));
      }
      case 'schema':
        return this.#use((file) => file.entries.after(request.arguments[0]));
      case 'status':
        return this.#use((file) => file.status());
      case 'close':
        return this.#close();
    }
  }

  #commit(what: Pick<Waiting, 'append' | 'acknowledged'>, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...what, settle: resolve, fail: reject });
      this.#bytes += bytes;
      this.#schedule();
    });
  }

  /** At once when the last commit is long ago or a body is full; else a little later. */
  #schedule(): void {
    if (this.#immediate) return;
    const wait = this.#bytes >= BODY_BYTES ? 0 : this.#lastCommit + LINGER - performance.now();
    if (wait > 0) {
      this.#timer ??= setTimeout(() => this.#flush(), wait);
      return;
    }
    this.#immediate = setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
    const group = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#lastCommit = performance.now();
    this.#write(group);
  }

  #write(group: Waiting[]): void {
    try {
      const written = this.#use((file) =>
        file.commit({
          appends: group.flatMap(({ append }) => append ?? []),
          acknowledged: group.flatMap(({ acknowledged }) => acknowledged ?? []),
          live: this.#live,
        }),
      );
      for (const { settle } of group) settle();
      if (written.length > 0) this.#events.written(written);
    } catch (error) {
      const { code } = errorRecord(error);
      // One record that cannot be carried must not take its neighbours with it.
      if (group.length > 1 && (code === 'WIRE_INVALID' || code === 'OUTBOX_TOO_LARGE'))
        for (const one of group) this.#write([one]);
      else for (const { fail } of group) fail(error);
    }
  }

  #use<T>(work: (file: OutboxFile) => T): T {
    const file = (this.#file ??= this.#open());
    try {
      return work(file);
    } catch (thrown) {
      const error = outboxError(this.#options.path, thrown);
      if (error.code === 'OUTBOX_DAMAGED') {
        this.#suspect = true;
        this.#forget(file);
      }
      throw error;
    }
  }

  #forget(file: OutboxFile): void {
    this.#file = undefined;
    try {
      file.close();
    } catch (error) {
      this.#events.notice(`The outbox could not be closed: ${errorRecord(error).message}`);
    }
  }

  #open(): OutboxFile {
    if (this.#refused && performance.now() < this.#refused.until) throw this.#refused.error;
    try {
      const file = this.#openSound();
      this.#refused = undefined;
      return file;
    } catch (thrown) {
      const error = outboxError(this.#options.path, thrown);
      this.#refused = { until: performance.now() + REOPEN, error };
      throw error;
    }
  }

  #openSound(): OutboxFile {
    try {
      const file = new OutboxFile(this.#SQLite, this.#options);
      if (!this.#suspect || file.sound()) return file;
      file.close();
    } catch (error) {
      if (outboxError(this.#options.path, error).code !== 'OUTBOX_DAMAGED') throw error;
    }
    this.#suspect = false;
    this.#moveAside();
    return new OutboxFile(this.#SQLite, this.#options);
  }

  /** Keeps a damaged file for whoever wants to save what is in it. */
  #moveAside(): void {
    const { path } = this.#options;
    const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
    for (const suffix of ['-wal', '-shm', '']) {
      try {
        renameSync(path + suffix, aside + suffix);
      } catch (error) {
        if (errorRecord(error).code !== 'ENOENT') throw error;
      }
    }
    this.#events.notice(
      `The outbox ${path} was damaged and is now ${aside}; what waited in it is not sent. A new outbox was begun.`,
    );
  }

  #close(): void {
    if (this.#waiting.length > 0) this.#flush();
    this.#file?.close();
    this.#file = undefined;
  }
}
