import type Sqlite from 'better-sqlite3';
import { errorMessage } from 'rackwatt';
import { ingestError } from '../errors.js';
import type { Commit, JournalContent, JournalOptions, JournalRow, LaneRow, VersionRow } from './protocol.js';
import type { Range } from '@rackwatt/telemetry/wire';

const VERSION = 1;

const TABLES = `
  CREATE TABLE message (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, received REAL NOT NULL, offset REAL NOT NULL);
  CREATE TABLE refused (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL, received REAL NOT NULL, offset REAL NOT NULL);
  CREATE TABLE lane (tenant TEXT NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL, class TEXT NOT NULL, ranges TEXT NOT NULL,
    PRIMARY KEY (tenant, gateway, epoch, class)) WITHOUT ROWID;
  CREATE TABLE version (gateway TEXT NOT NULL, epoch TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (gateway, epoch)) WITHOUT ROWID;
`;

/** The journal's database: messages that are acknowledged, or about to be, and not in the store yet. */
export class JournalFile {
  readonly #db: Sqlite.Database;
  readonly #commit: Sqlite.Transaction<(commit: Commit) => void>;

  /** @throws JOURNAL_OPEN_FAILED */
  constructor(Database: typeof Sqlite, { file, maxBytes }: JournalOptions) {
    let db: Sqlite.Database | undefined;
    try {
      db = new Database(file, { timeout: 2000 });
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma(
        `max_page_count = ${Math.max(64, Math.floor(maxBytes / Number(db.pragma('page_size', { simple: true }))))}`,
      );
      const version = Number(db.pragma('user_version', { simple: true }));
      if (version > VERSION)
        throw ingestError(
          'JOURNAL_OPEN_FAILED',
          `${file} was written by a newer revision of ingest: install that one again.`,
          { file },
        );
      if (version < VERSION) db.exec(`BEGIN; ${TABLES} PRAGMA user_version = ${VERSION}; COMMIT`);
    } catch (error) {
      db?.close();
      throw ingestError(
        'JOURNAL_OPEN_FAILED',
        `The journal ${file} cannot be opened: ${errorMessage(error)}.`,
        { file },
        error,
      );
    }
    this.#db = db;
    const remove = db.prepare('DELETE FROM message WHERE id = ?');
    const setAside = db.prepare('INSERT OR IGNORE INTO refused SELECT * FROM message WHERE id = ?');
    const insert = db.prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?)');
    const lane = db.prepare('INSERT OR REPLACE INTO lane VALUES (?, ?, ?, ?, ?)');
    const schema = db.prepare('INSERT OR REPLACE INTO version VALUES (?, ?, ?)');
    this.#commit = db.transaction(({ rows, lanes, versions, done, refused }: Commit) => {
      for (const id of refused) {
        setAside.run(id);
        remove.run(id);
      }
      for (const id of done) remove.run(id);
      for (const { id, topic, payload, received, offset } of rows) insert.run(id, topic, payload, received, offset);
      for (const { tenant, gateway, epoch, class: batchClass, ranges } of lanes)
        lane.run(tenant, gateway, epoch, batchClass, JSON.stringify(ranges));
      for (const { gateway, epoch, version } of versions) schema.run(gateway, epoch, version);
    });
  }

  load(): JournalContent {
    const rows = this.#db.prepare<[], JournalRow>('SELECT * FROM message ORDER BY id').all();
    const lanes = this.#db.prepare<[], Omit<LaneRow, 'ranges'> & { ranges: string }>('SELECT * FROM lane').all();
    const versions = this.#db.prepare<[], VersionRow>('SELECT * FROM version').all();
    // Rows that were set aside keep their ids.
    const last = this.#db
      .prepare('SELECT max(coalesce((SELECT max(id) FROM message), 0), coalesce((SELECT max(id) FROM refused), 0))')
      .pluck()
      .get() as number;
    return {
      rows,
      lanes: lanes.map((row) => ({ ...row, ranges: JSON.parse(row.ranges) as Range[] })),
      versions,
      nextId: last + 1,
    };
  }

  /** Durable when it returns. @throws JOURNAL_FULL, JOURNAL_WRITE_FAILED */
  commit(commit: Commit): void {
    try {
      this.#commit(commit);
    } catch (error) {
      if ((error as { code?: string }).code === 'SQLITE_FULL') {
        throw ingestError(
          'JOURNAL_FULL',
          'The journal has no room left, so nothing is acknowledged: free space on its disk, raise "journalBytes", or see why the store does not take what is in it.',
          {},
          error,
        );
      }
      throw ingestError(
        'JOURNAL_WRITE_FAILED',
        `The journal cannot be written, so nothing is acknowledged: ${errorMessage(error)}.`,
        {},
        error,
      );
    }
  }

  close(): void {
    this.#db.close();
  }
}
