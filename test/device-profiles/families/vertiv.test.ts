import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recording } from '../../support/devices.js';
import { assertReadings, labelsOf, probeOf, switchableOf } from './readings.js';
import { assertExpected, probeRecorded } from './recorded.js';

const RECORDED = 'vertiv-pdu_mn03edr1';
const V5 = '1.3.6.1.4.1.21239.5.2';
const V4 = '1.3.6.1.4.1.21239.5.1';
const V3 = '1.3.6.1.4.1.21239.2';
const I03 = '1.3.6.1.4.1.21239.42.1.53';

test(`${RECORDED}: pairs of a delta unit are pairs, its lines are lines`, {
  skip: recording(`${RECORDED}.snmprec`).skip,
}, async (t) => {
  const probed = await probeRecorded(t, RECORDED);
  assert.ok(assertExpected(RECORDED, probed) > 0);
  assert.deepEqual(probed.identity, {
    vendor: 'Vertiv',
    model: 'MN03EDR1-15P3B8-6PS15D0H10-S',
    serial: '<private>',
    firmware: '5.6.1',
    profile: 'vertiv-v5',
  });
  const pair = (name: string, volts: number, amps: number, watts: number, va: number, wh: number) => ({
    [`inlet/1/pair/${name} voltage.rms`]: volts,
    [`inlet/1/pair/${name} current.rms`]: amps,
    [`inlet/1/pair/${name} power.active`]: watts,
    [`inlet/1/pair/${name} power.apparent`]: va,
    [`inlet/1/pair/${name} power.factor`]: 0.97,
    [`inlet/1/pair/${name} energy.active`]: wh,
    [`inlet/1/pair/${name} current.crest`]: 1.53,
  });
  assertReadings(probed, {
    ...pair('L1-L2', 206.8, 7.25, 1464, 1500, 5_207_918),
    ...pair('L2-L3', 207.9, 7.28, 1477, 1513, 5_284_954),
    ...pair('L3-L1', 206.3, 7.23, 1458, 1492, 5_191_126),
    'inlet/1/line/L1 current.rms': 12.55,
    'inlet/1/line/L2 current.rms': 12.64,
    'inlet/1/line/L3 current.rms': 12.59,
    'branch/1 current.rms': 4.67,
    'branch/2 current.rms': 4.7,
    'branch/3 current.rms': 4.66,
    'branch/4 current.rms': 2.57,
    'branch/5 current.rms': 2.56,
    'branch/6 current.rms': 2.52,
  });
  assert.equal(labelsOf(probed)['branch/4'], 'Circuit 4 - Phase AB');
});

const outlets = `
  3.1.1.4.1|4|left
  3.1.1.5.1|66|1
  3.1.1.9.1|66|2500
  3.1.1.10.1|66|2600
  3.1.1.11.1|66|96
  3.1.1.12.1|66|9123456
  3.2.1.2.1|4|Phase A
  3.2.1.4.1|66|2301
  3.2.1.8.1|66|1130
  3.3.1.4.1|66|1131
  3.3.1.8.1|66|2299
  3.3.1.12.1|66|2490
  3.3.1.13.1|66|2590
  3.3.1.14.1|66|97
  3.3.1.15.1|66|123
  3.4.1.2.1|4|Line A
  3.4.1.4.1|66|1129
  3.4.1.2.4|4|Line N
  3.4.1.4.4|66|12
  3.5.1.3.1|4|web
  3.5.1.4.1|2|1
  3.5.1.6.1|2|8
  3.5.1.4.2|2|5
  3.5.1.6.2|2|8
  3.6.1.4.1|66|2300
  3.6.1.8.1|66|205
  3.6.1.12.1|66|471
  3.6.1.13.1|66|472
  3.6.1.14.1|66|100
  3.6.1.15.1|66|77001
  3.6.1.19.1|66|142`;

const outletReadings = {
  'branch/1 current.rms': 11.31,
  'branch/1 voltage.rms': 229.9,
  'branch/1 power.active': 2490,
  'branch/1 power.apparent': 2590,
  'branch/1 power.factor': 0.97,
  'branch/1 energy.active': 123,
  'outlet/1 state.outlet': 'on',
  'outlet/1 voltage.rms': 230,
  'outlet/1 current.rms': 2.05,
  'outlet/1 power.active': 471,
  'outlet/1 power.apparent': 472,
  'outlet/1 power.factor': 1,
  'outlet/1 energy.active': 77_001,
  'outlet/1 current.crest': 1.42,
  'outlet/2 state.outlet': 'turning-off',
};

test('Vertiv V5: totals, phases, lines with a neutral, breakers, outlets, and sensors in degrees Fahrenheit', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: I03,
    base: V5,
    rows: `
      1.2.0|4|6.0.0
      1.3.0|4|rack 7
      1.7.0|2|0
      1.8.0|4|VP8959
      1.10.0|4|S1
      1.15.0|4|Vertiv
      ${outlets.trim()}
      4.1.3.1|4|top
      4.1.4.1|66|1
      4.1.5.1|2|770
      4.1.4.2|66|0
      4.1.5.2|2|0
      8.1.4.1|66|1
      8.1.6.1|2|680
      8.1.7.1|2|45
      8.1.8.1|2|500
      8.1.9.1|66|1
      8.1.11.1|2|725
      12.1.5.1|2|33
      13.1.4.1|66|1
      13.1.6.1|2|1
      13.1.9.1|2|2`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Vertiv',
    model: 'VP8959',
    serial: 'S1',
    firmware: '6.0.0',
    name: 'rack 7',
    profile: 'vertiv-v5',
  });
  const expected = {
    'inlet/1 power.active': 2500,
    'inlet/1 power.apparent': 2600,
    'inlet/1 power.factor': 0.96,
    'inlet/1 energy.active': 9_123_456,
    'inlet/1/phase/L1 voltage.rms': 230.1,
    'inlet/1/phase/L1 current.rms': 11.3,
    'inlet/1/line/L1 current.rms': 11.29,
    'inlet/1/line/N current.rms': 0.12,
    ...outletReadings,
    'sensor/temp-1 temperature': 25,
    'sensor/temp-2 temperature': null,
    'sensor/t3hd-1 temperature': 20,
    'sensor/t3hd-1 humidity.relative': 45,
    'sensor/t3hd-1 dewpoint': 10,
    'sensor/t3hd-1-a temperature': 22.5,
    'sensor/humidity-1 humidity.relative': 33,
    'sensor/door-1-1 state.contact': 'open',
    'sensor/door-1-2 state.contact': 'closed',
  };
  assertReadings(result, expected, { 'sensor/temp-2 temperature': 'bad|comm-failure' });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2']);
  assert.deepEqual(labelsOf(result), { 'inlet/1': 'left', 'outlet/1': 'web', 'sensor/temp-1': 'top' });
});

test('Vertiv V5: without names and without the unit of temperatures phases count in threes, degrees are Celsius', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.21239',
    base: V5,
    rows: `
      3.2.1.4.1|66|2301
      3.2.1.4.2|66|2302
      3.2.1.4.3|66|2303
      3.2.1.8.4|66|100
      3.4.1.4.5|66|200
      4.1.5.1|2|251
      9.1.5.1|2|-12
      9.1.6.1|2|40`,
  });
  assertReadings(result, {
    'inlet/1/phase/L1 voltage.rms': 230.1,
    'inlet/1/phase/L2 voltage.rms': 230.2,
    'inlet/1/phase/L3 voltage.rms': 230.3,
    'inlet/2/phase/L1 current.rms': 1,
    'inlet/2/line/L2 current.rms': 2,
    'sensor/temp-1 temperature': 25.1,
    'sensor/thd-1 temperature': -1.2,
    'sensor/thd-1 humidity.relative': 40,
  });
});

test('Geist V4: tenths of a degree, kWh, tenths of an ampere', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.21239.42.1.15',
    base: V4,
    rows: `
      1.1.0|4|Watchdog 15
      1.2.0|4|4.0.0
      1.7.0|2|1
      2.1.2.1|4|S4
      2.1.4.1|66|1
      2.1.5.1|2|236
      2.1.6.1|2|41
      2.1.7.1|2|98
      5.1.5.1|2|201
      5.1.7.1|2|50
      6.1.5.2|2|202
      10.1.4.1|66|1
      10.1.5.1|66|123
      10.1.6.1|66|229
      10.1.10.1|66|55
      10.1.11.1|66|1200
      10.1.12.1|66|1260
      10.1.13.1|66|95
      10.1.14.1|66|1
      10.1.15.1|66|0
      10.1.14.2|66|1`,
  });
  assert.equal(result.identity.profile, 'geist-v4');
  assert.equal(result.identity.model, 'Watchdog 15');
  assertReadings(result, {
    'sensor/internal-1 temperature': 23.6,
    'sensor/internal-1 humidity.relative': 41,
    'sensor/internal-1 dewpoint': 9.8,
    'sensor/airflow-1 temperature': 20.1,
    'sensor/airflow-1 humidity.relative': 50,
    'sensor/dewpoint-2 temperature': 20.2,
    'inlet/1 energy.active': 123_000,
    'inlet/1 voltage.rms': 229,
    'inlet/1 current.rms': 5.5,
    'inlet/1 power.active': 1200,
    'inlet/1 power.apparent': 1260,
    'inlet/1 power.factor': 0.95,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'outlet/2-1 state.outlet': 'on',
  });
});

test('Geist V3: degrees are tenths only where the device says so', async (t) => {
  const rows = '4.1.5.1|2|231\n31.1.6.1|2|-15\n31.1.8.1|2|30\n2.1.5.1|2|205';
  const readings = (scale: number) => ({
    'sensor/temp-1 temperature': 231 * scale,
    'sensor/t3hd-1 temperature': -15 * scale,
    'sensor/t3hd-1 humidity.relative': 30,
    'sensor/climate-1 temperature': 205 * scale,
  });
  const at = { sysObjectId: V3, base: V3 };
  assertReadings(await probeOf(t, { ...at, rows: `1.9.0|2|0\n${rows}` }), readings(1));
  const tenths = await probeOf(t, { ...at, rows: `1.9.0|2|1\n${rows}` });
  assertReadings(tenths, {
    ...readings(1),
    'sensor/temp-1 temperature': 23.1,
    'sensor/t3hd-1 temperature': -1.5,
    'sensor/climate-1 temperature': 20.5,
  });
});

test('Geist V3: a three-phase controller with outlets, and the meters of the RCM', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: V3,
    base: V3,
    rows: `
      1.1.0|4|RCU
      1.2.0|4|3.10
      2.1.14.1|66|230
      2.1.16.1|66|45
      2.1.18.1|66|990
      2.1.26.1|66|12
      15.1.5.1|66|61
      15.1.13.1|66|118
      15.1.28.1|66|16
      16.1.2.3|4|db
      16.1.3.3|66|1
      16.1.6.3|66|8
      16.1.14.3|66|12
      16.1.15.3|66|190
      19.1.5.1|66|208
      19.1.9.1|66|0
      25.1.4.1|66|1
      25.1.5.1|66|15
      25.1.6.1|66|231
      25.1.8.1|66|81
      25.1.12.1|66|94
      25.1.29.1|66|40
      25.1.30.1|66|4321
      6.1.7.2|66|99
      6.1.18.2|66|209
      34.1.8.1|66|77
      34.1.24.1|66|33
      29.1.200.1|2|1209
      10.1.5.4|2|125`,
  });
  assertReadings(result, {
    'inlet/1 energy.active': 40_000,
    'inlet/1 power.active': 4321,
    'inlet/1 current.rms': 7.7,
    'inlet/1 voltage.rms': 208,
    'inlet/1/phase/L1 voltage.rms': 231,
    'inlet/1/phase/L1 current.rms': 8.1,
    'inlet/1/phase/L1 power.factor': 0.94,
    'inlet/1/phase/L1 energy.active': 15_000,
    'inlet/1/phase/L1 power.active': 990,
    'inlet/1/phase/L3 current.rms': 1.2,
    'inlet/2/line/L2 current.rms': 9.9,
    'inlet/2/pair/L2-L3 voltage.rms': 209,
    'branch/1 current.rms': 6.1,
    'branch/1 voltage.rms': 118,
    'branch/2 current.rms': 3.3,
    'branch/16 current.rms': 1.6,
    'branch/monitor-1-48 current.rms': 120.9,
    'outlet/3 state.outlet': 'on',
    'outlet/3 current.rms': 0.8,
    'outlet/3 energy.active': 12_000,
    'outlet/3 power.active': 190,
    'unit state.source': 'source-2',
    'sensor/millivolt-4 voltage.rms': 0.125,
  });
  assert.deepEqual(switchableOf(result), ['outlet/3']);
});
