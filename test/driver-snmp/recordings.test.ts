import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ProbeResult } from '@rackwatt/telemetry';
import { serveRecording } from '@rackwatt/simulator';
import { devicesFolder, recording } from '../support/devices.js';
import { driverFor, probed, valuesOf, type Value } from './support.js';

async function probeRecording(t: TestContext, name: string): Promise<ProbeResult> {
  const served = await serveRecording(join(devicesFolder, `${name}.snmprec`));
  t.after(() => served.close());
  return driverFor(t).probe({ address: served.address, profile: 'auto' }, { explain: true });
}

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

interface Expectation {
  oid: string;
  metric: string;
  value: number;
}

function expectations(device: string): Expectation[] {
  const lines = readFileSync(join(devicesFolder, 'expected.tsv'), 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [name, kind, , oid, , , , expected] = line.split('\t');
    const known = name === device ? CLASSES[kind!] : undefined;
    return known ? [{ oid: oid!, metric: known[0], value: Number(expected) * known[1] }] : [];
  });
}

/** The part of a row by the MIB's index, written apart from the profiles. */
type PartOf = (oid: string) => string[];

const raritanPart: PartOf = (oid) => {
  const [table, index] = [/13742\.6\.5\.(\d)\.3/.exec(oid)![1], oid.split('.').slice(13)];
  if (table === '2') return [`inlet/${index[1]}`];
  if (table === '3') return [`branch/${index[1]}`];
  if (table === '4') return [`outlet/${index[1]}`];
  return [`sensor/${index[1]}`];
};

const eatonPart: PartOf = (oid) => {
  const index = oid.split('.').slice(14);
  // Of a single-phase inlet the voltage and current are those of the inlet and of its only phase.
  return oid.includes('.534.6.6.7.3.') ? [`inlet/${index[1]}`, `inlet/${index[1]}/phase/L1`] : [`outlet/${index[1]}`];
};

function assertNear(actual: Value | undefined, expected: number, what: string): void {
  assert.ok(actual, `${what} is missing`);
  assert.equal(actual.quality, 'good', what);
  assert.ok(
    Math.abs(Number(actual.value) - expected) <= Math.abs(expected) * 1e-9,
    `${what}: ${actual.value} is not ${expected}`,
  );
}

for (const [name, partOf, least] of [
  ['raritan-pdu_px3', raritanPart, 129],
  ['eatonpdu_2', eatonPart, 51],
] as const) {
  const { skip } = recording(`${name}.snmprec`);
  test(`every expected value of ${name} is read`, { skip }, async (t) => {
    const result = await probeRecording(t, name);
    const values = probed(result);
    const expected = expectations(name);
    assert.ok(expected.length >= least, `only ${expected.length} expectations`);
    for (const { oid, metric, value } of expected) {
      const found = partOf(oid)
        .map((part) => [part, values.get(`${part} ${metric}`)] as const)
        .filter(([part]) =>
          result.explain!.some(({ point, source }) => source === oid && result.points[point]!.part === part),
        );
      assert.ok(found.length > 0, `nothing was read from ${oid} as ${metric} of ${partOf(oid).join(' or ')}`);
      for (const [part, actual] of found) assertNear(actual, value, `${part} ${metric}`);
    }
  });

  test(`${name} is read again as it was probed, with few requests`, { skip }, async (t) => {
    const served = await serveRecording(join(devicesFolder, `${name}.snmprec`));
    t.after(() => served.close());
    const driver = driverFor(t);
    const probe = await driver.probe({ address: served.address, profile: 'auto' });
    const open = await driver.open({ address: served.address, profile: 'auto' });
    const before = served.agent.statistics.requests;
    const reading = await driver.read(open.session, { deadline: 5000 });
    assert.deepEqual(valuesOf(open, reading), probed(probe));
    assert.equal(reading.layout, open.layout);
    assert.ok(served.agent.statistics.requests - before <= 16, `${served.agent.statistics.requests - before} requests`);
  });
}

test('identity and labels of the Raritan PX3', { skip: recording('raritan-pdu_px3.snmprec').skip }, async (t) => {
  const { identity, parts } = await probeRecording(t, 'raritan-pdu_px3');
  assert.deepEqual(identity, {
    vendor: 'Raritan',
    model: 'PX3-5493U-K2',
    serial: '<private>',
    firmware: '4.2.0.5-50274',
    profile: 'raritan-px',
  });
  const label = (path: string) => parts.find((part) => part.path === path)?.label;
  assert.equal(label('inlet/1'), 'I1');
  assert.equal(label('branch/2'), 'C2');
  assert.equal(label('outlet/3'), '3', 'the printed label where the name is empty');
  assert.equal(label('sensor/2'), 'R03 Outlet Temperature');
  assert.equal(parts.find((part) => part.path === 'outlet/1')?.ratedCurrent, 10);
  assert.equal(parts.filter((part) => part.switchable).length, 24);
});

test('a power factor that the PX3 does not have is null, not 0', {
  skip: recording('raritan-pdu_px3.snmprec').skip,
}, async (t) => {
  // expected.tsv says 0; the state column says unavailable (-1), and then the value means nothing.
  const values = probed(await probeRecording(t, 'raritan-pdu_px3'));
  assert.deepEqual(values.get('outlet/11 power.factor'), { value: null, unit: '1', quality: 'bad' });
  assert.deepEqual(values.get('outlet/1 power.factor'), { value: 0.99, unit: '1', quality: 'good' });
});

/** Raw integers of a recording by OID. */
function rawOf(name: string): Map<string, number> {
  const lines = readFileSync(join(devicesFolder, `${name}.snmprec`), 'utf8').split('\n');
  return new Map(
    lines
      .map((line) => line.split('|'))
      .flatMap(([oid, type, value]) => (type === '2' ? [[oid!, Number(value)] as const] : [])),
  );
}

test('every value of the AP8641 is what PowerNet-MIB makes of the recording', {
  skip: recording('snmpsimdata-apc-ap8641.snmprec').skip,
}, async (t) => {
  const result = await probeRecording(t, 'snmpsimdata-apc-ap8641');
  const values = probed(result);
  const raw = rawOf('snmpsimdata-apc-ap8641');
  const at = (oid: string): number => raw.get(`1.3.6.1.4.1.318.1.1.26.${oid}`)!;
  assertNear(values.get('inlet/1 power.active'), at('4.3.1.5.1') * 10, 'device power, 0.01 kW');
  assertNear(values.get('inlet/1 power.apparent'), at('4.3.1.16.1') * 10, 'device apparent power, 0.01 kVA');
  assertNear(values.get('inlet/1 power.factor'), at('4.3.1.17.1') / 100, 'device power factor, 0.01');
  assertNear(values.get('inlet/1 energy.active'), at('4.3.1.9.1') * 100, 'device energy, 0.1 kWh');
  assertNear(values.get('inlet/1/phase/L1 current.rms'), at('6.3.1.5.1') / 10, 'phase current, 0.1 A');
  assertNear(values.get('inlet/1/phase/L1 voltage.rms'), at('6.3.1.6.1'), 'phase voltage, V');
  assertNear(values.get('inlet/1/phase/L1 power.active'), at('6.3.1.7.1') * 10, 'phase power, 0.01 kW');
  for (const bank of [1, 2])
    assertNear(values.get(`branch/${bank} current.rms`), at(`8.3.1.5.${bank}`) / 10, 'bank current, 0.1 A');
  for (let outlet = 1; outlet <= 24; outlet++) {
    assertNear(values.get(`outlet/${outlet} current.rms`), at(`9.4.3.1.6.${outlet}`) / 10, 'outlet current, 0.1 A');
    assertNear(values.get(`outlet/${outlet} power.active`), at(`9.4.3.1.7.${outlet}`), 'outlet power, W');
    assertNear(
      values.get(`outlet/${outlet} energy.active`),
      at(`9.4.3.1.11.${outlet}`) * 100,
      'outlet energy, 0.1 kWh',
    );
    const word = at(`9.2.3.1.5.${outlet}`) === 2 ? 'on' : 'off';
    assert.equal(values.get(`outlet/${outlet} state.outlet`)?.value, word);
  }
  assert.equal(
    [...values.keys()].filter((key) => /^sensor\/(\d|contact)/.test(key)).length,
    0,
    'no sensor is plugged in',
  );
  assert.equal([...values.keys()].filter((key) => key.includes('/pair/')).length, 0, 'one phase has no pairs');
  assert.equal(result.identity.model, 'AP8641');
  assert.equal(result.identity.serial, '3F3452A52295');
});

test('what the AP7902B does not support in rPDU2 is taken from rPDU, else it is no point', {
  skip: recording('snmpsimdata-apc-ap7902b.snmprec').skip,
}, async (t) => {
  const values = probed(await probeRecording(t, 'snmpsimdata-apc-ap7902b'));
  assertNear(values.get('inlet/1/phase/L1 current.rms'), 1.6, 'phase current');
  assertNear(values.get('inlet/1 power.active'), 192, 'device power, W, of rPDU');
  assertNear(values.get('inlet/1 power.apparent'), 192, 'device apparent power, VA, of rPDU');
  assertNear(values.get('inlet/1 voltage.rms'), 120, 'the voltage that the unit reckons with, V, of rPDU');
  assert.equal(values.get('inlet/1 energy.active'), undefined);
  assert.equal([...values.values()].filter(({ quality }) => quality !== 'good').length, 0);
});
