import { randomBytes } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import {
  authority,
  type Authority,
  enrolment,
  type Enrolment,
  type EnrolmentRequest,
  LONGEST_MESSAGE,
  type OperationsKey,
  type PendingEnrolment,
  pendingEnrolment,
  POSSESSION_SCHEME,
  type Report,
  signedTime,
  verified,
} from '@rackwatt/fleet';
import { errorMessage, parseStrictly, RackwattError } from 'rackwatt';
import type { TrustedClock } from './clock.js';
import { connect } from './connection.js';
import { codeOf, remoteAdminError } from './errors.js';
import type { CenterAddress } from './settings.js';

const BASE = '/fleet/v1';
/** ms without a byte before an answer is given up. */
const PATIENCE = 30_000;
/** ms for which a time that the center told is good. */
const TIME_LASTS = 3_600_000;

/** What this gateway knows of the center, and shows of itself. */
export interface Credentials {
  /** PEM of the pinned root, once it is known. */
  root?: string;
  operationsKeys?: readonly OperationsKey[];
  /** PEM; once it is enrolled. */
  identity?: { key: string; certificate: string };
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

interface Asked {
  method?: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: object;
  signal: AbortSignal;
  /** ms without a byte. */
  patience?: number;
}

/** The requests to the center; a connection for each, so that none outlives what it was for. */
export class Center {
  readonly #address: CenterAddress;
  readonly #clock: TrustedClock;
  readonly #credentials: () => Credentials;
  readonly #onContact: () => void;
  #synchronizing: Promise<void> | undefined;

  constructor(
    address: CenterAddress,
    parts: { clock: TrustedClock; credentials: () => Credentials; onContact?: () => void },
  ) {
    this.#address = address;
    this.#clock = parts.clock;
    this.#credentials = parts.credentials;
    this.#onContact = parts.onContact ?? (() => undefined);
  }

  /** Whom this gateway is about to trust, with the root as it was pinned. @throws `CENTER_...`, `FLEET_MESSAGE` */
  async authority(signal: AbortSignal): Promise<{ authority: Authority; root: string }> {
    await this.agreeOnTime(signal);
    return this.#authority(signal, this.#clock.now());
  }

  /** Sends the request for enrolment; the same key gets the same answer. */
  async enrol(body: EnrolmentRequest, signal: AbortSignal): Promise<PendingEnrolment> {
    const answer = await this.#ask({ method: 'POST', path: '/enrolments', body, signal });
    if (answer.status !== 202) throw unexpected(answer, 'the request for enrolment');
    return pendingEnrolment.parse(answer.body);
  }

  /** @returns the enrolment, or how it stands. @throws `ENROLMENT_DENIED`, `ENROLMENT_EXPIRED` */
  async enrolment(id: string, proof: string, signal: AbortSignal): Promise<Enrolment | PendingEnrolment> {
    const headers = { authorization: `${POSSESSION_SCHEME} ${proof}` };
    const answer = await this.#ask({ path: `/enrolments/${id}`, headers, signal });
    switch (answer.status) {
      case 200:
        return enrolment.parse(answer.body);
      case 202:
        return pendingEnrolment.parse(answer.body);
      case 403:
        throw remoteAdminError('ENROLMENT_DENIED', `the center denied the enrolment${saying(answer)}`);
      case 404:
      case 410:
        throw remoteAdminError('ENROLMENT_EXPIRED', `the center no longer knows of the request${saying(answer)}`);
      default:
        throw unexpected(answer, 'the question how the enrolment stands');
    }
  }

  /**
   * Waits for an order other than `sequence`.
   * @returns the signed order; `unchanged`; `none` when there is none yet
   */
  async desired(
    sequence: number | undefined,
    wait: number,
    signal: AbortSignal,
  ): Promise<{ order: string } | 'unchanged' | 'none'> {
    const answer = await this.#ask({
      path: `/desired?wait=${wait}`,
      headers: sequence === undefined ? {} : { 'if-none-match': `"${sequence}"` },
      signal,
      patience: PATIENCE + wait * 1000,
    });
    if (answer.status === 304) return 'unchanged';
    if (answer.status === 404) return 'none';
    if (answer.status !== 200) throw unexpected(answer, 'the question what is desired');
    return { order: answer.body.toString('latin1').trim() };
  }

  async report(body: Report, signal: AbortSignal): Promise<void> {
    const answer = await this.#ask({ method: 'POST', path: '/reports', body, signal });
    if (answer.status !== 204) throw unexpected(answer, 'a report');
  }

  /** The answer to a request for an archive, its body still to come. */
  async artifact(sha256: string, headers: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage> {
    await this.agreeOnTime(signal);
    return this.#send({ path: `/artifacts/${sha256}`, headers, signal }, this.#clock.now());
  }

  /** Asks for the signed time. @throws `CENTER_...` */
  synchronize(signal: AbortSignal): Promise<void> {
    this.#synchronizing ??= this.#synchronize(signal).finally(() => (this.#synchronizing = undefined));
    return this.#synchronizing;
  }

  async #ask(asked: Asked): Promise<Answer> {
    await this.agreeOnTime(asked.signal);
    return this.#exchange(asked, this.#clock.now());
  }

  /** Asks for the time unless it is known. @throws `CENTER_...` */
  async agreeOnTime(signal: AbortSignal): Promise<void> {
    if (this.#clock.age > TIME_LASTS) await this.synchronize(signal);
  }

  /**
   * Where nothing but the dates of the center's certificate speaks against it, the time is asked all the same, and nothing else is:
   * the clock of this gateway may be what is wrong.
   */
  async #synchronize(signal: AbortSignal): Promise<void> {
    try {
      await this.#time(signal, this.#clock.now());
    } catch (error) {
      if (codeOf(error) !== 'CENTER_CERTIFICATE_DATE') throw error;
      await this.#time(signal, 'unknown');
      // By the time that was told, the certificate must be valid.
      await this.#time(signal, this.#clock.now());
    }
  }

  async #time(signal: AbortSignal, now: number | 'unknown'): Promise<void> {
    const keys = this.#credentials().operationsKeys ?? (await this.#authority(signal, now)).authority.operationsKeys;
    const nonce = randomBytes(24).toString('base64url');
    const answer = await this.#exchange({ path: `/time?nonce=${nonce}`, signal }, now, 'stranger');
    if (answer.status !== 200) throw unexpected(answer, 'the question what time it is');
    const said = signedTime.parse(await verified(answer.body.toString('latin1').trim(), keys, signedTime.name));
    if (said.nonce !== nonce)
      throw remoteAdminError('CENTER_TIME', 'the center signed another time than the one that was asked for');
    await this.#clock.set(said.time);
  }

  async #authority(signal: AbortSignal, now: number | 'unknown'): Promise<{ authority: Authority; root: string }> {
    let root = '';
    const answer = await this.#exchange({ path: '/authority', signal }, now, 'stranger', (pem) => (root = pem));
    if (answer.status !== 200) throw unexpected(answer, 'the question who the center is');
    return { authority: authority.parse(answer.body), root };
  }

  /** @param as a stranger shows no certificate */
  async #exchange(
    asked: Asked,
    now: number | 'unknown',
    as?: 'stranger',
    onRoot?: (pem: string) => void,
  ): Promise<Answer> {
    const response = await this.#send(asked, now, as, onRoot);
    const { statusCode: status = 0, headers } = response;
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        length += chunk.length;
        // A signed message is a third longer than what it says.
        if (length > 2 * LONGEST_MESSAGE) throw remoteAdminError('CENTER_ANSWER', 'the center answers without end');
        chunks.push(chunk);
      }
    } catch (error) {
      if (asked.signal.aborted || error instanceof RackwattError) throw error;
      throw remoteAdminError('CENTER_UNREACHABLE', `the connection to the center broke: ${errorMessage(error)}`, {
        cause: error,
      });
    } finally {
      response.destroy();
    }
    this.#onContact();
    return { status, headers, body: Buffer.concat(chunks) };
  }

  async #send(
    { method = 'GET', path, headers = {}, body, signal, patience = PATIENCE }: Asked,
    now: number | 'unknown',
    as?: 'stranger',
    onRoot?: (pem: string) => void,
  ): Promise<IncomingMessage> {
    const { root, identity } = this.#credentials();
    const { host, port } = this.#address;
    const { socket, root: found } = await connect({
      address: this.#address,
      now,
      signal,
      ...(root === undefined ? {} : { root }),
      ...(identity === undefined || as === 'stranger' ? {} : { identity }),
    });
    onRoot?.(found.toString());
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const sent = request({
      createConnection: () => socket,
      method,
      path: BASE + path,
      signal,
      timeout: patience,
      headers: {
        host: `${host.includes(':') ? `[${host}]` : host}:${port}`,
        accept: 'application/json, application/jose, application/octet-stream',
        'accept-encoding': 'identity',
        connection: 'close',
        ...(content && { 'content-type': 'application/json', 'content-length': `${content.length}` }),
        ...headers,
      },
    });
    sent.once('response', resolve);
    sent.once('timeout', () =>
      sent.destroy(remoteAdminError('CENTER_UNREACHABLE', `the center did not answer in ${patience / 1000} s`)),
    );
    sent.on('error', (error) =>
      reject(
        signal.aborted || error instanceof RackwattError
          ? error
          : remoteAdminError('CENTER_UNREACHABLE', `the connection to the center broke: ${errorMessage(error)}`, {
              cause: error,
            }),
      ),
    );
    sent.once('close', () => socket.destroy());
    sent.end(content);
    return promise;
  }
}

/** What a status means that the request has no use for. */
export function unexpected(answer: Pick<Answer, 'status' | 'body'>, what: string): RackwattError {
  const isDenied = answer.status === 401 || answer.status === 403;
  return remoteAdminError(
    isDenied ? 'CENTER_DENIED' : 'CENTER_ANSWER',
    `the center answers ${what} with ${answer.status}${saying(answer)}`,
    { context: { status: answer.status } },
  );
}

/** The sentence of a problem, if the answer is one. */
function saying({ body }: Pick<Answer, 'body'>): string {
  try {
    const problem = parseStrictly(body, 'a problem', 'FLEET_MESSAGE') as { message?: unknown } | null;
    return typeof problem?.message === 'string' ? `: ${problem.message.slice(0, 300)}` : '';
  } catch (error) {
    // Whatever else it is, such as a page of a hotel, is no sentence for anybody.
    void errorMessage(error);
    return '';
  }
}
