import { createHash } from 'node:crypto';
import { mkdir, open, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from 'rackwatt';
import { readIfThere, syncFolder } from './files.js';

/** Who did what, when. Each entry holds the digest of the one before. */
export interface AuditEntry {
  /** Rising by one. */
  number: number;
  /** ISO 8601, as far as this gateway knew. */
  time: string;
  /** `user root`, `center: alice`, `remote-admin`. */
  actor: string;
  action: string;
  detail: string;
  previous: string;
  digest: string;
}

/** Bytes before a further file is begun; one older file is kept. */
const LARGEST = 8 << 20;
const BEGINNING = '0'.repeat(64);

/** What happened here by remote administration, in a file that shows when somebody took something out of it. */
export class AuditLog {
  readonly #folder: string;
  readonly #now: () => number;
  #last: { number: number; digest: string };
  #size: number;
  #problem: string | undefined;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, now: () => number, read: Awaited<ReturnType<typeof readLog>>) {
    this.#folder = folder;
    this.#now = now;
    this.#last = read.last;
    this.#size = read.size;
    this.#problem = read.problem;
  }

  static async open(folder: string, now: () => number): Promise<AuditLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const read = await readLog(folder);
    // The end of an entry that a power cut tore.
    if (read.torn > 0) await truncate(fileOf(folder), read.size);
    return new AuditLog(folder, now, read);
  }

  /** What is wrong with the chain, in a sentence. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Settles when the entry is on the disk. */
  note(actor: string, action: string, detail = ''): Promise<void> {
    const written = this.#work.then(() => this.#append(actor, action, detail));
    this.#work = written.catch((error: unknown) => void errorMessage(error));
    return written;
  }

  /** Oldest first. */
  async entries(count = 1000): Promise<AuditEntry[]> {
    await this.#work;
    const read = await readLog(this.#folder);
    this.#problem = read.problem;
    return read.entries.slice(-count);
  }

  async #append(actor: string, action: string, detail: string): Promise<void> {
    if (this.#size > LARGEST) {
      await rename(fileOf(this.#folder), olderOf(this.#folder));
      this.#size = 0;
    }
    const facts = {
      number: this.#last.number + 1,
      time: new Date(this.#now()).toISOString(),
      actor: printable(actor, 200),
      action,
      detail: printable(detail, 2000),
      previous: this.#last.digest,
    };
    const entry = { ...facts, digest: digestOf(facts) };
    const line = `${JSON.stringify(entry)}\n`;
    const handle = await open(fileOf(this.#folder), 'a', 0o600);
    try {
      await handle.writeFile(line);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (this.#size === 0) await syncFolder(this.#folder);
    this.#size += Buffer.byteLength(line);
    this.#last = { number: entry.number, digest: entry.digest };
  }
}

async function readLog(folder: string) {
  const older = (await readIfThere(olderOf(folder))) ?? Buffer.alloc(0);
  const newer = (await readIfThere(fileOf(folder))) ?? Buffer.alloc(0);
  const size = newer.lastIndexOf(10) + 1;
  const entries: AuditEntry[] = [];
  let last = { number: 0, digest: BEGINNING };
  let problem: string | undefined;
  const lines = Buffer.concat([older, newer.subarray(0, size)])
    .toString()
    .split('\n')
    .slice(0, -1);
  for (const line of lines) {
    let entry: AuditEntry;
    try {
      entry = JSON.parse(line) as AuditEntry;
    } catch (error) {
      problem ??= `the audit log is damaged after entry ${last.number}: ${errorMessage(error)}`;
      continue;
    }
    const { digest, ...facts } = entry;
    // The oldest file was taken away in its time: there the chain begins with whatever comes first.
    const follows = entries.length === 0 || (facts.previous === last.digest && facts.number === last.number + 1);
    if (!follows || digest !== digestOf(facts))
      problem ??= `the audit log was altered: entry ${facts.number} does not follow entry ${last.number}`;
    entries.push(entry);
    last = { number: facts.number, digest };
  }
  return { entries, last, size, torn: newer.length - size, problem };
}

function digestOf(facts: Omit<AuditEntry, 'digest'>): string {
  const { number, time, actor, action, detail, previous } = facts;
  return createHash('sha256')
    .update(JSON.stringify([number, time, actor, action, detail, previous]))
    .digest('hex');
}

/** Names come from far away: nothing of them shall steer a terminal. */
function printable(text: string, length: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').slice(0, length);
}

function fileOf(folder: string): string {
  return join(folder, 'audit.jsonl');
}

function olderOf(folder: string): string {
  return join(folder, 'audit.1.jsonl');
}
