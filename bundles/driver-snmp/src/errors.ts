import { errorMessage, RackwattError } from 'rackwatt';
import type { Endpoint } from './address.js';
import type { Security } from './credentials.js';

/** What is known when a request fails. */
export interface Circumstances {
  endpoint: Endpoint;
  security: Security;
  tries: number;
  /** ms of one try. */
  timeout: number;
  /** Packets that were no SNMP since the request was sent. */
  garbage: number;
  /** A v3 engine told who it is. */
  discovered: boolean;
  /** An answer to a request of this session was understood before. */
  heard: boolean;
}

type Failure = Error & { code?: unknown; status?: unknown; syscall?: unknown };

/** Error status of a response PDU (RFC 3416 section 3); code `SNMP_STATUS`, handled inside the driver. */
export const STATUS = {
  tooBig: 1,
  noSuchName: 2,
  badValue: 3,
  readOnly: 4,
  noAccess: 6,
  authorizationError: 16,
  notWritable: 17,
} as const;

/** What reports of the user-based security model mean (RFC 3414 section 3.2), by how net-snmp words them. */
const REPORTS: readonly [pattern: RegExp, code: string, sentence: (user: string) => string][] = [
  [
    /^Unknown User Name/,
    'DEVICE_UNKNOWN_USER',
    (user) => `does not know the SNMPv3 user '${user}': create it on the device or correct the name`,
  ],
  [
    /^Wrong Digest|^Authentication digest/,
    'DEVICE_WRONG_KEY',
    (user) => `knows the user '${user}' but not this authentication key: check authKey and authProtocol`,
  ],
  [
    /^Decryption Error|^Failed to decrypt/,
    'DEVICE_WRONG_KEY',
    (user) => `cannot decrypt what user '${user}' sends: check privKey and privProtocol`,
  ],
  [
    /^Unsupported Security Level/,
    'DEVICE_REFUSED',
    (user) =>
      `does not take user '${user}' at this security level: check which of authentication and privacy it has there`,
  ],
];

const REPAIRABLE = /^Not In Time Window|^Unknown Engine ID|outside the time window|^Unexpected Report/;
const OUT_OF_TIME_WINDOW = 14;

/** Whether a new session to the same device can help: its engine restarted or its clock moved. */
export function isRepairable(error: unknown): boolean {
  const failure = error as Failure;
  return (
    failure.name === 'ResponseInvalidError' && (failure.code === OUT_OF_TIME_WINDOW || REPAIRABLE.test(failure.message))
  );
}

/** The status of a failed PDU, if that is what the error is. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof RackwattError) || error.code !== 'SNMP_STATUS') return undefined;
  return error.context['status'] as number;
}

/**
 * Says what is wrong as far as can be known. Errors of net-snmp are not kept as cause: some carry the user's keys.
 * @returns RackwattError with a code of `DRIVER_ERRORS`, or `SNMP_STATUS` for a PDU that the agent answered with an error
 */
export function explainFailure(error: unknown, seen: Circumstances): RackwattError {
  if (error instanceof RackwattError) return error;
  const failure = error as Failure;
  const { endpoint, security } = seen;
  const host = endpoint.text;
  const context = { address: host };
  switch (failure.name) {
    case 'RequestTimedOutError':
      return explainSilence(seen);
    case 'RequestFailedError': {
      const oid = /: ([\d.]+)$/.exec(failure.message)?.[1];
      return new RackwattError('SNMP_STATUS', `${host} answered ${failure.message}.`, {
        context: { ...context, status: failure.status, oid },
      });
    }
    case 'ResponseInvalidError': {
      const user = security.version === 3 ? security.user.name : '';
      for (const [pattern, code, sentence] of REPORTS) {
        if (pattern.test(failure.message)) return new RackwattError(code, `${host} ${sentence(user)}.`, { context });
      }
      if (isRepairable(failure)) {
        return new RackwattError(
          'DEVICE_GARBAGE',
          `${host} keeps rejecting the time of its own SNMPv3 engine: restart the device's agent.`,
          { context },
        );
      }
      return garbage(host, failure.message);
    }
    default:
  }
  if (failure.message === 'Socket forcibly closed') return sessionGone(host);
  if (typeof failure.syscall === 'string') {
    return new RackwattError(
      'DEVICE_NO_ANSWER',
      `Nothing can be sent to ${host} (${String(failure.code)}): check the address and the network.`,
      { context },
    );
  }
  return garbage(host, errorMessage(failure));
}

/** Why a request got no answer. */
export function explainSilence(seen: Circumstances): RackwattError {
  const host = seen.endpoint.text;
  const context = { address: host };
  if (seen.garbage > 0) return garbage(host, `${seen.garbage} packets that are no SNMP`);
  const tries = `${seen.tries} ${seen.tries === 1 ? 'try' : 'tries'} of ${seconds(seen.timeout)}`;
  const { security } = seen;
  if (security.version !== 3) {
    const advice = 'check the address, the community and the access list of the device';
    return new RackwattError('DEVICE_NO_ANSWER', `${host} did not answer in ${tries}: ${advice}.`, { context });
  }
  if (seen.discovered && !seen.heard && security.user.privKey !== undefined) {
    // Agents whose decryption yields no PDU drop the request without a report.
    return new RackwattError(
      'DEVICE_WRONG_KEY',
      `${host} told its engine but did not answer user '${security.user.name}' in ${tries}: most likely privKey or privProtocol is wrong.`,
      { context },
    );
  }
  const advice = seen.discovered
    ? 'it told its engine before, so check the user and the network'
    : 'check the address and the access list of the device';
  return new RackwattError('DEVICE_NO_ANSWER', `${host} did not answer in ${tries}: ${advice}.`, { context });
}

export function garbage(host: string, what: string): RackwattError {
  return new RackwattError('DEVICE_GARBAGE', `${host} answers what is no proper SNMP: ${what}.`, {
    context: { address: host },
  });
}

export function sessionGone(host: string): RackwattError {
  return new RackwattError('DEVICE_SESSION_GONE', `The session to ${host} is closed: open it again.`, {
    context: { address: host },
  });
}

export function deadlinePassed(host: string, requests: number): RackwattError {
  return new RackwattError(
    'DEVICE_NO_ANSWER',
    `${host} did not finish in time, after ${requests} requests: allow more time or poll less often.`,
    {
      context: { address: host },
    },
  );
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
