/** The part of BER (ITU-T X.690) that SNMP uses: definite lengths and one-byte tags (RFC 3417 section 8). */

/** Tags of the types of SNMP (RFC 2578 section 7.1, RFC 3416 section 3). */
export const Tag = {
  Integer: 0x02,
  OctetString: 0x04,
  Null: 0x05,
  ObjectIdentifier: 0x06,
  Sequence: 0x30,
  IpAddress: 0x40,
  Counter32: 0x41,
  Gauge32: 0x42,
  TimeTicks: 0x43,
  Opaque: 0x44,
  Counter64: 0x46,
  Unsigned32: 0x47,
  NoSuchObject: 0x80,
  NoSuchInstance: 0x81,
  EndOfMibView: 0x82,
} as const;

const MOST_ARCS = 128;
const MOST_ARC = 2 ** 32 - 1;

/**
 * Reads what may be anything. Nothing throws: what does not fit makes `ok` false, and every read after it gives nothing, so
 * that a message is parsed in a straight line and asked once at the end.
 */
export class BerReader {
  readonly bytes: Buffer;
  at = 0;
  /** Where the element ends in which we are. */
  end: number;
  ok = true;
  /** Tag of the element that `next` stepped into. */
  tag = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Steps to the content of the next element. @returns where the content ends */
  next(): number {
    const { bytes, end } = this;
    let { at } = this;
    if (at + 2 > end) return this.fail();
    this.tag = bytes[at++]!;
    let length = bytes[at++]!;
    if (length > 0x7f) {
      const octets = length & 0x7f;
      if (octets === 0 || octets > 4 || at + octets > end) return this.fail();
      length = 0;
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[at++]!;
    }
    if (length > end - at) return this.fail();
    this.at = at;
    return at + length;
  }

  /** Goes into an element with this tag. @returns what `leave` takes */
  enter(tag: number): number {
    const outer = this.end;
    const end = this.next();
    if (this.tag !== tag) this.fail();
    if (this.ok) this.end = end;
    return outer;
  }

  /** Goes on behind the element that `enter` went into; it has to be read to its end. */
  leave(outer: number): void {
    if (this.at !== this.end) this.fail();
    if (this.ok) this.end = outer;
  }

  /** A whole number of 32 bits. */
  integer(): number {
    const end = this.next();
    return this.tag === Tag.Integer ? this.signed(end) : this.fail();
  }

  /** The content up to `end` as a signed number of 32 bits. */
  signed(end: number): number {
    const length = end - this.at;
    if (length < 1 || length > 4) return this.fail();
    let value = (this.bytes[this.at++]! << 24) >> 24;
    while (this.at < end) value = (value << 8) | this.bytes[this.at++]!;
    return value;
  }

  /** The content up to `end` as an unsigned number of 32 bits; some agents leave out the zero before a high bit. */
  unsigned(end: number): number {
    const length = end - this.at;
    if (length < 1 || length > 5 || (length === 5 && this.bytes[this.at] !== 0)) return this.fail();
    let value = 0;
    while (this.at < end) value = value * 256 + this.bytes[this.at++]!;
    return value;
  }

  /** The octets of an OCTET STRING; they share memory with the message. */
  octets(): Buffer {
    const end = this.next();
    if (this.tag !== Tag.OctetString) this.fail();
    return this.rest(end);
  }

  /** The content up to `end`; it shares memory with the message. */
  rest(end: number): Buffer {
    if (!this.ok) return NOTHING;
    const content = this.bytes.subarray(this.at, end);
    this.at = end;
    return content;
  }

  /** The content up to `end` as an OID in dotted decimal. */
  oid(end: number): string {
    const { bytes } = this;
    let { at } = this;
    let text = '';
    let arcs = 0;
    if (at >= end || bytes[end - 1]! > 0x7f) this.fail();
    while (this.ok && at < end) {
      let octet = bytes[at++]!;
      let arc = octet & 0x7f;
      // An arc that begins with seven zero bits is not allowed (X.690 section 8.19.2) and would be a second name for another.
      if (octet === 0x80) this.fail();
      while (octet > 0x7f) {
        octet = bytes[at++]!;
        arc = arc * 128 + (octet & 0x7f);
      }
      if (text === '') {
        const first = arc < 80 ? Math.floor(arc / 40) : 2;
        text = `${first}.${arc - first * 40}`;
      } else {
        text += `.${arc}`;
      }
      if (arc > MOST_ARC || ++arcs > MOST_ARCS) this.fail();
    }
    if (this.ok) this.at = end;
    return this.ok ? text : '';
  }

  /** Whether the content up to `end` is exactly these octets; then they are read. */
  is(end: number, other: Buffer, from: number, to: number): boolean {
    const length = to - from;
    if (end - this.at !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[this.at + i] !== other[from + i]) return false;
    this.at = end;
    return true;
  }

  /** What is read is no message. */
  fail(): number {
    this.ok = false;
    this.at = this.end;
    return this.end;
  }
}

const NOTHING = Buffer.alloc(0);

/** As long as most messages. */
const FIRST_ROOM = 2048;

/** Writes a message from its end to its beginning: then every length is known when it is to be written. */
export class BerWriter {
  #buffer = Buffer.allocUnsafe(FIRST_ROOM);
  #at = FIRST_ROOM;

  /** Octets so far. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  bytes(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#at -= octets.length;
    this.#buffer.set(octets, this.#at);
  }

  /** Puts tag and length before what was written since `length` was `mark`. */
  wrap(tag: number, mark = 0): void {
    const length = this.length - mark;
    if (length < 0x80) {
      this.#octet(length);
    } else {
      let octets = 0;
      for (let rest = length; rest > 0; rest = Math.floor(rest / 256), octets++) this.#octet(rest & 0xff);
      this.#octet(0x80 | octets);
    }
    this.#octet(tag);
  }

  octets(octets: Uint8Array, tag: number = Tag.OctetString): void {
    const mark = this.length;
    this.bytes(octets);
    this.wrap(tag, mark);
  }

  /** A whole number, signed or not. */
  integer(value: number, tag: number = Tag.Integer): void {
    const mark = this.length;
    let rest = value;
    let octet: number;
    do {
      octet = ((rest % 256) + 256) % 256;
      this.#octet(octet);
      rest = (rest - octet) / 256;
    } while (!(rest === 0 && octet < 0x80) && !(rest === -1 && octet > 0x7f));
    this.wrap(tag, mark);
  }

  /** What was written. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  #octet(octet: number): void {
    this.#reserve(1);
    this.#buffer[--this.#at] = octet;
  }

  #reserve(octets: number): void {
    if (octets <= this.#at) return;
    const { length } = this;
    const larger = Buffer.allocUnsafe(2 * this.#buffer.length + octets);
    larger.set(this.finish(), larger.length - length);
    this.#buffer = larger;
    this.#at = larger.length - length;
  }
}

/** The content of an OID. */
export function encodeOid(oid: string): Buffer {
  const [first = 0, second = 0, ...arcs] = oid.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...arcs]) {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) | 0x80);
    octets.push(...groups);
  }
  return Buffer.from(octets);
}
