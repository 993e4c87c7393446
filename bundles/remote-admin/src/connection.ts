import { request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { errorMessage } from 'rackwatt';
import { checkChain, checkDates, sentChain } from './chain.js';
import { remoteAdminError } from './errors.js';
import type { CenterAddress } from './settings.js';

/** ms for each step on the way to a connection. */
const PATIENCE = 20_000;
/** What OpenSSL says of a chain that is right but for its dates, and of others as well. */
const DATES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

export interface ConnectOptions {
  address: CenterAddress;
  /** The pinned root, once it is known. */
  root?: string;
  /** PEM; what this gateway shows of itself. */
  identity?: { key: string; certificate: string };
  /** ms since 1970; `unknown` for a connection over which only the time is asked. */
  now: number | 'unknown';
  signal: AbortSignal;
}

/**
 * A TLS connection to the center, or none: nothing is written to it before its chain was checked up to the pinned root.
 * @throws `CENTER_UNREACHABLE`, `CENTER_CERTIFICATE`, `CENTER_CERTIFICATE_DATE`
 */
export async function connect(options: ConnectOptions): Promise<{ socket: TLSSocket; root: X509Certificate }> {
  const { address, signal } = options;
  const tcp = await reach(address, signal);
  try {
    const socket = await secure(tcp, options);
    try {
      const root = trust(socket, options);
      return { socket, root };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  } catch (error) {
    tcp.destroy();
    throw error;
  }
}

/** TCP to the center, through the proxy where there is one. @throws `CENTER_UNREACHABLE` */
export function reach({ host, port, proxy }: CenterAddress, signal: AbortSignal): Promise<Socket> {
  return proxy === undefined ? open(host, port, signal) : tunnel(proxy, host, port, signal);
}

async function open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  await ready(socket, 'connect', signal, (why) => `${host} port ${port} cannot be reached: ${why}`);
  return socket;
}

function tunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const unreachable = (why: string, cause?: unknown): Error =>
    remoteAdminError('CENTER_UNREACHABLE', `the proxy ${proxy.host} does not lead to ${target}: ${why}`, { cause });
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const asked = request({
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port === '' ? 80 : Number(proxy.port),
    method: 'CONNECT',
    path: target,
    agent: false,
    signal,
    timeout: PATIENCE,
    headers: {
      host: target,
      ...(proxy.username === ''
        ? {}
        : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
    },
  });
  asked.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
    if (statusCode === 200 && head.length === 0) return resolve(socket);
    socket.destroy();
    reject(
      unreachable(
        statusCode === 407
          ? 'it wants another name or password'
          : `it answers ${statusCode}${head.length ? ' and more' : ''}`,
      ),
    );
  });
  asked.once('response', (response) => {
    response.destroy();
    reject(unreachable(`it answers ${response.statusCode}`));
  });
  asked.once('timeout', () => asked.destroy(unreachable(`no answer in ${PATIENCE / 1000} s`)));
  asked.once('error', (error) => reject(signal.aborted ? error : unreachable(errorMessage(error), error)));
  asked.end();
  return promise;
}

async function secure(tcp: Socket, { address, root, identity, signal }: ConnectOptions): Promise<TLSSocket> {
  signal.throwIfAborted();
  const { host } = address;
  const socket = connectTls({
    socket: tcp,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    // Nobody else is believed, and what OpenSSL finds wrong is looked at in `trust`.
    ca: root === undefined ? [] : [root],
    rejectUnauthorized: false,
    ...(identity && { key: identity.key, cert: identity.certificate }),
  });
  await ready(socket, 'secureConnect', signal, (why) => `no TLS connection to ${host}: ${why}`);
  return socket;
}

/** @throws `CENTER_CERTIFICATE`, `CENTER_CERTIFICATE_DATE` */
function trust(socket: TLSSocket, { address, root: pinned, now }: ConnectOptions): X509Certificate {
  const chain = sentChain(socket);
  const root = checkChain(chain, {
    ...address,
    ...(pinned === undefined ? {} : { root: new X509Certificate(pinned) }),
  });
  if (now !== 'unknown') checkDates([...chain, root], now);
  // Two look at it, and the dates alone may be seen in two ways: OpenSSL goes by the clock of the machine.
  const found = String(socket.authorizationError ?? '');
  if (pinned !== undefined && !socket.authorized && !DATES.has(found))
    throw remoteAdminError(
      'CENTER_CERTIFICATE',
      `what answers at ${address.host} is not the center: ${found}; nothing was sent to it`,
    );
  return root;
}

async function ready(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  sentence: (why: string) => string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = (): void => reject(signal.reason as Error);
  const failed = (error: Error): void =>
    reject(remoteAdminError('CENTER_UNREACHABLE', sentence(errorMessage(error)), { cause: error }));
  const closed = (): void => reject(remoteAdminError('CENTER_UNREACHABLE', sentence('the other side hung up')));
  const timer = setTimeout(
    () => reject(remoteAdminError('CENTER_UNREACHABLE', sentence(`no answer in ${PATIENCE / 1000} s`))),
    PATIENCE,
  );
  signal.addEventListener('abort', aborted, { once: true });
  socket.once(event, resolve).on('error', failed).once('close', closed);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    // The listener for errors stays: a connection that breaks must not end the process.
    socket.off(event, resolve).off('close', closed);
  }
}
