import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, probeOf, readings, table, objects } from '../readings.js';

const DELL = '1.3.6.1.4.1.674.10903.200.3';
const D = '1.3.6.1.4.1.674.10903.200.2.200';

test('a Dell rack PDU is read whole', async (t) => {
  const lines =
    table(`${D}.100.2.1`, { 2: ['rack'], 5: ['v1.2'], 7: ['6605'], 8: ['SER'] }) +
    table(`${D}.110.2.1`, { 3: [3210], 4: [87654], 6: [3] }) +
    table(`${D}.110.3.1`, { 5: [1], 6: [40], 7: [50] }) +
    table(`${D}.110.4.1`, { 6: [3], 8: [24] }) +
    table(`${D}.120.2.1`, { 2: [1, 2, 3], 3: [2, 4, 1], 4: [51, 243, 1], 5: [208, 207, 209], 6: [105, 216, 0] }) +
    table(`${D}.120.3.1`, { 4: [0, 0, 0], 5: [19, 19, 19], 6: [24, 24, 24] }) +
    table(`${D}.130.1.2.1`, { 2: [1, 2], 3: ['a', 'b'], 4: [1, 2] }) +
    table(`${D}.130.2.2.1`, { 2: [1, 2], 3: ['a', 'b'], 6: [3, 0], 7: [1234, -1], 8: [612, 0], 11: [2, 1] }) +
    table(`${D}.130.2.4.1`, { 4: [0, 0], 5: [8, 8], 6: [10, 10] }) +
    objects(D, { '140.1.0': 1 }) +
    table(`${D}.150.2.2.1`, { 2: ['top', ''], 3: [2, 1], 5: [234, -1], 6: [4, 1] }) +
    table(`${D}.150.2.3.1`, { 6: [60, 60], 7: [50, 50] }) +
    table(`${D}.150.3.2.1`, { 3: [2], 4: [38], 5: [3] }) +
    table(`${D}.150.3.3.1`, { 3: [30], 4: [20] }) +
    table(`${D}.150.4.2.1`, { 2: ['door'], 3: [2], 4: [1] });
  const result = await probeOf(t, DELL, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '3210 W',
    'inlet/1 energy.active': '8765400 W.h',
    'inlet/1 state.load': 'high-warning',
    'inlet/1/phase/L1 current.rms': '5.1 A',
    'inlet/1/phase/L1 voltage.rms': '208 V',
    'inlet/1/phase/L1 power.active': '1050 W',
    'inlet/1/phase/L1 state.load': 'normal',
    'inlet/1/phase/L2 current.rms': '24.3 A',
    'inlet/1/phase/L2 voltage.rms': '207 V',
    'inlet/1/phase/L2 power.active': '2160 W',
    'inlet/1/phase/L2 state.load': 'high-critical',
    'inlet/1/phase/L3 current.rms': '0.1 A',
    'inlet/1/phase/L3 voltage.rms': '209 V',
    'inlet/1/phase/L3 power.active': '0 W',
    'inlet/1/phase/L3 state.load': 'low-warning',
    'outlet/1 current.rms': '3 A',
    'outlet/1 energy.active': '1234000 W.h',
    'outlet/1 power.active': '612 W',
    'outlet/1 state.load': 'normal',
    'outlet/1 state.outlet': 'on',
    'outlet/2 current.rms': '0 A',
    'outlet/2 power.active': '0 W',
    'outlet/2 state.load': 'low-warning',
    'outlet/2 state.outlet': 'off',
    'sensor/1 temperature': '23.4 Cel',
    'sensor/1 humidity.relative': '38 %',
    'sensor/1 state.sensor': 'normal',
    'sensor/contact-1 state.contact': 'closed',
    'sensor/contact-1 state.sensor': 'normal',
    'sensor/supply state.sensor': 'ok',
  });
  assert.deepEqual(limitsOf(result)['inlet/1 power.active'], {
    lowerCaution: 100,
    upperCaution: 4000,
    upperCritical: 5000,
  });
  assert.deepEqual(limitsOf(result)['inlet/1/phase/L2 current.rms'], {
    lowerCaution: 0,
    upperCaution: 19,
    upperCritical: 24,
  });
  assert.deepEqual(limitsOf(result)['sensor/1 temperature'], { upperCaution: 50, upperCritical: 60 });
  assert.deepEqual(result.identity, {
    vendor: 'Dell',
    profile: 'dell-rpdu',
    model: '6605',
    serial: 'SER',
    firmware: 'v1.2',
    name: 'rack',
  });
});

test('a Dell rack PDU is read without identity, numbers and names', async (t) => {
  const lines =
    table(`${D}.120.2.1`, { 4: [12], 5: [230], 6: [27] }) +
    table(`${D}.130.2.2.1`, { 6: [1], 8: [250] }) +
    table(`${D}.150.2.2.1`, { 5: [220] }) +
    table(`${D}.150.3.2.1`, { 4: [40] });
  assert.deepEqual(readings(await probeOf(t, DELL, lines)), {
    'inlet/1/phase/L1 current.rms': '1.2 A',
    'inlet/1/phase/L1 voltage.rms': '230 V',
    'inlet/1/phase/L1 power.active': '270 W',
    'outlet/1 current.rms': '1 A',
    'outlet/1 power.active': '250 W',
    'sensor/1 temperature': '22 Cel',
    'sensor/1 humidity.relative': '40 %',
  });
});
