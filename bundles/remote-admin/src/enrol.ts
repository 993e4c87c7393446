import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { type EnrolmentRequest, type PendingEnrolment, shownFingerprint, signPossession } from '@rackwatt/fleet';
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import type { AuditLog } from './audit.js';
import type { Center } from './center.js';
import { codeOf } from './errors.js';
import type { Identity } from './identity.js';
import { pause } from './pause.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface EnrolmentParts {
  center: Center;
  identity: Identity;
  audit: AuditLog;
  /** What is shown at the center beside the key. */
  request: Omit<EnrolmentRequest, 'csr'>;
  signal: AbortSignal;
  /** ms between two questions, given the s that the center wants. */
  retryAfter?(seconds: number): number;
}

/**
 * Asks the center for a certificate until it gives one. Each step is durable before the next, and each may be repeated: the center
 * knows a request by its key.
 */
export async function enrol(parts: EnrolmentParts): Promise<void> {
  const { center, identity, audit, signal, request } = parts;
  const wait = parts.retryAfter ?? ((seconds: number) => Math.max(1, seconds) * 1000);
  while (identity.enrolled === undefined) {
    if (identity.root === undefined) {
      const { authority, root } = await center.authority(signal);
      await identity.pin(root, authority.operationsKeys);
    }
    const key = await identity.key();
    if (identity.pending === undefined) {
      const pending = await center.enrol({ ...request, csr: await requestOf(key) }, signal);
      await identity.await(pending);
      await audit.note('remote-admin', 'asked for enrolment', said(pending, identity));
    }
    const { id, retryAfter, claimCode } = identity.pending!;
    try {
      const answer = await center.enrolment(id, await signPossession(id, key), signal);
      if ('certificate' in answer) {
        await identity.enrol(answer);
        await audit.note('remote-admin', 'enrolled', `as ${answer.gateway} of ${answer.tenant}`);
        return;
      }
      if (answer.claimCode !== claimCode) {
        await identity.await(answer);
        await audit.note('remote-admin', 'has another claim code', said(answer, identity));
      }
    } catch (error) {
      if (codeOf(error) !== 'ENROLMENT_EXPIRED') throw error;
      await identity.restart();
      await audit.note('remote-admin', 'enrolment expired', 'it is asked for anew');
    }
    await pause(wait(retryAfter), signal);
  }
}

/** PKCS #10 in PEM. Its subject is of no importance: the center chooses. */
async function requestOf(key: KeyObject): Promise<string> {
  cryptoProvider.set(webcrypto);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=gateway',
    keys: {
      privateKey: key.toCryptoKey(ALGORITHM, true, ['sign']),
      publicKey: createPublicKey(key).toCryptoKey(ALGORITHM, true, ['verify']),
    },
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

function said({ claimCode }: PendingEnrolment, { fingerprint }: Identity): string {
  return `claim code ${claimCode}, key ${shownFingerprint(fingerprint!)}`;
}
