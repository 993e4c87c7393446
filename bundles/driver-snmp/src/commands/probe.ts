import {
  type ProbedUnit,
  type ProbeResult,
  qualityText,
  STATES,
  suspectedScales,
  type Thresholds,
} from '@rackwatt/telemetry';
import type { Command } from 'rackwatt';
import { SnmpDriver } from '../driver.js';
import { readProfile } from '../profile-files.js';
import { TARGET_OPTIONS, targetOf } from './target.js';

/** One value as `probe --json` prints it. */
export interface PrintedReading {
  part: string;
  metric: string;
  /** A number, the word of a state, or null when there is none. */
  value: number | string | null;
  unit: string;
  quality: string;
  label?: string;
  /** Number in the chain, of a further unit behind the same agent; its parts stand below `unit/2/` then. */
  chain?: number;
  basis?: 'LN' | 'LL';
  thresholds?: Thresholds;
  source?: string;
  raw?: string;
  scale?: number;
  scaleSource?: string;
}

const command: Command = {
  summary: 'recognise a device, read it once and print what it measures',
  arguments: '<host>',
  options: {
    ...TARGET_OPTIONS,
    '--profile <name>':
      'read it with this profile, or with that of FILE.json (default: by what the device says of itself)',
    '--json': 'print JSON',
    '--explain': 'also print where each value was read and how it was scaled',
  },
  async run(input) {
    const explain = input.options['explain'] === true;
    const target = targetOf(input);
    const own = target.profile.endsWith('.json') ? [readProfile(target.profile)] : [];
    const profile = own[0]?.name ?? target.profile;
    const result = await new SnmpDriver({ profiles: own }).probe({ ...target, profile }, { explain });
    const readings = readingsOf(result);
    const suspicions = suspicionsOf(result);
    const printed = {
      device: deviceOf(result),
      ...chainOf(result),
      ...(suspicions.length === 0 ? {} : { suspicions }),
      ...(explain ? { time: timesOf(result) } : {}),
      readings,
    };
    input.stdout.write(
      input.options['json'] === true
        ? `${JSON.stringify(printed, null, 2)}\n`
        : table(result, readings, explain) + suspicions.map((each) => `suspected scale error: ${each}\n`).join(''),
    );
  },
};

export default command;

type PrintedDevice = Record<'vendor' | 'model' | 'serial' | 'firmware' | 'profile', string | undefined>;

function deviceOf({ identity: { vendor, model, serial, firmware, profile } }: ProbedUnit): PrintedDevice {
  return { vendor, model, serial, firmware, profile };
}

/** Who the further units of a chain are; `snmp://HOST/UNIT` is the address of one alone. */
function chainOf({ units }: ProbeResult): { chain?: (PrintedDevice & { unit?: number })[] } {
  return units === undefined ? {} : { chain: units.map((each) => ({ unit: each.unit, ...deviceOf(each) })) };
}

/** Values that do not go together, a sentence each. */
function suspicionsOf({ units = [], ...first }: ProbeResult): string[] {
  return [first, ...units].flatMap(({ points, reading }) =>
    suspectedScales(points, reading).map(({ message }) => message),
  );
}

/** When the gateway read it, and for how long the device says that it runs (s). */
function timesOf({ reading, upTime }: ProbeResult): { gateway: string; deviceUpTime?: number } {
  const gateway = new Date(reading.time).toISOString();
  return upTime === undefined ? { gateway } : { gateway, deviceUpTime: upTime / 1000 };
}

/** Readings of all units; parts of further units stand below their number, so that each is named once. */
export function readingsOf({ units = [], ...first }: ProbeResult): PrintedReading[] {
  return [
    ...readingsOfUnit(first),
    ...units.flatMap((each) =>
      readingsOfUnit(each).map((reading) => ({
        ...reading,
        part: `unit/${each.unit}/${reading.part}`,
        chain: each.unit!,
      })),
    ),
  ];
}

function readingsOfUnit({ parts, points: described, reading, explain }: ProbedUnit): PrintedReading[] {
  const labels = new Map(parts.map((part) => [part.path, part.label]));
  const { points, values, quality, states } = reading;
  return Array.from(points, (point, i) => {
    const { part, metric, unit, basis, thresholds } = described[point]!;
    const label = labels.get(part);
    const { point: _, ...source } = explain?.[point] ?? { point };
    return {
      part,
      metric,
      value: states[i] === 0 ? (Number.isNaN(values[i]) ? null : values[i]!) : STATES[states[i]!]!,
      unit,
      quality: qualityText(quality[i]!),
      ...(label === undefined ? {} : { label }),
      ...(basis === undefined ? {} : { basis }),
      ...(thresholds === undefined ? {} : { thresholds }),
      ...source,
    };
  });
}

function table(result: ProbeResult, readings: PrintedReading[], explain: boolean): string {
  const identity = Object.entries(deviceOf(result)).filter(([, value]) => value !== undefined);
  const head = identity.map(([name, value]) => `${`${name}:`.padEnd(10)} ${value}\n`).join('');
  const columns = [
    'part',
    'label',
    'metric',
    'value',
    'unit',
    'quality',
    ...(explain ? (['source', 'raw', 'scale'] as const) : []),
  ] as const;
  const cells = readings.map((reading) => columns.map((column) => cell(reading[column])));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i]!.length)));
  const lines = [columns, ...cells].map((row) =>
    row
      .map((text, i) => (columns[i] === 'value' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  const { requests, milliseconds } = result.cost;
  const partCount = new Set(readings.map(({ part }) => part)).size;
  return `${head}\n${lines.join('\n')}\n\n${readings.length} readings of ${partCount} parts in ${requests} requests and ${milliseconds} ms\n`;
}

function cell(value: string | number | null | undefined): string {
  if (value === null) return '-';
  return value === undefined ? '' : String(value);
}
