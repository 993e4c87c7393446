import { simulatorError } from '../errors.js';
import type { Oid } from './oid.js';

/** The part of BER (ITU-T X.690) that SNMP uses: definite lengths and one-byte tags (RFC 3417, 8). */

const malformed = (why: string) => simulatorError('SNMP_MESSAGE_MALFORMED', `The SNMP message is malformed: ${why}.`);

/** One element as it lies in the message. */
export interface Element {
  tag: number;
  /** Offsets of the content within the message. */
  start: number;
  end: number;
}

/** Reads elements one after the other; every length is checked against the enclosing element before use. */
export class BerReader {
  readonly message: Buffer;
  #offset: number;
  readonly #end: number;

  constructor(message: Buffer, start = 0, end = message.length) {
    this.message = message;
    this.#offset = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#offset >= this.#end;
  }

  next(expected?: number): Element {
    const tag = this.#byte();
    if (expected !== undefined && tag !== expected) throw malformed(`tag ${tag} stands where ${expected} belongs`);
    let length = this.#byte();
    if (length > 0x7f) {
      const bytes = length & 0x7f;
      if (bytes === 0 || bytes > 4) throw malformed('a length is indefinite or too long');
      length = 0;
      for (let i = 0; i < bytes; i++) length = length * 256 + this.#byte();
    }
    const start = this.#offset;
    if (length > this.#end - start) throw malformed('an element is longer than what holds it');
    this.#offset = start + length;
    return { tag, start, end: this.#offset };
  }

  /** A reader of the content of the next element. */
  enter(tag: number): BerReader {
    const element = this.next(tag);
    return new BerReader(this.message, element.start, element.end);
  }

  integer(tag = 0x02): number {
    return Number(this.bigInteger(tag, 5));
  }

  bigInteger(tag: number, maxBytes = 9): bigint {
    return readInteger(this.message, this.next(tag), maxBytes);
  }

  /** A view of the octets; it shares memory with the message. */
  octets(tag = 0x04): Buffer {
    const element = this.next(tag);
    return this.message.subarray(element.start, element.end);
  }

  oid(): Oid {
    return readOid(this.message, this.next(0x06));
  }

  #byte(): number {
    if (this.#offset >= this.#end) throw malformed('it ends in the middle of an element');
    return this.message[this.#offset++]!;
  }
}

/** Two's complement; up to nine bytes, as an unsigned 64-bit counter needs. */
export function readInteger(message: Buffer, { start, end }: Element, maxBytes = 9): bigint {
  if (end === start || end - start > maxBytes) throw malformed('an integer has no or too many octets');
  let value = BigInt(message.readInt8(start));
  for (let i = start + 1; i < end; i++) value = (value << 8n) | BigInt(message[i]!);
  return value;
}

export function readOid(message: Buffer, { start, end }: Element): Oid {
  const arcs: number[] = [];
  for (let i = start; i < end; ) {
    let arc = 0;
    let octet: number;
    do {
      if (i >= end) throw malformed('an OID ends in the middle of an arc');
      octet = message[i++]!;
      arc = arc * 128 + (octet & 0x7f);
    } while (octet & 0x80);
    if (arc > 0xffffffff + 80) throw malformed('an arc of an OID exceeds 2^32');
    if (arcs.length > 0) arcs.push(arc);
    else {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    }
    if (arcs.length > 128) throw malformed('an OID has more than 128 arcs');
  }
  return arcs;
}

/** Tag, length and the joined contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  const header = headerLength(length);
  const buffer = Buffer.allocUnsafe(header + length);
  buffer[0] = tag;
  if (header === 2) buffer[1] = length;
  else {
    buffer[1] = 0x80 | (header - 2);
    buffer.writeUIntBE(length, 2, header - 2);
  }
  let offset = header;
  for (const content of contents) {
    buffer.set(content, offset);
    offset += content.length;
  }
  return buffer;
}

function headerLength(length: number): number {
  if (length < 0x80) return 2;
  if (length < 0x100) return 3;
  return length < 0x10000 ? 4 : 5;
}

/** The fewest octets of two's complement; non-negative values that need it get a leading zero. */
export function integerElement(tag: number, value: number | bigint): Buffer {
  let rest = BigInt(value);
  const octets: number[] = [];
  do {
    octets.unshift(Number(rest & 0xffn));
    rest >>= 8n;
  } while (!((rest === 0n && octets[0]! < 0x80) || (rest === -1n && octets[0]! >= 0x80)));
  return element(tag, Uint8Array.from(octets));
}

export function oidElement(oid: Oid): Buffer {
  const octets: number[] = [];
  const arcs = oid.length < 2 ? [(oid[0] ?? 0) * 40] : [oid[0]! * 40 + oid[1]!, ...oid.slice(2)];
  for (const arc of arcs) {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift((rest % 128) | 0x80);
    octets.push(...groups);
  }
  return element(0x06, Uint8Array.from(octets));
}
