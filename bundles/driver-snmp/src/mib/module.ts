import { readFileSync } from 'node:fs';
import { createModuleStore, type MibEntry } from 'net-snmp';
import { errorMessage, RackwattError } from 'rackwatt';

/** An object of a MIB: a scalar or a column. */
export interface MibObject {
  oid: string;
  name: string;
  /** Name of the SYNTAX: `Unsigned32`, `DisplayString`, `INTEGER`. */
  syntax: string;
  /** Names of enumerated values; empty where it is none. */
  enums: ReadonlyMap<number, string>;
  access: string;
  /** UNITS clause; empty where there is none. */
  units: string;
}

/** What MIB modules define, by numeric OID. */
export interface Mib {
  objects: Map<string, MibObject>;
  /** Names of notifications and traps. */
  notifications: Map<string, string>;
}

/**
 * Reads a maker's MIB modules. Modules that they import go first; those of the IETF are known.
 * @throws RackwattError `MIB_INVALID` where a file cannot be read, or holds nothing whose OID is known
 */
export function readMibs(paths: readonly string[]): Mib {
  const mib: Mib = { objects: new Map(), notifications: new Map() };
  const store = createModuleStore();
  for (const path of paths) {
    try {
      checkForm(readFileSync(path, 'latin1'));
      quietly(() => store.loadFromFile(path));
    } catch (cause) {
      const problem = errorMessage(cause).replace(/\.$/, '');
      throw new RackwattError('MIB_INVALID', `${path} cannot be read as a MIB module: ${problem}.`, { cause });
    }
  }
  for (const entries of Object.values(store.getModules(false)))
    for (const entry of Object.values(entries)) take(mib, entry);
  if (mib.objects.size > 0) return mib;
  throw new RackwattError(
    'MIB_INVALID',
    `${paths.join(', ')}: no object's OID is known; name the modules that are imported as well, before those that import them.`,
    { context: { paths } },
  );
}

/** The library looks for the end of what begins, and would do so for ever. */
function checkForm(text: string): void {
  if (!/\bDEFINITIONS\s*::=\s*BEGIN\b/.test(text)) throw new RackwattError('MIB_INVALID', 'no module begins in it');
  if (/\bIMPORTS\b(?![^]*;)/.test(text)) throw new RackwattError('MIB_INVALID', 'its IMPORTS do not end');
}

/** The library tells on the console what it cannot place; what is missing shows in what was found. */
function quietly(work: () => void): void {
  const { log, warn } = console;
  Object.assign(console, { log: () => undefined, warn: () => undefined });
  try {
    work();
  } finally {
    Object.assign(console, { log, warn });
  }
}

function take(mib: Mib, entry: MibEntry): void {
  const { OID: oid, ObjectName: name, MACRO: macro } = entry;
  if (typeof oid !== 'string' || typeof name !== 'string' || !/^1(\.\d+)+$/.test(oid)) return;
  if (macro === 'NOTIFICATION-TYPE' || macro === 'TRAP-TYPE') mib.notifications.set(oid, name);
  if (macro !== 'OBJECT-TYPE') return;
  const access = entry['MAX-ACCESS'] ?? entry['ACCESS'];
  const units = entry['UNITS'];
  const { syntax, enums } = syntaxOf(entry['SYNTAX']);
  // Tables and their entries, and what only stands in an index.
  if (access === 'not-accessible') return;
  mib.objects.set(oid, {
    oid,
    name,
    syntax,
    enums,
    access: typeof access === 'string' ? access : '',
    units: typeof units === 'string' ? units : '',
  });
}

/** A SYNTAX is a name, or an object whose one key is the name and whose value are ranges, sizes, or names by value. */
function syntaxOf(clause: unknown): Pick<MibObject, 'syntax' | 'enums'> {
  if (typeof clause === 'string') return { syntax: clause, enums: new Map() };
  const [[syntax, detail] = ['', undefined]] = Object.entries((clause ?? {}) as Record<string, unknown>);
  const members = syntax === 'BITS' || typeof detail !== 'object' || detail === null ? [] : Object.entries(detail);
  const enums = members.flatMap(([value, name]): [number, string][] =>
    /^-?\d+$/.test(value) && typeof name === 'string' ? [[Number(value), name]] : [],
  );
  return { syntax, enums: new Map(enums) };
}
