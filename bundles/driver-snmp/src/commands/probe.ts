import { type ProbeResult, qualityText, STATES } from '@rackwatt/telemetry';
import type { Command } from 'rackwatt';
import { SnmpDriver } from '../driver.js';
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
    '--profile <name>': 'read it with this profile (default: by what the device says of itself)',
    '--json': 'print JSON',
    '--explain': 'also print where each value was read and how it was scaled',
  },
  async run(input) {
    const explain = input.options['explain'] === true;
    const result = await new SnmpDriver().probe(targetOf(input), { explain });
    const printed = { device: deviceOf(result), readings: readingsOf(result) };
    input.stdout.write(
      input.options['json'] === true
        ? `${JSON.stringify(printed, null, 2)}\n`
        : table(result, printed.readings, explain),
    );
  },
};

export default command;

function deviceOf(result: ProbeResult): Record<string, string | undefined> {
  const { vendor, model, serial, firmware, profile } = result.identity;
  return { vendor, model, serial, firmware, profile };
}

export function readingsOf(result: ProbeResult): PrintedReading[] {
  const labels = new Map(result.parts.map((part) => [part.path, part.label]));
  const { points, values, quality, states } = result.reading;
  return Array.from(points, (point, i) => {
    const { part, metric, unit } = result.points[point]!;
    const label = labels.get(part);
    const { point: _, ...source } = result.explain?.[point] ?? { point };
    return {
      part,
      metric,
      value: states[i] === 0 ? (Number.isNaN(values[i]) ? null : values[i]!) : STATES[states[i]!]!,
      unit,
      quality: qualityText(quality[i]!),
      ...(label === undefined ? {} : { label }),
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
    ...(explain ? ['source', 'raw', 'scale'] : []),
  ] as const;
  const cells = readings.map((reading) => columns.map((column) => cell(reading[column as keyof PrintedReading])));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => row[i]!.length)));
  const lines = [columns, ...cells].map((row) =>
    row
      .map((text, i) => (columns[i] === 'value' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  const { requests, milliseconds } = result.cost;
  return `${head}\n${lines.join('\n')}\n\n${readings.length} readings of ${result.parts.length} parts in ${requests} requests and ${milliseconds} ms\n`;
}

function cell(value: string | number | null | undefined): string {
  if (value === null) return '-';
  return value === undefined ? '' : String(value);
}
