import { createHmac, randomBytes } from 'node:crypto';
import type { Profile } from '@rackwatt/device-profiles';
import { isUnder, OidPattern } from './oid.js';
import type { Varbind } from './snmp/varbind.js';
import { quantityOf } from './values.js';

const OCTET_STRING = 4;
const IP_ADDRESS = 64;
const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
/** sysContact, sysName, sysLocation. */
const SYSTEM = ['1.3.6.1.2.1.1.4', '1.3.6.1.2.1.1.5', '1.3.6.1.2.1.1.6'];
/** Below so many characters a text is found in others by chance. */
const LEAST_PRIVATE = 4;

const PRINTABLE = /^[\t\r\n\x20-\x7e\x80-\xff]*$/;
/** What is printed on a device rather than given by its users: `12`, `A1`, `L1-N`, `Outlet 3`. */
const DESIGNATOR =
  /^([A-Za-z]{0,2}[ .:_-]?\d{0,3}|L[123]-[LN][123]?|(outlet|inlet|phase|line|bank|breaker|circuit|branch|input|feed|cord|tower)[ _-]?\w{0,4})$/i;
const ADDRESSES = /\b(\d{1,3}\.){3}\d{1,3}\b|\b([0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b|[\w.+-]+@[\w-]+(\.[\w-]+)+/gi;
/** Octets of MAC and internet addresses. */
const ADDRESS_LENGTHS = [4, 6, 16];

/**
 * Masks what is private in a recording: names, places and serials that its profile knows, addresses wherever they stand, and, where a
 * profile reads the device, every text that it does not read. The same text becomes the same mask, of the same length and shape.
 */
export class Mask {
  readonly #profile: Profile | undefined;
  readonly #key = randomBytes(32);
  readonly #private: string[];
  readonly #read: string[];
  readonly #addresses = new Map<string, string>();
  /** Texts that stand in others too, the longest first. */
  #known: string[] = [];
  /** Objects that were masked. */
  masked = 0;

  constructor(profile: Profile | undefined) {
    this.#profile = profile;
    const { privately, read } = profile ? columnsOf(profile) : { privately: [], read: [] };
    this.#read = read;
    this.#private = [...SYSTEM, ...privately.filter((column) => !read.includes(column))];
  }

  apply(varbinds: readonly Varbind[]): Varbind[] {
    const texts = varbinds.flatMap((varbind) => (this.#isPrivate(varbind.oid) ? (textOf(varbind) ?? []) : []));
    const serials = varbinds.flatMap(({ oid, value }) =>
      oid === SYS_DESCR && Buffer.isBuffer(value) ? this.#serialsOf(value.toString('latin1')) : [],
    );
    this.#known = [...new Set([...texts, ...serials])]
      .filter((text) => text.length >= LEAST_PRIVATE && !DESIGNATOR.test(text))
      .toSorted((a, b) => b.length - a.length);
    return varbinds.map((varbind) => {
      const value = this.#maskedValue(varbind);
      if (value === varbind.value) return varbind;
      this.masked++;
      return { ...varbind, value };
    });
  }

  #isPrivate(oid: string): boolean {
    return this.#private.some((column) => isUnder(oid, column));
  }

  /** Serials that the profile takes from sysDescr. */
  #serialsOf(sysDescr: string): string[] {
    return (this.#profile?.identity.serial ?? []).flatMap((source) => {
      const found =
        typeof source === 'object' && 'sysDescr' in source ? new RegExp(source.sysDescr).exec(sysDescr) : null;
      return found?.[1] ?? [];
    });
  }

  #maskedValue(varbind: Varbind): Varbind['value'] {
    const { oid, type, value } = varbind;
    if (type === IP_ADDRESS && typeof value === 'string') return this.#address(value);
    if (type !== OCTET_STRING || !Buffer.isBuffer(value) || value.length === 0) return value;
    const text = textOf(varbind);
    if (text === undefined) return this.#maskedOctets(oid, value);
    const wholly = this.#isPrivate(oid) || (this.#profile !== undefined && oid !== SYS_DESCR && !this.#isRead(oid));
    const masked = wholly ? this.#whole(text) : this.#within(text);
    return masked === text ? value : Buffer.from(masked, 'latin1');
  }

  #isRead(oid: string): boolean {
    return this.#read.some((column) => isUnder(oid, column)) || oid.startsWith('1.3.6.1.2.1.1.');
  }

  #maskedOctets(oid: string, value: Buffer): Buffer {
    if (!ADDRESS_LENGTHS.includes(value.length) || this.#isRead(oid)) return value;
    return this.#stream(value.toString('hex')).subarray(0, value.length);
  }

  #whole(text: string): string {
    if (DESIGNATOR.test(text) || !Number.isNaN(quantityOf(text).number)) return text;
    return this.#shaped(text);
  }

  #within(text: string): string {
    let masked = text;
    for (const known of this.#known) if (masked.includes(known)) masked = masked.replaceAll(known, this.#shaped(known));
    return masked.replace(ADDRESSES, (address) =>
      /^[\d.]+$/.test(address) ? this.#address(address) : this.#shaped(address),
    );
  }

  /** A documentation address for each address (RFC 5737); 0.0.0.0 and masks of networks stay. */
  #address(address: string): string {
    if (/^(0|255|127)\./.test(address)) return address;
    const known = this.#addresses.get(address) ?? `192.0.2.${(this.#addresses.size % 254) + 1}`;
    this.#addresses.set(address, known);
    return known;
  }

  /** Letters for letters and digits for digits, so that patterns of a profile go on matching. */
  #shaped(text: string): string {
    const stream = this.#stream(text);
    return text.replace(/[A-Za-z0-9]/g, (character, i: number) => {
      const octet = stream[i % stream.length]!;
      if (character >= '0' && character <= '9') return String(octet % 10);
      return String.fromCharCode((character < 'a' ? 65 : 97) + (octet % 26));
    });
  }

  #stream(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text, 'latin1').digest();
  }
}

/** The text of an octet string; undefined when it is none. */
function textOf({ value }: Varbind): string | undefined {
  const text = Buffer.isBuffer(value) ? value.toString('latin1') : undefined;
  return text !== undefined && PRINTABLE.test(text) ? text : undefined;
}

/** Columns of names and serials, and columns without which a device would be read otherwise. */
function columnsOf(profile: Profile): { privately: string[]; read: string[] } {
  const { identity, parts } = profile;
  const column = (template: string): string => new OidPattern(`${profile.base}.${template}`).column;
  const attributes = (some: (typeof parts)[number]['attributes']): string[] =>
    Object.values(some ?? {}).flatMap((attribute) => ('oid' in attribute ? [attribute.oid] : []));
  const sources = (...keys: ('vendor' | 'model' | 'firmware' | 'serial' | 'name')[]): string[] =>
    keys.flatMap((key) =>
      (identity[key] ?? []).flatMap((source) =>
        typeof source === 'string' ? [source] : 'oid' in source ? [source.oid] : [],
      ),
    );
  const read = [
    ...sources('vendor', 'model', 'firmware'),
    ...attributes(identity.attributes),
    ...parts.flatMap((group) => [
      ...attributes(group.attributes),
      ...(group.ratedCurrent ? [group.ratedCurrent.oid] : []),
      ...group.points.flatMap((point) => [
        point.oid,
        ...(point.scaleFrom ?? []).map(({ oid }) => oid),
        ...(point.guards ?? []).map(({ oid }) => oid),
        ...Object.values(point.thresholds ?? {}).flatMap(({ oid, enabled }) => [
          oid,
          ...(enabled ? [enabled.oid] : []),
        ]),
      ]),
    ]),
  ].map(column);
  const privately = [...sources('serial', 'name'), ...parts.flatMap(({ label }) => label ?? [])].map(column);
  return { privately: [...new Set(privately)], read: [...new Set(read)] };
}
