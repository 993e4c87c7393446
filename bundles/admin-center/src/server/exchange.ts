import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { LONGEST_MESSAGE } from '@rackwatt/fleet';
import { errorMessage, RackwattError } from 'rackwatt';
import { centerError } from '../errors.js';

/** A file that is sent whole or in part. */
export interface SentFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Strong, with its quotes. */
  etag: string;
}

export type Answer = {
  status: number;
  headers?: Record<string, string>;
} & ({ json: object } | { text: string; type: string } | { file: SentFile } | { empty: true });

/**
 * The body of a request, bounded.
 * @throws `FLEET_TOO_LARGE`, `FLEET_MESSAGE`
 */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity')
    throw new RackwattError('FLEET_MESSAGE', `a body that is ${coding.slice(0, 40)} is not read; send it as it is`);
  const tooLarge = () => centerError('FLEET_TOO_LARGE', `a body has at most ${LONGEST_MESSAGE} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > LONGEST_MESSAGE) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_MESSAGE) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const headers = { 'cache-control': 'no-store', ...answer.headers };
  // What a client still sends of a body that nobody wants would be taken for its next request.
  const rest = request.complete ? {} : { connection: 'close' };
  if ('file' in answer) return sendFile(request, response, answer.file);
  if ('empty' in answer) return void response.writeHead(answer.status, { ...headers, ...rest }).end();
  const [text, type] =
    'json' in answer ? [JSON.stringify(answer.json), 'application/json'] : [answer.text, answer.type];
  response.writeHead(answer.status, {
    ...headers,
    ...rest,
    'content-type': type,
    'content-length': String(Buffer.byteLength(text)),
  });
  response.end(text);
}

/** Code and sentence of what went wrong, and nothing of what is not meant for the other side. */
export function problemOf(error: unknown): Answer {
  const { code, context } = error instanceof RackwattError ? error : { code: 'FLEET_STATE', context: undefined };
  const given = context?.['status'];
  const status = typeof given === 'number' ? given : code === 'FLEET_MESSAGE' ? 400 : 500;
  const message = status >= 500 ? 'the center cannot do that now; its log says why' : errorMessage(error);
  const isLater = status === 429 || status === 503;
  return { status, ...(isLater && { headers: { 'retry-after': '30' } }), json: { code, message } };
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: SentFile): Promise<void> {
  const { path, size, etag } = file;
  const headers = { etag, 'accept-ranges': 'bytes', 'content-type': 'application/gzip', 'cache-control': 'no-store' };
  const since = request.headers['if-range'];
  const range = since === undefined || since === etag ? rangeOf(request.headers.range, size) : undefined;
  if (range === 'outside') {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${size}`, 'content-length': '0' }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, {
    ...headers,
    'content-length': String(end - start + 1),
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  await pipeline(createReadStream(path, { start, end }), response);
}

/** RFC 9110 14.1.2 with one range; undefined when there is none, or one that is not understood and so the whole is sent. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'outside' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return Number(last) === 0 ? 'outside' : { start: Math.max(0, size - Number(last)), end: size - 1 };
  const [start, end] = [Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1)];
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'outside' : { start, end };
}
