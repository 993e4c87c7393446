import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recording } from '../../support/devices.js';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';
import { assertExpected, probeRecorded } from './recorded.js';

const SENTRY3 = '1.3.6.1.4.1.1718.3';
const SENTRY4 = '1.3.6.1.4.1.1718.4';

test('every expected value of the recorded Sentry3 is read', {
  skip: recording('sentry3_switched.snmprec').skip,
}, async (t) => {
  const result = await probeRecorded(t, 'sentry3_switched');
  assert.equal(assertExpected('sentry3_switched', result), 36);
  assert.deepEqual(result.identity, {
    vendor: 'Server Technology',
    model: 'CWG-30VDE455/CB',
    serial: 'ADFC0001714',
    firmware: '7.1f',
    profile: 'servertech-sentry3',
  });
  assert.equal(labelsOf(result)['outlet/2-3'], 'Outlet AB3');
  assert.equal(result.parts.filter(({ path }) => path.startsWith('sensor/')).length, 0, 'no sensor is plugged in');
});

test('every expected value of the recorded Sentry4 and of its linked unit is read', {
  skip: recording('sentry4.snmprec').skip,
}, async (t) => {
  const result = await probeRecorded(t, 'sentry4');
  assert.equal(assertExpected('sentry4', result), 28);
  assert.equal(result.identity.model, 'C2S42CE-YCMFAM00');
  assert.deepEqual(
    [result.unit, ...result.units!.map(({ unit }) => unit)],
    [1, 2],
    'one device per unit, also behind one agent',
  );
  assert.equal(labelsOf(result)['inlet/1'], 'Master_Cord_A');
  assert.equal(labelsOf(result.units![0]!)['inlet/1'], 'Link1_Cord_A');
  assert.ok(!result.points.some(({ metric }) => metric === 'temperature'), '-41 degrees is no temperature');
  const pair = result.points.find(({ part, metric }) => part === 'inlet/1/pair/L1-L2' && metric === 'voltage.rms')!;
  assert.equal(pair.basis, 'LL');
});

test('Sentry3: towers are units, infeeds are inlets, and -1 is no value', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: SENTRY3,
    sysDescr: 'Sentry Switched CDU',
    base: SENTRY3,
    rows: `
      1.1.0|4|Sentry Switched CDU Version 7.0a
      1.4.0|2|2
      1.6.0|2|2100
      2.1.1.4.1|2|0
      2.1.1.4.2|2|5
      2.1.1.11.1|2|1200
      2.1.1.11.2|2|-1
      2.1.1.12.1|2|1260
      2.1.1.13.1|2|95
      2.1.1.14.1|2|18234
      2.1.1.15.1|2|60
      2.2.1.3.1.1|4|feed A
      2.2.1.6.1.1|2|0
      2.2.1.6.1.2|2|7
      2.2.1.7.1.1|2|1425
      2.2.1.7.1.2|2|-1
      2.2.1.8.1.1|2|24
      2.2.1.10.1.1|2|30
      2.2.1.11.1.1|2|2081
      2.2.1.12.1.1|2|1200
      2.2.1.13.1.1|2|1260
      2.2.1.14.1.1|2|95
      2.2.1.15.1.1|2|14
      2.2.1.16.1.1|2|98765
      2.2.1.18.1.1|2|1203
      2.2.1.19.1.1|2|822
      2.2.1.20.1.1|2|475
      2.2.1.23.1.1|4|L1-N
      2.3.1.3.1.1.1|4|web
      2.3.1.5.1.1.1|2|1
      2.3.1.5.1.2.1|2|0
      2.3.1.7.1.1.1|2|65
      2.3.1.13.1.1.1|2|2079
      2.3.1.14.1.1.1|2|130
      2.3.1.15.1.1.1|2|135
      2.3.1.16.1.1.1|2|96
      2.3.1.18.1.1.1|2|4711
      2.4.1.6.1|2|1
      2.5.1.5.1.1|2|0
      2.5.1.6.1.1|2|752
      2.5.1.8.1.1|2|104
      2.5.1.10.1.1|2|38
      2.5.1.13.1.1|2|1
      2.5.1.5.1.2|2|1
      2.5.1.6.1.2|2|-1
      2.6.1.4.1.3|2|0
      2.7.1.5.1.1.2|2|8
      2.7.1.6.1.1.2|2|1
      2.7.1.7.1.1.2|2|0
      2.3.1.5.2.1.1|2|9`,
  });
  assertReadings(
    result,
    {
      'unit power.active': 1200,
      'unit power.apparent': 1260,
      'unit power.factor': 0.95,
      'unit energy.active': 18_234_000,
      'unit frequency': 60,
      'unit state.sensor': 'normal',
      'sensor/system power.active': 2100,
      'inlet/1 current.rms': 14.25,
      'inlet/1 voltage.rms': 208.1,
      'inlet/1 power.active': 1200,
      'inlet/1 power.apparent': 1260,
      'inlet/1 power.factor': 0.95,
      'inlet/1 current.crest': 1.4,
      'inlet/1 energy.active': 9_876_500,
      'inlet/1 load.percent': 47.5,
      'inlet/1 state.load': 'normal',
      'inlet/1/phase/L1 voltage.rms': 120.3,
      'inlet/1/phase/L1 current.rms': 8.22,
      // The infeed does not answer: its value is missing, not 0.
      'inlet/2 current.rms': null,
      'inlet/2 state.load': 'unavailable',
      'branch/2 current.rms': 0,
      'branch/2 state.load': 'off',
      'branch/2 state.breaker': 'tripped',
      'outlet/1 current.rms': 0.65,
      'outlet/1 voltage.rms': 207.9,
      'outlet/1 power.active': 130,
      'outlet/1 power.apparent': 135,
      'outlet/1 power.factor': 0.96,
      'outlet/1 energy.active': 4711,
      'outlet/1 state.outlet': 'on',
      'outlet/2-1 state.outlet': 'off',
      'sensor/1 temperature': 24,
      'sensor/1 humidity.relative': 38,
      'sensor/1 state.sensor': 'normal',
      'sensor/contact-3 state.sensor': 'normal',
      'sensor/water state.sensor': 'alarm',
    },
    { 'inlet/2 current.rms': 'bad|sensor-fault|comm-failure' },
  );
  assert.deepEqual(limitsOf(result), {
    'inlet/1 current.rms': { upperCaution: 24 },
    'sensor/1 temperature': { upperCritical: 40 },
  });
  assert.equal(labelsOf(result)['outlet/1'], 'web');
  assert.ok(switchableOf(result).includes('outlet/2-1'));
  const [second] = result.units!;
  assertReadings(second!, {
    'unit state.sensor': 'high-warning',
    'sensor/system power.active': 2100,
    'outlet/1 state.outlet': 'tripped',
  });
});

test('Sentry3 of one tower that tells neither its name nor its phases', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: SENTRY3,
    base: SENTRY3,
    rows: `
      1.6.0|2|640
      2.2.1.7.1.1|2|309
      2.2.1.7.1.2|2|392
      2.2.1.18.1.2|2|1198
      2.5.1.6.1.1|2|231`,
  });
  assertReadings(result, {
    'unit power.active': 640,
    'inlet/1 current.rms': 3.09,
    'inlet/2 current.rms': 3.92,
    'inlet/2/phase/L2 voltage.rms': 119.8,
    'sensor/1 temperature': 23.1,
  });
});

test('Sentry4: cords, lines, phases, protectors, branches, outlets and sensors', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: SENTRY4,
    base: `${SENTRY4}.1`,
    rows: `
      1.1.1.0|4|Sentry Switched PDU
      1.1.3.0|4|Sentry Switched PDU Version 8.0k
      2.2.1.3.1|4|rack 7
      2.2.1.4.1|4|AAAA0000001
      2.2.1.5.1|4|C2X36TE-YQME2M66
      2.3.1.1.1|2|0
      3.2.1.3.1.1|4|Cord A
      3.2.1.10.1.1|2|32
      3.3.1.2.1.1|2|16
      3.3.1.3.1.1|2|5120
      3.3.1.4.1.1|2|0
      3.3.1.5.1.1|2|5210
      3.3.1.7.1.1|2|235
      3.3.1.8.1.1|2|98
      3.3.1.10.1.1|2|1234567
      3.3.1.11.1.1|2|499
      3.3.1.12.1.1|2|125
      3.4.1.2.1.1|2|0
      3.4.1.4.1.1|2|15000
      3.4.1.5.1.1|2|0
      3.4.1.12.1.1|2|20
      4.2.1.4.1.1.1|4|AA:L1
      4.2.1.4.1.1.4|4|AA:N
      4.2.1.6.1.1.1|2|32
      4.3.1.3.1.1.1|2|1234
      4.3.1.3.1.1.4|2|55
      4.3.1.5.1.1.1|2|386
      4.4.1.4.1.1.1|2|256
      5.2.1.4.1.1.1|4|AA:L1-N
      5.2.1.4.1.1.2|4|AA:L2-L3
      5.3.1.3.1.1.1|2|2301
      5.3.1.3.1.1.2|2|3987
      5.3.1.6.1.1.1|2|1230
      5.3.1.7.1.1.1|2|15
      5.3.1.8.1.1.1|2|2780
      5.3.1.9.1.1.1|2|2830
      5.3.1.10.1.1.1|2|98
      5.3.1.13.1.1.1|2|4567
      5.4.1.2.1.1.1|2|2000
      6.3.1.1.1.1.3|2|12
      7.2.1.4.1.2.1|4|AB:L1-BR1
      7.3.1.2.1.2.1|2|0
      7.3.1.3.1.2.1|2|411
      7.3.1.4.1.2.1|2|15
      7.4.1.5.1.2.1|2|160
      8.2.1.3.1.1.7|4|db-1
      8.2.1.7.1.1.7|2|10
      8.3.1.1.1.1.7|2|1
      8.3.1.2.1.1.7|2|0
      8.3.1.3.1.1.7|2|52
      8.3.1.5.1.1.7|2|52
      8.3.1.6.1.1.7|2|2298
      8.3.1.7.1.1.7|2|118
      8.3.1.9.1.1.7|2|121
      8.3.1.10.1.1.7|2|97
      8.3.1.12.1.1.7|2|16
      8.3.1.14.1.1.7|2|76543
      8.3.1.1.1.2.1|2|2
      8.3.1.4.1.2.1|2|9
      8.3.1.3.1.2.1|2|-1
      9.1.10.0|2|1
      9.3.1.1.1.1|2|770
      9.3.1.2.1.1|2|0
      9.4.1.5.1.1|2|95
      9.3.1.1.1.2|2|-410
      9.3.1.2.1.2|2|7
      10.3.1.1.1.1|2|41
      10.3.1.1.1.2|2|-1
      10.3.1.2.1.2|2|8
      11.3.1.1.1.1|2|18
      12.3.1.1.1.4|2|0`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Server Technology',
    model: 'C2X36TE-YQME2M66',
    serial: 'AAAA0000001',
    firmware: '8.0k',
    name: 'rack 7',
    profile: 'servertech-sentry4',
  });
  assertReadings(
    result,
    {
      'unit state.sensor': 'normal',
      'inlet/1 power.active': 5120,
      'inlet/1 power.apparent': 5210,
      'inlet/1 load.percent': 23.5,
      'inlet/1 power.factor': 0.98,
      'inlet/1 energy.active': 123_456_700,
      'inlet/1 frequency': 49.9,
      'inlet/1 unbalance.current': 12.5,
      'inlet/1 state.load': 'high-warning',
      'inlet/1/line/L1 current.rms': 12.34,
      'inlet/1/line/L1 load.percent': 38.6,
      'inlet/1/line/N current.rms': 0.55,
      'inlet/1/phase/L1 voltage.rms': 230.1,
      'inlet/1/phase/L1 current.rms': 12.3,
      'inlet/1/phase/L1 current.crest': 1.5,
      'inlet/1/phase/L1 power.active': 2780,
      'inlet/1/phase/L1 power.apparent': 2830,
      'inlet/1/phase/L1 power.factor': 0.98,
      'inlet/1/phase/L1 energy.active': 456_700,
      'inlet/1/pair/L2-L3 voltage.rms': 398.7,
      'branch/ocp-3 state.breaker': 'tripped',
      'branch/2-1 current.rms': 4.11,
      'branch/2-1 state.breaker': 'closed',
      'branch/2-1 state.load': 'low-warning',
      'outlet/7 current.rms': 0.52,
      'outlet/7 load.percent': 5.2,
      'outlet/7 voltage.rms': 229.8,
      'outlet/7 power.active': 118,
      'outlet/7 power.apparent': 121,
      'outlet/7 power.factor': 0.97,
      'outlet/7 current.crest': 1.6,
      'outlet/7 energy.active': 76_543,
      'outlet/7 state.outlet': 'on',
      // A read error: there is a meter, but no value.
      'outlet/2-1 current.rms': null,
      'outlet/2-1 state.outlet': 'off',
      'outlet/2-1 state.load': 'fault',
      'sensor/1 temperature': 25,
      'sensor/1 state.sensor': 'normal',
      'sensor/1 humidity.relative': 41,
      'sensor/2 humidity.relative': null,
      'sensor/2 state.sensor': 'unavailable',
      'sensor/water-1 state.sensor': 'alarm',
      'sensor/contact-4 state.sensor': 'normal',
    },
    { 'outlet/2-1 current.rms': 'bad|sensor-fault', 'sensor/2 humidity.relative': 'bad|sensor-fault|comm-failure' },
  );
  assert.deepEqual(limitsOf(result), {
    // An upper limit of 0 is none.
    'inlet/1 power.active': { lowerCritical: 0, upperCaution: 15_000 },
    'inlet/1 unbalance.current': { upperCaution: 20 },
    'inlet/1/line/L1 current.rms': { upperCaution: 25.6 },
    'inlet/1/phase/L1 voltage.rms': { lowerCritical: 200 },
    'branch/2-1 current.rms': { upperCritical: 16 },
    'sensor/1 temperature': { upperCritical: 35 },
  });
  const part = (path: string) => result.parts.find((each) => each.path === path)!;
  assert.equal(part('inlet/1').ratedCurrent, 32);
  assert.equal(part('inlet/1/line/L1').ratedCurrent, 32);
  assert.equal(part('outlet/7').label, 'db-1');
  assert.equal(part('outlet/7').ratedCurrent, 10);
});

test('Sentry4 that tells no labels is read by its indexes', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: SENTRY4,
    base: `${SENTRY4}.1`,
    rows: `
      3.3.1.3.1.1|2|300
      4.3.1.3.1.1.2|2|150
      5.3.1.3.1.1.2|2|2300
      5.3.1.6.1.1.2|2|149
      9.3.1.1.1.1|2|-15`,
  });
  assertReadings(result, {
    'inlet/1 power.active': 300,
    'inlet/1/line/L2 current.rms': 1.5,
    'inlet/1/phase/L2 voltage.rms': 230,
    'inlet/1/phase/L2 current.rms': 1.49,
    'sensor/1 temperature': -1.5,
  });
});
