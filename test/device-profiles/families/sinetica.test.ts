import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const SINETICA = { sysObjectId: '1.3.6.1.4.1.3711.24', base: '1.3.6.1.4.1.3711.24.1.1' };

test('Sinetica Eagle-i: PDUs behind a gateway, of which powers and energies are told in tenths of kilo', async (t) => {
  const result = await probeOf(t, {
    ...SINETICA,
    rows: `
      1.2.1.0|2|1
      1.2.2.1.3.1|4|cold aisle
      1.2.2.1.6.1|2|2
      1.2.2.1.7.1|2|235
      1.2.2.1.3.2|4|
      1.2.2.1.4.2|4|MCU
      1.2.2.1.6.2|2|3
      1.2.2.1.7.2|2|412
      1.2.2.1.6.3|2|2
      1.2.2.1.7.3|2|10000000
      1.2.2.1.6.4|2|4
      1.2.2.1.7.4|2|50
      1.2.3.1.1.3.1|2|350
      1.2.3.1.1.4.1|2|300
      1.2.3.1.1.5.1|2|0
      1.3.1.1.7.7|2|2
      1.3.1.1.7.8|2|4
      7.1.2.1.3.1|4|rack 1 A
      7.1.2.1.6.1|2|1
      7.1.2.1.3.4|4|rack 1 B
      7.1.2.1.6.4|2|2
      7.2.3.1.4.1.1|4|web
      7.2.3.1.5.1.1|2|1
      7.2.3.1.9.1.1|66|8
      7.2.3.1.13.1.1|66|2
      7.2.3.1.14.1.1|66|431
      7.2.3.1.15.1.1|66|93
      7.2.3.1.16.1.1|2|100
      7.2.3.1.17.1.1|2|-1
      7.2.3.1.5.1.2|2|5
      7.3.1.1.3.1|2|231
      7.3.1.1.4.1|2|52
      7.3.1.1.5.1|2|123456
      7.3.1.1.6.1|2|12
      7.3.1.1.7.1|2|11
      7.3.1.1.8.1|2|96
      7.3.1.1.9.1|2|500
      7.3.1.1.3.4|2|230
      7.2.3.1.9.1.2|66|4294967295
      7.3.1.1.4.99|2|52
      7.3.2.1.3.1|2|250
      7.3.2.1.6.1|2|210
      7.3.2.1.7.1|2|160
      7.3.2.1.8.1|2|128
      7.3.2.1.9.1|2|-1
      7.3.2.1.18.1|2|30
      99.7.0|4|Eagle-i
      99.10.0|4|3.2
      99.11.0|4|S100`,
  });
  const identity = {
    vendor: 'Sinetica',
    model: 'Eagle-i',
    serial: 'S100',
    firmware: '3.2',
    profile: 'sinetica-eagle-i',
  };
  assert.deepEqual(result.identity, { ...identity, name: 'rack 1 A' });
  assertReadings(result, {
    'inlet/1 voltage.rms': 231,
    'inlet/1 current.rms': 5.2,
    'inlet/1 energy.active': 12_345_600,
    'inlet/1 power.apparent': 1200,
    'inlet/1 power.active': 1100,
    'inlet/1 power.factor': 0.96,
    'inlet/1 frequency': 50,
    'outlet/1 state.outlet': 'on',
    'outlet/1 current.rms': 0.8,
    'outlet/1 power.apparent': 200,
    'outlet/1 energy.active': 43_100,
    'outlet/1 power.factor': 0.93,
    'outlet/2 state.outlet': 'fault',
    'sensor/1 temperature': 23.5,
    'sensor/2 humidity.relative': 41.2,
    'sensor/7 state.contact': 'closed',
    'sensor/8 state.contact': 'alarm',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1 voltage.rms': { lowerCritical: 210, upperCritical: 250 },
    'inlet/1 current.rms': { upperCaution: 12.8, upperCritical: 16 },
    'inlet/1 power.active': { upperCaution: 3000 },
    'outlet/1 current.rms': { upperCritical: 10 },
    'sensor/1 temperature': { lowerCaution: 0, upperCaution: 30, upperCritical: 35 },
  });
  assert.deepEqual(labelsOf(result), { 'outlet/1': 'web', 'sensor/1': 'cold aisle', 'sensor/2': 'MCU' });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2']);
  // The gateway cannot reach the PDU of number 4, and that of number 99 is the sum of all.
  assert.deepEqual(
    result.units?.map(({ unit, identity: { name } }) => [unit, name]),
    [[4, 'rack 1 B']],
  );
  assertReadings(result.units![0]!, { 'inlet/1 voltage.rms': null }, { 'inlet/1 voltage.rms': 'bad|comm-failure' });
});

test('Sinetica Eagle-i: three phases, in star or delta, and a gateway that tells Fahrenheit', async (t) => {
  const [star, delta] = await Promise.all(
    ['1', '2'].map((mode) =>
      probeOf(t, {
        ...SINETICA,
        rows: `
          1.2.1.0|2|2
          1.2.2.1.6.1|2|2
          1.2.2.1.7.1|2|770
          7.3.1.1.6.1|2|9
          7.3.5.1.3.1|2|${mode}
          7.3.5.1.4.1|2|229
          7.3.5.1.5.1|2|31
          7.3.5.1.6.1|2|230
          7.3.5.1.7.1|2|42
          7.3.5.1.11.1|2|70
          7.3.5.1.12.1|2|68
          7.3.5.1.13.1|66|21
          7.3.5.1.14.1|66|5021`,
      }),
    ),
  );
  const totals = {
    'inlet/1 power.apparent': 7000,
    'inlet/1 power.active': 6800,
    'inlet/1 energy.reactive': 2100,
    'inlet/1 energy.active': 502_100,
    'sensor/1 temperature': 25,
  };
  assertReadings(star!, {
    ...totals,
    'inlet/1/phase/L1 voltage.rms': 229,
    'inlet/1/phase/L1 current.rms': 3.1,
    'inlet/1/phase/L2 voltage.rms': 230,
    'inlet/1/phase/L2 current.rms': 4.2,
  });
  assertReadings(delta!, {
    ...totals,
    'inlet/1/line/L1 current.rms': 3.1,
    'inlet/1/line/L2 current.rms': 4.2,
    'inlet/1/pair/L1-L2 voltage.rms': 229,
    'inlet/1/pair/L2-L3 voltage.rms': 230,
  });
});
