import { createSession, createV3Session, PrivProtocols, type Session, type Varbind } from 'net-snmp';
import { errorMessage, RackwattError } from 'rackwatt';
import type { Endpoint } from './address.js';
import type { Security } from './credentials.js';
import { withDes } from './des.js';
import {
  type Circumstances,
  deadlinePassed,
  explainFailure,
  explainSilence,
  garbage,
  isRepairable,
  sessionGone,
} from './errors.js';
import { resolved } from './host.js';

export interface LinkOptions {
  /** ms of one try. */
  timeout: number;
  /** Tries after the first. */
  retries: number;
}

/** Bytes for varbinds in a response that fits one Ethernet frame: without and with the headers of v3. */
const RESPONSE_BYTES = 1400;
const RESPONSE_BYTES_V3 = 1300;
const LEAST_RESPONSE_BYTES = 120;
/** Below this many ms left nothing is sent any more. */
const LEAST_TIME = 2;

/**
 * Requests to one agent, one in flight at a time. Deadlines are readings of `performance.now()`.
 *
 * An SNMPv3 session whose engine restarted is replaced once; what else fails is a `RackwattError`.
 */
export class SnmpLink {
  readonly endpoint: Endpoint;
  readonly security: Security;
  /** Requests sent so far. */
  requests = 0;
  /** Bytes that a response may have; shrinks when the agent cannot fill it. */
  responseBytes: number;
  readonly #options: LinkOptions;
  #session: Session | undefined;
  #turn: Promise<void> | undefined;
  #closed = false;
  #garbage = 0;
  #heard = false;
  /** Fails the request in flight. */
  #fail: ((error: RackwattError) => void) | undefined;

  constructor(endpoint: Endpoint, security: Security, options: LinkOptions) {
    this.endpoint = endpoint;
    this.security = security;
    this.#options = options;
    this.responseBytes = security.version === 3 ? RESPONSE_BYTES_V3 : RESPONSE_BYTES;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get(oids: string[], deadline: number): Promise<Varbind[]> {
    return this.#request(deadline, (session, feed: Feed<Varbind[]>) => session.get(oids, feed));
  }

  /** The objects after `oids`. */
  next(oids: string[], deadline: number): Promise<Varbind[]> {
    return this.#request(deadline, (session, feed: Feed<Varbind[]>) => session.getNext(oids, feed));
  }

  /** Up to `repetitions` objects after each of `oids`, a list each. Not for SNMPv1. */
  bulk(oids: string[], repetitions: number, deadline: number): Promise<Varbind[][]> {
    return this.#request(deadline, (session, feed: Feed<Varbind[][]>) => session.getBulk(oids, 0, repetitions, feed));
  }

  /** `type`: ASN.1 tag of the value. */
  set(oid: string, type: number, value: number | string, deadline: number): Promise<Varbind[]> {
    return this.#request(deadline, (session, feed: Feed<Varbind[]>) => session.set([{ oid, type, value }], feed));
  }

  /** Fewer bytes a response from now on; false when that helps no more. */
  shrink(): boolean {
    if (this.responseBytes / 2 < LEAST_RESPONSE_BYTES) return false;
    this.responseBytes /= 2;
    return true;
  }

  /** The request in flight fails at once: the socket, which may not even be bound yet, might never say that it closed. */
  close(): void {
    this.#closed = true;
    this.#fail?.(sessionGone(this.endpoint.text));
    this.#drop();
  }

  async #request<T>(deadline: number, send: (session: Session, feed: Feed<T>) => void): Promise<T> {
    while (this.#turn) await this.#turn;
    let release!: () => void;
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    try {
      try {
        return await this.#once(deadline, send);
      } catch (error) {
        if (!isRepairable(error) || this.#closed) throw this.#explain(error);
        this.#drop();
      }
      return await this.#once(deadline, send).catch((error: unknown) => {
        throw this.#explain(error);
      });
    } finally {
      this.#turn = undefined;
      release();
    }
  }

  async #once<T>(deadline: number, send: (session: Session, feed: Feed<T>) => void): Promise<T> {
    const session = this.#session ?? (await this.#open());
    const left = deadline - performance.now();
    if (left < LEAST_TIME) throw deadlinePassed(this.endpoint.text, this.requests);
    session.timeout = Math.min(this.#options.timeout, left);
    session.retries = Math.min(this.#options.retries, Math.max(0, Math.floor(left / session.timeout) - 1));
    this.requests++;
    this.#garbage = 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<T>((resolve, reject) => {
        // net-snmp's own tries do not keep the deadline: a v3 request may be three round trips, each with tries of its own.
        timer = setTimeout(() => reject(this.#outOfTime(session)), left);
        this.#fail = reject;
        send(session, (error, varbinds) => {
          if (error) reject(error);
          else resolve(varbinds);
        });
      });
      this.#heard = true;
      return answer;
    } finally {
      clearTimeout(timer);
      this.#fail = undefined;
    }
  }

  #outOfTime(session: Session): RackwattError {
    const error = explainSilence(this.#seen());
    session.cancelRequests(error);
    return error;
  }

  async #open(): Promise<Session> {
    const { host, port } = this.endpoint;
    if (this.#closed) throw sessionGone(this.endpoint.text);
    // Resolved here, else every packet asks the resolver.
    const { address, family } = await resolved(host);
    if (this.#closed) throw sessionGone(this.endpoint.text);
    const options = {
      port,
      version: this.security.code,
      transport: family === 6 ? ('udp6' as const) : ('udp4' as const),
      timeout: this.#options.timeout,
      retries: this.#options.retries,
      idBitsSize: 32 as const,
    };
    const { security } = this;
    const session =
      security.version === 3
        ? createV3Session(address, security.user, { ...options, context: security.context })
        : createSession(address, security.community, options);
    session.on('error', () => this.#garbage++);
    // net-snmp throws out of the socket's event on some malformed v3 packets.
    session.dgram.removeAllListeners('message');
    const usesDes = security.version === 3 && security.user.privProtocol === PrivProtocols['des'];
    session.dgram.on('message', (packet) => {
      try {
        if (usesDes) withDes(() => session.onMsg(packet));
        else session.onMsg(packet);
      } catch (error) {
        // By now net-snmp has forgotten the request.
        this.#fail?.(garbage(this.endpoint.text, errorMessage(error)));
      }
    });
    if (usesDes) {
      const send = session.send.bind(session);
      session.send = (...request) => withDes(() => send(...request));
    }
    this.#session = session;
    return session;
  }

  #explain(error: unknown): RackwattError {
    return explainFailure(error, this.#seen());
  }

  #seen(): Circumstances {
    const session = this.#session;
    return {
      endpoint: this.endpoint,
      security: this.security,
      tries: (session?.retries ?? 0) + 1,
      timeout: session?.timeout ?? this.#options.timeout,
      garbage: this.#garbage,
      discovered: session?.msgSecurityParameters !== undefined,
      heard: this.#heard,
    };
  }

  #drop(): void {
    const session = this.#session;
    // Once only: net-snmp throws when a session is closed twice.
    this.#session = undefined;
    session?.close();
  }
}

type Feed<T> = (error: Error | null, varbinds: T) => void;
