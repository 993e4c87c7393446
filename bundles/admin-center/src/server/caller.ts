import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { certificateFingerprint } from '@rackwatt/fleet';
import type { Authority } from '../authority/authority.js';
import { gatewayUri } from '../authority/certificates.js';
import { centerError } from '../errors.js';
import type { GatewayRow } from '../state/gateways.js';
import type { State } from '../state/state.js';

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/**
 * Knows a gateway by the certificate of its connection. TLS has proved that the other side holds its key; that the certificate is one
 * of ours is looked at here, and that the gateway is active, for each request anew.
 */
export class Callers {
  readonly #authority: Authority;
  readonly #state: State;
  /** What was found out of a connection's certificate, which stays the same. */
  readonly #checked = new WeakMap<TLSSocket, { digest: string; gateway: string } | 'foreign'>();

  constructor(authority: Authority, state: State) {
    this.#authority = authority;
    this.#state = state;
  }

  /** @throws `FLEET_IDENTITY`, `FLEET_GATEWAY_REVOKED` */
  async gatewayOf(socket: TLSSocket, now: number): Promise<GatewayRow> {
    const certificate = socket.getPeerX509Certificate();
    if (!certificate) throw refused('the connection has no certificate of a gateway');
    const known = this.#known(socket, certificate);
    if (known === 'foreign')
      throw refused('the certificate of the connection is none that this center gave to a gateway');
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
      throw refused(`the certificate of the gateway is valid from ${certificate.validFrom} to ${certificate.validTo}`);
    const gateway = await this.#state.gateways.byCertificate(known.digest);
    if (gateway?.id !== known.gateway) throw refused('the certificate of the connection is not known at this center');
    if (gateway.state !== 'active')
      throw centerError('FLEET_GATEWAY_REVOKED', 'this gateway was revoked at the center');
    return gateway;
  }

  #known(socket: TLSSocket, certificate: X509Certificate): { digest: string; gateway: string } | 'foreign' {
    let known = this.#checked.get(socket);
    if (!known) this.#checked.set(socket, (known = this.#check(certificate)));
    return known;
  }

  #check(certificate: X509Certificate): { digest: string; gateway: string } | 'foreign' {
    const { issuing, tenant } = this.#authority;
    const gateway = /^CN=([a-z2-7]{26})$/.exec(certificate.subject)?.[1];
    const isOurs =
      gateway !== undefined &&
      !certificate.ca &&
      certificate.checkIssued(issuing) &&
      certificate.verify(issuing.publicKey) &&
      certificate.subjectAltName === `URI:${gatewayUri(tenant, gateway)}` &&
      certificate.keyUsage?.length === 1 &&
      certificate.keyUsage[0] === CLIENT_AUTHENTICATION;
    return isOurs ? { digest: certificateFingerprint(certificate), gateway } : 'foreign';
  }
}

const refused = (why: string) => centerError('FLEET_IDENTITY', why);
