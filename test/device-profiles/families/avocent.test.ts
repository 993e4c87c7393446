import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const AVOCENT = { sysObjectId: '1.3.6.1.4.1.10418.17.1.7', base: '1.3.6.1.4.1.10418.17.2.5' };

test('Avocent PM: a PDU with phases, banks and sensors; nought is "not supported"', async (t) => {
  const result = await probeOf(t, {
    ...AVOCENT,
    rows: `
      3.1.3.1.1|4|rack-9
      3.1.5.1.1|4|PM3024V-401
      3.1.6.1.1|4|Avocent
      3.1.7.1.1|4|2.0.0.14
      3.1.10.1.1|2|35
      3.1.17.1.1|2|240
      3.1.19.1.1|2|0
      3.1.24.1.1|2|0
      3.1.37.1.1|2|3
      3.1.44.1.1|2|320
      3.1.45.1.1|2|5
      3.1.50.1.1|2|104
      3.1.60.1.1|2|23812
      3.1.65.1.1|2|2
      3.1.70.1.1|2|230
      3.1.75.1.1|2|1
      3.1.80.1.1|2|99
      3.1.85.1.1|2|1
      3.1.100.1.1|2|320
      3.1.101.1.1|2|280
      3.1.102.1.1|2|0
      3.1.103.1.1|2|0
      3.1.105.1.1|2|1204511
      5.1.4.1.1.1|4|web
      5.1.5.1.1.1|2|4
      5.1.45.1.1.1|2|1
      5.1.50.1.1.1|2|12
      5.1.60.1.1.1|2|2714
      5.1.65.1.1.1|2|0
      5.1.70.1.1.1|2|0
      5.1.75.1.1.1|2|0
      5.1.105.1.1.1|2|0
      5.1.5.1.1.2|2|12
      9.1.45.1.1.1|2|0
      9.1.50.1.1.1|2|35
      9.1.50.1.1.2|2|0
      9.1.70.1.1.1|2|231
      11.1.4.1.1.2|4|B
      11.1.45.1.1.2|2|3
      11.1.50.1.1.2|2|7
      11.1.105.1.1.2|2|44
      13.1.4.1.1.1|4|door side
      13.1.7.1.1.1|2|2
      13.1.20.1.1.1|4|23.5
      13.1.25.1.1.1|2|235
      13.1.40.1.1.1|2|400
      13.1.42.1.1.1|2|0
      13.1.45.1.1.1|2|3
      13.1.7.1.1.2|2|1
      13.1.20.1.1.2|4|N/A
      13.1.25.1.1.2|2|770
      13.1.41.1.1.2|2|860
      13.1.45.1.1.2|2|2
      13.1.7.1.1.3|2|3
      13.1.20.1.1.3|4|41.0
      13.1.45.1.1.3|2|4
      13.1.7.1.1.4|2|6
      13.1.8.1.1.4|2|5
      13.1.7.1.1.5|2|7
      13.1.8.1.1.5|2|2
      13.1.7.1.1.6|2|9
      13.1.8.1.1.6|2|0`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Avocent',
    model: 'PM3024V-401',
    firmware: '2.0.0.14',
    name: 'rack-9',
    profile: 'avocent-pm',
  });
  assertReadings(result, {
    'inlet/1 current.rms': 10.4,
    'inlet/1 power.active': 2381.2,
    'inlet/1 voltage.rms': 230,
    'inlet/1 power.factor': 0.99,
    'inlet/1 energy.active': 1_204_511,
    'inlet/1 state.load': 'high-warning',
    'inlet/1/line/L1 current.rms': 3.5,
    'inlet/1/phase/L1 current.rms': 3.5,
    'inlet/1/phase/L1 voltage.rms': 231,
    'inlet/1/phase/L2 current.rms': 0,
    'branch/2 current.rms': 0.7,
    'branch/2 energy.active': 44,
    'branch/2 state.load': 'tripped',
    // It has no sensor for power and voltage.
    'outlet/1 current.rms': 1.2,
    'outlet/1 state.load': 'normal',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'tripped',
    'sensor/internal-1 temperature': 24,
    'sensor/1 temperature': 23.5,
    'sensor/2 temperature': 25,
    'sensor/3 humidity.relative': 41,
    'sensor/4 state.contact': 'closed',
    'sensor/5 state.sensor': 'alarm',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1 current.rms': { upperCaution: 28, upperCritical: 32 },
    'sensor/1 temperature': { upperCritical: 40 },
    'sensor/2 temperature': { upperCaution: 30 },
  });
  assert.equal(result.parts.find(({ path }) => path === 'inlet/1')?.ratedCurrent, 32);
  assert.deepEqual(labelsOf(result), { 'branch/2': 'B', 'outlet/1': 'web', 'sensor/1': 'door side' });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2']);
});

test('Avocent PM: up to three sensors of current stand in columns of their own, of old firmware alone', async (t) => {
  const old = await probeOf(t, {
    ...AVOCENT,
    rows: `
      3.1.9.1.1|2|3
      3.1.10.1.1|2|35
      3.1.12.1.1|2|12
      3.1.14.1.1|2|0
      3.1.17.1.1|2|312
      3.1.31.1.1|2|229`,
  });
  assertReadings(old, {
    'inlet/1/phase/L1 voltage.rms': 229,
    'inlet/1/line/L1 current.rms': 3.5,
    'inlet/1/line/L2 current.rms': 1.2,
    'sensor/internal-1 temperature': 31.2,
  });
  const single = await probeOf(t, { ...AVOCENT, rows: '3.1.9.1.1|2|1\n3.1.10.1.1|2|35\n3.1.12.1.1|2|0' });
  assertReadings(single, { 'inlet/1 current.rms': 3.5, 'inlet/1/line/L1 current.rms': 3.5 });
});

test('Avocent PM: PDUs that are chained, by port and place, are units', async (t) => {
  const result = await probeOf(t, {
    ...AVOCENT,
    rows: `
      3.1.3.1.1|4|first
      3.1.3.2.1|4|second
      3.1.50.1.1|2|10
      3.1.50.2.1|2|20
      5.1.50.1.1.1|2|10
      5.1.50.2.1.1|2|5
      5.1.50.2.1.2|2|15`,
  });
  assertReadings(result, { 'inlet/1 current.rms': 1, 'outlet/1 current.rms': 1 });
  assert.deepEqual(
    result.units?.map(({ unit, identity }) => [unit, identity.name]),
    [[2, 'second']],
  );
  assertReadings(result.units![0]!, {
    'inlet/1 current.rms': 2,
    'outlet/1 current.rms': 0.5,
    'outlet/2 current.rms': 1.5,
  });
});
