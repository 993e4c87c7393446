import { centerError } from '../errors.js';
import type { Audit, Deed } from './audit.js';
import type { Database } from './database.js';

export interface EnrolmentRow {
  /** UUID. */
  id: string;
  state: 'pending' | 'approved' | 'denied' | 'expired';
  /** sha256 of the public key, in hex. */
  fingerprint: string;
  /** SubjectPublicKeyInfo in base64. */
  key: string;
  serial: string;
  model: string;
  runtime: string;
  /** From which it came. */
  address: string;
  created: number;
  expires: number;
  code: string;
  /** Wrong entries of the code. */
  wrong: number;
  /** Id, once it is approved. */
  gateway: string | null;
  decided: number | null;
  actor: string | null;
}

export type NewEnrolment = Pick<
  EnrolmentRow,
  'id' | 'fingerprint' | 'key' | 'serial' | 'model' | 'runtime' | 'address' | 'code'
>;

/** What a gateway becomes when it is approved. */
export interface Approval {
  gateway: string;
  name: string | null;
  /** PEM. */
  certificate: string;
  /** sha256 of its DER, in hex. */
  certificateDigest: string;
  certificateSerial: string;
  /** ms since 1970. */
  expires: number;
}

const DAY = 24 * 3600_000;
/** How long a person has to decide, and a denied key to stay denied. */
const PENDING = 7 * DAY;
/** How long an enrolment that came to nothing is remembered. */
const REMEMBERED = 30 * DAY;
const OPEN_AT_ONCE = 100;
const OPEN_PER_ADDRESS = 5;
const ENTRIES = 10;

/** Requests of gateways to be enrolled, and what persons made of them. */
export class Enrolments {
  readonly #database: Database;
  readonly #audit: Audit;

  constructor(database: Database, audit: Audit) {
    this.#database = database;
    this.#audit = audit;
  }

  /** The enrolment of a key: the one that it has, else a new one. @throws `FLEET_BUSY`, `FLEET_GATEWAY_REVOKED`, `FLEET_ENROLMENT_DENIED` */
  request(asked: NewEnrolment, now: number): EnrolmentRow {
    return this.#database.transaction(() => {
      this.#expire(now);
      const known = this.#database.one<EnrolmentRow>(
        "SELECT * FROM enrolment WHERE fingerprint = ? AND state != 'expired' ORDER BY created DESC LIMIT 1",
        asked.fingerprint,
      );
      if (known?.state === 'denied') throw denied();
      if (known?.gateway && this.#isRevoked(known.gateway))
        throw centerError(
          'FLEET_GATEWAY_REVOKED',
          'the gateway with this key was revoked; it can be enrolled again with a new key',
        );
      if (known) return known;
      this.#checkRoom(asked.address);
      this.#database.run(
        `INSERT INTO enrolment (id, state, fingerprint, key, serial, model, runtime, address, created, expires, code)
         VALUES (?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        asked.id,
        asked.fingerprint,
        asked.key,
        asked.serial,
        asked.model,
        asked.runtime,
        asked.address,
        now,
        now + PENDING,
        asked.code,
      );
      this.#audit.append({ actor: `address:${asked.address}`, now }, 'enrolment.request', asked.id, asked.fingerprint);
      return this.get(asked.id, now)!;
    });
  }

  get(id: string, now: number): EnrolmentRow | undefined {
    const row = this.#database.one<EnrolmentRow>('SELECT * FROM enrolment WHERE id = ?', id);
    return row?.state === 'pending' && row.expires <= now ? { ...row, state: 'expired' } : row;
  }

  /** Those that wait for a person, oldest first. */
  pending(now: number): EnrolmentRow[] {
    return this.#database.all("SELECT * FROM enrolment WHERE state = 'pending' AND expires > ? ORDER BY created", now);
  }

  /**
   * Whether somebody typed the code that the gateway shows. After ten wrong entries the gateway shows another one.
   * @param next the code that takes its place then
   * @returns entries that are left; `right` otherwise
   * @throws `FLEET_ENROLMENT_UNKNOWN`, `FLEET_ENROLMENT_DECIDED`, `FLEET_ENROLMENT_EXPIRED`
   */
  enter(id: string, code: string, next: string, deed: Deed): 'right' | { left: number } {
    return this.#database.transaction(() => {
      const { code: shown, wrong } = this.#open(id, deed.now);
      if (code === shown) return 'right';
      const left = ENTRIES - wrong - 1;
      if (left > 0) this.#database.run('UPDATE enrolment SET wrong = wrong + 1 WHERE id = ?', id);
      else this.#database.run('UPDATE enrolment SET wrong = 0, code = ? WHERE id = ?', next, id);
      this.#audit.append(deed, 'enrolment.code', id, left > 0 ? `wrong, ${left} left` : 'wrong, code replaced');
      return { left };
    });
  }

  /** @throws as `enter`, and `FLEET_GATEWAY_NAME` */
  approve(id: string, approval: Approval, deed: Deed): void {
    this.#database.transaction(() => {
      const { serial, model, runtime, fingerprint, address } = this.#open(id, deed.now);
      const { gateway, name, certificate, certificateDigest, certificateSerial, expires } = approval;
      if (name !== null && this.#database.one('SELECT 1 FROM gateway WHERE name = ? OR id = ?', name, name))
        throw centerError('FLEET_GATEWAY_NAME', `there is a gateway "${name}" already; choose another name`);
      this.#database.run(
        `INSERT INTO gateway (id, name, state, serial, model, runtime, fingerprint, address, enrolled, approvedBy, certificate,
           certificateDigest, certificateSerial, expires) VALUES (?, ?, 'active', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        gateway,
        name,
        serial,
        model,
        runtime,
        fingerprint,
        address,
        deed.now,
        deed.actor,
        certificate,
        certificateDigest,
        certificateSerial,
        expires,
      );
      this.#decide(id, 'approved', gateway, deed);
      this.#audit.append(deed, 'enrolment.approve', id, gateway);
    });
  }

  /** @throws as `enter` */
  deny(id: string, deed: Deed): void {
    this.#database.transaction(() => {
      this.#open(id, deed.now);
      this.#decide(id, 'denied', null, deed);
      this.#audit.append(deed, 'enrolment.deny', id);
    });
  }

  #decide(id: string, state: EnrolmentRow['state'], gateway: string | null, { now, actor }: Deed): void {
    this.#database.run(
      'UPDATE enrolment SET state = ?, gateway = ?, decided = ?, actor = ? WHERE id = ?',
      state,
      gateway,
      now,
      actor,
      id,
    );
  }

  #open(id: string, now: number): EnrolmentRow {
    const row = this.get(id, now);
    if (!row) throw unknown(id);
    if (row.state === 'expired') throw expired();
    if (row.state !== 'pending')
      throw centerError('FLEET_ENROLMENT_DECIDED', `the enrolment ${id} was ${row.state} by ${row.actor}`);
    return row;
  }

  #isRevoked(gateway: string): boolean {
    return this.#database.one<{ state: string }>('SELECT state FROM gateway WHERE id = ?', gateway)?.state !== 'active';
  }

  #checkRoom(address: string): void {
    const count = (where: string, ...values: string[]) =>
      this.#database.one<{ n: number }>(`SELECT count(*) n FROM enrolment WHERE state = 'pending'${where}`, ...values)!
        .n;
    if (count(' AND address = ?', address) >= OPEN_PER_ADDRESS)
      throw centerError('FLEET_BUSY', `${OPEN_PER_ADDRESS} enrolments from ${address} wait for approval already`);
    if (count('') >= OPEN_AT_ONCE)
      throw centerError('FLEET_BUSY', `${OPEN_AT_ONCE} enrolments wait for approval already; try again later`);
  }

  #expire(now: number): void {
    this.#database.run(
      "UPDATE enrolment SET state = 'expired' WHERE state IN ('pending', 'denied') AND expires <= ?",
      now,
    );
    this.#database.run("DELETE FROM enrolment WHERE state = 'expired' AND expires <= ?", now - REMEMBERED);
  }
}

export const unknown = (id: string) =>
  centerError(
    'FLEET_ENROLMENT_UNKNOWN',
    `there is no enrolment "${id.slice(0, 100)}"; "rackwatt fleet list" shows those that wait`,
  );
export const expired = () =>
  centerError(
    'FLEET_ENROLMENT_EXPIRED',
    'nobody decided on this enrolment in seven days; the gateway has to ask again',
  );
export const denied = () =>
  centerError('FLEET_ENROLMENT_DENIED', 'the enrolment of this gateway was denied at the center');
