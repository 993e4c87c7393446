import 'reflect-metadata';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import {
  type DesiredState,
  enrolmentRequest,
  fingerprintOf,
  newClaimCode,
  newGatewayId,
  operationsKeyOf,
  provesPossession,
  report,
  type Report,
  signOrder,
} from '@rackwatt/fleet';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { TestAuthority, type Validity } from './authority.js';

interface Known {
  id: string;
  claimCode: string;
  gateway: string;
  csr: string;
  key: KeyObject;
  certificate?: string;
}

type Answering = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** An administration center over real HTTPS, as small as it can be; whatever it does can be made hostile. */
export class TestCenter {
  readonly authority: TestAuthority;
  readonly tenant = 'acme';
  readonly operations = generateKeyPairSync('ed25519').privateKey;
  readonly enrolments = new Map<string, Known>();
  readonly reports: Report[] = [];
  readonly artifacts = new Map<string, Buffer>();
  /** Every request: method and path. */
  readonly requests: string[] = [];
  /** Bytes of requests that ever came here, behind TLS. */
  received = 0;
  isApproving = true;
  /** Signed, as it is given out. */
  order: { token: string; sequence: number } | undefined;
  /** Looks at a request first; `true` when it answered. */
  before: Answering | undefined;
  /** ms by which its time is off. */
  deviation = 0;
  readonly #server: Server;
  #port = 0;
  readonly #sockets = new Set<Duplex>();
  readonly #waiting = new Set<() => void>();

  private constructor(authority: TestAuthority, server: Server) {
    this.authority = authority;
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => undefined);
    });
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    options: { host?: string; validity?: Validity; authority?: TestAuthority; port?: number } = {},
  ): Promise<TestCenter> {
    const authority = options.authority ?? (await TestAuthority.make());
    const { certificate, key } = await authority.server(options.host ?? '127.0.0.1', options.validity);
    const server = createServer({
      cert: [certificate, authority.issuing, authority.root].map((pem) => pem.trim()).join('\n'),
      key,
      ca: [authority.root],
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    const center = new TestCenter(authority, server);
    t.after(() => center.stop());
    return center;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** As an administrator of a gateway configures it. */
  get settings(): { center: string; fingerprint: string } {
    return { center: this.url, fingerprint: this.authority.fingerprint };
  }

  get gateway(): string {
    return [...this.enrolments.values()][0]!.gateway;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Nobody answers any more, until `back`. */
  away(): void {
    this.#port = this.port;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async back(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Signs and gives out what a gateway shall run. */
  async desire(wanted: Partial<DesiredState>, key: KeyObject = this.operations): Promise<DesiredState> {
    const now = Math.floor((Date.now() + this.deviation) / 1000);
    const order: DesiredState = {
      type: 'desired',
      tenant: this.tenant,
      audience: this.gateway,
      issued: now,
      expires: now + 3600,
      sequence: (this.order?.sequence ?? 0) + 1,
      actor: 'alice',
      reason: 'a test',
      bundles: {},
      configurations: {},
      ...wanted,
    };
    this.give({ token: await signOrder(order, key), sequence: order.sequence });
    return order;
  }

  give(order: { token: string; sequence: number }): void {
    this.order = order;
    for (const wake of this.#waiting) wake();
  }

  /** @returns its sha256 */
  keep(archive: Buffer): { sha256: string; size: number } {
    const sha256 = createHash('sha256').update(archive).digest('hex');
    this.artifacts.set(sha256, archive);
    return { sha256, size: archive.length };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    response.on('error', () => undefined);
    if ((await this.before?.(request, response)) === true) return;
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const [, , , kind, id] = pathname.split('/');
    const json = (status: number, body?: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
    const keys = [operationsKeyOf(this.operations)];
    switch (`${request.method} ${kind}${id ? '/' : ''}`) {
      case 'GET authority':
        return json(200, {
          tenant: this.tenant,
          certificates: [this.authority.issuing, this.authority.root],
          operationsKeys: keys,
        });
      case 'GET time': {
        const said = { type: 'time', nonce: searchParams.get('nonce'), time: Date.now() + this.deviation };
        return void response.end(await signOrder(said, this.operations));
      }
      case 'POST enrolments':
        return json(202, this.#pending(enrolmentRequest.parse(await this.#body(request)).csr));
      case 'GET enrolments/':
        return this.#enrolment(id!, request, json);
      case 'GET desired':
        return this.#desired(request, response, Number(searchParams.get('wait') ?? 0));
      case 'POST reports':
        if (!this.#isKnown(request)) return json(401, { code: 'X', message: 'who are you?' });
        this.reports.push(report.parse(await this.#body(request)));
        return json(204);
      case 'GET artifacts/':
        return this.#artifact(id!, request, response);
      default:
        return json(404, { code: 'X', message: 'no such thing' });
    }
  }

  #pending(csr: string): object {
    const key = keyOf(csr);
    const fingerprint = fingerprintOf(key);
    let known = this.enrolments.get(fingerprint);
    if (known === undefined) {
      known = { id: randomUUID(), claimCode: newClaimCode(), gateway: newGatewayId(), csr, key };
      this.enrolments.set(fingerprint, known);
    }
    return pendingOf(known, fingerprint);
  }

  async #enrolment(id: string, request: IncomingMessage, json: (status: number, body?: object) => void): Promise<void> {
    const [fingerprint, known] = [...this.enrolments].find(([, enrolment]) => enrolment.id === id) ?? [];
    if (known === undefined) return json(410, { code: 'X', message: 'gone' });
    const proof = /^PoP (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!(await provesPossession(proof, id, known.key))) return json(401, { code: 'X', message: 'no proof' });
    if (!this.isApproving) return json(202, pendingOf(known, fingerprint!));
    known.certificate ??= await this.authority.client(known.csr, known.gateway);
    json(200, {
      gateway: known.gateway,
      tenant: this.tenant,
      certificate: known.certificate,
      chain: [this.authority.issuing, this.authority.root],
      operationsKeys: [operationsKeyOf(this.operations)],
    });
  }

  async #desired(request: IncomingMessage, response: ServerResponse, wait: number): Promise<void> {
    if (!this.#isKnown(request)) return void response.writeHead(401).end();
    const isNews = (): boolean =>
      this.order !== undefined && request.headers['if-none-match'] !== `"${this.order.sequence}"`;
    if (!isNews()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, wait * 1000);
      this.#waiting.add(resolve);
      request.socket.once('close', resolve);
      await promise;
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    }
    if (this.order === undefined) return void response.writeHead(404).end();
    if (!isNews()) return void response.writeHead(304).end();
    response.writeHead(200, { etag: `"${this.order.sequence}"`, 'content-type': 'application/jose' });
    response.end(this.order.token);
  }

  #artifact(sha256: string, request: IncomingMessage, response: ServerResponse): void {
    const content = this.artifacts.get(sha256);
    if (!this.#isKnown(request) || content === undefined) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const isPart = from > 0 && request.headers['if-range'] === `"${sha256}"`;
    const body = isPart ? content.subarray(from) : content;
    response.writeHead(isPart ? 206 : 200, {
      etag: `"${sha256}"`,
      'content-length': body.length,
      ...(isPart ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(body);
  }

  #isKnown(request: IncomingMessage): boolean {
    const socket = request.socket as TLSSocket;
    const subject = socket.authorized ? socket.getPeerX509Certificate()?.subject : undefined;
    return [...this.enrolments.values()].some(({ gateway }) => subject === `CN=${gateway}`);
  }

  async #body(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.received += body.length;
    return body;
  }
}

function pendingOf({ id, claimCode }: Known, fingerprint: string): object {
  return { id, claimCode, fingerprint, retryAfter: 1, expires: Math.floor(Date.now() / 1000) + 3600 };
}

function keyOf(csr: string): KeyObject {
  const { rawData } = new Pkcs10CertificateRequest(csr).publicKey;
  return createPublicKey({ key: Buffer.from(rawData), format: 'der', type: 'spki' });
}
