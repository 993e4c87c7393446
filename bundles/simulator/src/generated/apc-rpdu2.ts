import { integer, text } from '../snmp/value.js';
import type { Column, Family, Place } from './family.js';
import { BRANCH_RATING, type GeneratedPdu } from './pdu.js';

/** PowerNet-MIB, rPDU2: every row begins with its index and its module. */

const model = (pdu: GeneratedPdu): string => (pdu.phases === 3 ? 'AP8681' : 'AP8659');
const FIRMWARE = '6.7.2';
const NORMAL_LOAD = integer(2);

function rows(
  of: Place,
  entry: string,
  columns: Readonly<Record<number, Column['value']>>,
  more: Partial<Column> = {},
): Column[] {
  const all: Readonly<Record<number, Column['value']>> = {
    1: ({ number }) => integer(number),
    2: () => integer(1),
    ...columns,
  };
  return Object.entries(all).map(([column, value]) => ({ column: `${entry}.${column}`, of, value, ...more }));
}

const name: Column['value'] = ({ pdu, serial }) => text(`${model(pdu)} ${serial}`);
const outletName: Column['value'] = ({ outlet }) => text(outlet.name);
const number: Column['value'] = (row) => integer(row.number);

export const apcRpdu2: Family = {
  title: 'APC rPDU2',
  base: '1.3.6.1.4.1.318.1.1.26',
  sysObjectId: '1.3.6.1.4.1.318.1.3.4.6',
  model,
  firmware: FIRMWARE,
  serial: (digits) => `5A${digits}`,
  sysDescr: ({ model: name, serial }) =>
    `APC Web/SNMP Management Card (MB:v4.1.0 PF:v${FIRMWARE} PN:apc_hw05_aos_672.bin AF1:v${FIRMWARE} AN1:apc_hw05_rpdu2g_672.bin MN:${name} HR:02 SN: ${serial} MD:04/16/2019)`,
  index: { unit: () => '1', phase: String, branch: String, outlet: String },
  columns: [
    ...rows('unit', '2.1', {
      3: name,
      4: () => text('generated'),
      5: () => text('02'),
      6: () => text(FIRMWARE),
      7: () => text('04/16/2019'),
      8: ({ pdu }) => text(model(pdu)),
      9: ({ serial }) => text(serial),
    }),
    ...rows('unit', '4.2.1', {
      3: name,
      4: ({ pdu }) => integer(pdu.outlets.length),
      5: ({ pdu }) => integer(pdu.outlets.length),
      6: ({ pdu }) => integer(pdu.outlets.length),
      7: ({ pdu }) => integer(pdu.phases),
      8: ({ pdu }) => integer(pdu.branches),
      9: ({ pdu }) => integer((BRANCH_RATING * pdu.branches) / pdu.phases),
    }),
    ...rows('unit', '4.3.1', {
      3: name,
      4: () => NORMAL_LOAD,
      5: ({ measure }) => integer(measure.power / 10),
      9: ({ measure }) => integer(Math.floor(measure.energy / 100)),
      12: () => integer(1),
      16: ({ measure }) => integer(measure.apparent / 10),
      17: ({ measure }) => integer(measure.powerFactor * 100),
    }),
    ...rows('phase', '6.3.1', {
      3: number,
      4: () => NORMAL_LOAD,
      5: ({ measure }) => integer(measure.current * 10),
      6: ({ measure }) => integer(measure.voltage),
      7: ({ measure }) => integer(measure.power / 10),
      8: ({ measure }) => integer(measure.apparent / 10),
      9: ({ measure }) => integer(measure.powerFactor * 100),
    }),
    ...rows(
      'unit',
      '13.1.1',
      {
        3: ({ snapshot }) => integer(snapshot.lineVoltages[0]!),
        4: ({ snapshot }) => integer(snapshot.lineVoltages[1]!),
        5: ({ snapshot }) => integer(snapshot.lineVoltages[2]!),
      },
      { phases: 3 },
    ),
    ...rows('branch', '8.2.1', {
      3: number,
      4: ({ number: branch, pdu }) => integer(((branch - 1) % pdu.phases) + 1),
      5: () => integer(BRANCH_RATING),
    }),
    ...rows('branch', '8.3.1', { 3: number, 4: () => NORMAL_LOAD, 5: ({ measure }) => integer(measure.current * 10) }),
    ...rows('outlet', '9.2.2.1', {
      3: outletName,
      4: number,
      5: ({ outlet }) => integer(outlet.phase),
      6: ({ outlet }) => integer(outlet.branch),
    }),
    ...rows('outlet', '9.2.3.1', {
      3: outletName,
      4: number,
      5: ({ outlet }) => integer(outlet.on ? 2 : 1),
      6: () => integer(2),
    }),
    ...rows('outlet', '9.2.4.1', { 3: outletName, 4: number, 5: ({ outlet }) => integer(outlet.on ? 1 : 2) }),
    ...rows('outlet', '9.4.3.1', {
      3: outletName,
      4: number,
      5: () => NORMAL_LOAD,
      6: ({ measure }) => integer(measure.current * 10),
      7: ({ measure }) => integer(measure.power),
      11: ({ measure }) => integer(Math.floor(measure.energy / 100)),
    }),
    ...rows('unit', '10.2.2.1', {
      3: () => text('Rack inlet'),
      4: () => integer(1),
      5: () => integer(2),
      6: () => integer(2),
      7: ({ snapshot }) => integer(snapshot.temperature * 18 + 320),
      8: ({ snapshot }) => integer(snapshot.temperature * 10),
      9: () => integer(4),
      10: ({ snapshot }) => integer(snapshot.humidity),
    }),
  ],
};
