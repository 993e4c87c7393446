import type { IncomingMessage } from 'node:http';
import { errorMessage, RackwattError } from '../../errors.js';
import { findHost, type Nearness } from './address.js';

const REDIRECTS = 5;
/** Bytes that must come in each stretch of patience, but at the end. */
const LEAST_BYTES = 1_024;

export interface Requesting {
  headers?: Readonly<Record<string, string>>;
  /** Value of `authorization`; sent to the origin of the first address alone. */
  authorization?: string | undefined;
  /** Plain http also to other machines, where a digest says what must come. */
  allowHttp?: boolean;
  /** How near whoever named this address is; absent for the person who typed it. */
  namedBy?: Nearness;
  /** ms in which something must come. */
  patience: number;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  response: IncomingMessage;
  /** Where the redirects led. */
  url: URL;
  nearness: Nearness;
  /** Ends the connection. */
  close(): void;
}

/**
 * Asks for a document. Redirects are followed with care: not to another scheme, not to a nearer network than that of whoever named the address (a
 * server outside must not make a node ask its own machine or its neighbours), and without credentials to another origin.
 * @throws `DOWNLOAD_FAILED` for what may work later, `DOWNLOAD_REFUSED` for what may not
 */
export async function request(url: URL, options: Requesting): Promise<Answer> {
  let { namedBy } = options;
  for (let at = url, hops = 0; hops <= REDIRECTS; hops++) {
    const host = await findHost(at);
    const { nearness } = host;
    if (nearness === 'special' || (namedBy !== undefined && nearness !== 'public' && nearness !== namedBy))
      throw refused(
        `${at.origin} is asked for nothing: it is a ${nearness === 'special' ? 'link-local or special' : nearness} address${namedBy === undefined ? '' : `, named by ${url.origin}`}`,
      );
    if (at.protocol === 'http:' && nearness !== 'loopback' && options.allowHttp !== true)
      throw refused(
        `${at.origin} is asked for nothing over plain http; use https, or say what must come: --digest sha256:...`,
      );
    const authorization = at.origin === url.origin ? options.authorization : undefined;
    const answer = await send(at, host.addresses, { ...options, authorization });
    const { statusCode = 0, headers } = answer.response;
    if (![301, 302, 303, 307, 308].includes(statusCode)) return { ...answer, url: at, nearness };
    answer.close();
    const next = URL.parse(headers.location ?? '', at.href);
    if (!next || next.protocol !== at.protocol)
      throw refused(
        `${at.origin} redirects to ${next ? next.origin : 'nowhere'}, and redirects may not change from ${at.protocol.slice(0, -1)}`,
      );
    namedBy = nearness;
    at = next;
  }
  throw refused(`${url.origin} redirects more than ${REDIRECTS} times`);
}

/** A small document whole. @throws as `request`; `DOWNLOAD_FAILED` when it is larger */
export async function requestAll(
  url: URL,
  most: number,
  options: Requesting,
): Promise<{ body: Buffer; answer: Answer }> {
  const answer = await request(url, options);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of bytesOf(answer, options)) {
    parts.push(part);
    length += part.length;
    if (length > most) throw refused(`${url.origin} answers with more than ${most} bytes`);
  }
  return { body: Buffer.concat(parts), answer };
}

/**
 * The body as it comes, which closes the connection when nobody reads on.
 * @throws `DOWNLOAD_FAILED` when the connection ends early or hardly anything comes
 */
export async function* bytesOf(
  { response, url, close }: Answer,
  { patience, signal }: Requesting,
): AsyncGenerator<Buffer> {
  let inStretch = 0;
  let isStalled = false;
  const clock = setInterval(() => {
    if (inStretch < LEAST_BYTES) {
      isStalled = true;
      close();
    }
    inStretch = 0;
  }, patience);
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      inStretch += part.length;
      yield part;
    }
  } catch (error) {
    throw cancelled(signal) ?? failed(url, isStalled ? stalled(patience) : errorMessage(error), error);
  } finally {
    clearInterval(clock);
    close();
  }
}

async function send(
  url: URL,
  addresses: { address: string; family: number }[],
  { headers = {}, authorization, patience, signal }: Requesting,
): Promise<{ response: IncomingMessage; close(): void }> {
  const { request: open } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  if (signal?.aborted) throw cancelled(signal)!;
  return new Promise((resolve, reject) => {
    let isStalled = false;
    const asked = open(url, {
      agent: false,
      headers: {
        ...headers,
        // What comes is hashed as it is; a server that compresses it again would send something else.
        'accept-encoding': 'identity',
        'user-agent': 'rackwatt',
        ...(authorization === undefined ? {} : { authorization }),
      },
      lookup: (_name, options, done) => {
        if (options.all) done(null, addresses);
        else done(null, addresses[0]!.address, addresses[0]!.family);
      },
      ...(signal ? { signal } : {}),
    });
    const clock = setTimeout(() => {
      isStalled = true;
      asked.destroy();
    }, patience);
    asked.on('error', (error) => {
      clearTimeout(clock);
      reject(cancelled(signal) ?? failed(url, isStalled ? stalled(patience) : errorMessage(error), error));
    });
    asked.on('response', (response) => {
      clearTimeout(clock);
      resolve({ response, close: () => asked.destroy() });
    });
    // Also where there was neither an error nor an answer: a server that goes over to another protocol is left in silence.
    asked.on('close', () => {
      clearTimeout(clock);
      reject(cancelled(signal) ?? failed(url, 'the connection ended before an answer came'));
    });
    asked.end();
  });
}

function stalled(patience: number): string {
  return `hardly anything came in ${patience / 1000} s`;
}

export function cancelled(signal: AbortSignal | undefined): RackwattError | undefined {
  return signal?.aborted ? new RackwattError('DOWNLOAD_CANCELLED', 'the download was cancelled') : undefined;
}

/** Without path or query, which may hold a token. */
export function failed(url: URL, why: string, cause?: unknown): RackwattError {
  return new RackwattError('DOWNLOAD_FAILED', `nothing was downloaded from ${url.host}: ${why}`, { cause });
}

export function refused(sentence: string): RackwattError {
  return new RackwattError('DOWNLOAD_REFUSED', sentence);
}
