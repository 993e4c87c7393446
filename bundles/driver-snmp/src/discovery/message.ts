/**
 * The two messages that knock at a host, and what is read of the answers: a GET of sysObjectID (RFC 3416), and the discovery of
 * an SNMPv3 engine (RFC 3414 section 4). Small enough to be made here: a session for each of thousands of silent hosts is not.
 */

const INTEGER = 0x02;
const OCTETS = 0x04;
const NULL = 0x05;
const OID = 0x06;
const SEQUENCE = 0x30;
const GET = 0xa0;
const RESPONSE = 0xa2;
const REPORT = 0xa8;

/** 1.3.6.1.2.1.1.2.0 */
const SYS_OBJECT_ID = Buffer.from([0x2b, 6, 1, 2, 1, 1, 2, 0]);
const REPORTABLE = 0x04;
const USER_BASED = 3;
const LARGEST_MESSAGE = 1472;

/** @param version 1 or 2 (v2c) @param id 1 to 2^31 - 1 */
export function getMessage(version: 1 | 2, community: string, id: number): Buffer {
  const binding = tlv(SEQUENCE, tlv(OID, SYS_OBJECT_ID), tlv(NULL));
  const pdu = tlv(GET, integer(id), integer(0), integer(0), tlv(SEQUENCE, binding));
  return tlv(SEQUENCE, integer(version - 1), tlv(OCTETS, Buffer.from(community)), pdu);
}

/** Asks an SNMPv3 engine who it is; nobody is named, so that nobody is refused. */
export function engineMessage(id: number): Buffer {
  const header = tlv(
    SEQUENCE,
    integer(id),
    integer(LARGEST_MESSAGE),
    tlv(OCTETS, Buffer.from([REPORTABLE])),
    integer(USER_BASED),
  );
  const none = tlv(OCTETS);
  const security = tlv(SEQUENCE, none, integer(0), integer(0), none, none, none);
  const scoped = tlv(SEQUENCE, none, none, tlv(GET, integer(id), integer(0), integer(0), tlv(SEQUENCE)));
  return tlv(SEQUENCE, integer(3), header, tlv(OCTETS, security), scoped);
}

export type Answer =
  | { kind: 'response'; id: number }
  /** `enterprise`: IANA's number of the maker, in the engine's id (RFC 3411 section 5). */
  | { kind: 'engine'; id: number; enterprise: number | undefined };

/** Undefined for what is no answer to either message. */
export function parseAnswer(packet: Buffer): Answer | undefined {
  try {
    const message = new Reader(packet).enter(SEQUENCE);
    const version = message.integer();
    if (version !== 3) {
      message.take(OCTETS);
      return { kind: 'response', id: message.enter(RESPONSE).integer() };
    }
    const id = message.enter(SEQUENCE).integer();
    const engine = new Reader(message.take(OCTETS)).enter(SEQUENCE).take(OCTETS);
    const scoped = message.enter(SEQUENCE);
    scoped.take(OCTETS);
    scoped.take(OCTETS);
    scoped.enter(REPORT);
    return { kind: 'engine', id, enterprise: engine.length < 5 ? undefined : engine.readUInt32BE(0) % 2 ** 31 };
  } catch (malformed) {
    if (malformed instanceof RangeError) return undefined;
    throw malformed;
  }
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function integer(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(rest & 255);
    rest >>>= 8;
  } while (rest > 0);
  if (bytes[0]! > 127) bytes.unshift(0);
  return tlv(INTEGER, Buffer.from(bytes));
}

/** Reads what the outside sent; a length that leads out of it is a RangeError. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  enter(tag: number): Reader {
    return new Reader(this.take(tag));
  }

  integer(): number {
    const content = this.take(INTEGER);
    if (content.length < 1 || content.length > 6) throw new RangeError('no integer');
    return content.readIntBE(0, content.length);
  }

  take(tag: number): Buffer {
    if (this.#bytes.readUInt8(this.#at) !== tag) throw new RangeError('another tag');
    let length = this.#bytes.readUInt8(this.#at + 1);
    let from = this.#at + 2;
    if (length > 127) {
      const bytes = length & 127;
      length = this.#bytes.readUIntBE(from, bytes);
      from += bytes;
    }
    if (from + length > this.#bytes.length) throw new RangeError('it ends too soon');
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}
