import { RackwattError } from 'rackwatt';
import type { Endpoint } from './address.js';
import type { Security } from './credentials.js';
import type { Pdu } from './snmp/pdu.js';
import type { Refusal } from './snmp/wire.js';

/** What is known when a request fails. */
export interface Circumstances {
  endpoint: Endpoint;
  security: Security;
  tries: number;
  /** ms of one try. */
  timeout: number;
  /** Packets that were no answer in proper SNMP since the request was sent. */
  garbage: number;
  /** A v3 engine told who it is. */
  discovered: boolean;
  /** An answer to a request of this session was understood before. */
  heard: boolean;
}

/** Error status of a response PDU (RFC 3416 section 3); code `SNMP_STATUS`, handled inside the driver. */
export const STATUS = {
  tooBig: 1,
  noSuchName: 2,
  badValue: 3,
  readOnly: 4,
  genErr: 5,
  noAccess: 6,
  wrongType: 7,
  wrongLength: 8,
  wrongEncoding: 9,
  wrongValue: 10,
  noCreation: 11,
  inconsistentValue: 12,
  resourceUnavailable: 13,
  commitFailed: 14,
  undoFailed: 15,
  authorizationError: 16,
  notWritable: 17,
  inconsistentName: 18,
} as const;

const STATUS_NAMES = new Map<number, string>(Object.entries(STATUS).map(([name, status]) => [status, name]));

/** What the reports by which an agent refuses a user mean (RFC 3414 section 3.2). */
const REFUSALS: Readonly<Record<Refusal, readonly [code: string, sentence: (user: string) => string]>> = {
  'unknown-user': [
    'DEVICE_UNKNOWN_USER',
    (user) => `does not know the SNMPv3 user '${user}': create it on the device or correct the name`,
  ],
  'wrong-digest': [
    'DEVICE_WRONG_KEY',
    (user) => `knows the user '${user}' but not this authentication key: check authKey and authProtocol`,
  ],
  decryption: [
    'DEVICE_WRONG_KEY',
    (user) => `cannot decrypt what user '${user}' sends: check privKey and privProtocol`,
  ],
  level: [
    'DEVICE_REFUSED',
    (user) =>
      `does not take user '${user}' at this security level: check which of authentication and privacy it has there`,
  ],
  context: ['DEVICE_REFUSED', (user) => `has no such SNMPv3 context for user '${user}': check context`],
};

/** The status of a failed PDU, if that is what the error is. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof RackwattError) || error.code !== 'SNMP_STATUS') return undefined;
  return error.context['status'] as number;
}

/** Whether the agent, or what lies between, kept silent. */
export function isSilence(error: unknown): boolean {
  return error instanceof RackwattError && error.code === 'DEVICE_NO_ANSWER';
}

/** The error of a response; code `SNMP_STATUS`, its `oid` the object that the agent blames. */
export function statusError(host: string, { status, index }: Pdu, oids: readonly string[]): RackwattError {
  const oid = oids[index - 1];
  const name = STATUS_NAMES.get(status) ?? `error ${status}`;
  return new RackwattError('SNMP_STATUS', `${host} answered ${name}${oid === undefined ? '' : ` about ${oid}`}.`, {
    context: { address: host, status, ...(oid === undefined ? {} : { oid }) },
  });
}

export function refused(refusal: Refusal, { endpoint, security }: Circumstances): RackwattError {
  const [code, sentence] = REFUSALS[refusal];
  const user = security.version === 3 ? security.user.name : '';
  return new RackwattError(code, `${endpoint.text} ${sentence(user)}.`, { context: { address: endpoint.text } });
}

/** An engine that is another one, or has another time, each time that it is asked. */
export function unsteadyEngine(host: string): RackwattError {
  return new RackwattError(
    'DEVICE_GARBAGE',
    `${host} keeps rejecting the time of its own SNMPv3 engine: restart the device's agent.`,
    { context: { address: host } },
  );
}

/** Nothing goes out. */
export function unsendable(host: string, error: NodeJS.ErrnoException): RackwattError {
  return new RackwattError(
    'DEVICE_NO_ANSWER',
    `Nothing can be sent to ${host} (${error.code ?? 'unknown'}): check the address and the network.`,
    { context: { address: host } },
  );
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
  if (seen.discovered && !seen.heard && security.user.privacy !== undefined) {
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
