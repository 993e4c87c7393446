import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, probeOf } from './readings.js';

const C = '1.3.6.1.4.1.232.165';

/** What HPE's third PDUs and their twin by Panduit have in the same columns. */
const TWIN = `
  1.2.1.9.1|2|3
  2.1.1.2.1|2|499
  2.1.1.4.1|2|560
  2.1.1.5.1|2|543
  2.1.1.9.1|2|97
  2.2.1.3.1.1|2|2301
  2.2.1.11.1.1|2|246
  2.2.1.20.1.1|2|543
  3.1.1.2.1.1|4|B1
  3.1.1.5.1.1|2|2299
  3.1.1.12.1.1|2|145
  3.1.1.20.1.1|2|321
  5.1.1.2.1.2|4|web
  5.1.1.13.1.2|2|43
  5.2.1.1.1.2|2|2`;

const TWIN_READINGS = {
  'unit state.sensor': 'alarm',
  'inlet/1 frequency': 49.9,
  'inlet/1 power.apparent': 560,
  'inlet/1 power.active': 543,
  'inlet/1 power.factor': 0.97,
  'inlet/1/phase/L1 voltage.rms': 230.1,
  'inlet/1/phase/L1 current.rms': 2.46,
  'inlet/1/phase/L1 power.active': 543,
  'branch/1 voltage.rms': 229.9,
  'branch/1 current.rms': 1.45,
  'branch/1 power.active': 321,
  'outlet/2 power.active': 43,
  'outlet/2 state.outlet': 'on',
};

test('HPE PDU of the third layout: tenths of volts and degrees, hundredths of amperes', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: `${C}.11`,
    base: `${C}.11`,
    rows: `${TWIN}
      4.2.1.4.1.1|2|214`,
  });
  assertReadings(result, { ...TWIN_READINGS, 'sensor/temp-1 temperature': 21.4 });
  assert.deepEqual(labelsOf(result), { 'branch/1': 'B1', 'outlet/2': 'web' });
});

test('Panduit G5 is its twin, with whole degrees and percent', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.19536.10.1',
    base: '1.3.6.1.4.1.19536.10.1',
    rows: `${TWIN}
      2.1.1.11.1|2|247
      3.1.1.26.1.1|2|2
      4.2.1.4.1.1|2|21
      4.3.1.4.1.1|2|44`,
  });
  assertReadings(result, {
    ...TWIN_READINGS,
    'inlet/1 current.rms': 2.47,
    'branch/1 state.breaker': 'closed',
    'sensor/temp-1 temperature': 21,
    'sensor/humidity-1 humidity.relative': 44,
  });
});

test('HPE PDU of the second layout: thousandths of volts and amperes', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: `${C}.7`,
    base: `${C}.7`,
    rows: `
      1.2.1.8.1|2|2
      2.1.1.2.1|2|500
      2.1.1.5.1|2|1510
      2.1.1.8.1|2|987
      2.2.1.3.1.1|2|230123
      2.2.1.11.1.1|2|6543
      3.1.1.12.1.1|2|3210
      5.1.1.5.1.4|2|512
      5.1.1.14.1.4|2|117
      5.2.1.1.1.4|2|1`,
  });
  assertReadings(result, {
    'unit state.sensor': 'ok',
    'inlet/1 frequency': 50,
    'inlet/1 power.active': 1510,
    'inlet/1 power.factor': 0.987,
    'inlet/1/phase/L1 voltage.rms': 230.123,
    'inlet/1/phase/L1 current.rms': 6.543,
    'branch/1 current.rms': 3.21,
    'outlet/4 current.rms': 0.512,
    'outlet/4 power.active': 117,
    'outlet/4 state.outlet': 'off',
  });
});

test('HP iPDU and PDU Management Module without identity', async (t) => {
  const ipdu = await probeOf(t, {
    sysObjectId: `${C}.5`,
    base: `${C}.5`,
    rows: `
      2.1.1.5.1.1|2|345
      2.1.1.6.1.1|2|2301
      2.1.1.7.1.1|2|123
      2.1.1.9.1.1|2|281
      2.1.1.10.1.1|2|98
      2.1.1.7.1.2|2|-1`,
  });
  assertReadings(ipdu, {
    'branch/1 load.percent': 34.5,
    'branch/1 voltage.rms': 230.1,
    'branch/1 current.rms': 1.23,
    'branch/1 power.active': 281,
    'branch/1 power.factor': 0.98,
  });
  const module = await probeOf(t, {
    sysObjectId: `${C}.2`,
    base: `${C}.2`,
    rows: `
      1.2.1.8.1|2|4
      2.1.1.2.1|2|230
      2.1.1.3.1|2|612
      3.1.1.4.1|2|1400
      3.2.1.3.1.2|2|305`,
  });
  assertReadings(module, {
    'unit state.sensor': 'fault',
    'inlet/1 voltage.rms': 230,
    'inlet/1 current.rms': 6.12,
    'inlet/1 power.active': 1400,
    'branch/2 current.rms': 3.05,
  });
});
