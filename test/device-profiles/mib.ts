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
      const [oid = '', kind, name = '', type = '', access = '', units = ''] = line.split('\t');
      if (kind === 'notif' || kind === 'trapv1') add(notifications, oid, name);
      if (kind === 'obj')
        add(objects, oid, { mib: basename(file, '.tsv'), name, type, access, units, enums: enumsOf(type) });
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
