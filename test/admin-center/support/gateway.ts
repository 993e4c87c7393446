import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID, webcrypto } from 'node:crypto';
import { Agent, request } from 'node:https';
import * as x509 from '@peculiar/x509';
import {
  authority,
  desiredState,
  type DesiredState,
  enrolment,
  type Enrolment,
  openOrder,
  pendingEnrolment,
  type PendingEnrolment,
  type Report,
  signPossession,
} from '@rackwatt/fleet';

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  /** Of a problem. */
  code: string | undefined;
}

export interface Sent {
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
}

interface Options {
  serial?: string;
  /** PEM of another key than a fresh one on P-256. */
  key?: KeyObject;
}

/** The gateway's side of the protocol, and as much of it as the center can see. */
export class TestGateway {
  readonly key: KeyObject;
  readonly serial: string;
  readonly boot = randomUUID();
  identity: Enrolment | undefined;
  #number = 0;
  readonly #center: { port: number; root: string };
  #agent: Agent;

  constructor(center: { port: number; root: string }, { serial = 'SN-1', key }: Options = {}) {
    this.#center = center;
    this.serial = serial;
    this.key = key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    this.#agent = new Agent({ keepAlive: true, ca: center.root });
  }

  get id(): string {
    return this.identity!.gateway;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** As another process would: with a new connection. */
  reconnect(tls: { cert?: string; key?: string | KeyObject; port?: number } = this.#tls()): void {
    this.#agent.destroy();
    if (tls.port !== undefined) this.#center.port = tls.port;
    const key = typeof tls.key === 'object' ? tls.key.export({ type: 'pkcs8', format: 'pem' }).toString() : tls.key;
    this.#agent = new Agent({ keepAlive: true, ca: this.#center.root, ...(tls.cert && { cert: tls.cert, key }) });
  }

  send(method: string, path: string, { headers = {}, body, signal }: Sent = {}): Promise<Reply> {
    const { port } = this.#center;
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, path: `/fleet/v1${path}`, method, headers, agent: this.#agent, signal },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const content = Buffer.concat(chunks);
            const isProblem = (response.statusCode ?? 0) >= 400 && content.length > 0;
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: content,
              code: isProblem ? (JSON.parse(content.toString()) as { code: string }).code : undefined,
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async authority() {
    return authority.parse((await this.send('GET', '/authority')).body);
  }

  /** A request for a certificate. */
  csr(options: { name?: string; extensions?: x509.Extension[] } = {}): Promise<string> {
    return csrOf(this.key, options);
  }

  async requestEnrolment(csr?: string): Promise<Reply> {
    const body = { csr: csr ?? (await this.csr()), serial: this.serial, model: 'Test 1', runtime: 'rackwatt 0.1.0' };
    return this.send('POST', '/enrolments', { body: JSON.stringify(body) });
  }

  async ask(): Promise<PendingEnrolment> {
    return pendingEnrolment.parse((await this.requestEnrolment()).body);
  }

  async status(id: string, key = this.key): Promise<Reply> {
    const authorization = `PoP ${await signPossession(id, key)}`;
    return this.send('GET', `/enrolments/${id}`, { headers: { authorization } });
  }

  /** Fetches what an approved gateway gets, and uses it from now on. */
  async enrol(id: string): Promise<void> {
    this.identity = enrolment.parse((await this.status(id)).body);
    this.reconnect();
  }

  desired(sequence?: number, wait = 0, signal?: AbortSignal): Promise<Reply> {
    return this.send('GET', `/desired?wait=${wait}`, {
      ...(sequence !== undefined && { headers: { 'if-none-match': `"${sequence}"` } }),
      ...(signal && { signal }),
    });
  }

  /** What a reply says that this gateway shall run, when everything of it is right. */
  open(reply: Reply): Promise<DesiredState> {
    const { operationsKeys, tenant, gateway } = this.identity!;
    const now = Math.floor(Date.now() / 1000);
    return openOrder(reply.body.toString(), desiredState, 'desired', { keys: operationsKeys, tenant, gateway, now });
  }

  reportOf(more: Partial<Report> = {}): Report {
    return {
      id: randomUUID(),
      number: ++this.#number,
      time: Date.now(),
      clock: 'trusted',
      boot: this.boot,
      capabilities: ['monitor', 'configure', 'update'],
      node: { id: 'gw', runtime: 'rackwatt 0.1.0', node: process.version, serial: this.serial, model: 'Test 1' },
      ...more,
    };
  }

  report(more: Partial<Report> = {}): Promise<Reply> {
    return this.sendReport(this.reportOf(more));
  }

  sendReport(report: Report): Promise<Reply> {
    return this.send('POST', '/reports', { body: JSON.stringify(report) });
  }

  #tls(): { cert?: string; key?: KeyObject } {
    const { certificate, chain = [] } = this.identity ?? {};
    return certificate === undefined ? {} : { cert: certificate + chain[0]!, key: this.key };
  }
}

/** A request for a certificate, signed by its key. */
export async function csrOf(
  key: KeyObject,
  { name = 'CN=gateway', extensions = [] }: { name?: string; extensions?: x509.Extension[] } = {},
): Promise<string> {
  const namedCurve = { prime256v1: 'P-256', secp521r1: 'P-521' }[key.asymmetricKeyDetails?.namedCurve ?? ''];
  const algorithm = namedCurve
    ? { name: 'ECDSA', namedCurve, hash: 'SHA-256' }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const { d, p, q, dp, dq, qi, oth, key_ops, ...jwk } = await webcrypto.subtle.exportKey('jwk', privateKey);
  void [d, p, q, dp, dq, qi, oth, key_ops];
  const publicKey = await webcrypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys: { privateKey, publicKey },
    signingAlgorithm: algorithm,
    extensions,
  });
  return request.toString('pem');
}

export const pemKey = (pem: string): KeyObject => createPrivateKey(pem);
