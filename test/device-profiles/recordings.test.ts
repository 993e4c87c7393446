import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveRecording } from '@rackwatt/simulator';
import { hostOf, run } from '../driver-snmp/command.js';
import { devicesFolder, recording } from '../support/devices.js';

/** LibreNMS's class to metrics that it may be, and what its value is multiplied with to be in the unit of the metric. */
const CLASSES: Readonly<Record<string, [metrics: string[], factor: number]>> = {
  current: [['current.rms', 'current.residual', 'current.residual.dc'], 1],
  voltage: [['voltage.rms'], 1],
  // It calls apparent and reactive power "power" where a device has all of them.
  power: [['power.active', 'power.apparent', 'power.reactive'], 1],
  apparent_power: [['power.apparent'], 1],
  power_consumed: [['energy.active', 'energy.apparent', 'energy.reactive'], 1000],
  frequency: [['frequency'], 1],
  temperature: [['temperature', 'dewpoint'], 1],
  humidity: [['humidity.relative'], 1],
};

/** What this test reads of what `probe --json --explain` prints. */
interface Printed {
  part: string;
  metric: string;
  value: number | string | null;
  quality: string;
  source: string;
}

interface Expectation {
  description: string;
  oid: string;
  metrics: string[];
  value: number;
}

function expectations(device: string): Expectation[] {
  const lines = readFileSync(join(devicesFolder, 'expected.tsv'), 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [name, kind = '', description = '', oid = '', , , , expected] = line.split('\t');
    const known = name === device ? CLASSES[kind] : undefined;
    return known ? [{ description, oid, metrics: known[0], value: Number(expected) * known[1] }] : [];
  });
}

/** Recordings and the least number of values that LibreNMS reads of them. */
const RECORDINGS: readonly [name: string, profile: string, expected: number][] = [
  ['eatonpdu_2', 'eaton-epdu', 51],
  ['raritan-pdu_px3', 'raritan-px', 129],
  ['rittal-cmc-iii-pu_pdu-controller', 'rittal-cmc3', 29],
  ['sentry3_switched', 'servertech-sentry3', 36],
  ['sentry4', 'servertech-sentry4', 28],
  ['vertiv-pdu_mn03edr1', 'vertiv-v5', 15],
];

const near = (a: number, b: number): boolean => Math.abs(a - b) <= Math.abs(b) * 1e-9 + 1e-9;

for (const [name, profile, least] of RECORDINGS) {
  const { path, skip } = recording(`${name}.snmprec`);
  test(`${name}: every expected value is read`, { skip }, async (t) => {
    const served = await serveRecording(path);
    t.after(() => served.close());
    const { stdout } = await run('probe', hostOf(served.address), { json: true, explain: true });
    const { device, readings } = JSON.parse(stdout) as { device: { profile: string }; readings: Printed[] };
    assert.equal(device.profile, profile);
    const keys = readings.map(({ part, metric }) => `${part} ${metric}`);
    assert.deepEqual(keys.length, new Set(keys).size, 'each part and metric once');
    const expected = expectations(name);
    assert.ok(expected.length >= least, `only ${expected.length} expectations`);
    const missing = expected
      .filter(
        ({ oid, metrics, value }) =>
          !readings.some(
            (reading) =>
              reading.source === oid &&
              metrics.includes(reading.metric) &&
              reading.quality === 'good' &&
              near(Number(reading.value), value),
          ),
      )
      .map(({ description, oid, metrics, value }) => {
        const said = readings.find(({ source }) => source === oid);
        return `${description} (${oid}): ${metrics[0]} ${value}, read: ${JSON.stringify(said ?? null)}`;
      });
    assert.deepEqual(missing, []);
  });
}

test('the recordings of real devices are there, or it is said where they are looked for', (t) => {
  if (!existsSync(join(devicesFolder, 'expected.tsv'))) t.skip(`no expected.tsv at ${devicesFolder}`);
});
