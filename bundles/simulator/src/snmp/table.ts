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

interface Row {
  key: string;
  oid: Oid;
  name: Buffer;
  value: SnmpValue | LiveValue;
  /** The encoded varbind of a value that stands still. */
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
  set(oid: string | Oid, value: SnmpValue | LiveValue): void {
    const arcs = typeof oid === 'string' ? parseOid(oid) : oid;
    const key = formatOid(arcs);
    const row = this.#byOid.get(key) ?? { key, oid: arcs, name: oidElement(arcs), value, varbind: undefined };
    row.value = value;
    row.varbind = typeof value === 'function' ? undefined : element(Tag.Sequence, row.name, encodeValue(value));
    if (this.#byOid.has(key)) return;
    this.#byOid.set(key, row);
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
      if (compareOids(rows[middle]!.oid, oid) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Position of exactly this OID, or -1. */
  find(oid: Oid): number {
    const position = this.after(oid) - 1;
    const row = this.#rows()[position];
    return row && compareOids(row.oid, oid) === 0 ? position : -1;
  }

  /** Whether a row lies below this OID: then an instance is missing, not the object (RFC 3416, 4.2.1). */
  hasBelow(oid: Oid): boolean {
    const row = this.#rows()[this.after(oid)];
    return row !== undefined && isPrefix(oid, row.oid);
  }

  oidAt(position: number): Oid | undefined {
    return this.#rows()[position]?.oid;
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
    if (row.varbind && this.#overlays.length === 0) return row.varbind;
    return element(Tag.Sequence, row.name, encodeValue(this.#told(row)));
  }

  #told({ key, value }: Row): SnmpValue {
    let told = typeof value === 'function' ? value() : value;
    for (const { change } of this.#overlays) told = change?.(key, told) ?? told;
    return told;
  }

  *oids(): Iterable<string> {
    for (const row of this.#rows()) yield row.key;
  }

  #rows(): Row[] {
    this.#sorted ??= [...this.#byOid.values()]
      .filter(({ key }) => !this.#overlays.some(({ hides }) => hides?.(key)))
      .sort((a, b) => compareOids(a.oid, b.oid));
    return this.#sorted;
  }
}
