import { element, oidElement } from './ber.js';
import { compareOids, formatOid, isPrefix, type Oid, parseOid } from './oid.js';
import { encodeValue, type SnmpValue, Tag } from './value.js';

/** A value that is made when it is asked for. */
export type LiveValue = () => SnmpValue;

/** What stands between the objects and who asks for them; it does not touch them. */
export interface Overlay {
  /** Objects that are not to be seen. */
  hides?(oid: string): boolean;
  /** What is told instead of a value. */
  change?(oid: string, value: SnmpValue): SnmpValue;
}

/** The name of an object, which agents that are alike may share. */
export interface ObjectName {
  readonly key: string;
  readonly oid: Oid;
  readonly encoded: Buffer;
}

export function objectName(oid: string | Oid): ObjectName {
  const arcs = typeof oid === 'string' ? parseOid(oid) : oid;
  return { key: formatOid(arcs), oid: arcs, encoded: oidElement(arcs) };
}

interface Row {
  name: ObjectName;
  value: SnmpValue | LiveValue;
  /** The encoded varbind of a value that stands still, once it was asked for. */
  varbind: Buffer | undefined;
}

/** The objects of an agent in the order of their OIDs, with binary search. */
export class ObjectTable {
  readonly #byOid = new Map<string, Row>();
  #sorted: Row[] | undefined;
  #overlays: readonly Overlay[] = [];

  get size(): number {
    return this.#byOid.size;
  }

  /** Sets a value; the last one for an OID stays. A value out of its type's range throws `SNMP_VALUE_INVALID`. */
  set(object: string | Oid | ObjectName, value: SnmpValue | LiveValue): void {
    const name = typeof object === 'object' && 'encoded' in object ? object : objectName(object);
    if (typeof value !== 'function') encodeValue(value);
    const there = this.#byOid.get(name.key);
    if (there) {
      there.value = value;
      there.varbind = undefined;
      return;
    }
    this.#byOid.set(name.key, { name, value, varbind: undefined });
    this.#sorted = undefined;
  }

  /** Lays these over the objects, the later ones over the earlier ones. */
  overlay(overlays: readonly Overlay[]): void {
    this.#overlays = overlays;
    this.#sorted = undefined;
  }

  has(oid: string): boolean {
    return this.#byOid.has(oid);
  }

  value(oid: string): SnmpValue | undefined {
    const row = this.#byOid.get(oid);
    return typeof row?.value === 'function' ? row.value() : row?.value;
  }

  /** Position of the first row whose OID is after `oid`. */
  after(oid: Oid): number {
    const rows = this.#rows();
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareOids(rows[middle]!.name.oid, oid) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Position of exactly this OID, or -1. */
  find(oid: Oid): number {
    const position = this.after(oid) - 1;
    const row = this.#rows()[position];
    return row && compareOids(row.name.oid, oid) === 0 ? position : -1;
  }

  /** Whether a row lies below this OID: then an instance is missing, not the object (RFC 3416, 4.2.1). */
  hasBelow(oid: Oid): boolean {
    const row = this.#rows()[this.after(oid)];
    return row !== undefined && isPrefix(oid, row.name.oid);
  }

  oidAt(position: number): Oid | undefined {
    return this.#rows()[position]?.name.oid;
  }

  /** Type of the value at a position: SNMP v1 has to pass over `Counter64` (RFC 3584, 4.2.2.1). */
  typeAt(position: number): number | undefined {
    const row = this.#rows()[position];
    return row && this.#told(row).type;
  }

  /** The encoded varbind at a position. */
  varbindAt(position: number): Buffer | undefined {
    const row = this.#rows()[position];
    if (!row) return undefined;
    const { name, value } = row;
    if (typeof value === 'function' || this.#overlays.length > 0)
      return element(Tag.Sequence, name.encoded, encodeValue(this.#told(row)));
    return (row.varbind ??= element(Tag.Sequence, name.encoded, encodeValue(value)));
  }

  #told({ name: { key }, value }: Row): SnmpValue {
    let told = typeof value === 'function' ? value() : value;
    for (const { change } of this.#overlays) told = change?.(key, told) ?? told;
    return told;
  }

  *oids(): Iterable<string> {
    for (const row of this.#rows()) yield row.name.key;
  }

  #rows(): Row[] {
    this.#sorted ??= [...this.#byOid.values()]
      .filter(({ name: { key } }) => !this.#overlays.some(({ hides }) => hides?.(key)))
      .sort((a, b) => compareOids(a.name.oid, b.name.oid));
    return this.#sorted;
  }
}
