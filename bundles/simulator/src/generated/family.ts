import { parseOid } from '../snmp/oid.js';
import type { ObjectTable } from '../snmp/table.js';
import { objectIdentifier, type SnmpValue, text, timeTicks } from '../snmp/value.js';
import type { GeneratedPdu, Measure, OutletDescription, Snapshot } from './pdu.js';

/** The places of a PDU, as a family's tables index them. */
export type Place = 'unit' | 'phase' | 'branch' | 'outlet';

/** What a column's value is made from. */
export interface Row {
  /** From 1. */
  number: number;
  pdu: GeneratedPdu;
  serial: string;
  snapshot: Snapshot;
  /** What is measured there; of the inlet for the unit. */
  measure: Measure;
  /** Only of an outlet. */
  outlet: OutletDescription & { on: boolean };
}

/** A column of a table: one object for each place. */
export interface Column {
  /** Below the family's base. */
  column: string;
  of: Place;
  value: (row: Row) => SnmpValue;
  /** Behind the column, in place of the family's index for the place. */
  index?: (number: number) => string;
  /** Only with one or three phases. */
  phases?: 1 | 3;
}

/** How PDUs of one family present themselves; facts from the vendor's MIB. */
export interface Family {
  title: string;
  base: string;
  sysObjectId: string;
  model: (pdu: GeneratedPdu) => string;
  firmware: string;
  sysDescr: (facts: { model: string; serial: string; pdu: GeneratedPdu }) => string;
  serial: (digits: string) => string;
  /** Index of each place's rows. */
  index: Readonly<Record<Place, (number: number) => string>>;
  columns: readonly Column[];
}

/** Fills a table with a PDU's objects; measured ones are made when asked for. `now`: seconds since 1970. */
export function present(
  family: Family,
  pdu: GeneratedPdu,
  serial: string,
  table: ObjectTable,
  now: () => number,
): void {
  const started = now();
  const model = family.model(pdu);
  const system: SnmpValue[] = [
    text(family.sysDescr({ model, serial, pdu })),
    objectIdentifier(family.sysObjectId),
    timeTicks(0),
    text('rackwatt simulator'),
    text(`${model} ${serial}`),
    text('generated'),
  ];
  for (const [i, value] of system.entries()) table.set(`1.3.6.1.2.1.1.${i + 1}.0`, value);
  table.set('1.3.6.1.2.1.1.3.0', () => timeTicks((now() - started) * 100));
  const numbers = { unit: 1, phase: pdu.phases, branch: pdu.branches, outlet: pdu.outlets.length };
  for (const { column, of, value, index = family.index[of], phases } of family.columns) {
    if (phases !== undefined && phases !== pdu.phases) continue;
    for (let number = 1; number <= numbers[of]; number++) {
      const oid = parseOid(`${family.base}.${column}.${index(number)}`);
      table.set(oid, () => value(rowOf(of, number, pdu, serial, pdu.at(now()))));
    }
  }
}

function rowOf(of: Place, number: number, pdu: GeneratedPdu, serial: string, snapshot: Snapshot): Row {
  const measures = {
    unit: [snapshot.inlet],
    phase: snapshot.phases,
    branch: snapshot.branches,
    outlet: snapshot.outlets,
  }[of];
  const outlet = { ...pdu.outlets[number - 1]!, on: snapshot.outlets[number - 1]?.on ?? false };
  return { number, pdu, serial, snapshot, measure: measures[number - 1]!, outlet };
}
