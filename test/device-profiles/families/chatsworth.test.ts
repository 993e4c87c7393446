import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const ECONNECT = '1.3.6.1.4.1.30932.1.10.1';
/** A MAC address stands in the index as a text with its length in front. */
const [FIRST, SECOND] = ['00:0E:D3:00:01:02', '00:0E:D3:00:0A:01'].map((mac) => {
  const digits = mac.replaceAll(':', '');
  return [digits.length, ...Buffer.from(digits)].join('.');
});

test('Chatsworth eConnect: the MAC address in the index is the unit, energy comes in ten watt seconds', async (t) => {
  const result = await probeOf(t, {
    // The agents tell their sysObjectID with its bytes in the wrong order.
    sysObjectId: '0.10.43.6.1.4.1.129.241.84.1.10',
    base: ECONNECT,
    rows: `
      2.10.1.2.${FIRST}|4|P6-1D0A5
      2.10.1.3.${FIRST}|4|rack 7 A
      2.10.1.7.${FIRST}|2|1
      2.10.1.11.${FIRST}|4|2.1.0
      2.10.1.16.${FIRST}|2|1873
      2.10.1.18.${FIRST}|4|CPI1234
      3.10.1.3.1.${FIRST}|2|902
      3.10.1.3.2.${FIRST}|2|0
      3.110.1.3.1.${FIRST}|2|451
      3.110.1.4.1.${FIRST}|2|1600
      3.110.1.5.1.${FIRST}|2|2076
      3.110.1.6.1.${FIRST}|2|936
      3.110.1.7.1.${FIRST}|2|97
      3.110.1.8.1.${FIRST}|2|0
      3.110.1.9.1.${FIRST}|70|360000
      3.110.1.8.2.${FIRST}|2|2
      4.10.1.4.5.${FIRST}|4|web
      4.10.1.6.5.${FIRST}|2|123
      4.10.1.7.5.${FIRST}|2|2076
      4.10.1.8.5.${FIRST}|2|255
      4.10.1.9.5.${FIRST}|2|1
      4.10.1.10.5.${FIRST}|70|1234567
      4.10.1.11.5.${FIRST}|2|1
      4.10.1.11.6.${FIRST}|2|0
      4.310.1.3.5.${FIRST}|2|0
      4.310.1.4.5.${FIRST}|2|800
      4.310.1.6.5.${FIRST}|2|1000
      5.10.1.3.1.${FIRST}|4|front top
      5.10.1.4.1.${FIRST}|2|1
      5.10.1.5.1.${FIRST}|2|77
      5.10.1.4.2.${FIRST}|2|2
      5.10.1.5.2.${FIRST}|2|41
      5.110.1.3.1.${FIRST}|2|50
      5.110.1.4.1.${FIRST}|2|86
      5.110.1.6.1.${FIRST}|2|95
      7.100.1.3.1.${FIRST}|2|1
      7.100.1.4.1.${FIRST}|2|1
      7.100.1.5.1.${FIRST}|2|0
      7.100.1.7.1.${FIRST}|2|0
      7.100.1.3.2.${FIRST}|2|0
      7.100.1.4.2.${FIRST}|2|0
      7.100.1.5.2.${FIRST}|2|0`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Chatsworth',
    model: 'P6-1D0A5',
    serial: 'CPI1234',
    firmware: '2.1.0',
    name: 'rack 7 A',
    profile: 'chatsworth-econnect',
  });
  assertReadings(result, {
    'inlet/1 power.apparent': 1873,
    'inlet/1/line/L1 current.rms': 9.02,
    'inlet/1/line/L2 current.rms': 0,
    'branch/1 current.rms': 4.51,
    'branch/1 voltage.rms': 207.6,
    'branch/1 power.apparent': 936,
    'branch/1 power.factor': 0.97,
    'branch/1 state.load': 'normal',
    'branch/1 energy.apparent': 1000,
    'branch/2 state.load': 'alarm',
    'outlet/5 current.rms': 1.23,
    'outlet/5 voltage.rms': 207.6,
    'outlet/5 power.apparent': 255,
    'outlet/5 state.load': 'high-warning',
    'outlet/5 energy.active': 1_234_567 / 360,
    'outlet/5 state.outlet': 'on',
    'outlet/6 state.outlet': 'off',
    'sensor/1 temperature': 25,
    'sensor/2 humidity.relative': 41,
    // The rear door has no lock (inactive).
    'sensor/door-1 state.contact': 'open',
    'sensor/lock-1 state.contact': 'closed',
    'sensor/lock-1 state.sensor': 'normal',
  });
  assert.deepEqual(limitsOf(result), {
    'outlet/5 current.rms': { upperCaution: 8, upperCritical: 10 },
    'sensor/1 temperature': { lowerCaution: 10, upperCaution: 30, upperCritical: 35 },
  });
  assert.deepEqual(labelsOf(result), { 'outlet/5': 'web', 'sensor/1': 'front top' });
  assert.deepEqual(switchableOf(result), ['outlet/5', 'outlet/6']);
});

test('Chatsworth eConnect: of an array each PDU is a unit, and none takes rows of another', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.30932',
    base: ECONNECT,
    rows: `
      2.10.1.3.${FIRST}|4|left
      2.10.1.3.${SECOND}|4|right
      4.10.1.6.1.${FIRST}|2|100
      4.10.1.6.1.${SECOND}|2|200
      4.10.1.6.2.${SECOND}|2|300`,
  });
  assert.equal(result.unit, 1);
  assert.equal(result.identity.name, 'left');
  assertReadings(result, { 'outlet/1 current.rms': 1 });
  const [right, ...others] = result.units!;
  assert.deepEqual(others, []);
  assert.equal(right!.unit, 2);
  assert.equal(right!.identity.name, 'right');
  assertReadings(right!, { 'outlet/1 current.rms': 2, 'outlet/2 current.rms': 3 });
});

test('Chatsworth eConnect without its table of PDUs, and with MAC addresses as bytes', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '0.10.43.6.1.4.1',
    base: ECONNECT,
    rows: `
      4.10.1.6.1.0.14.211.0.1.2|2|58
      4.10.1.7.1.0.14.211.0.1.2|2|2310
      4.10.1.10.1.0.14.211.0.1.2|70|720`,
  });
  assert.equal(result.identity.profile, 'chatsworth-econnect');
  assertReadings(result, {
    'outlet/1 current.rms': 0.58,
    'outlet/1 voltage.rms': 231,
    'outlet/1 energy.active': 2,
  });
});

test('Chatsworth before eConnect: scalars for up to six branches and 24 outlets, in hundredths', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.30932',
    base: '1.3.6.1.4.1.30932.1.1',
    rows: `
      1.1.0|4|1.25
      1.2.0|4|12851-701
      2.19.1.0|2|1600
      2.20.1.0|2|0
      2.21.1.0|2|1280
      2.24.1.0|2|2500
      2.25.1.0|2|1800
      2.32.1.0|2|9500
      2.40.0|4|old one
      2.42.1.0|4|switch
      3.1.1.0|2|512
      3.1.6.0|2|0
      3.2.1.0|2|2081
      3.3.1.0|2|1044
      3.4.1.0|2|98
      3.5.1.0|2|37
      3.7.1.0|2|1
      3.7.24.0|2|0
      3.8.1.0|2|7700
      3.8.2.0|2|0
      3.9.1.0|2|3550
      3.13.1.0|2|887`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Chatsworth',
    model: '12851-701',
    firmware: '1.25',
    name: 'old one',
    profile: 'chatsworth-pdu',
  });
  assertReadings(result, {
    'inlet/1/line/L1 current.rms': 8.87,
    'branch/1 current.rms': 5.12,
    'branch/1 voltage.rms': 208.1,
    'branch/1 power.active': 1044,
    'branch/1 power.factor': 0.98,
    'branch/6 current.rms': 0,
    'outlet/1 current.rms': 0.37,
    'outlet/1 state.outlet': 'on',
    'outlet/24 state.outlet': 'off',
    'sensor/1 temperature': 25,
    'sensor/1 humidity.relative': 35.5,
  });
  assert.deepEqual(limitsOf(result), {
    'branch/1 current.rms': { upperCaution: 12.8, upperCritical: 16 },
    'branch/1 voltage.rms': { lowerCritical: 180, upperCritical: 250 },
    'sensor/1 temperature': { upperCritical: 35 },
  });
  assert.deepEqual(labelsOf(result), { 'outlet/1': 'switch' });
});
