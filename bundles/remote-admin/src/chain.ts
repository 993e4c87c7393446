import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { certificateFingerprint } from '@rackwatt/fleet';
import { remoteAdminError } from './errors.js';

const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
/** Certificates from the server's to the root. */
const LONGEST = 5;

export interface ChainExpectation {
  /** sha256 of the root certificate, in hex. */
  fingerprint: string;
  /** Name or address that the server's certificate must be for. */
  host: string;
  /** The pinned root, once it is known: a server need not send it then. */
  root?: X509Certificate;
}

/** The certificates that a server sent, its own first. */
export function sentChain(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < LONGEST) {
    chain.push(new X509Certificate(next.raw));
    if (next.issuerCertificate === next) break;
    next = next.issuerCertificate;
  }
  return chain;
}

/**
 * Checks a chain link by link up to the pinned root, in everything but its dates. By hand, because what a TLS library says of an
 * expired certificate is the same whoever issued it, and for whomever.
 * @returns the root @throws `CENTER_CERTIFICATE`
 */
export function checkChain(
  sent: readonly X509Certificate[],
  { fingerprint, host, root }: ChainExpectation,
): X509Certificate {
  const refuse = (why: string): Error =>
    remoteAdminError(
      'CENTER_CERTIFICATE',
      `what answers at ${host} is not the center: ${why}; nothing was sent to it. Check the address and the fingerprint, and whether something on the way opens TLS connections`,
      { context: { host } },
    );
  const [server] = sent;
  if (server === undefined) throw refuse('it shows no certificate');
  if (server.ca) throw refuse('its certificate is that of an authority');
  if (!isFor(server, host)) throw refuse('its certificate is for another name');
  if (server.keyUsage?.includes(SERVER_AUTHENTICATION) !== true) throw refuse('its certificate is not one for servers');
  let at = server;
  for (const issuer of root === undefined ? sent.slice(1) : [...sent.slice(1), root]) {
    if (issuer.raw.equals(at.raw)) continue;
    if (!issuer.ca || !at.checkIssued(issuer) || !at.verify(issuer.publicKey))
      throw refuse('its certificates do not sign one another');
    // What an authority may sign for holds for all below it: that of the gateways makes no servers.
    if (issuer.keyUsage?.includes(SERVER_AUTHENTICATION) === false)
      throw refuse('it is signed by an authority that signs no servers');
    at = issuer;
    if (certificateFingerprint(at) === fingerprint) break;
  }
  if (certificateFingerprint(at) !== fingerprint)
    throw refuse('its certificate does not lead to the root with the fingerprint that was given');
  if (!at.checkIssued(at) || !at.verify(at.publicKey)) throw refuse('its root does not sign itself');
  return at;
}

/** @param now ms since 1970. @throws `CENTER_CERTIFICATE_DATE` */
export function checkDates(chain: readonly X509Certificate[], now: number): void {
  const wrong = chain.find(
    ({ validFromDate, validToDate }) => now < validFromDate.getTime() || now > validToDate.getTime(),
  );
  if (wrong === undefined) return;
  throw remoteAdminError(
    'CENTER_CERTIFICATE_DATE',
    `the certificate "${wrong.subject.replaceAll('\n', ', ')}" is valid from ${wrong.validFromDate.toISOString()} to ${wrong.validToDate.toISOString()}, and it is ${new Date(now).toISOString()} as far as this gateway knows`,
  );
}

function isFor(certificate: X509Certificate, host: string): boolean {
  // Names are of the subject alternative name alone: a common name is no name of a host any more (RFC 9525).
  return isIP(host) === 0
    ? certificate.checkHost(host, { subject: 'never' }) !== undefined
    : certificate.checkIP(host) !== undefined;
}
