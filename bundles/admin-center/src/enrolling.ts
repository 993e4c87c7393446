import { createPublicKey, randomUUID } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import {
  certificateFingerprint,
  type Enrolment,
  enrolmentRequest,
  fingerprintOf,
  newClaimCode,
  newGatewayId,
  type PendingEnrolment,
  POSSESSION_SCHEME,
  provesPossession,
  readClaimCode,
} from '@rackwatt/fleet';
import type { Authority } from './authority/authority.js';
import { requestedKey } from './authority/request.js';
import { type Changes, ENROLMENTS } from './changes.js';
import { centerError } from './errors.js';
import type { Deed } from './state/audit.js';
import { denied, type EnrolmentRow, expired, unknown } from './state/enrolments.js';
import type { State } from './state/state.js';

/** s between two looks of a gateway that waits for approval. */
const RETRY = 5;
const GATEWAY_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;

export interface EnrollingParts {
  authority: Authority;
  state: State;
  changes: Changes;
}

/** Takes requests of gateways, and lets persons decide on them. */
export class Enrolling {
  readonly #authority: Authority;
  readonly #state: State;
  readonly #changes: Changes;

  constructor({ authority, state, changes }: EnrollingParts) {
    this.#authority = authority;
    this.#state = state;
    this.#changes = changes;
  }

  /**
   * The enrolment of a gateway's key: asked twice, the same.
   * @throws `FLEET_MESSAGE`, `FLEET_CSR`, `FLEET_BUSY`, `FLEET_ENROLMENT_DENIED`, `FLEET_GATEWAY_REVOKED`
   */
  async request(body: Buffer, address: string, now: number): Promise<PendingEnrolment> {
    const { csr, serial, model, runtime } = enrolmentRequest.parse(body);
    const key = await requestedKey(csr);
    const row = await this.#state.enrolments.request(
      {
        id: randomUUID(),
        code: newClaimCode(),
        fingerprint: fingerprintOf(key),
        key: key.export({ type: 'spki', format: 'der' }).toString('base64'),
        serial: visible(serial),
        model: visible(model),
        runtime: visible(runtime),
        address,
      },
      now,
    );
    this.#changes.touch(ENROLMENTS);
    return pendingOf(row);
  }

  /**
   * How it stands, for the holder of its key.
   * @param authorization `PoP <JWS>`
   * @throws `FLEET_IDENTITY`, `FLEET_ENROLMENT_UNKNOWN`, `FLEET_ENROLMENT_DENIED`, `FLEET_ENROLMENT_EXPIRED`, `FLEET_GATEWAY_REVOKED`
   */
  async status(id: string, authorization: string | undefined, now: number): Promise<Enrolment | PendingEnrolment> {
    const [scheme, proof = '', more] = (authorization ?? '').split(' ');
    const row = await this.#state.enrolments.get(id, now);
    const isProved =
      row !== undefined &&
      scheme === POSSESSION_SCHEME &&
      more === undefined &&
      (await provesPossession(
        proof,
        id,
        createPublicKey({ key: Buffer.from(row.key, 'base64'), type: 'spki', format: 'der' }),
      ));
    // Whoever does not hold the key does not learn whether there is such an enrolment.
    if (!isProved) throw centerError('FLEET_IDENTITY', 'an enrolment is told to the holder of its key alone');
    if (row.state === 'pending') return pendingOf(row);
    if (row.state === 'denied') throw denied();
    if (row.state === 'expired' || row.gateway === null) throw expired();
    const gateway = await this.#state.gateways.get(row.gateway);
    if (gateway?.state !== 'active')
      throw centerError('FLEET_GATEWAY_REVOKED', 'this gateway was revoked at the center');
    const { certificates, tenant, operationsKeys } = this.#authority.published();
    return { gateway: gateway.id, tenant, certificate: gateway.certificate, chain: certificates, operationsKeys };
  }

  pending(now: number): Promise<EnrolmentRow[]> {
    return this.#state.enrolments.pending(now);
  }

  /**
   * The one that waits and that is meant by its id or fingerprint, or the beginning of one of them.
   * @throws `FLEET_ENROLMENT_UNKNOWN`
   */
  async find(named: string, now: number): Promise<EnrolmentRow> {
    const text = named.toLowerCase().replaceAll(' ', '');
    const found = (await this.pending(now)).filter(
      ({ id, fingerprint }) => text.length >= 4 && (id.startsWith(text) || fingerprint.startsWith(text)),
    );
    if (found.length === 1) return found[0]!;
    if (found.length > 1)
      throw centerError('FLEET_ENROLMENT_UNKNOWN', `several enrolments begin with "${named}"; write more of it`);
    const decided = await this.#state.enrolments.get(text, now);
    if (decided?.state === 'expired') throw expired();
    if (decided)
      throw centerError(
        'FLEET_ENROLMENT_DECIDED',
        `the enrolment ${decided.id} was ${decided.state} by ${decided.actor}`,
      );
    throw unknown(named);
  }

  /**
   * Makes a gateway of it. @param typed the claim code that the gateway shows @param name for people, unique
   * @returns id of the gateway
   * @throws `FLEET_CLAIM_CODE`, `FLEET_ENROLMENT_UNKNOWN`, `FLEET_ENROLMENT_DECIDED`, `FLEET_ENROLMENT_EXPIRED`, `FLEET_GATEWAY_NAME`
   */
  async approve(named: string, typed: string, name: string | undefined, deed: Deed): Promise<string> {
    if (name !== undefined && !GATEWAY_NAME.test(name))
      throw centerError(
        'FLEET_GATEWAY_NAME',
        `"${name}" cannot name a gateway; take small letters, digits, dots, dashes, at most 64`,
      );
    const { id, key } = await this.find(named, deed.now);
    const code = readClaimCode(typed) ?? '';
    const entered = await this.#state.enrolments.enter(id, code, newClaimCode(), deed);
    if (entered !== 'right') {
      this.#changes.touch(ENROLMENTS);
      const then = entered.left > 0 ? `${entered.left} tries are left` : 'the gateway shows another code now';
      throw centerError('FLEET_CLAIM_CODE', `that is not the code that the gateway shows; ${then}`);
    }
    const gateway = newGatewayId();
    const publicKey = createPublicKey({ key: Buffer.from(key, 'base64'), type: 'spki', format: 'der' });
    const pem = await this.#authority.certify(publicKey, gateway, deed.now);
    const certificate = new X509Certificate(pem);
    await this.#state.enrolments.approve(
      id,
      {
        gateway,
        name: name ?? null,
        certificate: pem,
        certificateDigest: certificateFingerprint(certificate),
        certificateSerial: certificate.serialNumber,
        expires: Date.parse(certificate.validTo),
      },
      deed,
    );
    this.#changes.touch(ENROLMENTS);
    this.#changes.touch(gateway);
    return gateway;
  }

  /** @throws `FLEET_ENROLMENT_UNKNOWN`, `FLEET_ENROLMENT_DECIDED`, `FLEET_ENROLMENT_EXPIRED` */
  async deny(named: string, deed: Deed): Promise<void> {
    const { id } = await this.find(named, deed.now);
    await this.#state.enrolments.deny(id, deed);
    this.#changes.touch(ENROLMENTS);
  }
}

function pendingOf({ id, code, fingerprint, expires }: EnrolmentRow): PendingEnrolment {
  return { id, claimCode: code, fingerprint, retryAfter: RETRY, expires: Math.floor(expires / 1000) };
}

/** What a stranger says of itself, as one line: nothing in it can move a cursor or hide what follows. */
function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').trim();
}
