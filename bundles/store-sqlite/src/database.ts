import type Sqlite from 'better-sqlite3';
import type { RackwattError } from 'rackwatt';
import { storeError } from './errors.js';

const VERSION = 1;

/**
 * A chunk's row id is its block's id times this, plus its point's id: rows of a table that is keyed by one rising
 * integer fill their pages, those of a compound key leave an eighth of them empty.
 */
export const POINTS_OF_BLOCK = 2 ** 24;

/**
 * `open` holds the readings of the newest samples, a row each, until a block of them is sealed: then they move into
 * `block` (times of the rows) and `chunk` (a point over these rows). Both grow at their end only, so that pages are full.
 */
const TABLES = `
  CREATE TABLE device (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, parts TEXT NOT NULL, interval REAL NOT NULL);
  CREATE TABLE location (device INTEGER NOT NULL, since REAL NOT NULL, place TEXT NOT NULL, PRIMARY KEY (device, since)) WITHOUT ROWID;
  CREATE TABLE source (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, name TEXT NOT NULL, device INTEGER NOT NULL,
    interval REAL NOT NULL, status TEXT NOT NULL, numbers TEXT NOT NULL DEFAULT '[]', doubled INTEGER NOT NULL DEFAULT 0, UNIQUE (gateway, name, device));
  CREATE TABLE point (id INTEGER PRIMARY KEY, device INTEGER NOT NULL, part TEXT NOT NULL, metric TEXT NOT NULL, basis TEXT NOT NULL, unit TEXT NOT NULL,
    UNIQUE (device, part, metric, basis));
  CREATE TABLE entry (gateway TEXT NOT NULL, epoch TEXT NOT NULL, version INTEGER NOT NULL, source INTEGER NOT NULL, numbers BLOB NOT NULL, points BLOB NOT NULL,
    PRIMARY KEY (gateway, epoch, version)) WITHOUT ROWID;
  CREATE TABLE applied (gateway TEXT NOT NULL, epoch TEXT NOT NULL, class TEXT NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY (gateway, epoch, class)) WITHOUT ROWID;
  CREATE TABLE open (head INTEGER NOT NULL, row INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (head, row)) WITHOUT ROWID;
  CREATE TABLE latest (source INTEGER PRIMARY KEY, points BLOB NOT NULL, times BLOB NOT NULL, numbers BLOB NOT NULL, quality BLOB NOT NULL, states BLOB NOT NULL);
  CREATE TABLE block (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL, rows INTEGER NOT NULL, readings INTEGER NOT NULL, times BLOB NOT NULL);
  CREATE INDEX block_time ON block (source, last, first);
  CREATE TABLE chunk (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, min REAL, max REAL, sum REAL, body BLOB NOT NULL);
  CREATE TABLE gap (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL, time REAL NOT NULL);
  CREATE INDEX gap_source ON gap (source, time);
  CREATE TABLE event (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, device TEXT, time REAL NOT NULL, record TEXT NOT NULL);
  CREATE INDEX event_time ON event (time);
`;

export interface DatabaseOptions {
  file: string;
  /** Bound of the file in bytes; 0 is none. */
  maxBytes: number;
}

/**
 * Opens the store's file, made when it is not there, for this process alone.
 * @throws STORE_OPEN_FAILED, STORE_LOCKED, STORE_TOO_NEW
 */
export function openDatabase(Database: typeof Sqlite, { file, maxBytes }: DatabaseOptions): Sqlite.Database {
  let db: Sqlite.Database | undefined;
  try {
    db = new Database(file, { timeout: 2000 });
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -16384');
    if (maxBytes > 0) db.pragma(`max_page_count = ${Math.max(16, Math.floor(maxBytes / pageSize(db)))}`);
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version > VERSION) {
      throw storeError(
        'STORE_TOO_NEW',
        `${file} was written by a newer store-sqlite (format ${version}, this one knows ${VERSION}): install the newer revision again.`,
        { file, version },
      );
    }
    if (version < VERSION) {
      const made = db;
      made.transaction(() => {
        made.exec(TABLES);
        made.pragma(`user_version = ${VERSION}`);
      })();
    }
    return db;
  } catch (error) {
    db?.close();
    const { code, message } = error as RackwattError;
    if (code === 'STORE_TOO_NEW') throw error;
    if (code === 'SQLITE_BUSY')
      throw storeError(
        'STORE_LOCKED',
        `${file} is open in another process: only one node can own a store.`,
        { file },
        error,
      );
    throw storeError(
      'STORE_OPEN_FAILED',
      `The store ${file} cannot be opened: ${message}. Check the folder's rights, or restore the file from a backup.`,
      { file },
      error,
    );
  }
}

export function pageSize(db: Sqlite.Database): number {
  return Number(db.pragma('page_size', { simple: true }));
}

/** What went wrong in a transaction, as one of this bundle's errors. */
export function writeError(error: unknown): Error {
  const { code, message } = error as RackwattError;
  if (typeof code === 'string' && code.startsWith('STORE_')) return error as RackwattError;
  if (code === 'SQLITE_FULL') {
    return storeError(
      'STORE_FULL',
      'The store has no room left: free space on its disk, raise "maxBytes", or keep fewer days ("rawDays"). Gateways keep what it does not take.',
      { sqlite: code },
      error,
    );
  }
  return storeError('STORE_WRITE_FAILED', `The store could not write: ${message}.`, { sqlite: code }, error);
}

/** Bytes in memory of their own: those of a BLOB column may lie at any offset of another buffer. */
export function copyOf(bytes: Uint8Array, from = 0, to = bytes.length): ArrayBuffer {
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy.buffer;
}

export function floatsOf(blob: Uint8Array): Float64Array {
  return new Float64Array(copyOf(blob), 0, blob.length >>> 3);
}

export function wordsOf(blob: Uint8Array): Uint32Array {
  return new Uint32Array(copyOf(blob), 0, blob.length >>> 2);
}

export function blobOf(array: Float64Array | Uint32Array | Uint16Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
