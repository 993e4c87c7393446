import { createHash } from 'node:crypto';
import type { Database } from './database.js';

/** Who did what to what, and what came of it. Each names the digest of the one before, so that none can be changed or taken out. */
export interface AuditRecord {
  /** From 1, without gaps. */
  n: number;
  /** ms since 1970. */
  time: number;
  actor: string;
  action: string;
  object: string;
  result: string;
  /** sha256 of the record before, in hex. */
  prev: string;
}

/** Who does something, and when. */
export interface Deed {
  actor: string;
  /** ms since 1970. */
  now: number;
}

export interface AuditCheck {
  records: number;
  /** Digest of the last one: whoever noted it elsewhere sees whether the end was cut off. */
  head: string;
  /** Number of the first record that does not follow from the one before. */
  broken?: number;
}

const FIRST = '0'.repeat(64);

/** The chain of what was done. Records are written with what they are about, in one transaction. */
export class Audit {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Inside a transaction. */
  append({ actor, now }: Deed, action: string, object: string, result = 'done'): void {
    const last = this.#database.one<AuditRecord>('SELECT * FROM audit ORDER BY n DESC LIMIT 1');
    this.#database.run(
      'INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)',
      (last?.n ?? 0) + 1,
      now,
      actor.slice(0, 200),
      action,
      object.slice(0, 500),
      result.slice(0, 500),
      last ? digestOf(last) : FIRST,
    );
  }

  /** What changed nothing else. */
  note(deed: Deed, action: string, object: string, result: string): void {
    this.#database.transaction(() => this.append(deed, action, object, result));
  }

  /** Newest first. */
  list(limit: number, before = Number.MAX_SAFE_INTEGER): AuditRecord[] {
    return this.#database.all('SELECT * FROM audit WHERE n < ? ORDER BY n DESC LIMIT ?', before, limit);
  }

  check(): AuditCheck {
    let [records, head] = [0, FIRST];
    for (;;) {
      const page = this.#database.all<AuditRecord>('SELECT * FROM audit WHERE n > ? ORDER BY n LIMIT 1000', records);
      for (const record of page) {
        if (record.n !== records + 1 || record.prev !== head) return { records, head, broken: records + 1 };
        head = digestOf(record);
        records = record.n;
      }
      if (page.length < 1000) return { records, head };
    }
  }
}

function digestOf({ n, time, actor, action, object, result, prev }: AuditRecord): string {
  return createHash('sha256')
    .update(JSON.stringify([n, time, actor, action, object, result, prev]))
    .digest('hex');
}
