import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, limitsOf, probeOf, switchableOf } from './readings.js';

const C = '1.3.6.1.4.1.232.165';

/** A unit of three phases in delta, and its limits, in the columns that HPE's third PDUs and Panduit share. */
const DELTA = `
  1.2.1.2.1|4|PDU A
  1.2.1.3.1|4|24A, 208V
  1.2.1.5.1|4|2.0.0.J
  1.2.1.7.1|4|P9S22A
  1.2.1.8.1|4|CN1234
  1.2.1.9.1|2|2
  2.1.1.2.1|2|-1
  2.1.1.6.1|2|1234
  2.2.1.2.1.1|2|5
  2.2.1.3.1.1|2|2081
  2.2.1.5.1.1|2|1900
  2.2.1.6.1.1|2|1800
  2.2.1.7.1.1|2|-1
  2.2.1.8.1.1|2|2300
  2.2.1.9.1.1|2|3
  2.2.1.10.1.1|2|2400
  2.2.1.11.1.1|2|1203
  2.2.1.12.1.1|2|4
  2.2.1.13.1.1|2|0
  2.2.1.14.1.1|2|0
  2.2.1.15.1.1|2|1920
  2.2.1.16.1.1|2|2400
  2.2.1.18.1.1|2|3
  2.2.1.19.1.1|2|1502
  2.2.1.20.1.1|2|1450
  2.2.1.23.1.1|2|97
  3.1.1.2.1.2|4|B2
  3.1.1.3.1.2|2|3
  3.1.1.4.1.2|2|6
  3.1.1.5.1.2|2|2079
  3.1.1.8.1.2|2|1850
  3.1.1.12.1.2|2|402
  3.1.1.13.1.2|2|1
  3.1.1.16.1.2|2|1600
  3.1.1.17.1.2|2|2000
  3.1.1.26.1.2|2|3
  5.1.1.2.1.7|4|web
  5.1.1.4.1.7|2|1000
  5.1.1.5.1.7|2|63
  5.1.1.7.1.7|2|20
  5.1.1.9.1.7|2|900
  5.1.1.10.1.7|2|1000
  5.1.1.12.1.7|2|131
  5.1.1.13.1.7|2|127
  5.2.1.1.1.7|2|3
  5.2.1.8.1.7|2|1
  5.2.1.8.1.8|2|2
  5.2.1.1.1.8|2|2
  4.1.1.1.1|2|2`;

const DELTA_READINGS = {
  'unit state.sensor': 'ok',
  'inlet/1 energy.active': 1_234_000,
  'inlet/1/pair/L1-L2 voltage.rms': 208.1,
  'inlet/1/phase/L1 current.rms': 12.03,
  'inlet/1/phase/L1 state.load': 'high-warning',
  'inlet/1/phase/L1 power.apparent': 1502,
  'inlet/1/phase/L1 power.active': 1450,
  'inlet/1/phase/L1 power.factor': 0.97,
  'branch/2 voltage.rms': 207.9,
  'branch/2 current.rms': 4.02,
  'branch/2 state.load': 'normal',
  'branch/2 state.breaker': 'open',
  'outlet/7 current.rms': 0.63,
  'outlet/7 power.apparent': 131,
  'outlet/7 power.active': 127,
  'outlet/7 state.outlet': 'turning-off',
  'outlet/8 state.outlet': 'on',
};

const DELTA_LIMITS = {
  'inlet/1/pair/L1-L2 voltage.rms': { lowerCritical: 180, lowerCaution: 190, upperCritical: 230 },
  'inlet/1/phase/L1 current.rms': { upperCaution: 19.2, upperCritical: 24 },
  'branch/2 voltage.rms': { lowerCritical: 185 },
  'branch/2 current.rms': { upperCaution: 16, upperCritical: 20 },
  'outlet/7 power.active': { lowerCaution: 20, upperCaution: 900, upperCritical: 1000 },
};

test('HPE PDU of the third layout: limits, energies in kilowatt-hours, and sensors in Fahrenheit', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: `${C}.11`,
    base: `${C}.11`,
    rows: `${DELTA}
      2.2.1.17.1.1|2|501
      2.2.1.21.1.1|2|411
      3.1.1.18.1.2|2|201
      3.1.1.21.1.2|2|77
      5.1.1.11.1.7|2|63
      5.1.1.14.1.7|2|3
      4.2.1.3.1.1|2|2
      4.2.1.4.1.1|2|770
      4.2.1.8.1.1|2|860
      4.2.1.9.1.1|2|-1
      4.2.1.3.1.2|2|1
      4.2.1.4.1.2|2|0
      4.3.1.3.1.1|2|3
      4.3.1.4.1.1|2|0
      4.4.1.4.1.1|2|2`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'HPE',
    // Column 3 holds the rating.
    model: 'P9S22A',
    serial: 'CN1234',
    firmware: '2.0.0.J',
    name: 'PDU A',
    profile: 'hpe-pdu3',
  });
  assertReadings(
    result,
    {
      ...DELTA_READINGS,
      'inlet/1/phase/L1 load.percent': 50.1,
      'inlet/1/phase/L1 energy.active': 411_000,
      'branch/2 load.percent': 20.1,
      'branch/2 energy.active': 77_000,
      'outlet/7 load.percent': 6.3,
      'outlet/7 energy.active': 3000,
      'sensor/temp-1 temperature': 25,
      'sensor/humidity-1 humidity.relative': null,
      'sensor/contact-1 state.contact': 'closed',
    },
    { 'sensor/humidity-1 humidity.relative': 'bad|sensor-fault' },
  );
  assert.deepEqual(limitsOf(result), { ...DELTA_LIMITS, 'sensor/temp-1 temperature': { upperCaution: 30 } });
  assert.equal(result.parts.find(({ path }) => path === 'inlet/1/phase/L1')?.ratedCurrent, 24);
  assert.deepEqual(switchableOf(result), ['outlet/7']);
});

test('Panduit G5: limits of power too, percent in whole numbers, residual current, and sensors of all kinds', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.19536.10.1',
    base: '1.3.6.1.4.1.19536.10.1',
    rows: `${DELTA}
      1.2.1.4.1|4|Panduit
      1.2.1.7.2|4|P24G30M
      2.1.1.5.2|2|812
      2.1.1.11.1|2|1204
      2.2.1.17.1.1|2|50
      2.2.1.21.1.1|2|411000
      2.2.1.32.1.1|2|100
      2.2.1.33.1.1|2|4000
      2.3.1.9.1|2|6
      3.1.1.13.1.3|2|6
      3.1.1.21.1.2|2|77000
      5.1.1.14.1.7|2|3000
      4.2.1.3.1.1|2|2
      4.2.1.4.1.1|2|77
      4.2.1.8.1.1|2|86
      4.3.1.3.1.1|2|2
      4.3.1.4.1.1|2|44
      4.3.1.9.1.1|2|80
      4.4.1.4.1.1|2|1
      4.5.1.4.1.1|2|2
      4.6.1.4.1.1|2|1
      4.7.1.4.1.1|2|2`,
  });
  assert.equal(result.identity.model, 'P9S22A');
  assertReadings(result, {
    ...DELTA_READINGS,
    'inlet/1 current.rms': 12.04,
    'inlet/1 current.residual': 0.006,
    'inlet/1/phase/L1 load.percent': 50,
    'inlet/1/phase/L1 energy.active': 411_000,
    'branch/2 energy.active': 77_000,
    // The breaker is off.
    'branch/3 state.load': 'off',
    'outlet/7 energy.active': 3000,
    'sensor/temp-1 temperature': 25,
    'sensor/humidity-1 humidity.relative': 44,
    'sensor/door-1 state.contact': 'open',
    'sensor/dry-1 state.sensor': 'alarm',
    'sensor/spot-1 state.sensor': 'normal',
    'sensor/rope-1 state.sensor': 'alarm',
  });
  assert.deepEqual(limitsOf(result), {
    ...DELTA_LIMITS,
    'inlet/1/phase/L1 power.active': { lowerCritical: 100, upperCaution: 4000 },
    'sensor/temp-1 temperature': { upperCaution: 30 },
    'sensor/humidity-1 humidity.relative': { upperCritical: 80 },
  });
  assert.deepEqual(switchableOf(result), ['outlet/7']);
  const [linked] = result.units!;
  assert.equal(linked!.identity.model, 'P24G30M');
  assertReadings(linked!, { 'inlet/1 power.active': 812 });
});

test('HPE PDU of the second layout: limits in thousandths, energies in watt-hours, temperatures in tenths', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: `${C}.7`,
    base: `${C}.7`,
    rows: `
      1.2.1.3.1|4|AF527A
      1.2.1.7.1|4|CN77
      2.1.1.6.1|2|98765
      2.2.1.2.1.1|2|2
      2.2.1.3.1.1|2|229870
      2.2.1.5.1.1|2|210000
      2.2.1.8.1.1|2|250000
      2.2.1.9.1.1|2|3
      2.2.1.10.1.1|2|32000
      2.2.1.11.1.1|2|7001
      2.2.1.14.1.1|2|500
      2.2.1.15.1.1|2|25600
      2.2.1.18.1.1|2|22
      2.2.1.19.1.1|2|3
      2.2.1.20.1.1|2|1650
      2.2.1.21.1.1|2|1609
      2.2.1.22.1.1|2|4321
      3.1.1.5.1.1|2|229700
      3.1.1.17.1.1|2|16000
      3.1.1.12.1.1|2|3100
      3.1.1.27.1.1|2|2
      4.1.1.1.1|2|1
      4.2.1.4.1.1|2|235
      4.2.1.9.1.1|2|400
      4.3.1.4.1.1|2|415
      5.1.1.5.1.2|2|512
      5.1.1.9.1.2|2|8000
      5.1.1.15.1.2|2|1234
      5.2.1.1.1.2|2|4
      5.2.1.8.1.2|2|1`,
  });
  assert.equal(result.identity.model, 'AF527A');
  assert.equal(result.identity.serial, 'CN77');
  assertReadings(result, {
    'inlet/1 energy.active': 98_765,
    'inlet/1/phase/L1 voltage.rms': 229.87,
    'inlet/1/phase/L1 current.rms': 7.001,
    'inlet/1/phase/L1 load.percent': 22,
    'inlet/1/phase/L1 power.apparent': 1650,
    'inlet/1/phase/L1 power.active': 1609,
    'inlet/1/phase/L1 energy.active': 4321,
    'branch/1 voltage.rms': 229.7,
    'branch/1 current.rms': 3.1,
    'branch/1 state.breaker': 'closed',
    'outlet/2 current.rms': 0.512,
    'outlet/2 energy.active': 1234,
    'outlet/2 state.outlet': 'turning-on',
    'sensor/1 temperature': 23.5,
    'sensor/1 humidity.relative': 41.5,
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1/phase/L1 voltage.rms': { lowerCaution: 210, upperCritical: 250 },
    'inlet/1/phase/L1 current.rms': { lowerCritical: 0.5, upperCaution: 25.6 },
    'branch/1 current.rms': { upperCritical: 16 },
    'outlet/2 current.rms': { upperCaution: 8 },
    'sensor/1 temperature': { upperCritical: 40 },
  });
  assert.deepEqual(switchableOf(result), ['outlet/2']);
});

test('HP iPDU: outlets of sticks in tenths and hundredths; a Management Module by what it says of itself', async (t) => {
  const ipdu = await probeOf(t, {
    sysObjectId: `${C}.5`,
    base: `${C}.5`,
    rows: `
      1.2.1.3.1|4|AF522A
      1.2.1.38.1|2|2810
      1.2.1.39.1|2|2903
      1.2.1.40.1|2|345
      4.1.1.5.1.1.3|2|2305
      4.1.1.6.1.1.3|2|87
      4.1.1.7.1.1.3|2|190
      4.1.1.8.1.1.3|2|95
      4.1.1.20.1.1.3|2|40211
      4.1.1.6.1.2.3|2|12`,
  });
  assertReadings(ipdu, {
    'inlet/1 power.active': 2810,
    'inlet/1 power.apparent': 2903,
    'inlet/1 load.percent': 34.5,
    'outlet/3 voltage.rms': 230.5,
    'outlet/3 current.rms': 0.87,
    'outlet/3 power.active': 190,
    'outlet/3 power.factor': 0.95,
    'outlet/3 energy.active': 40_211,
    'outlet/2-3 current.rms': 0.12,
  });
  const module = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.232.999',
    sysDescr: 'HP PDU Management Module',
    base: `${C}.2`,
    rows: `
      1.2.1.3.1|4|AF401A
      2.1.1.3.1|2|612
      3.1.1.2.1|2|41
      3.2.1.2.1.1|2|229
      3.2.1.4.1.1|2|38
      3.2.1.5.1.1|2|3`,
  });
  assert.equal(module.identity.profile, 'hpe-pdu-mm');
  assert.equal(module.identity.model, 'AF401A');
  assertReadings(module, {
    'inlet/1 current.rms': 6.12,
    'inlet/1 load.percent': 41,
    'branch/1 voltage.rms': 229,
    'branch/1 load.percent': 38,
    'branch/1 state.load': 'high-critical',
  });
});
