import { ErrorStatus } from './snmp/pdu.js';
import type { WriteHandler } from './snmp/requests.js';
import type { ObjectTable } from './snmp/table.js';
import { integer, isIntegerType, type SnmpValue } from './snmp/value.js';

type Effect = 'on' | 'off' | 'cycle' | 'none';

/** How the outlets of one family are switched, and where their state shows afterwards. */
export interface OutletCommands {
  family: string;
  /** Column to write; the outlet's index follows. */
  command: string;
  /** Values of the command. */
  values: Readonly<Record<number, Effect>>;
  /** Any value from 0 up is a delay in seconds and acts as this. */
  delay?: Effect;
  /** Columns that show the state, with their codes; `suffix` stands behind the index. */
  states: readonly { column: string; on: number; off: number; suffix?: string }[];
}

const E = '1.3.6.1.4.1';

const APC_STATES = [
  { column: `${E}.318.1.1.26.9.2.3.1.5`, on: 2, off: 1 },
  { column: `${E}.318.1.1.26.9.2.4.1.5`, on: 1, off: 2 },
  { column: `${E}.318.1.1.12.3.5.1.1.4`, on: 1, off: 2 },
  { column: `${E}.318.1.1.12.3.3.1.1.4`, on: 1, off: 2 },
];
const CYBERPOWER_STATES = ['3.3.5.1.1.4', '3.3.3.1.1.4', '6.6.1.4.1.5', '6.6.1.5.1.5'].map((column) => ({
  column: `${E}.3808.1.1.${column}`,
  on: 1,
  off: 2,
}));
const EATON_STATES = [{ column: `${E}.534.6.6.7.6.6.1.2`, on: 1, off: 0 }];

/** From the vendors' MIBs; codings differ even within one vendor. */
export const OUTLET_COMMANDS: readonly OutletCommands[] = [
  {
    family: 'APC rPDU2',
    command: `${E}.318.1.1.26.9.2.4.1.5`,
    values: { 1: 'on', 2: 'off', 3: 'cycle', 4: 'none', 5: 'on', 6: 'off', 7: 'cycle', 8: 'none' },
    states: APC_STATES,
  },
  {
    family: 'APC rPDU',
    command: `${E}.318.1.1.12.3.3.1.1.4`,
    values: { 1: 'on', 2: 'off', 3: 'cycle', 4: 'on', 5: 'off', 6: 'cycle', 7: 'none' },
    states: APC_STATES,
  },
  {
    family: 'Raritan PDU2',
    command: `${E}.13742.6.4.1.2.1.2`,
    values: { 0: 'off', 1: 'on', 2: 'cycle' },
    states: [
      { column: `${E}.13742.6.4.1.2.1.3`, on: 7, off: 8 },
      { column: `${E}.13742.6.4.1.2.1.2`, on: 1, off: 0 },
      { column: `${E}.13742.6.5.4.3.1.3`, suffix: '.14', on: 7, off: 8 },
    ],
  },
  {
    family: 'Eaton ePDU G3, off',
    command: `${E}.534.6.6.7.6.6.1.3`,
    values: { [-1]: 'none' },
    delay: 'off',
    states: EATON_STATES,
  },
  {
    family: 'Eaton ePDU G3, on',
    command: `${E}.534.6.6.7.6.6.1.4`,
    values: { [-1]: 'none' },
    delay: 'on',
    states: EATON_STATES,
  },
  {
    family: 'Eaton ePDU G3, reboot',
    command: `${E}.534.6.6.7.6.6.1.5`,
    values: { [-1]: 'none' },
    delay: 'cycle',
    states: EATON_STATES,
  },
  {
    family: 'Server Technology Sentry3',
    command: `${E}.1718.3.2.3.1.11`,
    values: { 0: 'none', 1: 'on', 2: 'off', 3: 'cycle' },
    states: [
      { column: `${E}.1718.3.2.3.1.5`, on: 1, off: 0 },
      { column: `${E}.1718.3.2.3.1.10`, on: 1, off: 0 },
    ],
  },
  {
    family: 'Server Technology Sentry4',
    command: `${E}.1718.4.1.8.5.1.2`,
    values: { 0: 'none', 1: 'on', 2: 'off', 3: 'cycle', 4: 'on', 5: 'off', 6: 'cycle' },
    states: [
      { column: `${E}.1718.4.1.8.3.1.1`, on: 1, off: 2 },
      { column: `${E}.1718.4.1.8.5.1.1`, on: 11, off: 10 },
    ],
  },
  {
    family: 'CyberPower ePDU',
    command: `${E}.3808.1.1.3.3.3.1.1.4`,
    values: { 1: 'on', 2: 'off', 3: 'cycle', 4: 'on', 5: 'off', 6: 'cycle', 7: 'none' },
    states: CYBERPOWER_STATES,
  },
  {
    family: 'CyberPower ePDU2',
    command: `${E}.3808.1.1.6.6.1.5.1.5`,
    values: { 1: 'on', 2: 'off', 3: 'cycle', 4: 'on', 5: 'off', 6: 'cycle', 7: 'none', 8: 'none' },
    states: CYBERPOWER_STATES,
  },
  {
    family: 'Tripp Lite PDU',
    command: `${E}.850.1.1.3.2.3.3.1.1.6`,
    values: { 0: 'none', 1: 'off', 2: 'on', 3: 'cycle' },
    states: [{ column: `${E}.850.1.1.3.2.3.3.1.1.4`, on: 2, off: 1 }],
  },
  {
    family: 'Tripp Lite ATS',
    command: `${E}.850.1.1.3.4.3.3.1.1.6`,
    values: { 0: 'none', 1: 'off', 2: 'on', 3: 'cycle' },
    states: [{ column: `${E}.850.1.1.3.4.3.3.1.1.4`, on: 2, off: 1 }],
  },
  {
    family: 'Vertiv rPDU V5',
    command: `${E}.21239.5.2.3.5.1.6`,
    values: { 1: 'none', 2: 'on', 3: 'on', 4: 'off', 5: 'off', 6: 'cycle', 7: 'cycle', 8: 'none' },
    states: [{ column: `${E}.21239.5.2.3.5.1.4`, on: 1, off: 2 }],
  },
];

/** What a SET asks of an outlet, or the error status with which it is refused. */
export function commandOf(
  oid: string,
  { type, value }: SnmpValue,
): { error: number } | { commands: OutletCommands; index: string; effect: Effect } {
  const commands = OUTLET_COMMANDS.find(({ command }) => oid.startsWith(`${command}.`));
  if (!commands) return { error: ErrorStatus.notWritable };
  if (!isIntegerType(type)) return { error: ErrorStatus.wrongType };
  const effect = commands.values[Number(value)] ?? (Number(value) >= 0 ? commands.delay : undefined);
  if (!effect) return { error: ErrorStatus.wrongValue };
  return { commands, index: oid.slice(commands.command.length), effect };
}

/**
 * SETs of outlet commands act on the table at once; every other object is read-only. A recording need not hold the
 * command's own column: an outlet is there when its state is.
 */
export function outletWrites(table: ObjectTable): WriteHandler {
  return (oid, value) => {
    const asked = commandOf(oid, value);
    if ('error' in asked) return asked;
    const states = asked.commands.states
      .map(({ column, suffix = '', on, off }) => ({ oid: column + asked.index + suffix, on, off }))
      .filter((state) => table.has(state.oid));
    if (states.length === 0) return { error: ErrorStatus.noCreation };
    return {
      commit() {
        // A cycled outlet is on again by the time that anyone can look.
        if (asked.effect === 'none') return;
        for (const state of states) table.set(state.oid, integer(asked.effect === 'off' ? state.off : state.on));
      },
    };
  };
}
