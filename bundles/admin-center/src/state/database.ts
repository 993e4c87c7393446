import type Sqlite from 'better-sqlite3';
import { errorMessage, errorRecord, RackwattError } from 'rackwatt';
import { centerError } from '../errors.js';
import { LAYOUT, TABLES } from './tables.js';

type Value = string | number | null;

/** The center's file: SQLite whose log is synced at each commit. Synchronous, for a thread of its own. */
export class Database {
  readonly #path: string;
  readonly #database: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement>();

  /** @throws `FLEET_STATE` */
  constructor(SQLite: typeof Sqlite, path: string) {
    this.#path = path;
    this.#database = this.#guard(() => new SQLite(path, { timeout: 1000 }));
    try {
      this.#guard(() => this.#open());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #open(): void {
    // Held until the process ends: two centers on one folder would give two gateways orders under one number.
    this.#database.pragma('locking_mode = EXCLUSIVE');
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    this.#database.exec(TABLES);
    const layout = this.one<{ value: number }>("SELECT value FROM meta WHERE key = 'layout'")?.value ?? LAYOUT;
    if (layout !== LAYOUT)
      throw centerError(
        'FLEET_STATE',
        `${this.#path} was written by a later version (layout ${layout}); go back to that version`,
      );
    this.run("INSERT OR IGNORE INTO meta VALUES ('layout', ?)", LAYOUT);
  }

  one<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** @returns rows that it changed */
  run(sql: string, ...values: Value[]): number {
    return this.#statement(sql).run(...values).changes;
  }

  /** All that `work` does, or nothing of it; on the disk when it returns. @throws `FLEET_STATE`, and what `work` throws */
  transaction<T>(work: () => T): T {
    return this.#guard(() => this.#database.transaction(work).immediate());
  }

  close(): void {
    this.#database.close();
  }

  #statement(sql: string): Sqlite.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof RackwattError) throw error;
      const { code } = errorRecord(error);
      throw centerError('FLEET_STATE', `${this.#path}: ${errorMessage(error)} (${code ?? 'no code'})`, {
        cause: error,
      });
    }
  }
}
