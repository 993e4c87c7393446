import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, probeOf, switchableOf } from './readings.js';

test('an unknown device is read by ENTITY-SENSOR-MIB: type, scale, precision, and whether it works', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.99999.1',
    base: '1.3.6.1.2.1',
    rows: `
      47.1.1.1.1.7.10|4|PSU 1 input
      99.1.1.1.1.10|2|3
      99.1.1.1.2.10|2|8
      99.1.1.1.3.10|2|0
      99.1.1.1.4.10|2|230125
      99.1.1.1.5.10|2|1
      99.1.1.1.1.11|2|8
      99.1.1.1.2.11|2|9
      99.1.1.1.3.11|2|1
      99.1.1.1.4.11|2|-55
      99.1.1.1.1.12|2|6
      99.1.1.1.2.12|2|10
      99.1.1.1.3.12|2|-2
      99.1.1.1.4.12|2|2
      99.1.1.1.5.12|2|3
      99.1.1.1.1.13|2|10
      99.1.1.1.2.13|2|9
      99.1.1.1.3.13|2|0
      99.1.1.1.4.13|2|5400`,
  });
  assert.equal(result.identity.profile, 'entity-sensor');
  assertReadings(
    result,
    {
      'sensor/10 voltage.rms': 230.125,
      'sensor/11 temperature': -5.5,
      'sensor/12 power.active': null,
    },
    { 'sensor/12 power.active': 'bad|sensor-fault' },
  );
  assert.deepEqual(labelsOf(result), { 'sensor/10': 'PSU 1 input' });
});

test('an unknown device is read by ENERGY-OBJECT-MIB, each power with its multiplier', async (t) => {
  const rows = `
    229.1.2.1.1.7|2|1523
    229.1.2.1.3.7|2|-1
    229.1.2.1.1.8|2|2
    229.1.2.1.3.8|2|3
    230.1.1.1.2.7|2|2304
    230.1.1.1.4.7|2|4999
    230.1.1.1.5.7|2|-3
    230.1.1.1.9.7|2|160000`;
  const result = await probeOf(t, { sysObjectId: '1.3.6.1.4.1.99999.1', base: '1.3.6.1.2.1', rows });
  assert.equal(result.identity.profile, 'energy-object');
  assertReadings(result, {
    'branch/7 power.active': 152.3,
    'branch/7 power.apparent': 160,
    'branch/7 voltage.rms': 230.4,
    'branch/7 frequency': 49.99,
    'branch/8 power.active': 2000,
  });
});

test('Digital Loggers: the power of an outlet is read where it is measured, estimated or not said how', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '0.0',
    base: '1.3.6.1.2.1',
    rows: `
      229.0.1.0|2|1
      229.1.2.1.1.1|2|345
      229.1.2.1.1.2|2|12
      229.1.2.1.1.3|2|0
      229.1.2.1.1.4|2|0
      229.1.2.1.3.1|2|-1
      229.1.2.1.3.2|2|0
      229.1.2.1.3.3|2|0
      229.1.2.1.3.4|2|0
      229.1.2.1.5.1|2|3
      229.1.2.1.5.3|2|1
      229.1.2.1.5.4|2|2`,
  });
  assertReadings(result, { 'outlet/1 power.active': 34.5, 'outlet/2 power.active': 12 });
});

test('Digital Loggers tells no sysObjectID: outlets from 1, buses from 257', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '0.0',
    base: '1.3.6.1.2.1',
    rows: `
      229.0.1.0|2|1
      229.1.2.1.1.257|2|345
      229.1.2.1.3.257|2|0
      229.1.2.1.9.1|2|259
      229.1.2.1.9.2|2|257
      229.1.2.1.8.3|2|259
      229.1.2.1.9.257|2|255`,
  });
  assert.equal(result.identity.profile, 'digital-loggers');
  assertReadings(result, {
    'branch/1 power.active': 345,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'outlet/3 state.outlet': 'on',
  });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2', 'outlet/3']);
});
