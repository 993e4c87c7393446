import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const SCHLEIFENBAUER = { sysObjectId: '1.3.6.1.4.1.31034.11.1', base: '1.3.6.1.4.1.31034.12.1.1.2' };

test('Schleifenbauer: a PDU on the data bus with phases, branches, outlets and sensors', async (t) => {
  const result = await probeOf(t, {
    ...SCHLEIFENBAUER,
    rows: `
      1.1.1.2.1|2|235
      1.1.1.5.1|4|HPDU-3-32
      1.1.1.6.1|4|SPDM0042
      1.1.1.10.1|4|rack-7
      1.1.1.14.1|2|2
      2.1.1.6.1|2|32
      5.1.1.8.1|2|60
      6.1.1.2.1.1|2|1204
      6.1.1.4.1.1|2|9870
      6.1.1.5.1.1|2|523
      6.1.1.7.1.1|2|23115
      6.1.1.9.1.1|2|1209
      6.1.1.10.1.1|2|1193
      6.1.1.11.1.1|2|3200
      6.1.1.13.1.1|4|feed A
      6.1.1.5.1.2|2|0
      6.1.1.11.1.2|2|0
      7.1.1.2.1.4|4|web
      7.2.1.2.1.4|2|77
      7.2.1.4.1.4|2|10000
      7.2.1.5.1.4|2|41
      7.2.1.7.1.4|2|23090
      7.2.1.8.1.4|2|1000
      7.2.1.10.1.4|2|95
      7.2.1.11.1.4|2|94
      7.3.1.2.1.4|2|1
      7.3.1.2.1.5|2|0
      8.1.1.1.1|2|3125
      8.1.1.2.1|2|0
      8.1.1.5.1|2|3
      8.2.1.2.1.1|4|T
      8.2.1.2.1.2|4|H
      8.2.1.2.1.3|4|I
      8.2.1.3.1.1|2|2350
      8.2.1.3.1.2|2|4120
      8.2.1.3.1.3|2|0
      8.2.1.4.1.1|4|door side
      10.1.1.2.1.1|2|600
      10.1.1.5.1.1|2|250
      10.1.1.7.1.1|2|23110
      10.1.1.10.1.1|2|570
      11.1.1.2.1.1|2|3600
      11.1.1.4.1.1|2|1520
      11.1.1.6.1.1|2|3510
      11.1.1.7.1.1|2|3470
      11.1.1.8.1.1|2|110
      11.1.1.10.1.1|2|1600`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Schleifenbauer',
    model: 'HPDU-3-32',
    serial: 'SPDM0042',
    firmware: '235',
    name: 'rack-7',
    profile: 'schleifenbauer',
  });
  assertReadings(result, {
    'inlet/1 energy.active': 3_600_000,
    'inlet/1 current.rms': 15.2,
    'inlet/1 power.apparent': 3510,
    'inlet/1 power.active': 3470,
    'inlet/1 current.residual': 0.03,
    'inlet/1/line/N current.rms': 1.1,
    'inlet/1/phase/L1 energy.active': 1_204_000,
    'inlet/1/phase/L1 power.factor': 0.987,
    'inlet/1/phase/L1 current.rms': 5.23,
    'inlet/1/phase/L1 voltage.rms': 231.15,
    'inlet/1/phase/L1 power.apparent': 1209,
    'inlet/1/phase/L1 power.active': 1193,
    'inlet/1/phase/L2 current.rms': 0,
    'branch/1 energy.active': 600_000,
    'branch/1 current.rms': 2.5,
    'branch/1 voltage.rms': 231.1,
    'branch/1 power.active': 570,
    'outlet/4 energy.active': 77_000,
    'outlet/4 power.factor': 1,
    'outlet/4 current.rms': 0.41,
    'outlet/4 voltage.rms': 230.9,
    'outlet/4 power.apparent': 95,
    'outlet/4 power.active': 94,
    'outlet/4 state.outlet': 'on',
    'outlet/5 state.outlet': 'off',
    'sensor/internal temperature': 31.25,
    'sensor/1 temperature': 23.5,
    'sensor/2 humidity.relative': 41.2,
    'sensor/3 state.contact': 'open',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1/line/N current.rms': { upperCritical: 16 },
    'inlet/1/phase/L1 current.rms': { upperCritical: 32 },
    'outlet/4 current.rms': { upperCritical: 10 },
    'sensor/internal temperature': { upperCritical: 60 },
  });
  assert.equal(result.parts.find(({ path }) => path === 'inlet/1')?.ratedCurrent, 32);
  assert.deepEqual(labelsOf(result), { 'inlet/1/phase/L1': 'feed A', 'outlet/4': 'web', 'sensor/1': 'door side' });
  assert.deepEqual(switchableOf(result), ['outlet/4', 'outlet/5']);
});

test('Schleifenbauer: units of the data bus, one a meter of many channels', async (t) => {
  const result = await probeOf(t, {
    ...SCHLEIFENBAUER,
    rows: `
      1.1.1.10.1|4|first
      1.1.1.10.2|4|meter
      1.1.1.14.2|2|3
      6.1.1.5.1.1|2|100
      6.1.1.5.2.1|2|200
      6.1.1.5.2.27|2|300`,
  });
  assertReadings(result, { 'inlet/1/phase/L1 current.rms': 1 });
  assert.deepEqual(
    result.units?.map(({ unit, identity }) => [unit, identity.name]),
    [[2, 'meter']],
  );
  assertReadings(result.units![0]!, { 'branch/input-1 current.rms': 2, 'branch/input-27 current.rms': 3 });
});

test('Conteg: the same tables under its own enterprise, without identity', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.28402.11.1',
    base: '1.3.6.1.4.1.28402.12.1.1.2',
    rows: `
      6.1.1.5.1.1|2|523
      6.1.1.7.1.1|2|23115`,
  });
  assert.equal(result.identity.vendor, 'Conteg');
  assertReadings(result, { 'inlet/1/phase/L1 current.rms': 5.23, 'inlet/1/phase/L1 voltage.rms': 231.15 });
});
