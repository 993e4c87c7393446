import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const E3 = { sysObjectId: '1.3.6.1.4.1.21695.1', base: '1.3.6.1.4.1.21695.1.10' };

test('E3METER IPM: channels are branches, an unused one has no frequency', async (t) => {
  const result = await probeOf(t, {
    ...E3,
    rows: `
      7.1.1.0|2|4711
      7.2.1.2.0|2|99000
      7.2.1.4.0|2|101000
      7.2.1.5.0|2|340
      7.2.1.6.0|2|-25
      7.2.1.7.0|2|350
      7.2.1.8.0|2|230450
      7.2.1.9.0|2|1520
      7.2.1.10.0|2|49980
      7.2.1.11.0|4|L1
      7.2.1.9.3|2|0
      7.2.1.10.3|2|0
      7.3.1.2.0|2|0
      7.3.1.2.1|2|1
      7.3.1.4.0|2|0
      7.3.1.4.1|2|243
      7.3.1.5.1|2|0
      7.5.1.7.2|2|900
      7.7.1.2.0|2|30
      7.7.1.4.0|2|1
      7.7.1.5.0|2|12`,
  });
  assert.equal(result.identity.serial, '4711');
  assertReadings(result, {
    'inlet/1 current.residual': 0.012,
    'branch/0 current.rms': 1.52,
    'branch/0 voltage.rms': 230.45,
    'branch/0 power.active': 340,
    'branch/0 power.apparent': 350,
    'branch/0 power.reactive': -25,
    'branch/0 frequency': 49.98,
    'branch/0 energy.active': 99_000,
    'branch/0 energy.apparent': 101_000,
    'branch/3 current.rms': 0,
    'branch/user-group-2 power.active': 900,
    'sensor/1 temperature': 24.3,
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1 current.residual': { upperCritical: 0.03 } });
  assert.deepEqual(labelsOf(result), { 'branch/0': 'L1' });
});

test('E3METER: each meter behind a concentrator is a unit, by its serial number or by its index', async (t) => {
  const ips = await probeOf(t, {
    ...E3,
    rows: `
      3.1.8.90001|4|rack 7
      3.1.9.90001|2|1
      4.1.6.90001.0|2|120
      4.1.10.90001.0|2|530
      4.1.10.90002.0|2|610
      4.1.15.90002.0|2|2
      5.1.4.90001.1|2|225
      5.1.5.90001.1|2|40`,
  });
  assert.equal(ips.unit, 90_001);
  assert.equal(ips.identity.name, 'rack 7');
  assertReadings(ips, {
    'unit state.sensor': 'ok',
    'branch/0 power.active': 120,
    'branch/0 current.rms': 0.53,
    'sensor/1 temperature': 22.5,
    'sensor/1 humidity.relative': 40,
  });
  // Its data is old.
  assertReadings(ips.units![0]!, { 'branch/0 current.rms': null }, { 'branch/0 current.rms': 'bad|comm-failure' });
  const pro = await probeOf(t, {
    ...E3,
    rows: `
      12.1.7.3|4|PRO
      13.1.9.3.0|2|700
      13.1.16.3.0|2|229800
      13.1.19.3.3|2|45`,
  });
  assert.equal(pro.unit, 3);
  assert.equal(pro.identity.model, 'PRO');
  assertReadings(pro, {
    'inlet/1/phase/L1 voltage.rms': 229.8,
    'inlet/1/phase/L1 power.active': 700,
    'inlet/1/line/N current.rms': 0.045,
  });
});

test('Socomec: tenths, but limits in whole degrees', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.4555.2.30',
    base: '1.3.6.1.4.1.4555.2.30',
    rows: `
      1.2.0|4|PDU 32A
      2.1.0|2|500
      2.2.0|2|2301
      2.3.0|2|84
      2.5.0|2|91
      3.3.0|2|1
      4.1.0|2|243
      4.2.0|2|38
      4.3.0|2|35
      4.4.0|2|45
      4.15.0|2|1
      4.19.0|2|0`,
  });
  assertReadings(result, {
    'inlet/1 frequency': 50,
    'inlet/1/phase/L1 voltage.rms': 230.1,
    'inlet/1/phase/L1 current.rms': 8.4,
    'inlet/1/phase/L1 state.load': 'high-warning',
    'inlet/1/phase/L2 current.rms': 9.1,
    'sensor/1 temperature': 24.3,
    'sensor/1 humidity.relative': 38,
    'sensor/relay-1 state.contact': 'alarm',
  });
  assert.deepEqual(limitsOf(result), { 'sensor/1 temperature': { upperCaution: 35, upperCritical: 45 } });
});

test('Janitza: the UMG 96 has other quantities in the places of its siblings', async (t) => {
  const base = '1.3.6.1.4.1.34278';
  const rows = `
    1.1.0|2|2312
    1.4.0|2|4003
    1.7.0|2|1500
    1.12.0|2|345
    1.13.0|2|600
    1.22.0|2|987
    2.1.0|2|1800
    4.1.0|2|1205
    6.1.0|2|4998
    8.1.0|2|5001`;
  const umg = await probeOf(t, { sysObjectId: `${base}.10.1`, sysDescr: 'Janitza UMG604', base, rows });
  assert.equal(umg.identity.profile, 'janitza-umg');
  assertReadings(umg, {
    'unit energy.active': 499_800,
    'inlet/1 power.active': 1800,
    'inlet/1 frequency': 50.01,
    'inlet/1/phase/L1 voltage.rms': 231.2,
    'inlet/1/phase/L1 power.active': 345,
    'inlet/1/phase/L1 energy.active': 120_500,
    'inlet/1/phase/L2 power.active': 600,
    'inlet/1/phase/L3 power.apparent': 987,
    'inlet/1/pair/L3-L1 voltage.rms': 150,
    'branch/4 voltage.rms': 400.3,
  });
  for (const sysObjectId of [`${base}.8.6`, base]) {
    const other = await probeOf(t, { sysObjectId, sysDescr: 'Janitza UMG96RM', base, rows });
    assert.equal(other.identity.profile, 'janitza-umg96');
    assertReadings(other, {
      'inlet/1 power.active': 1800,
      'inlet/1 energy.active': 120_500,
      'inlet/1 frequency': 49.98,
      'inlet/1/phase/L1 voltage.rms': 231.2,
      'inlet/1/phase/L1 current.rms': 1.5,
      'inlet/1/phase/L1 power.active': 600,
      'inlet/1/phase/L1 power.factor': 0.987,
      'inlet/1/pair/L1-L2 voltage.rms': 400.3,
      'branch/6 current.rms': 0.345,
    });
  }
});

test('ICT: hundredths where there are some, else texts', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.39145.10',
    base: '1.3.6.1.4.1.39145.10',
    rows: `
      1.0|4|ICT180S-12BRC
      6.0|4|54.2
      7.0|4|12.7
      8.1.2.1|4|radio
      8.1.3.1|4|3.4
      8.1.4.1|2|1
      8.1.5.1|2|1
      8.1.6.1|2|342
      8.1.3.2|4|1.1
      8.1.4.2|2|2
      8.1.5.2|2|2
      9.1.3.1|2|3
      10.1.5.1|2|5421
      10.1.4.1|4|12.7`,
  });
  assertReadings(result, {
    'unit voltage.rms': 54.2,
    'unit current.rms': 12.7,
    'inlet/1 voltage.rms': 54.21,
    'inlet/1 current.rms': 12.7,
    'outlet/1 current.rms': 3.42,
    'outlet/1 state.outlet': 'on',
    'outlet/1 state.breaker': 'closed',
    'outlet/2 current.rms': 1.1,
    'outlet/2 state.outlet': 'off',
    'outlet/2 state.breaker': 'tripped',
    'sensor/1 state.sensor': 'alarm',
  });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2']);
});

test('Algcom: thousandths of everything, ports by their number', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.49136.200',
    base: '1.3.6.1.4.1.49136.200',
    rows: `
      1.2.0|66|221500
      1.3.0|66|3120
      1.4.0|66|640000
      3.1.0|4|core
      5.1.0|2|1
      5.2.0|2|-1
      6.1.0|66|221400
      7.1.0|66|512
      8.1.0|66|98000
      13.1.0|66|1`,
  });
  assertReadings(result, {
    'inlet/1 voltage.rms': 221.5,
    'inlet/1 current.rms': 3.12,
    'inlet/1 power.active': 640,
    'outlet/1 state.outlet': 'on',
    'outlet/1 voltage.rms': 221.4,
    'outlet/1 current.rms': 0.512,
    'outlet/1 power.active': 98,
    'outlet/1 state.load': 'high-warning',
  });
  assert.deepEqual(labelsOf(result), { 'outlet/1': 'core' });
});

test('Clever: a line without voltage is none', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.30966.10',
    base: '1.3.6.1.4.1.30966.10.3',
    rows: `
      1.1.0|4|PDU-A
      2.1.0|4|228
      2.2.0|4|0
      2.4.0|4|37`,
  });
  assert.equal(result.identity.name, 'PDU-A');
  assertReadings(result, { 'inlet/1/phase/L1 voltage.rms': 228, 'inlet/1/phase/L1 current.rms': 3.7 });
  const older = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.30966',
    base: '1.3.6.1.4.1.30966.1.2.1',
    rows: '6.0|4|3.7\n9.0|4|229',
  });
  assertReadings(older, { 'inlet/1 voltage.rms': 229, 'inlet/1 current.rms': 3.7 });
});

test('Packet Power: a value is what the text of its unit says', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.33688.1',
    base: '1.3.6.1.4.1.33688.4',
    rows: `
      1.1.8.1.2.3.4.5|4|Feed A power
      1.1.12.1.2.3.4.5|2|3
      1.1.13.1.2.3.4.5|4|kW
      1.1.12.1.2.3.4.6|2|77
      1.1.13.1.2.3.4.6|4|F
      1.1.12.1.2.3.4.7|2|12
      1.1.13.1.2.3.4.7|4|furlongs`,
  });
  assertReadings(result, { 'branch/1-2-3-4-5 power.active': 3000, 'sensor/1-2-3-4-6 temperature': 25 });
  assert.deepEqual(labelsOf(result), { 'branch/1-2-3-4-5': 'Feed A power' });
});

test('PM8ECC: powers in kW, energies in Wh, as texts', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.3833.1.7.255.15',
    base: '1.3.6.1.4.1.3833.1.7.255.15.1',
    rows: `
      1.2.1.2.1|4|120.5
      1.3.1.2.1|4|42.7
      1.4.1.2.1|4|-0.97
      1.5.1.2.1|4|398
      1.5.1.6.1|4|230
      1.6.1.2.1|4|50.01
      1.9.1.2.1|4|1234567
      4.1.1.4.1|4|15213`,
  });
  assert.equal(result.identity.model, '15213');
  assertReadings(result, {
    'inlet/1 power.active': 42_700,
    'inlet/1 power.factor': 0.97,
    'inlet/1 frequency': 50.01,
    'inlet/1 energy.active': 1_234_567,
    'inlet/1/phase/L1 current.rms': 120.5,
    'inlet/1/phase/L1 voltage.rms': 230,
    'inlet/1/pair/L1-L2 voltage.rms': 398,
  });
});

test('AKCP: sensors that are offline are none, degrees are those that the sensor names', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.3854.1',
    base: '1.3.6.1.4.1.3854',
    rows: `
      1.2.2.1.16.1.1.0|4|aisle
      1.2.2.1.16.1.3.0|2|77
      1.2.2.1.16.1.4.0|2|2
      1.2.2.1.16.1.5.0|2|1
      1.2.2.1.16.1.8.0|2|104
      1.2.2.1.16.1.12.0|2|0
      1.2.2.1.16.1.3.1|2|20
      1.2.2.1.16.1.5.1|2|2
      1.2.2.1.16.1.12.1|2|1
      1.2.2.1.17.1.3.0|2|45
      1.2.2.1.18.1.3.2|2|4
      3.5.2.1.4.3.49.46.50|2|24
      3.5.2.1.5.3.49.46.50|4|C
      3.5.2.1.6.3.49.46.50|2|7`,
  });
  assertReadings(
    result,
    {
      'sensor/temperature-0 temperature': 25,
      'sensor/humidity-0 humidity.relative': 45,
      'sensor/switch-2 state.sensor': 'alarm',
      'sensor/temperature-3-49-46-50 temperature': null,
    },
    { 'sensor/temperature-3-49-46-50 temperature': 'bad|sensor-fault' },
  );
  assert.deepEqual(limitsOf(result), { 'sensor/temperature-0 temperature': { upperCritical: 40 } });
});

test('AKCP: tenths where the agent tells them, degrees of which nothing is said are Celsius', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.3854.1',
    base: '1.3.6.1.4.1.3854',
    rows: `
      1.2.2.1.16.1.3.0|2|24
      1.2.2.1.16.1.14.0|2|237
      1.2.2.1.16.1.8.0|2|40
      1.2.2.1.16.1.3.1|2|22
      1.2.2.1.17.1.3.0|2|43
      1.2.2.1.17.1.13.0|2|434
      3.5.2.1.4.0.1.2|2|73
      3.5.2.1.5.0.1.2|4|F
      3.5.2.1.12.0.1.2|2|950
      3.5.2.1.20.0.1.2|2|725
      3.5.2.1.4.0.1.3|2|73
      3.5.2.1.8.0.1.3|2|2
      2.5.3.1.20.0.1.4|2|418`,
  });
  assertReadings(result, {
    'sensor/temperature-0 temperature': 23.7,
    'sensor/temperature-1 temperature': 22,
    'sensor/humidity-0 humidity.relative': 43.4,
    'sensor/temperature-0-1-2 temperature': 22.5,
    'sensor/humidity-0-1-4 humidity.relative': 41.8,
  });
  assert.deepEqual(limitsOf(result), {
    'sensor/temperature-0 temperature': { upperCritical: 40 },
    'sensor/temperature-0-1-2 temperature': { upperCritical: 35 },
  });
  // Older agents have what is shown for a test in the place of the tenths.
  const tested = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.3854.1',
    base: '1.3.6.1.4.1.3854',
    rows: `
      1.2.2.1.16.1.3.0|2|24
      1.2.2.1.16.1.14.0|2|2
      1.2.2.1.16.1.15.0|2|30`,
  });
  assertReadings(tested, { 'sensor/temperature-0 temperature': 24 });
});
