import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { errorMessage } from 'rackwatt';
import { simulatorError } from '../errors.js';
import { BerReader, element, integerElement, oidElement } from './ber.js';
import { engineIdOf, type Header, readHeader, readScopedPdu } from './engine.js';
import { parseOid } from './oid.js';
import { decodePdu, encodePdu, PduType, type RequestPdu, type ResponsePdu } from './pdu.js';
import { FLAG, secureMessage } from './secure-message.js';
import { type EngineClock, UsmUser } from './usm.js';
import { encodeValue, objectIdentifier, type SnmpValue, Tag, timeTicks } from './value.js';

export interface Notification {
  /** The whole snmpTrapOID; of an SMIv1 trap: enterprise, 0, specific number. */
  oid: string;
  /** Hundredths of a second that the device runs. */
  upTime?: number;
  varbinds?: readonly { oid: string; value: SnmpValue }[];
}

/** Who is told, and how. */
export interface NotificationTarget {
  host: string;
  port: number;
  /** `2c` unless given. */
  version?: '1' | '2c' | '3';
  /** Of v1 and v2c; `public` unless given. */
  community?: string;
  /** Of v3. */
  user?: SnmpCredentials;
  /** An inform, which is acknowledged; not of v1. */
  inform?: boolean;
  /** ms of one try of an inform, 1000 unless given. */
  timeout?: number;
  /** Tries of an inform after the first, 2 unless given. */
  retries?: number;
}

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0';
const STANDARD_TRAPS = '1.3.6.1.6.3.1.1.5.';
const ENTERPRISE_SPECIFIC = 6;
const IPV4_ANY = '0.0.0.0';

/** Sends notifications as a device does: traps of v1 (RFC 1157), v2c and v3, informs of v2c and v3 (RFC 3416, 4.2.6, 4.2.7). */
export class Notifier {
  readonly #host: string;
  readonly #engineId: Buffer;
  readonly #boots: number;
  readonly #started = performance.now();
  #socket: Promise<Socket> | undefined;
  #next = 1;

  /** @param engine name that the engine id of v3 traps is made from */
  constructor({ host = '127.0.0.1', engine = 'notifier', engineBoots = 1 } = {}) {
    this.#host = host;
    this.#engineId = engineIdOf(engine);
    this.#boots = engineBoots;
  }

  /** Engine id of traps of v3, which receivers have to know with the user. */
  get engineId(): Buffer {
    return this.#engineId;
  }

  /** Sends a trap, or an inform and waits until it is acknowledged. @throws `SNMP_NOT_ACKNOWLEDGED` */
  async send(target: NotificationTarget, notification: Notification): Promise<void> {
    const { version = '2c', inform = false } = target;
    if (version === '1') return this.#transmit(target, trapV1(target, this.#host, notification));
    const id = this.#next++;
    const pdu = pduOf(id, inform ? PduType.Inform : PduType.Trap, notification);
    if (version === '2c') {
      const message = communityMessage(1, target, encodePdu(pdu));
      if (!inform) return this.#transmit(target, message);
      await this.#ask(target, message, (answer) => isAcknowledged(communityPdu(answer), id));
      return;
    }
    if (inform) return this.#informSecurely(target, pdu);
    const user = new UsmUser(target.user ?? { version: '3' }, this.#engineId);
    const clock = { boots: this.#boots, time: Math.floor((performance.now() - this.#started) / 1000) };
    const own = { id, engineId: this.#engineId, clock, user, flags: levelOf(user), pdu, context: Buffer.alloc(0) };
    return this.#transmit(target, secureMessage(own));
  }

  async close(): Promise<void> {
    const socket = await this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The receiver's engine is the authoritative one, so that it is asked for first, and again when its clock was another. */
  async #informSecurely(target: NotificationTarget, pdu: ResponsePdu): Promise<void> {
    const context = Buffer.alloc(0);
    const nobody = { user: undefined, flags: FLAG.reportable, context };
    const question: ResponsePdu = { type: PduType.Get, requestId: 0, errorStatus: 0, errorIndex: 0, varbinds: [] };
    const unknown = { engineId: Buffer.alloc(0), clock: { boots: 0, time: 0 } };
    let engine: { engineId: Buffer; clock: EngineClock } = await this.#ask(
      target,
      secureMessage({ ...nobody, ...unknown, id: this.#next++, pdu: question }),
      headerOf,
    );
    const user = new UsmUser(target.user ?? { version: '3' }, engine.engineId);
    for (let tries = 0; tries < 2; tries++) {
      const flags = levelOf(user) | FLAG.reportable;
      const message = secureMessage({ ...engine, id: this.#next++, user, flags, pdu, context });
      const answer = await this.#ask(target, message, (octets) => secureAnswer(octets, user, pdu.requestId));
      if (answer === 'acknowledged') return;
      engine = answer;
    }
    throw notAcknowledged(target, 'it refuses the user, its keys or its security level');
  }

  async #transmit({ host, port }: NotificationTarget, message: Buffer): Promise<void> {
    const socket = await (this.#socket ??= this.#open());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.send(message, port, host, (error) => (error ? reject(error) : resolve()));
    await promise;
  }

  /** Sends until an answer is the wanted one. */
  async #ask<Answer>(
    target: NotificationTarget,
    message: Buffer,
    read: (octets: Buffer) => Answer | undefined,
  ): Promise<Answer> {
    const { timeout = 1000, retries = 2 } = target;
    const socket = await (this.#socket ??= this.#open());
    for (let tries = 0; tries <= retries; tries++) {
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
      const take = (octets: Buffer) => {
        const answer = attempt(() => read(octets));
        if (answer !== undefined) resolve(answer);
      };
      const timer = setTimeout(resolve, timeout, undefined);
      socket.on('message', take);
      await this.#transmit(target, message);
      const answer = await promise;
      clearTimeout(timer);
      socket.off('message', take);
      if (answer !== undefined) return answer;
    }
    throw notAcknowledged(target, 'it does not answer');
  }

  async #open(): Promise<Socket> {
    const socket = createSocket(isIP(this.#host) === 6 ? 'udp6' : 'udp4');
    const listening = once(socket, 'listening');
    socket.bind(0, this.#host);
    await listening;
    // A receiver that went away makes the last message bounce; whether it was needed is known by the answer.
    socket.on('error', (bounced) => void errorMessage(bounced));
    return socket;
  }
}

const notAcknowledged = ({ host, port }: NotificationTarget, why: string) =>
  simulatorError('SNMP_NOT_ACKNOWLEDGED', `${host}:${port} did not acknowledge the inform: ${why}.`, {
    context: { host, port },
  });

/** What a reader makes of octets; undefined where they are not to be read. */
function attempt<Answer>(read: () => Answer | undefined): Answer | undefined {
  try {
    return read();
  } catch (malformed) {
    // Whoever sends noise is not who was asked; the right answer may still come.
    void errorMessage(malformed);
    return undefined;
  }
}

const levelOf = (user: UsmUser): number =>
  (user.authenticates ? FLAG.authentication : 0) | (user.encrypts ? FLAG.privacy : 0);

const varbindOf = (oid: string, value: SnmpValue): Buffer =>
  element(Tag.Sequence, oidElement(parseOid(oid)), encodeValue(value));

function pduOf(requestId: number, type: number, { oid, upTime = 0, varbinds = [] }: Notification): ResponsePdu {
  const all = [
    varbindOf(SYS_UP_TIME, timeTicks(upTime)),
    varbindOf(SNMP_TRAP_OID, objectIdentifier(oid)),
    ...varbinds.map((each) => varbindOf(each.oid, each.value)),
  ];
  return { type, requestId, errorStatus: 0, errorIndex: 0, varbinds: all };
}

function communityMessage(version: 0 | 1, { community = 'public' }: NotificationTarget, pdu: Buffer): Buffer {
  return element(
    Tag.Sequence,
    integerElement(Tag.Integer, version),
    element(Tag.OctetString, Buffer.from(community)),
    pdu,
  );
}

/** A trap of v1 from what identifies it since v2 (RFC 3584, 3.2). */
function trapV1(target: NotificationTarget, host: string, { oid, upTime = 0, varbinds = [] }: Notification): Buffer {
  const arcs = oid.split('.');
  const last = Number(arcs.at(-1));
  const isStandard = oid.startsWith(STANDARD_TRAPS);
  const enterprise = arcs.slice(0, arcs.at(-2) === '0' || isStandard ? -2 : -1).join('.');
  const address: SnmpValue = { type: Tag.IpAddress, value: isIP(host) === 4 ? host : IPV4_ANY };
  const pdu = element(
    PduType.TrapV1,
    oidElement(parseOid(enterprise)),
    encodeValue(address),
    integerElement(Tag.Integer, isStandard ? last - 1 : ENTERPRISE_SPECIFIC),
    integerElement(Tag.Integer, isStandard ? 0 : last),
    encodeValue(timeTicks(upTime)),
    element(Tag.Sequence, ...varbinds.map((each) => varbindOf(each.oid, each.value))),
  );
  return communityMessage(0, target, pdu);
}

function communityPdu(octets: Buffer): RequestPdu {
  const message = new BerReader(octets).enter(Tag.Sequence);
  message.integer();
  message.octets();
  return decodePdu(message);
}

const isAcknowledged = ({ type, requestId }: RequestPdu, id: number): true | undefined =>
  type === PduType.Response && requestId === id ? true : undefined;

function headerOf(octets: Buffer): Header | undefined {
  const message = new BerReader(octets).enter(Tag.Sequence);
  return message.integer() === 3 ? readHeader(message) : undefined;
}

/** Whether an answer acknowledges; else the engine's clock as a report tells it. */
function secureAnswer(octets: Buffer, user: UsmUser, requestId: number): 'acknowledged' | Header | undefined {
  const message = new BerReader(octets).enter(Tag.Sequence);
  if (message.integer() !== 3) return undefined;
  const header = readHeader(message);
  if (!header || (header.flags & FLAG.authentication && !user.isAuthentic(message.message, header.digest)))
    return undefined;
  const plain = header.flags & FLAG.privacy ? user.decrypt(message.octets(), header.privacy, header.clock) : undefined;
  const { pdu } = readScopedPdu(plain ? new BerReader(plain) : message);
  if (pdu.type === PduType.Report) return header;
  return isAcknowledged(pdu, requestId) && (header.flags & 3) === levelOf(user) ? 'acknowledged' : undefined;
}
