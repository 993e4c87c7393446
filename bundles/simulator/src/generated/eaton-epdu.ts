import { gauge, integer, text } from '../snmp/value.js';
import type { Column, Family, Place, Row } from './family.js';
import { BRANCH_RATING, type GeneratedPdu, OUTLET_RATING } from './pdu.js';

/** EATON-EPDU-MIB: volts and amperes in thousandths; strapping index 0 is the first unit of a chain. */

const model = (pdu: GeneratedPdu): string => (pdu.phases === 3 ? 'EMAT10-10' : 'EMAB22');
const FIRMWARE = '05.01.0002';
const milli = (value: number) => integer(value * 1000);
const GOOD = integer(0);
const capacity = (pdu: GeneratedPdu): number => (BRANCH_RATING * pdu.branches) / pdu.phases;

type Values = Readonly<Record<number, Column['value']>>;

function rows(of: Place, entry: string, columns: Values, more: Partial<Column> = {}): Column[] {
  return Object.entries(columns).map(([column, value]) => ({ column: `${entry}.${column}`, of, value, ...more }));
}

const current = (rating: (row: Row) => number): Values => ({
  2: (row) => milli(rating(row)),
  3: ({ measure }) => milli(measure.current),
  4: () => GOOD,
  10: (row) => integer((row.measure.current / rating(row)) * 100),
});

const reactive = ({ measure }: Row): number => Math.sqrt(Math.max(0, measure.apparent ** 2 - measure.power ** 2));

/** Columns of apparent, active, energy, power factor and reactive power; one later in the tables of inputs. */
const power = (first: number): Values => ({
  [first]: ({ measure }) => integer(measure.apparent),
  [first + 1]: ({ measure }) => integer(measure.power),
  [first + 2]: ({ measure }) => gauge(Math.floor(measure.energy)),
  [first + 4]: ({ measure }) => integer(measure.powerFactor * 1000),
  [first + 5]: (row) => integer(reactive(row)),
});

/** Rows of an input's tables: unit 0, input 1, row. */
const inputRow = (offset: number) => ({ index: (number: number) => `0.1.${offset + number}` });

const inputCurrent: Values = {
  3: ({ pdu }) => milli(capacity(pdu)),
  4: ({ measure }) => milli(measure.current),
  5: () => GOOD,
  11: ({ measure, pdu }) => integer((measure.current / capacity(pdu)) * 100),
};

const ofUnit = { index: () => '0' };

export const eatonEpdu: Family = {
  title: 'Eaton ePDU G3',
  base: '1.3.6.1.4.1.534.6.6.7',
  sysObjectId: '1.3.6.1.4.1.534.6.6.7',
  model,
  firmware: FIRMWARE,
  serial: (digits) => `H${digits}`,
  sysDescr: ({ pdu }) => `ePDU MA 0U IN: ${pdu.phases === 3 ? '400V 3P' : '230V 1P'} OUT: ${pdu.outlets.length}xC13`,
  index: {
    unit: () => '0.1',
    phase: (phase) => `0.1.${phase}`,
    branch: (group) => `0.${group}`,
    outlet: (outlet) => `0.${outlet}`,
  },
  columns: [
    ...rows(
      'unit',
      '1.2.1',
      {
        2: () => text('ePDU MA'),
        3: ({ pdu }) => text(model(pdu)),
        4: ({ serial }) => text(serial),
        5: () => text(FIRMWARE),
        6: ({ pdu, serial }) => text(`${model(pdu)} ${serial}`),
        9: () => integer(0),
        20: () => integer(1),
        21: ({ pdu }) => integer(pdu.branches),
        22: ({ pdu }) => integer(pdu.outlets.length),
        23: () => integer(1),
        24: () => integer(1),
        25: () => integer(0),
        30: () => GOOD,
        31: () => GOOD,
        32: () => GOOD,
      },
      ofUnit,
    ),
    ...rows('unit', '3.1.1', {
      2: ({ pdu }) => integer(pdu.phases === 3 ? 4 : 1),
      3: ({ snapshot }) => integer(snapshot.frequency * 10),
      4: () => GOOD,
      10: () => text('Feed A'),
    }),
    ...rows(
      'phase',
      '3.2.1',
      { 2: () => integer(1), 3: ({ measure }) => milli(measure.voltage), 4: () => GOOD },
      { phases: 1 },
    ),
    ...rows(
      'phase',
      '3.2.1',
      { 2: ({ number }) => integer(number + 1), 3: ({ measure }) => milli(measure.voltage), 4: () => GOOD },
      { phases: 3 },
    ),
    ...rows(
      'phase',
      '3.2.1',
      {
        2: ({ number }) => integer(number + 4),
        3: ({ snapshot, number }) => milli(snapshot.lineVoltages[number - 1]!),
        4: () => GOOD,
      },
      { phases: 3, ...inputRow(3) },
    ),
    ...rows('phase', '3.3.1', { 2: () => integer(1), ...inputCurrent }, { phases: 1 }),
    ...rows('phase', '3.3.1', { 2: ({ number }) => integer(number + 2), ...inputCurrent }, { phases: 3 }),
    ...rows('phase', '3.4.1', { 2: ({ number }) => integer(number), ...power(3) }),
    ...rows('unit', '3.5.1', power(3)),
    ...rows('branch', '5.1.1', {
      2: ({ number }) => text(`B${number}`),
      3: ({ number }) => text(`Section ${number}`),
      4: () => integer(1),
      5: () => integer(1),
    }),
    ...rows('branch', '5.3.1', {
      2: ({ number, pdu }) => integer(pdu.phases === 3 ? ((number - 1) % 3) + 2 : 1),
      3: ({ measure }) => milli(measure.voltage),
    }),
    ...rows(
      'branch',
      '5.4.1',
      current(() => BRANCH_RATING),
    ),
    ...rows('branch', '5.5.1', power(2)),
    ...rows('outlet', '6.1.1', {
      2: ({ number }) => text(String(number)),
      3: ({ outlet }) => text(outlet.name),
      5: () => integer(1),
      6: ({ number }) => text(`A${number}`),
      7: ({ outlet, pdu }) => integer(pdu.phases === 3 ? outlet.phase + 1 : 1),
    }),
    ...rows('outlet', '6.3.1', { 2: ({ measure }) => milli(measure.voltage) }),
    ...rows(
      'outlet',
      '6.4.1',
      current(() => OUTLET_RATING),
    ),
    ...rows('outlet', '6.5.1', power(2)),
    ...rows('outlet', '6.6.1', {
      2: ({ outlet }) => integer(outlet.on ? 1 : 0),
      3: () => integer(-1),
      4: () => integer(-1),
      5: () => integer(-1),
      9: () => integer(1),
    }),
    ...rows('unit', '7.1.1', {
      2: () => text('Rack inlet temperature'),
      3: () => integer(1),
      4: ({ snapshot }) => integer(snapshot.temperature * 10),
    }),
    ...rows('unit', '7.2.1', {
      2: () => text('Rack inlet humidity'),
      3: () => integer(1),
      4: ({ snapshot }) => integer(snapshot.humidity * 10),
    }),
  ],
};
