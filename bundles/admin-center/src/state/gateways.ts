import type { Report } from '@rackwatt/fleet';
import { centerError } from '../errors.js';
import type { Audit, Deed } from './audit.js';
import type { Database } from './database.js';

export interface GatewayRow {
  id: string;
  name: string | null;
  state: 'active' | 'revoked';
  serial: string;
  model: string;
  runtime: string;
  /** sha256 of its public key, in hex. */
  fingerprint: string;
  /** From which it asked to be enrolled. */
  address: string;
  enrolled: number;
  approvedBy: string;
  /** PEM. */
  certificate: string;
  certificateDigest: string;
  certificateSerial: string;
  expires: number;
  revoked: number | null;
  /** Of the last order that it was given. */
  sequence: number;
  /** The highest sequence that the gateway says it knows. */
  reached: number;
  reported: number | null;
  /** The last report, as JSON. */
  report: string | null;
}

/** A step on the way to a desired state. */
export interface OutcomeRow {
  id: number;
  gateway: string;
  sequence: number;
  time: number;
  phase: string;
  detail: string | null;
  changeId: string | null;
}

const SEEN = 100;
const OUTCOMES = 1000;

/** The enrolled gateways and what they said last. */
export class Gateways {
  readonly #database: Database;
  readonly #audit: Audit;

  constructor(database: Database, audit: Audit) {
    this.#database = database;
    this.#audit = audit;
  }

  list(): GatewayRow[] {
    return this.#database.all('SELECT * FROM gateway ORDER BY coalesce(name, id)');
  }

  /** How many there are, and how many of those that are active know later orders than they were given; one of these. */
  counts(): { gateways: number; ahead: number; first: string | null } {
    return this.#database.one(
      `SELECT count(*) gateways, count(id) FILTER (WHERE state = 'active' AND reached > sequence) ahead,
         min(id) FILTER (WHERE state = 'active' AND reached > sequence) first FROM gateway`,
    )!;
  }

  get(id: string): GatewayRow | undefined {
    return this.#database.one('SELECT * FROM gateway WHERE id = ?', id);
  }

  /**
   * By its id or the beginning of it, or its name.
   * @throws `FLEET_GATEWAY_UNKNOWN`
   */
  find(named: string): GatewayRow {
    const exact = this.#database.one<GatewayRow>('SELECT * FROM gateway WHERE id = ? OR name = ?', named, named);
    if (exact) return exact;
    // Ids are of letters and digits that mean nothing to LIKE.
    const begins = /^[a-z2-7]{4,26}$/.test(named)
      ? this.#database.all<GatewayRow>("SELECT * FROM gateway WHERE id LIKE ? || '%' LIMIT 2", named)
      : [];
    if (begins.length === 1) return begins[0]!;
    throw centerError(
      'FLEET_GATEWAY_UNKNOWN',
      begins.length > 1
        ? `several gateways begin with "${named}"; write more of the id`
        : `there is no gateway "${named.slice(0, 100)}"; "rackwatt fleet list" shows them`,
    );
  }

  byCertificate(digest: string): GatewayRow | undefined {
    return this.#database.one('SELECT * FROM gateway WHERE certificateDigest = ?', digest);
  }

  /** @throws `FLEET_GATEWAY_UNKNOWN` */
  revoke(id: string, deed: Deed): void {
    this.#database.transaction(() => {
      const changed = this.#database.run(
        "UPDATE gateway SET state = 'revoked', revoked = ? WHERE id = ? AND state = 'active'",
        deed.now,
        id,
      );
      if (changed > 0) this.#audit.append(deed, 'gateway.revoke', id);
    });
  }

  /** @returns false when it is a repeat, or older than the one before */
  report(id: string, report: Report, now: number): boolean {
    return this.#database.transaction(() => {
      const row = this.get(id);
      if (!row) return false;
      const isNew = this.#database.run('INSERT OR IGNORE INTO seen (gateway, report) VALUES (?, ?)', id, report.id) > 0;
      if (!isNew) return false;
      this.#database.run(
        'DELETE FROM seen WHERE gateway = ? AND id NOT IN (SELECT id FROM seen WHERE gateway = ? ORDER BY id DESC LIMIT ?)',
        id,
        id,
        SEEN,
      );
      const last = row.report === null ? undefined : (JSON.parse(row.report) as Report);
      if (last && last.boot === report.boot && last.number >= report.number) return false;
      const { desired } = report;
      this.#database.run(
        'UPDATE gateway SET report = ?, reported = ?, reached = max(reached, ?) WHERE id = ?',
        JSON.stringify(report),
        now,
        desired?.sequence ?? 0,
        id,
      );
      const isStep =
        desired &&
        (last?.desired?.sequence !== desired.sequence ||
          last.desired.phase !== desired.phase ||
          last.desired.detail !== desired.detail);
      if (isStep) this.#step(id, desired, now);
      return true;
    });
  }

  /** The highest sequence that a gateway says it knows. */
  reached(id: string, sequence: number): void {
    this.#database.run('UPDATE gateway SET reached = ? WHERE id = ? AND reached < ?', sequence, id, sequence);
  }

  /** Steps to desired states, newest first. */
  outcomes(id: string, limit: number): OutcomeRow[] {
    return this.#database.all('SELECT * FROM outcome WHERE gateway = ? ORDER BY id DESC LIMIT ?', id, limit);
  }

  #step(id: string, { sequence, phase, detail, transaction }: NonNullable<Report['desired']>, now: number): void {
    this.#database.run(
      'INSERT INTO outcome (gateway, sequence, time, phase, detail, changeId) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      sequence,
      now,
      phase,
      detail ?? null,
      transaction ?? null,
    );
    this.#database.run(
      'DELETE FROM outcome WHERE gateway = ? AND id NOT IN (SELECT id FROM outcome WHERE gateway = ? ORDER BY id DESC LIMIT ?)',
      id,
      id,
      OUTCOMES,
    );
  }
}
