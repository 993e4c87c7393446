import { type BerReader, Tag } from './ber.js';
import type { Names } from './names.js';

/** An object and its value. */
export interface Varbind {
  oid: string;
  /** ASN.1 tag; 128, 129, 130: no such object, no such instance, end of the MIB view. */
  type: number;
  /**
   * Numbers as such; a Counter64 beyond 2^53 as its eight octets; OIDs and IP addresses dotted; texts as octets. Null: none, or
   * a type that SNMP does not have.
   */
  value: number | string | Buffer | null;
}

export function readVarbind(reader: BerReader, names: Names | undefined, index: number): Varbind {
  const outer = reader.enter(Tag.Sequence);
  const oid = readName(reader, names, index);
  const end = reader.next();
  const { tag } = reader;
  const varbind = { oid, type: tag, value: readValue(reader, tag, end) };
  reader.leave(outer);
  return varbind;
}

function readName(reader: BerReader, names: Names | undefined, index: number): string {
  const end = reader.next();
  if (reader.tag !== Tag.ObjectIdentifier) reader.fail();
  if (names !== undefined && index < names.oids.length) {
    if (reader.is(end, names.contents, names.starts[index]!, names.starts[index + 1]!)) return names.oids[index]!;
  }
  return reader.oid(end);
}

function readValue(reader: BerReader, tag: number, end: number): Varbind['value'] {
  switch (tag) {
    case Tag.Integer:
      return reader.signed(end);
    case Tag.Counter32:
    case Tag.Gauge32:
    case Tag.TimeTicks:
    case Tag.Unsigned32:
      return reader.unsigned(end);
    case Tag.OctetString:
    case Tag.Opaque:
      return Buffer.from(reader.rest(end));
    case Tag.ObjectIdentifier:
      // Some agents say "none" by an OID without content.
      return reader.at === end ? '' : reader.oid(end);
    case Tag.Counter64:
      return counter64(reader, end);
    case Tag.IpAddress:
      return end - reader.at === 4 ? reader.rest(end).join('.') : nothing(reader, end);
    case Tag.Null:
    case Tag.NoSuchObject:
    case Tag.NoSuchInstance:
    case Tag.EndOfMibView:
      if (reader.at !== end) reader.fail();
      return null;
    default:
      return nothing(reader, end);
  }
}

function counter64(reader: BerReader, end: number): Varbind['value'] {
  const octets = reader.rest(end);
  if (octets.length < 1 || octets.length > 9 || (octets.length === 9 && octets[0] !== 0)) {
    reader.fail();
    return null;
  }
  let value = 0;
  for (const octet of octets) value = value * 256 + octet;
  return value <= Number.MAX_SAFE_INTEGER ? value : Buffer.from(octets.subarray(-8));
}

function nothing(reader: BerReader, end: number): null {
  reader.rest(end);
  return null;
}
