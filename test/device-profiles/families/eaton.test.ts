import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const EATON = { sysObjectId: '1.3.6.1.4.1.534.6.6.7', base: '1.3.6.1.4.1.534.6.6.7' };

test('Eaton ePDU G3: a unit of three phases in milli, with all limits that are set', async (t) => {
  const result = await probeOf(t, {
    ...EATON,
    rows: `
      1.2.1.2.0|4|EPDU MA 3P
      1.2.1.3.0|4|EMAT10-10
      1.2.1.4.0|4|H123
      1.2.1.5.0|4|05.01.0002
      1.2.1.6.0|4|rack 3
      1.2.1.9.0|2|1
      3.1.1.3.0.1|2|500
      3.1.1.10.0.1|4|feed A
      3.2.1.2.0.1.1|2|2
      3.2.1.3.0.1.1|2|229900
      3.2.1.5.0.1.1|2|210000
      3.2.1.6.0.1.1|2|200000
      3.2.1.7.0.1.1|2|-1
      3.2.1.8.0.1.1|2|250000
      3.2.1.2.0.1.2|2|5
      3.2.1.3.0.1.2|2|398000
      3.3.1.2.0.1.1|2|3
      3.3.1.3.0.1.1|2|32000
      3.3.1.4.0.1.1|2|7105
      3.3.1.5.0.1.1|2|3
      3.3.1.6.0.1.1|2|0
      3.3.1.7.0.1.1|2|-1
      3.3.1.8.0.1.1|2|25600
      3.3.1.9.0.1.1|2|32000
      3.3.1.10.0.1.1|2|1450
      3.3.1.11.0.1.1|2|22
      3.3.1.2.0.1.4|2|2
      3.3.1.4.0.1.4|2|310
      3.4.1.2.0.1.1|2|1
      3.4.1.3.0.1.1|2|1633
      3.4.1.4.0.1.1|2|1580
      3.4.1.5.0.1.1|66|70211
      3.4.1.7.0.1.1|2|967
      3.4.1.2.0.1.4|2|4
      3.4.1.4.0.1.4|2|4710
      3.5.1.3.0.1|2|4800
      3.5.1.4.0.1|2|4711
      3.5.1.5.0.1|66|210000
      5.1.1.3.0.1|4|A1-12
      5.1.1.4.0.1|2|1
      5.1.1.5.0.1|2|1
      5.3.1.3.0.1|2|229800
      5.3.1.8.0.1|2|260000
      5.4.1.2.0.1|2|16000
      5.4.1.3.0.1|2|3200
      5.4.1.4.0.1|2|0
      5.4.1.5.0.1|2|-1
      5.4.1.6.0.1|2|-1
      5.4.1.7.0.1|2|12800
      5.4.1.8.0.1|2|16000
      5.1.1.4.0.9|2|5
      5.4.1.3.0.9|2|3200
      6.1.1.3.0.2|4|web
      6.3.1.2.0.2|2|229700
      6.3.1.4.0.2|2|207000
      6.3.1.7.0.2|2|253000
      6.4.1.3.0.2|2|412
      6.4.1.5.0.2|2|100
      6.4.1.6.0.2|2|50
      6.4.1.7.0.2|2|8000
      6.4.1.8.0.2|2|10000
      6.5.1.3.0.2|2|90
      6.6.1.2.0.2|2|1
      6.6.1.9.0.2|2|1
      7.1.1.3.0.1|2|1
      7.1.1.4.0.1|2|770
      7.1.1.6.0.1|2|-1
      7.1.1.7.0.1|2|410
      7.1.1.8.0.1|2|860
      7.1.1.9.0.1|2|950
      7.2.1.3.0.1|2|1
      7.2.1.4.0.1|2|455
      7.2.1.6.0.1|2|200
      7.2.1.9.0.1|2|800
      7.3.1.3.0.1|2|0
      7.3.1.4.0.1|2|0
      7.3.1.3.0.2|2|1
      7.3.1.4.0.2|2|1`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Eaton',
    model: 'EMAT10-10',
    serial: 'H123',
    firmware: '05.01.0002',
    name: 'rack 3',
    profile: 'eaton-epdu',
  });
  assertReadings(result, {
    // The total of the table of phases, and what the table of totals has beyond it.
    'inlet/1 power.active': 4710,
    'inlet/1 power.apparent': 4800,
    'inlet/1 energy.active': 210_000,
    'inlet/1 frequency': 50,
    'inlet/1/phase/L1 current.rms': 7.105,
    'inlet/1/phase/L1 current.crest': 1.45,
    'inlet/1/phase/L1 load.percent': 22,
    'inlet/1/phase/L1 state.load': 'high-warning',
    'inlet/1/phase/L1 voltage.rms': 229.9,
    'inlet/1/phase/L1 power.active': 1580,
    'inlet/1/phase/L1 power.apparent': 1633,
    'inlet/1/phase/L1 power.factor': 0.967,
    'inlet/1/phase/L1 energy.active': 70_211,
    'inlet/1/line/N current.rms': 0.31,
    'inlet/1/pair/L1-L2 voltage.rms': 398,
    'branch/1 voltage.rms': 229.8,
    'branch/1 current.rms': 3.2,
    'branch/1 state.load': 'normal',
    'branch/1 state.breaker': 'closed',
    // Group 9 is one of the user's: its outlets are those of others too.
    'outlet/2 voltage.rms': 229.7,
    'outlet/2 current.rms': 0.412,
    'outlet/2 power.active': 90,
    'outlet/2 state.outlet': 'on',
    'sensor/1 temperature': 25,
    'sensor/1 humidity.relative': 45.5,
    'sensor/contact-2 state.contact': 'closed',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1/phase/L1 current.rms': { lowerCaution: 0, upperCaution: 25.6, upperCritical: 32 },
    'inlet/1/phase/L1 voltage.rms': { lowerCritical: 200, lowerCaution: 210, upperCritical: 250 },
    'branch/1 current.rms': { upperCaution: 12.8, upperCritical: 16 },
    'branch/1 voltage.rms': { upperCritical: 260 },
    'outlet/2 current.rms': { lowerCritical: 0.05, lowerCaution: 0.1, upperCaution: 8, upperCritical: 10 },
    'outlet/2 voltage.rms': { lowerCaution: 207, upperCritical: 253 },
    'sensor/1 temperature': { lowerCritical: 5, upperCaution: 30, upperCritical: 35 },
    'sensor/1 humidity.relative': { lowerCaution: 20, upperCritical: 80 },
  });
  assert.deepEqual(labelsOf(result), { 'inlet/1': 'feed A', 'branch/1': 'A1-12', 'outlet/2': 'web' });
  assert.deepEqual(switchableOf(result), ['outlet/2']);
});

test('Eaton ePDU G3 without the columns that say what a row measures', async (t) => {
  const result = await probeOf(t, {
    ...EATON,
    rows: `
      3.2.1.3.0.1.1|2|230000
      3.3.1.4.0.1.1|2|1500
      3.3.1.4.0.1.4|2|20
      3.4.1.2.0.1.2|2|0
      3.4.1.4.0.1.1|2|300
      3.4.1.4.0.1.2|2|310
      5.4.1.3.0.4|2|2500
      6.4.1.3.0.1|2|700
      7.2.1.4.0.1|2|400`,
  });
  assertReadings(result, {
    'inlet/1/phase/L1 voltage.rms': 230,
    'inlet/1/phase/L1 current.rms': 1.5,
    'inlet/1/line/N current.rms': 0.02,
    'inlet/1/phase/L1 power.active': 300,
    'inlet/1/phase/L2 power.active': 310,
    'branch/4 current.rms': 2.5,
    'outlet/1 current.rms': 0.7,
    'sensor/1 humidity.relative': 40,
  });
});

test('Eaton ePDU: sensors of the second generation are those of the first unit, in tenths of what they say', async (t) => {
  const sensors = (unit: number) =>
    probeOf(t, {
      sysObjectId: '1.3.6.1.4.1.534.6.6.7',
      base: '1.3.6.1.4.1.534.6',
      rows: `
        6.7.6.4.1.3.0.1|2|700
        6.7.6.4.1.3.1.1|2|800
        8.1.1.3.1.1.1|4|top
        8.1.2.2.1.7.1.1|2|${unit === 2 ? 860 : 300}
        8.1.2.3.1.3.1.1|2|${unit === 2 ? 734 : 230}
        8.1.2.3.1.4.1.1|2|2
        8.1.2.5.0|2|${unit}
        8.1.3.3.1.3.1.1|2|412
        8.1.3.3.1.4.1.1|2|3
        8.1.4.3.1.1.1.2|2|3
        8.1.4.3.1.5.1.2|2|2`,
    });
  for (const unit of [1, 2]) {
    const result = await sensors(unit);
    assertReadings(
      result,
      {
        'outlet/1 current.rms': 0.7,
        'sensor/1-1 temperature': 23,
        'sensor/1-1 humidity.relative': null,
        'sensor/1-contact-2 state.sensor': 'alarm',
      },
      { 'sensor/1-1 humidity.relative': 'bad|comm-failure' },
    );
    assert.deepEqual(limitsOf(result), { 'sensor/1-1 temperature': { upperCaution: 30 } });
    assert.equal(labelsOf(result)['sensor/1-1'], 'top');
    assertReadings(result.units![0]!, { 'outlet/1 current.rms': 0.8 });
  }
  // In kelvin they are not read rather than wrong.
  const kelvin = await sensors(0);
  assert.equal(
    kelvin.points.some(({ metric }) => metric === 'temperature'),
    false,
  );
});
