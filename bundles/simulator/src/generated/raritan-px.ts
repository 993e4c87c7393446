import { gauge, integer, type SnmpValue, text } from '../snmp/value.js';
import type { Column, Family, Place, Row } from './family.js';
import { BRANCH_RATING, type GeneratedPdu, OUTLET_RATING } from './pdu.js';

/** PDU2-MIB: sensors are rows of (place, type); unit and decimal digits stand in a table beside the measured values. */

interface Sensor {
  /** SensorTypeEnumeration */
  type: number;
  /** SensorUnitsEnumeration; -1 none. */
  unit: number;
  digits: number;
  value: (row: Row) => number;
  /** SensorStateEnumeration; 4 normal. */
  state?: (row: Row) => number;
}

const CURRENT: Sensor = { type: 1, unit: 2, digits: 3, value: ({ measure }) => measure.current };
const VOLTAGE: Sensor = { type: 4, unit: 1, digits: 0, value: ({ measure }) => measure.voltage };
const FREQUENCY: Sensor = { type: 23, unit: 8, digits: 1, value: ({ snapshot }) => snapshot.frequency };
const POWER: readonly Sensor[] = [
  { type: 5, unit: 3, digits: 0, value: ({ measure }) => measure.power },
  { type: 6, unit: 4, digits: 0, value: ({ measure }) => measure.apparent },
  { type: 7, unit: -1, digits: 2, value: ({ measure }) => measure.powerFactor },
  { type: 8, unit: 5, digits: 0, value: ({ measure }) => Math.floor(measure.energy) },
];
const ON_OFF: Sensor = { type: 14, unit: -1, digits: 0, value: () => 0, state: ({ outlet }) => (outlet.on ? 7 : 8) };
const BREAKER: Sensor = { type: 15, unit: -1, digits: 0, value: () => 0, state: () => 1 };
const LINE_TO_LINE: Sensor = {
  type: 4,
  unit: 1,
  digits: 0,
  value: ({ snapshot, number }) => snapshot.lineVoltages[number - 1]!,
};
const LINE_TO_NEUTRAL: Sensor = { type: 25, unit: 1, digits: 0, value: ({ measure }) => measure.voltage };

const model = (pdu: GeneratedPdu): string => (pdu.phases === 3 ? 'PX3-5902V' : 'PX3-5493U');
const FIRMWARE = '4.2.0.5-50274';
const raw = (sensor: Sensor, row: Row): number => Math.round(sensor.value(row) * 10 ** sensor.digits);

function sensors(of: Place, config: string, measurement: string, list: readonly Sensor[], phases?: 1 | 3): Column[] {
  return list.flatMap((sensor) => {
    const columns: [string, Column['value']][] = [
      [`${config}.6`, () => integer(sensor.unit)],
      [`${config}.7`, () => gauge(sensor.digits)],
      [`${measurement}.2`, () => integer(1)],
      [`${measurement}.3`, (row) => integer(sensor.state?.(row) ?? 4)],
      [`${measurement}.4`, (row) => gauge(raw(sensor, row))],
      [`${measurement}.5`, ({ snapshot }) => gauge(Math.floor(snapshot.time))],
      [`${measurement}.6`, (row) => integer(Math.min(2 ** 31 - 1, raw(sensor, row)))],
    ];
    const index = (number: number) => `${INDEX[of](number)}.${sensor.type}`;
    return columns.map(([column, value]) => ({ column, of, value, index, ...(phases ? { phases } : {}) }));
  });
}

/** pdu 1; the unit's own rows are those of inlet 1, a phase is a pole of it. */
const INDEX: Family['index'] = {
  unit: () => '1.1',
  phase: (pole) => `1.1.${pole}`,
  branch: (protector) => `1.${protector}`,
  outlet: (outlet) => `1.${outlet}`,
};

const ofPdu = (column: string, value: Column['value']): Column => ({ column, of: 'unit', value, index: () => '1' });
const of = (place: Place, column: string, value: (row: Row) => SnmpValue): Column => ({ column, of: place, value });

const EXTERNAL: readonly { type: number; unit: number; name: string; value: (row: Row) => number }[] = [
  { type: 10, unit: 7, name: 'Rack inlet temperature', value: ({ snapshot }) => snapshot.temperature },
  { type: 11, unit: 9, name: 'Rack inlet humidity', value: ({ snapshot }) => snapshot.humidity },
];

export const raritanPx: Family = {
  title: 'Raritan PX',
  base: '1.3.6.1.4.1.13742.6',
  sysObjectId: '1.3.6.1.4.1.13742.6',
  model,
  firmware: FIRMWARE,
  serial: (digits) => `QH${digits}`,
  sysDescr: ({ model: name }) => `Raritan PDU, MD:${name} HW:0x10 FW:${FIRMWARE}`,
  index: INDEX,
  columns: [
    { column: '3.1', of: 'unit', value: () => integer(1), index: () => '0' },
    ofPdu('3.2.1.1.2', () => text('Raritan')),
    ofPdu('3.2.1.1.3', ({ pdu }) => text(model(pdu))),
    ofPdu('3.2.1.1.4', ({ serial }) => text(serial)),
    ofPdu('3.2.2.1.2', () => integer(1)),
    ofPdu('3.2.2.1.3', ({ pdu }) => integer(pdu.branches)),
    ofPdu('3.2.2.1.4', ({ pdu }) => integer(pdu.outlets.length)),
    ofPdu('3.2.2.1.7', () => integer(EXTERNAL.length)),
    ofPdu('3.2.2.1.13', ({ pdu, serial }) => text(`${model(pdu)} ${serial}`)),
    { column: '3.2.3.1.6', of: 'unit', value: () => text(FIRMWARE), index: () => '1.1.1' },
    of('unit', '3.3.3.1.2', () => text('I1')),
    of('unit', '3.3.3.1.3', () => text('')),
    of('unit', '3.3.3.1.7', ({ pdu }) => text(`${(BRANCH_RATING * pdu.branches) / pdu.phases}A`)),
    { ...of('phase', '3.3.5.1.1', ({ number }) => integer(number)), phases: 3 },
    of('branch', '3.4.3.1.2', ({ number }) => text(`C${number}`)),
    of('branch', '3.4.3.1.3', () => text('')),
    of('branch', '3.4.3.1.5', () => text(`${BRANCH_RATING}A`)),
    of('outlet', '3.5.3.1.2', ({ number }) => text(String(number))),
    of('outlet', '3.5.3.1.3', ({ outlet }) => text(outlet.name)),
    of('outlet', '3.5.3.1.7', () => text(`${OUTLET_RATING}A`)),
    of('outlet', '3.5.3.1.28', () => integer(1)),
    of('outlet', '4.1.2.1.2', ({ outlet }) => integer(outlet.on ? 1 : 0)),
    of('outlet', '4.1.2.1.3', ({ outlet }) => integer(outlet.on ? 7 : 8)),
    ...sensors('unit', '3.3.4.1', '5.2.3.1', [CURRENT, VOLTAGE], 1),
    ...sensors('unit', '3.3.4.1', '5.2.3.1', [...POWER, FREQUENCY]),
    ...sensors('phase', '3.3.6.1', '5.2.4.1', [CURRENT, LINE_TO_LINE, ...POWER, LINE_TO_NEUTRAL], 3),
    ...sensors('branch', '3.4.4.1', '5.3.3.1', [CURRENT, BREAKER]),
    ...sensors('outlet', '3.5.4.1', '5.4.3.1', [CURRENT, VOLTAGE, ...POWER, ON_OFF, FREQUENCY]),
    ...EXTERNAL.flatMap(({ type, unit, name, value }, i): Column[] => {
      const columns: [string, Column['value']][] = [
        ['3.6.3.1.2', () => integer(type)],
        ['3.6.3.1.3', ({ serial }) => text(`${serial}-${i + 1}`)],
        ['3.6.3.1.4', () => text(name)],
        ['3.6.3.1.16', () => integer(unit)],
        ['3.6.3.1.17', () => gauge(1)],
        ['5.5.3.1.2', () => integer(1)],
        ['5.5.3.1.3', () => integer(4)],
        ['5.5.3.1.4', (row) => integer(value(row) * 10)],
        ['5.5.3.1.5', ({ snapshot }) => gauge(Math.floor(snapshot.time))],
      ];
      return columns.map(([column, make]) => ({ column, of: 'unit', value: make, index: () => `1.${i + 1}` }));
    }),
  ],
};
