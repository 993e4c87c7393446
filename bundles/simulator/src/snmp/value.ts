import { simulatorError } from '../errors.js';
import { type BerReader, element, integerElement, oidElement, readInteger, readOid } from './ber.js';
import { formatOid, parseOid } from './oid.js';

/** Tags of the types of SNMP (RFC 2578, 7.1; RFC 3416, 3). */
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
  NoSuchObject: 0x80,
  NoSuchInstance: 0x81,
  EndOfMibView: 0x82,
} as const;

/** A value with its tag. OIDs and IP addresses are dotted text; octets are bytes, or text that is sent as UTF-8. */
export interface SnmpValue {
  type: number;
  value: number | bigint | string | Uint8Array;
}

export const integer = (value: number): SnmpValue => ({ type: Tag.Integer, value: Math.round(value) });
export const text = (value: string): SnmpValue => ({ type: Tag.OctetString, value });
export const objectIdentifier = (value: string): SnmpValue => ({ type: Tag.ObjectIdentifier, value });
export const gauge = (value: number): SnmpValue => ({ type: Tag.Gauge32, value: Math.max(0, Math.round(value)) });
export const counter64 = (value: number): SnmpValue => ({ type: Tag.Counter64, value: BigInt(Math.floor(value)) });
export const timeTicks = (value: number): SnmpValue => ({ type: Tag.TimeTicks, value: Math.floor(value) % 2 ** 32 });

/** Inclusive bounds of the integer types. */
const BOUNDS: Readonly<Record<number, readonly [bigint, bigint]>> = {
  [Tag.Integer]: [-(2n ** 31n), 2n ** 31n - 1n],
  [Tag.Counter32]: [0n, 2n ** 32n - 1n],
  [Tag.Gauge32]: [0n, 2n ** 32n - 1n],
  [Tag.TimeTicks]: [0n, 2n ** 32n - 1n],
  [Tag.Counter64]: [0n, 2n ** 64n - 1n],
};

export const isIntegerType = (type: number): boolean => type in BOUNDS;

const invalid = (message: string) => simulatorError('SNMP_VALUE_INVALID', message);

export function encodeValue({ type, value }: SnmpValue): Buffer {
  const bounds = BOUNDS[type];
  if (bounds) {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
      throw invalid(`"${String(value)}" is not a whole number.`);
    const whole = BigInt(value as number | bigint);
    if (whole < bounds[0] || whole > bounds[1])
      throw invalid(`${whole} is outside ${bounds[0]}..${bounds[1]}, the range of type ${type}.`);
    return integerElement(type, whole);
  }
  switch (type) {
    case Tag.ObjectIdentifier:
      return oidElement(parseOid(String(value)));
    case Tag.IpAddress:
      return element(type, typeof value === 'object' ? value : parseAddress(String(value)));
    case Tag.OctetString:
    case Tag.Opaque:
      return element(type, typeof value === 'object' ? value : Buffer.from(String(value), 'utf8'));
    case Tag.Null:
    case Tag.NoSuchObject:
    case Tag.NoSuchInstance:
    case Tag.EndOfMibView:
      return element(type);
    default:
      throw invalid(`${type} is not a type of SNMP.`);
  }
}

/** Reads whatever value comes next. */
export function decodeValue(reader: BerReader): SnmpValue {
  const found = reader.next();
  const octets = reader.message.subarray(found.start, found.end);
  if (isIntegerType(found.tag)) {
    const value = readInteger(reader.message, found);
    return { type: found.tag, value: found.tag === Tag.Counter64 ? value : Number(value) };
  }
  if (found.tag === Tag.ObjectIdentifier) return { type: found.tag, value: formatOid(readOid(reader.message, found)) };
  if (found.tag === Tag.IpAddress && octets.length === 4) return { type: found.tag, value: octets.join('.') };
  return { type: found.tag, value: Buffer.from(octets) };
}

function parseAddress(dotted: string): Uint8Array {
  const octets = dotted.split('.').map(Number);
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(dotted) || octets.some((octet) => octet > 255))
    throw invalid(`"${dotted}" is not an IPv4 address.`);
  return Uint8Array.from(octets);
}
