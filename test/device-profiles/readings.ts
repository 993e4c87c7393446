import type { TestContext } from 'node:test';
import type { ProbedUnit, ProbeResult } from '@rackwatt/telemetry';
import { agentOf, driverFor, probed, system } from '../driver-snmp/support.js';

/** Lines of a recording from objects below a root: a number is an INTEGER, a text an OCTET STRING. */
export function objects(root: string, values: Readonly<Record<string, number | string>>): string {
  return Object.entries(values)
    .map(([oid, value]) => `${root}.${oid}|${typeof value === 'number' ? 2 : 4}|${value}\n`)
    .join('');
}

/** Columns of a table: a row for each value, from index 1, or from what `first` says. */
export function table(
  entry: string,
  columns: Readonly<Record<number, readonly (number | string)[]>>,
  first = 1,
): string {
  return Object.entries(columns)
    .flatMap(([column, values]) =>
      values.map((value, i) => `${entry}.${column}.${i + first}|${typeof value === 'number' ? 2 : 4}|${value}\n`),
    )
    .join('');
}

/** What an agent of these lines is read as. */
export async function probeOf(
  t: TestContext,
  sysObjectId: string,
  lines: string,
  unit = '',
  sysDescr?: string,
): Promise<ProbeResult> {
  const agent = await agentOf(t, system(sysObjectId, sysDescr) + lines);
  return driverFor(t).probe({ address: `${agent.address}${unit}`, profile: 'auto' });
}

/** Readings by part and metric as texts: `230.1 V`, `on`, with the quality behind it where it is not good. */
export function readings(result: ProbedUnit): Record<string, string> {
  const values = [...probed(result as ProbeResult)].map(([key, { value, unit, quality }]) => {
    const text = typeof value === 'number' && unit !== '1' ? `${value} ${unit}` : String(value);
    return [key, quality === 'good' ? text : `${text} ${quality}`] as const;
  });
  return Object.fromEntries(values);
}

/** Limits by part and metric. */
export function limitsOf({ points }: Pick<ProbedUnit, 'points'>): Record<string, object> {
  return Object.fromEntries(
    points.flatMap(({ part, metric, thresholds }) => (thresholds ? [[`${part} ${metric}`, thresholds]] : [])),
  );
}
