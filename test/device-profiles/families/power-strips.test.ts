import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const ATEN = '1.3.6.1.4.1.21317.1.3.2.2';

test('ATEN PE: the copies in thousandths are read, not what is empty (-1000000) or not supported (-2000000)', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.21317.1.3.2.2',
    base: ATEN,
    rows: `
      2.1.1.0|4|PE8208G
      2.1.2.0|4|rack 4
      2.1.3.1.7.1|2|16
      2.1.3.1.9.1|4|0.92
      2.1.5.1.2.1|2|2
      2.1.5.1.2.2|2|1
      2.1.5.1.2.9|2|6
      2.1.6.1.2.1|2|-3000
      2.1.6.1.3.1|2|140
      2.1.99.1.2.1|2|2460
      2.1.99.1.3.1|2|232700
      2.1.99.1.4.1|2|516810
      2.1.99.1.5.1|2|81713
      2.1.7.1.2.1|2|-3000
      2.1.7.1.3.1|2|355
      2.1.100.1.2.1|2|26500
      2.1.100.1.2.2|2|-1000000
      2.1.100.1.2.3|2|-2000000
      2.1.100.1.3.1|2|37000
      2.1.100.1.3.2|2|-1000000
      2.1.100.1.4.1|2|-12500
      2.1.16.1.0|2|1
      2.2.1.1.2.1|4|0.6
      2.2.1.1.7.1|4|not-support
      2.2.2.0|2|2
      2.2.3.0|2|1
      2.2.10.1.2.1|4|web
      2.2.11.0|2|2
      2.2.99.1.2.1|2|612
      2.2.99.1.2.2|2|-2000000
      2.2.99.1.3.1|2|232700
      2.2.99.1.4.1|2|141200
      2.2.99.1.5.1|2|1205
      2.3.1.1.2.1|2|2
      2.3.3.1.2.1|4|left
      2.3.99.1.2.1|2|2400
      3.4.3.0|4|1.7.163`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'ATEN',
    model: 'PE8208G',
    firmware: '1.7.163',
    name: 'rack 4',
    profile: 'aten-pe',
  });
  assertReadings(result, {
    'inlet/1 current.rms': 2.46,
    'inlet/1 voltage.rms': 232.7,
    'inlet/1 power.active': 516.81,
    'inlet/1 energy.active': 81_713,
    'inlet/1 power.factor': 0.92,
    'branch/1 current.rms': 2.4,
    'branch/1 state.breaker': 'closed',
    'outlet/1 current.rms': 0.612,
    'outlet/1 voltage.rms': 232.7,
    'outlet/1 power.active': 141.2,
    'outlet/1 energy.active': 1205,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    // Behind the eighth outlet the columns go on at 11: 10 is a table.
    'outlet/9 state.outlet': 'on',
    'sensor/1 temperature': 26.5,
    'sensor/1 humidity.relative': 37,
    'sensor/1 pressure.differential': -12.5,
    'sensor/door state.contact': 'open',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1 current.rms': { upperCritical: 14 },
    'sensor/1 temperature': { upperCritical: 35.5 },
  });
  assert.deepEqual(labelsOf(result), { 'branch/1': 'left', 'outlet/1': 'web' });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2', 'outlet/9']);
});

test('ATEN PE of old firmware has texts alone, and no names', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.21317.1.3.2.2',
    base: ATEN,
    rows: `
      2.1.3.1.2.1|4|0.61
      2.1.3.1.3.1|4|232.70
      2.1.3.1.4.1|4|141.2000
      2.1.3.1.5.1|4|8701.5152
      2.1.4.1.2.1|4|26.5
      2.1.4.1.2.2|4|N/A
      2.1.4.1.3.1|4|not-support
      2.2.1.1.2.1|4|0.61
      2.2.1.1.2.2|4|not-support
      2.2.1.1.5.1|4|1.2050`,
  });
  assertReadings(result, {
    'inlet/1 current.rms': 0.61,
    'inlet/1 voltage.rms': 232.7,
    'inlet/1 power.active': 141.2,
    'inlet/1 energy.active': 8_701_515.2,
    'outlet/1 current.rms': 0.61,
    'outlet/1 energy.active': 1205,
    'sensor/1 temperature': 26.5,
  });
});

const meterOfGude = `
  1.5.1.2.1.3.1|66|120500
  1.5.1.2.1.4.1|2|460
  1.5.1.2.1.5.1|66|2034
  1.5.1.2.1.6.1|66|231
  1.5.1.2.1.7.1|66|4998
  1.5.1.2.1.8.1|2|-979
  1.5.1.2.1.10.1|2|470
  1.5.1.2.1.11.1|2|-96
  1.5.1.2.1.12.1|66|800`;
const readingsOfGude = {
  'inlet/1 current.rms': 2.034,
  'inlet/1 voltage.rms': 231,
  'inlet/1 power.active': 460,
  'inlet/1 power.apparent': 470,
  'inlet/1 power.reactive': -96,
  'inlet/1 power.factor': 0.979,
  'inlet/1 frequency': 49.98,
  'inlet/1 energy.active': 120_500,
  'inlet/1 energy.reactive': 800,
};

test('GUDE: the model stands in the sysObjectID and in the tree', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.28507.87',
    base: '1.3.6.1.4.1.28507.87',
    rows: `
      1.1.2.1.0|4|Expert Power Control 8045
      1.1.2.2.0|4|v1.4.1
      1.1.2.5.0|66|80451234
      1.3.1.2.1.2.1|4|server
      1.3.1.2.1.3.1|2|1
      1.3.1.2.1.3.2|2|0
      1.3.1.2.1.4.1|2|17
      1.5.1.2.1.2.1|2|1
      ${meterOfGude.trim()}
      1.5.1.2.1.24.1|66|53
      1.5.2.1.2.1|2|1
      1.5.5.2.1.2.1|2|1
      1.5.5.2.1.3.1|66|600
      1.5.5.2.1.5.1|66|1500
      1.5.5.2.1.2.2|2|0
      1.5.5.2.1.5.2|66|0
      1.5.14.1.0|66|332
      1.5.14.4.0|2|415
      1.5.16.1.2.1|66|61
      1.5.16.1.3.1|66|12
      1.6.1.1.2.1|2|225
      1.6.1.1.2.2|2|-9999
      1.6.1.1.3.1|2|498
      1.6.1.1.6.1|2|114
      1.6.1.1.7.1|2|111
      1.6.2.2.1.2.3|2|1`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'GUDE',
    model: 'Expert Power Control 8045',
    serial: '80451234',
    firmware: 'v1.4.1',
    profile: 'gude',
  });
  assertReadings(result, {
    ...readingsOfGude,
    'inlet/1 current.residual': 0.0053,
    'outlet/1 state.outlet': 'on',
    'outlet/1 count.switch': 17,
    'outlet/1 current.rms': 1.5,
    'outlet/1 energy.active': 600,
    'outlet/2 state.outlet': 'off',
    // The channel says that its data is not active.
    'outlet/2 current.rms': null,
    'sensor/1 temperature': 22.5,
    'sensor/1 humidity.relative': 49.8,
    'sensor/1 dewpoint': 11.4,
    'sensor/dewpoint-difference-1 temperature': 11.1,
    'sensor/input-3 state.contact': 'on',
    'sensor/rcmb-1 current.residual': 0.0061,
    'sensor/rcmb-1 current.residual.dc': 0.0012,
    'sensor/ovp-1 state.sensor': 'ok',
    'sensor/cpu temperature': 41.5,
    'sensor/cpu-system voltage.rms': 3.32,
  });
  assert.deepEqual(switchableOf(result), ['outlet/1', 'outlet/2']);
});

test('GUDE of a model without a MIB of its own is read by the layout that all have in common', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.28507.58',
    base: '1.3.6.1.4.1.28507.58',
    rows: meterOfGude,
  });
  assertReadings(result, readingsOfGude);
});
