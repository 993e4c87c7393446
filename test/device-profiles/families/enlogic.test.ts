import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, objects, probeOf, readings } from '../readings.js';

const E = '1.3.6.1.4.1.38446.1';
const CPDU = '1.3.6.1.4.1.318.1.1.32';

/** Units, phases, a breaker and outlets of the layout that Enlogic and APC share, below its root. */
const COMMON = {
  '2.4.1.3.1': 2,
  '2.4.1.4.1': 4321,
  '2.4.1.5.1': 4500,
  '2.4.1.9.1': 55555,
  '3.4.1.3.1.1': 5,
  '3.4.1.5.1.1': 1234,
  '3.4.1.6.1.1': 231,
  '3.4.1.7.1.1': 2800,
  '3.4.1.8.1.1': 2850,
  '3.4.1.9.1.1': 98,
  '3.4.1.3.1.2': 1,
  '3.4.1.5.1.2': 7,
  '3.4.1.6.1.2': 230,
  '3.4.1.7.1.2': 15,
  '3.4.1.8.1.2': 16,
  '3.4.1.9.1.2': 93,
  '3.2.1.4.1.1': 0,
  '3.2.1.5.1.1': 100,
  '3.2.1.6.1.1': 3200,
  '3.2.1.7.1.1': 2400,
  '3.2.1.8.1.1': 190,
  '3.2.1.9.1.1': 200,
  '3.2.1.10.1.1': 260,
  '3.2.1.11.1.1': 250,
  '4.4.1.3.1.1': 'CB1',
  '4.4.1.4.1.1': 5,
  '4.4.1.5.1.1': 801,
  '4.4.1.4.1.2': 6,
  '4.4.1.5.1.2': 0,
  '4.2.1.5.1.1': 0,
  '4.2.1.6.1.1': 0,
  '4.2.1.7.1.1': 2000,
  '4.2.1.8.1.1': 1600,
  '5.9.1.2.1.1': 1,
  '5.9.1.3.1.1': 'web',
  '5.9.1.4.1.1': 5,
  '5.9.1.5.1.1': 123,
  '5.9.1.6.1.1': 280,
  '5.9.1.7.1.1': 97,
  '5.9.1.11.1.1': 4321,
  '5.9.1.2.1.2': 0,
  '5.9.1.5.1.2': 0,
  '5.9.1.6.1.2': 0,
  '5.4.1.2.1.1': 1,
  '5.4.1.4.1.1': 1,
  '5.4.1.2.1.2': 0,
  '5.4.1.4.1.2': 0,
};

const COMMON_READINGS = {
  'inlet/1 power.active': '4321 W',
  'inlet/1 power.apparent': '4500 V.A',
  'inlet/1 energy.active': '5555500 W.h',
  'inlet/1 state.load': 'high-warning',
  'inlet/1/phase/L1 current.rms': '12.34 A',
  'inlet/1/phase/L1 voltage.rms': '231 V',
  'inlet/1/phase/L1 power.active': '2800 W',
  'inlet/1/phase/L1 power.apparent': '2850 V.A',
  'inlet/1/phase/L1 power.factor': '0.98',
  'inlet/1/phase/L1 state.load': 'normal',
  'inlet/1/phase/L2 current.rms': '0.07 A',
  'inlet/1/phase/L2 voltage.rms': '230 V',
  'inlet/1/phase/L2 power.active': '15 W',
  'inlet/1/phase/L2 power.apparent': '16 V.A',
  'inlet/1/phase/L2 power.factor': '0.93',
  'inlet/1/phase/L2 state.load': 'high-critical',
  'branch/1 current.rms': '8.01 A',
  'branch/1 state.load': 'normal',
  'branch/1 state.breaker': 'closed',
  'branch/2 current.rms': '0 A',
  'branch/2 state.breaker': 'open',
  'outlet/1 current.rms': '1.23 A',
  'outlet/1 power.active': '280 W',
  'outlet/1 power.factor': '0.97',
  'outlet/1 energy.active': '432100 W.h',
  'outlet/1 state.load': 'normal',
  'outlet/1 state.outlet': 'on',
};

test('an Enlogic PDU of the first MIB is read, with its serial and firmware where that MIB has them', async (t) => {
  const lines = objects(E, {
    ...COMMON,
    '1.2.1.10.1': 'EN2810',
    '1.2.1.11.1': 'SER1',
    '1.2.1.12.1': '2014-03-05',
    '1.2.1.13.1': '1.2.35',
    '1.2.1.14.1': '2014-02-01 10:00',
    '1.2.1.15.1': 0,
    '3.4.1.4.1.1': 3,
    '2.2.1.7.1': 0,
    '2.2.1.8.1': 0,
    '2.2.1.9.1': 7000,
    '2.2.1.10.1': 6000,
    '6.2.1.6.1.1': 1,
    '6.2.1.7.1.1': 2,
    '6.4.1.2.1.1': 'inlet',
    '6.4.1.4.1.1': 2,
    '6.4.1.5.1.1': 6,
    '6.4.1.6.1.1': 77,
    '6.2.1.6.1.2': 2,
    '6.2.1.7.1.2': 3,
    '6.4.1.4.1.2': 2,
    '6.4.1.5.1.2': 2,
    '6.4.1.6.1.2': 45,
    '6.4.1.8.1.2': 453,
    '6.2.1.6.1.3': 1,
    '6.4.1.4.1.3': 1,
    '6.4.1.6.1.3': 0,
    '6.2.1.6.1.4': 3,
    '6.4.1.4.1.4': 2,
    '6.4.1.5.1.4': 1,
  });
  const result = await probeOf(t, E, lines);
  assert.deepEqual(readings(result), {
    ...COMMON_READINGS,
    'inlet/1/phase/L1 state.sensor': 'low-warning',
    'sensor/1 temperature': '25 Cel',
    'sensor/1 state.sensor': 'high-critical',
    'sensor/2 humidity.relative': '45.3 %',
    'sensor/2 state.sensor': 'normal',
    'sensor/4 state.sensor': 'alarm',
  });
  assert.deepEqual(result.identity, {
    vendor: 'Enlogic',
    profile: 'enlogic-pdu',
    model: 'EN2810',
    serial: 'SER1',
    firmware: '1.2.35',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1 power.active': { lowerCritical: 0, lowerCaution: 0, upperCritical: 7000, upperCaution: 6000 },
    'inlet/1/phase/L1 current.rms': { lowerCritical: 0, lowerCaution: 1, upperCritical: 32, upperCaution: 24 },
    'inlet/1/phase/L1 voltage.rms': { lowerCritical: 190, lowerCaution: 200, upperCritical: 260, upperCaution: 250 },
    'branch/1 current.rms': { lowerCritical: 0, lowerCaution: 0, upperCritical: 20, upperCaution: 16 },
  });
});

test('an Enlogic PDU of the second MIB keeps its limits one column on', async (t) => {
  const lines = objects(E, {
    ...COMMON,
    '1.2.1.10.1': 'EN6808',
    '1.2.1.11.1': 'PART',
    '1.2.1.12.1': 'SER2',
    '1.2.1.13.1': '2019-03-05',
    '1.2.1.14.1': '2.0.3',
    '1.2.1.15.1': '2019-03-01',
    '1.2.1.16.1': 3,
    '2.2.1.7.1': 2,
    '2.2.1.8.1': 10,
    '2.2.1.9.1': 20,
    '2.2.1.10.1': 7000,
    '2.2.1.11.1': 6000,
    '2.2.1.13.1': 0,
  });
  const result = await probeOf(t, E, `${lines}${E}.2.2.1.14.1|4x|30\n`);
  assert.deepEqual(readings(result), COMMON_READINGS);
  assert.deepEqual(result.identity, {
    vendor: 'Enlogic',
    profile: 'enlogic-pdu',
    model: 'EN6808',
    serial: 'SER2',
    firmware: '2.0.3',
  });
  assert.deepEqual(
    limitsOf(result)['inlet/1 power.active'],
    { upperCritical: 7000, upperCaution: 6000 },
    'of which the lower ones are not enabled',
  );
  assert.equal(
    result.points.find(({ part, metric }) => part === 'inlet/1/phase/L1' && metric === 'voltage.rms')?.basis,
    'LN',
  );
});

test('units of an Enlogic chain, and measured columns without names, counts and limits', async (t) => {
  const lines = objects(E, {
    '2.4.1.4.1': 100,
    '3.4.1.5.1.1': 50,
    '2.4.1.4.2': 200,
    '3.4.1.5.2.1': 90,
    '4.4.1.5.2.3': 80,
  });
  const first = await probeOf(t, E, lines);
  assert.deepEqual(readings(first), { 'inlet/1 power.active': '100 W', 'inlet/1/phase/L1 current.rms': '0.5 A' });
  const second = await probeOf(t, E, lines, '/2');
  assert.deepEqual(readings(second), {
    'inlet/1 power.active': '200 W',
    'inlet/1/phase/L1 current.rms': '0.9 A',
    'branch/3 current.rms': '0.8 A',
  });
  assert.deepEqual(second.identity, { vendor: 'Enlogic', profile: 'enlogic-pdu' });
  // An agent that tells the enterprise alone.
  const bare = await probeOf(t, '1.3.6.1.4.1.38446', lines);
  assert.equal(bare.identity.profile, 'enlogic-pdu');
});

test('an APC cPDU has more columns than Enlogic, and its sensors in other ones', async (t) => {
  const lines = objects(CPDU, {
    ...COMMON,
    '1.2.1.10.1': 'Switched',
    '1.2.1.11.1': 'APDU10350SW',
    '1.2.1.12.1': 'SER3',
    '1.2.1.14.1': '1.1.0.13',
    '2.4.1.13.1': 96,
    '3.4.1.11.1.1': 400,
    '3.4.1.11.1.2': 0,
    '4.4.1.6.1.1': 99,
    '6.2.1.6.1.1': 1,
    '6.2.1.7.1.1': 1,
    '6.4.1.3.1.1': 2,
    '6.4.1.4.1.1': 2,
    '6.4.1.5.1.1': 24,
    '6.4.1.7.1.1': 243,
    '6.4.1.8.1.1': 2,
  });
  const result = await probeOf(t, `${CPDU}.1`, lines);
  assert.deepEqual(readings(result), {
    ...COMMON_READINGS,
    'inlet/1 power.factor': '0.96',
    'inlet/1/pair/L1-L2 voltage.rms': '400 V',
    'branch/1 power.factor': '0.99',
    'sensor/1 temperature': '24.3 Cel',
    'sensor/1 state.sensor': 'normal',
  });
  assert.deepEqual(result.identity, {
    vendor: 'APC',
    profile: 'apc-cpdu',
    model: 'APDU10350SW',
    serial: 'SER3',
    firmware: '1.1.0.13',
  });
});
