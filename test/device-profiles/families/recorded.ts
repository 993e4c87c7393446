import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ProbeResult } from '@rackwatt/telemetry';
import { serveRecording } from '@rackwatt/simulator';
import { devicesFolder } from '../../support/devices.js';
import { driverFor, valuesOf } from '../../driver-snmp/support.js';

/** LibreNMS's class to metric, and what its value is multiplied with to be in the unit of the metric. */
const CLASSES: Record<string, [metric: string, factor: number]> = {
  current: ['current.rms', 1],
  voltage: ['voltage.rms', 1],
  power: ['power.active', 1],
  apparent_power: ['power.apparent', 1],
  power_consumed: ['energy.active', 1000],
  frequency: ['frequency', 1],
  temperature: ['temperature', 1],
  humidity: ['humidity.relative', 1],
};

export async function probeRecorded(t: TestContext, name: string): Promise<ProbeResult> {
  const served = await serveRecording(join(devicesFolder, `${name}.snmprec`));
  t.after(() => served.close());
  return driverFor(t).probe({ address: served.address, profile: 'auto' }, { explain: true });
}

/**
 * Each row of expected.tsv is a good reading of its metric and unit, read from the object that it names.
 * @returns how many rows there are
 */
export function assertExpected(name: string, probed: ProbeResult): number {
  const rows = readFileSync(join(devicesFolder, 'expected.tsv'), 'utf8').split('\n').slice(1);
  let count = 0;
  for (const row of rows) {
    const [device, kind = '', , oid, , , , expected] = row.split('\t');
    const known = device === name ? CLASSES[kind] : undefined;
    if (!known) continue;
    count++;
    const unit = [probed, ...(probed.units ?? [])].find(({ explain = [], points }) =>
      explain.some(({ point, source }) => source === oid && points[point]!.metric === known[0]),
    );
    assert.ok(unit, `nothing was read from ${oid} as ${known[0]}`);
    const { point } = unit.explain!.find(
      ({ point: of, source }) => source === oid && unit.points[of]!.metric === known[0],
    )!;
    const { part, metric } = unit.points[point]!;
    const read = valuesOf(unit, unit.reading).get(`${part} ${metric}`)!;
    const value = Number(expected) * known[1];
    assert.equal(read.quality, 'good', `${part} ${metric}`);
    assert.ok(
      Math.abs(Number(read.value) - value) <= Math.abs(value) * 1e-9,
      `${part} ${metric} is ${read.value}, not ${value}`,
    );
  }
  return count;
}
