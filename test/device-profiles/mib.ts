import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { devicesFolder } from '../support/devices.js';

/** Columns of the vendors' MIBs lie beside the recordings. */
export const mibFolder = resolve(devicesFolder, '../reference/mib-columns');

export const mibSkip = existsSync(mibFolder) ? false : `there are no columns of MIBs at ${mibFolder}`;

/** An object of a MIB. */
export interface MibObject {
  mib: string;
  name: string;
  /** SYNTAX, with the members of an enumeration. */
  type: string;
  access: string;
  units: string;
  /** Unit as the MIB's UNITS or description have it: `0.1 A`, `degF`. Empty where they say nothing. */
  hint: string;
  /** Names of enumerated values; empty where it is none. */
  enums: Map<number, string>;
}

/** Objects by numeric OID, without the instance. An OID that several MIBs define has several. */
export function readMibs(): { objects: Map<string, MibObject[]>; notifications: Map<string, string[]> } {
  const objects = new Map<string, MibObject[]>();
  const notifications = new Map<string, string[]>();
  for (const file of globSync('*.tsv', { cwd: mibFolder }).toSorted()) {
    const [, ...lines] = readFileSync(join(mibFolder, file), 'utf8').split('\n');
    for (const line of lines) {
      const [oid = '', kind, name = '', type = '', access = '', units = '', , , hint = ''] = line.split('\t');
      if (kind === 'notif' || kind === 'trapv1') add(notifications, oid, name);
      if (kind === 'obj')
        add(objects, oid, { mib: basename(file, '.tsv'), name, type, access, units, hint, enums: enumsOf(type) });
    }
  }
  return { objects, notifications };
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

function enumsOf(type: string): Map<number, string> {
  if (type.startsWith('BITS')) return new Map();
  return new Map([...type.matchAll(/([A-Za-z][\w-]*)\s*\((-?\d+)\)/g)].map((match) => [Number(match[2]), match[1]!]));
}

/** Units as MIBs write them, to UCUM, with the factor. */
const UNITS: Readonly<Record<string, [unit: string, factor: number]>> = {
  a: ['A', 1],
  ma: ['A', 0.001],
  v: ['V', 1],
  mv: ['V', 0.001],
  w: ['W', 1],
  kw: ['W', 1000],
  va: ['V.A', 1],
  kva: ['V.A', 1000],
  var: ['V.A', 1],
  wh: ['W.h', 1],
  kwh: ['W.h', 1000],
  vah: ['V.A.h', 1],
  varh: ['V.A.h', 1],
  hz: ['Hz', 1],
  mhz: ['Hz', 0.001],
  degc: ['Cel', 1],
  degf: ['Cel', 1],
  deg: ['Cel', 1],
  '%': ['%', 1],
};

/** `0.1 A` -> A and 0.1; undefined when it is none that is known. The amount of the UNITS clause counts where the hint has none. */
export function unitOfHint({
  hint,
  units,
}: Pick<MibObject, 'hint' | 'units'>): { unit: string; factor: number } | undefined {
  const [, told, name = ''] = /^(\d*\.?\d+)?\s*(.*)$/.exec(hint.trim().toLowerCase()) ?? [];
  const amount = told ?? /^0?\.\d+/.exec(units)?.[0] ?? '1';
  const known = UNITS[name];
  return known && { unit: known[0], factor: Number(amount) * known[1] };
}
