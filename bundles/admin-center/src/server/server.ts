import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { errorMessage, errorRecord, type Logger } from 'rackwatt';
import type { ServerIdentity } from '../authority/authority.js';
import { listenError } from '../configuration.js';
import { centerError } from '../errors.js';
import type { GatewayRow } from '../state/gateways.js';
import type { Callers } from './caller.js';
import { problemOf, send, type Answer } from './exchange.js';
import { Rates, sourceOf, type Rate } from './rates.js';

const BASE = '/fleet/v1';
/** How long requests under way may take to end when the server stops, ms. */
const GRACE = 2_000;
/** A connection on which nothing moves for so long is gone, whatever the network says, ms. Longer than the longest wait. */
const SILENCE = 120_000;
const MOST_CONNECTIONS = 20_000;

export interface Call {
  request: IncomingMessage;
  params: Record<string, string>;
  query: URLSearchParams;
  /** Who it comes from, as far as the network tells. */
  source: string;
  /** ms since 1970. */
  now: number;
  /** Aborts when the client goes, or the server stops. */
  signal: AbortSignal;
}

interface Place {
  method: 'GET' | 'POST';
  /** Below `/fleet/v1`: `/enrolments/{id}`. */
  path: string;
  /** How often one may: an address where anybody may ask, else a gateway. */
  rate: Rate;
}

export type GatewayRoute = Place &
  (
    | { who: 'anybody'; handle(call: Call): Promise<Answer> }
    | { who: 'gateway'; handle(call: Call, gateway: GatewayRow): Promise<Answer> }
  );

export interface ServerParts {
  identity: ServerIdentity;
  /** PEM of the authorities of gateways. */
  authorities: readonly string[];
  routes: readonly GatewayRoute[];
  callers: Callers;
  log: Pick<Logger, 'warn' | 'error'>;
}

/** The port of the gateways: HTTPS, where anybody may ask to be enrolled and everything else needs a certificate of the center. */
export class GatewayServer {
  readonly #server: Server;
  readonly #callers: Callers;
  readonly #log: ServerParts['log'];
  readonly #routes: { route: GatewayRoute; pattern: RegExp; rates: Rates }[];
  readonly #calls = new Set<AbortController>();
  readonly #sockets = new Map<string, Set<TLSSocket>>();

  constructor({ identity, authorities, routes, callers, log }: ServerParts) {
    this.#callers = callers;
    this.#log = log;
    this.#routes = routes.map((route) => ({
      route,
      pattern: new RegExp(`^${route.path.replace(/\{(\w+)\}/g, '(?<$1>[A-Za-z0-9-]{1,64})')}$`),
      rates: new Rates(route.rate),
    }));
    this.#server = createServer(
      {
        ...identity,
        ca: [...authorities],
        minVersion: 'TLSv1.2',
        requestCert: true,
        // Who may come without a certificate is said by each route.
        rejectUnauthorized: false,
        handshakeTimeout: 10_000,
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        connectionsCheckingInterval: 5_000,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
        maxHeaderSize: 16 << 10,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.keepAliveTimeout = 65_000;
    this.#server.setTimeout(SILENCE);
    // A client that does not speak TLS, or HTTP, is its own trouble.
    this.#server.on('tlsClientError', (error, socket) => (void errorMessage(error), socket.destroy()));
    this.#server.on('clientError', (error, socket) => (void errorMessage(error), socket.destroy()));
  }

  /** @returns the port. @throws `FLEET_CONFIGURATION` */
  async listen(host: string, port: number): Promise<number> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(port, host, () => resolve());
      });
    } catch (error) {
      throw listenError(error, { host, port });
    }
    this.#server.on('error', (error) => this.#log.error({ error }, 'the port of the gateways failed'));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Shows another certificate from the next connection on. */
  show(identity: ServerIdentity, authorities: readonly string[]): void {
    this.#server.setSecureContext({ ...identity, ca: [...authorities], minVersion: 'TLSv1.2' });
  }

  /** Ends the connections of a gateway, now. */
  cut(gateway: string): void {
    for (const socket of this.#sockets.get(gateway) ?? []) socket.destroy();
  }

  async close(): Promise<void> {
    for (const call of this.#calls) call.abort();
    const late = setTimeout(() => this.#server.closeAllConnections(), GRACE);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(late);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = new AbortController();
    this.#calls.add(call);
    response.once('close', () => {
      this.#calls.delete(call);
      call.abort();
    });
    try {
      await send(request, response, await this.#answer(request, call.signal));
    } catch (error) {
      // The client went, or the file that is sent cannot be read: what it has is cut short, and it will ask again.
      if (!call.signal.aborted) this.#log.warn({ error }, 'an answer to a gateway was cut short');
      response.destroy();
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#routed(request, signal);
    } catch (error) {
      const answer = problemOf(error);
      if (answer.status >= 500) this.#log.error({ error: errorRecord(error) }, errorMessage(error));
      return answer;
    }
  }

  async #routed(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const { pathname, searchParams } = targetOf(request);
    const path = pathname.startsWith(`${BASE}/`) ? pathname.slice(BASE.length) : '';
    const found = this.#routes.find(({ route, pattern }) => route.method === request.method && pattern.test(path));
    if (!found) throw centerError('FLEET_ROUTE', 'there is nothing of that name at this port');
    const { route, pattern, rates } = found;
    const socket = request.socket as TLSSocket;
    const source = sourceOf(socket.remoteAddress ?? '');
    const call: Call = {
      request,
      params: { ...pattern.exec(path)?.groups },
      query: searchParams,
      source,
      now: Date.now(),
      signal,
    };
    if (route.who === 'anybody') {
      limit(rates, source);
      return route.handle(call);
    }
    const gateway = await this.#callers.gatewayOf(socket, call.now);
    limit(rates, gateway.id);
    this.#remember(gateway.id, socket);
    return route.handle(call, gateway);
  }

  #remember(gateway: string, socket: TLSSocket): void {
    const sockets = this.#sockets.get(gateway) ?? new Set();
    if (sockets.has(socket)) return;
    this.#sockets.set(gateway, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#sockets.get(gateway) === sockets) this.#sockets.delete(gateway);
    });
  }
}

function limit(rates: Rates, who: string): void {
  if (!rates.take(who)) throw centerError('FLEET_BUSY', 'too many requests; wait a while before the next one');
}

function targetOf(request: IncomingMessage): URL {
  const url = URL.parse(`https://center${request.url ?? ''}`);
  if (!url || !request.url?.startsWith('/'))
    throw centerError('FLEET_ROUTE', 'there is nothing of that name at this port');
  return url;
}
