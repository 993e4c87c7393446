import { simulatorError } from '../errors.js';

/** Arcs of an object identifier, each 0..2^32-1 (RFC 2578, 3.5: at most 128). */
export type Oid = readonly number[];

const MAX_ARCS = 128;
const MAX_ARC = 0xffffffff;

/** `1.3.6.1` or `.1.3.6.1` -> arcs. */
export function parseOid(text: string): Oid {
  const plain = text.startsWith('.') ? text.slice(1) : text;
  if (!/^\d+(?:\.\d+)*$/.test(plain)) throw simulatorError('SNMP_OID_INVALID', `"${text}" is not a numeric OID.`);
  const arcs = plain.split('.').map(Number);
  if (arcs.length > MAX_ARCS || arcs.some((arc) => arc > MAX_ARC) || arcs[0]! > 2)
    throw simulatorError(
      'SNMP_OID_INVALID',
      `"${text}" is not an OID: at most 128 arcs below 2^32, the first 0, 1 or 2.`,
    );
  return arcs;
}

export const formatOid = (oid: Oid): string => oid.join('.');

/** Lexicographic order of OIDs, arc by arc (RFC 3416, 4.2.2): negative, 0 or positive. */
export function compareOids(a: Oid, b: Oid): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function isPrefix(prefix: Oid, oid: Oid): boolean {
  return prefix.length <= oid.length && prefix.every((arc, i) => arc === oid[i]);
}
