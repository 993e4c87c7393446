import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { METRICS, type MetricName, type ProbedUnit, type ProbeResult } from '@rackwatt/telemetry';
import { agentOf, driverFor, system, valuesOf } from '../../driver-snmp/support.js';

/** Probes an agent of a family: `rows` are lines of a recording with the OID below `base`. */
export async function probeOf(
  t: TestContext,
  { sysObjectId, sysDescr, base, rows }: { sysObjectId: string; sysDescr?: string; base: string; rows: string },
): Promise<ProbeResult> {
  const lines = rows
    .trim()
    .split('\n')
    .map((row) => `${base}.${row.trim()}`);
  const agent = await agentOf(t, `${system(sysObjectId, sysDescr)}${lines.join('\n')}\n`);
  return driverFor(t).probe({ address: agent.address, profile: 'auto' });
}

/**
 * Every reading, by `part metric`, in the unit of its metric: a number or a word is a good one, null a bad one. Nothing may be
 * missing and nothing beyond it be there.
 * @param faults quality of those that are bad for a reason that the device tells
 */
export function assertReadings(
  unit: ProbedUnit,
  expected: Record<string, number | string | null>,
  faults: Record<string, string> = {},
): void {
  const read = valuesOf(unit, unit.reading);
  const told = Object.fromEntries([...read].map(([key, { value }]) => [key, value]));
  assert.deepEqual(told, expected);
  for (const [key, value] of Object.entries(expected)) {
    const { quality, unit: of } = read.get(key)!;
    assert.equal(quality, faults[key] ?? (value === null ? 'bad' : 'good'), key);
    assert.equal(of, METRICS[key.split(' ')[1] as MetricName].unit, key);
  }
}

/** Limits of the points that have some, by `part metric`. */
export function limitsOf({ points }: ProbedUnit): Record<string, object> {
  return Object.fromEntries(
    points.flatMap(({ part, metric, thresholds }) => (thresholds ? [[`${part} ${metric}`, thresholds]] : [])),
  );
}

/** Labels of the parts that have one, by path. */
export function labelsOf({ parts }: ProbedUnit): Record<string, string> {
  return Object.fromEntries(parts.flatMap(({ path, label }) => (label === undefined ? [] : [[path, label]])));
}

/** Paths of the parts that can be switched. */
export function switchableOf({ parts }: ProbedUnit): string[] {
  return parts.filter((part) => part.switchable).map((part) => part.path);
}
