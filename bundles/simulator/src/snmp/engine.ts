import { createHash } from 'node:crypto';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { BerReader, type Element, element, oidElement } from './ber.js';
import { decodePdu, ErrorStatus, PduType, type RequestPdu, type ResponsePdu } from './pdu.js';
import { answer, failure, type Limits, type WriteHandler } from './requests.js';
import { parseOid } from './oid.js';
import type { ObjectTable } from './table.js';
import { FLAG, secureMessage, USER_SECURITY_MODEL } from './secure-message.js';
import { UsmUser } from './usm.js';
import { encodeValue, Tag } from './value.js';

/** Seconds by which the clocks of two engines may differ (RFC 3414, 2.2.3). */
const TIME_WINDOW = 150;
/** Octets around the varbinds of a v3 message, at most. */
const OVERHEAD = 320;

/** usmStats counters (RFC 3414, 5): the reason that a report gives. */
const REPORTS = {
  unsupportedSecurityLevel: 1,
  notInTimeWindow: 2,
  unknownUser: 3,
  unknownEngine: 4,
  wrongDigest: 5,
  decryptionError: 6,
} as const;

type Report = keyof typeof REPORTS;

export interface EngineOptions {
  table: ObjectTable;
  users: readonly SnmpCredentials[];
  limits: () => Limits;
  write: WriteHandler;
  /** 5 to 32 octets; stable over restarts, as keys depend on it. */
  engineId: Buffer;
  boots: number;
}

export interface Header {
  id: number;
  maxSize: number;
  flags: number;
  engineId: Buffer;
  clock: { boots: number; time: number };
  user: string;
  /** Where the digest stands within the message. */
  digest: Element;
  privacy: Buffer;
}

/** An authoritative engine of SNMP v3 (RFC 3412, RFC 3414): discovery, time windows, digests, privacy, reports. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #users: ReadonlyMap<string, UsmUser>;
  readonly #counters: Record<Report, number> = {
    unsupportedSecurityLevel: 0,
    notInTimeWindow: 0,
    unknownUser: 0,
    unknownEngine: 0,
    wrongDigest: 0,
    decryptionError: 0,
  };
  readonly #started = performance.now();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#users = new Map(options.users.map((user) => [user.user ?? '', new UsmUser(user, options.engineId)]));
  }

  /** Reports sent, by reason. */
  get reports(): Readonly<Record<Report, number>> {
    return this.#counters;
  }

  /** Restarts so far, and s since the last one. */
  get clock(): { boots: number; time: number } {
    return { boots: this.#options.boots, time: Math.floor((performance.now() - this.#started) / 1000) };
  }

  /** Answers a message whose version was read; undefined where RFC 3412 has it dropped. */
  answer(reader: BerReader): Buffer | undefined {
    const header = readHeader(reader);
    if (!header) return undefined;
    const user = this.#users.get(header.user);
    const refused = this.#check(header, user, reader.message);
    if (refused)
      return this.#report(
        header,
        refused,
        refused === 'notInTimeWindow' ? user : undefined,
        plainRequestId(header, reader),
      );
    return this.#answerScoped(header, user!, reader);
  }

  #answerScoped(header: Header, user: UsmUser, reader: BerReader): Buffer | undefined {
    let scoped = reader;
    if (header.flags & FLAG.privacy) {
      const plain = user.decrypt(reader.octets(), header.privacy, header.clock);
      if (!plain) return this.#report(header, 'decryptionError', undefined, 0);
      scoped = new BerReader(plain);
    }
    let content: { context: Buffer; pdu: RequestPdu };
    try {
      content = readScopedPdu(scoped);
    } catch (malformed) {
      // A wrong privacy key gives noise: that is what a decryption error is.
      if (header.flags & FLAG.privacy) return this.#report(header, 'decryptionError', undefined, 0);
      throw malformed;
    }
    const { maxMessageSize, ...limits } = this.#options.limits();
    const room = Math.min(header.maxSize, maxMessageSize) - OVERHEAD - content.context.length;
    const response = isBelowLevel(header, user)
      ? failure(content.pdu, ErrorStatus.authorizationError, 0)
      : answer(content.pdu, { table: this.#options.table, version: 3, room, write: this.#options.write, ...limits });
    return response && this.#message(header, user, header.flags, response, content.context);
  }

  /** The steps of RFC 3414, 3.2, in their order. */
  #check(header: Header, user: UsmUser | undefined, message: Buffer): Report | undefined {
    if (!header.engineId.equals(this.#options.engineId)) return 'unknownEngine';
    if (!user) return 'unknownUser';
    const authenticated = (header.flags & FLAG.authentication) !== 0;
    if ((authenticated && !user.authenticates) || (header.flags & FLAG.privacy && !user.encrypts))
      return 'unsupportedSecurityLevel';
    if (!authenticated) return undefined;
    if (!user.isAuthentic(message, header.digest)) return 'wrongDigest';
    const { boots, time } = this.clock;
    if (header.clock.boots !== boots || Math.abs(header.clock.time - time) > TIME_WINDOW) return 'notInTimeWindow';
    return undefined;
  }

  #report(header: Header, reason: Report, user: UsmUser | undefined, requestId: number): Buffer | undefined {
    this.#counters[reason]++;
    if (!(header.flags & FLAG.reportable)) return undefined;
    const oid = parseOid(`1.3.6.1.6.3.15.1.1.${REPORTS[reason]}.0`);
    const counter = encodeValue({ type: Tag.Counter32, value: this.#counters[reason] });
    const varbinds = [element(Tag.Sequence, oidElement(oid), counter)];
    const pdu: ResponsePdu = { type: PduType.Report, requestId, errorStatus: 0, errorIndex: 0, varbinds };
    return this.#message(header, user, user ? FLAG.authentication : 0, pdu, Buffer.alloc(0));
  }

  #message(header: Header, user: UsmUser | undefined, flags: number, pdu: ResponsePdu, context: Buffer): Buffer {
    const { engineId } = this.#options;
    return secureMessage({ id: header.id, engineId, clock: this.clock, user, flags, pdu, context });
  }
}

/** @returns undefined when the security model is another one, or privacy comes without authentication (RFC 3412, 7.2). */
export function readHeader(reader: BerReader): Header | undefined {
  const global = reader.enter(Tag.Sequence);
  const id = global.integer();
  const maxSize = Math.max(484, global.integer());
  const flags = global.octets()[0] ?? 0;
  if (global.integer() !== USER_SECURITY_MODEL || (flags & 3) === FLAG.privacy) return undefined;
  const outer = reader.next(Tag.OctetString);
  const security = new BerReader(reader.message, outer.start, outer.end).enter(Tag.Sequence);
  const engineId = security.octets();
  const clock = { boots: security.integer(), time: security.integer() };
  const user = security.octets().toString('utf8');
  const digest = security.next(Tag.OctetString);
  return { id, maxSize, flags, engineId, clock, user, digest, privacy: security.octets() };
}

export function readScopedPdu(reader: BerReader): { context: Buffer; pdu: RequestPdu } {
  const scoped = reader.enter(Tag.Sequence);
  scoped.octets();
  const context = scoped.octets();
  return { context, pdu: decodePdu(scoped) };
}

/** The request id of a plain PDU, for the report on it; 0 where it is encrypted (RFC 3412, 7.1.3). */
function plainRequestId(header: Header, reader: BerReader): number {
  return header.flags & FLAG.privacy ? 0 : readScopedPdu(reader).pdu.requestId;
}

/** A user with keys has to use them, as on a device whose views ask for it. */
function isBelowLevel(header: Header, user: UsmUser): boolean {
  return (
    (user.authenticates && !(header.flags & FLAG.authentication)) || (user.encrypts && !(header.flags & FLAG.privacy))
  );
}

/** An engine id in RFC 3411's format for text (4), under the enterprise of examples, always the same for one name. */
export function engineIdOf(name: string): Buffer {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return Buffer.concat([Buffer.from([0x80, 0x00, 0x7e, 0xd9, 0x04]), Buffer.from(digest, 'ascii')]);
}
