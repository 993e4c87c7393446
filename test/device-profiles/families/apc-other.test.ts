import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, objects, probeOf, readings, table } from '../readings.js';

const P = '1.3.6.1.4.1.318.1.1';
const EASY = '1.3.6.1.4.1.318.1.3.4.9';
const ATS = '1.3.6.1.4.1.318.1.3.32';
const XPDU = '1.3.6.1.4.1.318.1.3.15';

test('an Easy PDU has its own scales: 0.1 V, 0.01 A, W, Wh, 0.001 Hz', async (t) => {
  const lines =
    table(`${P}.30.2.1.1`, {
      2: [1],
      3: ['Ver2.1'],
      4: ['EPDU1132M'],
      5: ['SER'],
      6: [3],
      7: [1234],
      8: [-320],
      9: [1290],
      10: [95],
      11: [5432100],
      12: [49982],
    }) +
    table(`${P}.30.4.1.1`, { 4: [2600], 5: [1900], 6: [3200], 7: [0] }) +
    table(`${P}.30.4.2.1`, {
      2: [1, 1, 1],
      3: [1, 2, 3],
      4: [2301, 2312, 2323],
      5: [512, 3, 0],
      6: [1180, 6, 0],
      7: [120, 2, 0],
      8: [1190, 7, 0],
      9: [99, 85, -1],
      10: [5000000, 400000, 32100],
    }) +
    table(`${P}.30.6.1.1`, { 2: [1, 1], 3: [1, 2], 4: [2, 1] }) +
    table(`${P}.30.8.1.1`, { 3: [450], 4: [50], 5: [80], 6: [10] }) +
    table(`${P}.30.8.2.1`, { 2: [1, 1], 3: [253, -1], 4: [417, -1] });
  const result = await probeOf(t, EASY, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '1234 W',
    'inlet/1 power.reactive': '-320 V.A',
    'inlet/1 power.apparent': '1290 V.A',
    'inlet/1 power.factor': '0.95',
    'inlet/1 energy.active': '5432100 W.h',
    'inlet/1 frequency': '49.982 Hz',
    'inlet/1/phase/L1 voltage.rms': '230.1 V',
    'inlet/1/phase/L1 current.rms': '5.12 A',
    'inlet/1/phase/L1 power.active': '1180 W',
    'inlet/1/phase/L1 power.reactive': '120 V.A',
    'inlet/1/phase/L1 power.apparent': '1190 V.A',
    'inlet/1/phase/L1 power.factor': '0.99',
    'inlet/1/phase/L1 energy.active': '5000000 W.h',
    'inlet/1/phase/L2 voltage.rms': '231.2 V',
    'inlet/1/phase/L2 current.rms': '0.03 A',
    'inlet/1/phase/L2 power.active': '6 W',
    'inlet/1/phase/L2 power.reactive': '2 V.A',
    'inlet/1/phase/L2 power.apparent': '7 V.A',
    'inlet/1/phase/L2 power.factor': '0.85',
    'inlet/1/phase/L2 energy.active': '400000 W.h',
    'inlet/1/phase/L3 voltage.rms': '232.3 V',
    'inlet/1/phase/L3 current.rms': '0 A',
    'inlet/1/phase/L3 power.active': '0 W',
    'inlet/1/phase/L3 power.reactive': '0 V.A',
    'inlet/1/phase/L3 power.apparent': '0 V.A',
    'inlet/1/phase/L3 energy.active': '32100 W.h',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'sensor/1 temperature': '25.3 Cel',
    'sensor/1 humidity.relative': '41.7 %',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1/phase/L1 voltage.rms': { lowerCritical: 190, upperCritical: 260 },
    'inlet/1/phase/L1 current.rms': { lowerCritical: 0, upperCritical: 32 },
    'sensor/1 temperature': { lowerCritical: 5, upperCritical: 45 },
    'sensor/1 humidity.relative': { lowerCritical: 10, upperCritical: 80 },
  });
});

test('an Easy PDU is read from its phase columns alone', async (t) => {
  const lines = table(`${P}.30.4.2.1`, { 4: [2326], 5: [30], 6: [61], 10: [2280] });
  assert.deepEqual(readings(await probeOf(t, EASY, lines)), {
    'inlet/1/phase/L1 voltage.rms': '232.6 V',
    'inlet/1/phase/L1 current.rms': '0.3 A',
    'inlet/1/phase/L1 power.active': '61 W',
    'inlet/1/phase/L1 energy.active': '2280 W.h',
  });
});

test('an Easy PDU with a bogus sysObjectID says its values as texts with units', async (t) => {
  const lines = objects('1.3.6.1.4.1.1.1', {
    '1.1': '232.6V',
    '2.1': '0.30A',
    '3.1': '0.061kW',
    '6.1': '0.856',
    '7.1': '2.28kWh',
    '27.1': '49.982Hz',
    '28.1': '-',
    '29.1': '-',
    '38.1': 'Ver1.2',
  });
  const result = await probeOf(t, '1.3.6.1.4.1.0', lines);
  assert.deepEqual(readings(result), {
    'inlet/1 voltage.rms': '232.6 V',
    'inlet/1 current.rms': '0.3 A',
    'inlet/1 power.active': '61 W',
    'inlet/1 power.factor': '0.856',
    'inlet/1 energy.active': '2280 W.h',
    'inlet/1 frequency': '49.982 Hz',
    'inlet/1/phase/L1 voltage.rms': '232.6 V',
    'inlet/1/phase/L1 current.rms': '0.3 A',
  });
  assert.deepEqual(result.identity, { vendor: 'APC', profile: 'apc-easy-pdu-text', firmware: '1.2' });
});

test('an ATS has two inlets, a source and what flows out at the unit, its phases and banks', async (t) => {
  const lines =
    objects(`${P}.8`, {
      '1.2.0': 'v6.8.0',
      '1.5.0': 'AP4453',
      '1.6.0': 'SER',
      '1.10.0': 'ats',
      '4.14.1.3.1': 0,
      '4.14.1.4.1': 12,
      '4.14.1.5.1': 16,
      '4.16.1.3.1': 0,
      '4.16.1.4.1': 12,
      '4.16.1.5.1': 16,
      '5.1.2.0': 2,
      '5.1.3.0': 1,
      '5.1.4.0': 2,
      '5.1.5.0': -1,
      '5.1.6.0': 2,
      '5.1.7.0': 1,
      '5.1.10.0': 2,
      '5.1.12.0': 1,
      '5.1.13.0': 2,
      '5.1.14.0': 1,
      '5.3.2.1.2.1': 1,
      '5.3.2.1.2.2': 1,
      '5.3.2.1.4.1': 0,
      '5.3.2.1.4.2': 50,
      '5.3.2.1.6.1': 'Source A',
      '5.3.2.1.6.2': 'Source B',
      '5.3.3.1.3.1.1.1': 0,
      '5.3.3.1.3.2.1.1': 231,
      '5.3.3.1.6.1.1.1': -1,
      '5.3.3.1.6.2.1.1': -1,
      '5.4.2.1.2.1': 1,
      '5.4.2.1.4.1': 50,
      '5.4.3.1.3.1.1.1': 230,
      '5.4.3.1.4.1.1.1': 57,
      '5.4.3.1.7.1.1.1': 1311,
      '5.4.3.1.10.1.1.1': 35,
      '5.4.3.1.13.1.1.1': -1,
      '5.4.3.1.19.1.1.1': 1,
    }) +
    table(`${P}.8.5.4.5.1`, {
      2: [1, 1, 1],
      3: [1, 2, 3],
      4: [57, 40, 17],
      5: [1, 3, 1],
      6: [230, 230, 230],
      9: [-1, -1, -1],
    });
  const result = await probeOf(t, ATS, lines);
  assert.deepEqual(readings(result), {
    'unit state.source': 'source-2',
    'unit state.redundancy': 'alarm',
    'unit state.load': 'normal',
    'unit frequency': '50 Hz',
    'unit current.rms': '5.7 A',
    'unit voltage.rms': '230 V',
    'unit power.apparent': '1311 V.A',
    'unit load.percent': '35 %',
    'inlet/1 frequency': '0 Hz',
    'inlet/1 state.sensor': 'fault',
    'inlet/1 voltage.rms': '0 V',
    'inlet/1/phase/L1 voltage.rms': '0 V',
    'inlet/2 frequency': '50 Hz',
    'inlet/2 state.sensor': 'ok',
    'inlet/2 voltage.rms': '231 V',
    'inlet/2/phase/L1 voltage.rms': '231 V',
    'branch/1 current.rms': '4 A',
    'branch/1 voltage.rms': '230 V',
    'branch/1 state.load': 'high-warning',
    'branch/2 current.rms': '1.7 A',
    'branch/2 voltage.rms': '230 V',
    'branch/2 state.load': 'normal',
    'outlet/1/phase/L1 voltage.rms': '230 V',
    'outlet/1/phase/L1 current.rms': '5.7 A',
    'outlet/1/phase/L1 power.apparent': '1311 V.A',
    'outlet/1/phase/L1 load.percent': '35 %',
    'outlet/1/phase/L1 state.load': 'normal',
    'sensor/phase-sync state.sensor': 'ok',
    'sensor/supply-24v state.sensor': 'ok',
    'sensor/supply-24v-b state.sensor': 'fault',
    'sensor/switch state.sensor': 'ok',
  });
  assert.deepEqual(limitsOf(result)['unit current.rms'], { lowerCaution: 0, upperCaution: 12, upperCritical: 16 });
  assert.equal(result.identity.model, 'AP4453');
});

test('an ATS is read from its voltages, frequencies and current alone', async (t) => {
  const lines = objects(`${P}.8.5`, {
    '3.2.1.4.1': 50,
    '3.2.1.4.2': 50,
    '3.3.1.3.1.1.1': 229,
    '3.3.1.3.2.1.1': 231,
    '4.2.1.4.1': 50,
    '4.3.1.3.1.1.1': 229,
    '4.3.1.4.1.1.1': 31,
  });
  assert.deepEqual(readings(await probeOf(t, '1.3.6.1.4.1.318.1.3.11', lines)), {
    'unit frequency': '50 Hz',
    'inlet/1 frequency': '50 Hz',
    'inlet/1/phase/L1 voltage.rms': '229 V',
    'inlet/2 frequency': '50 Hz',
    'inlet/2/phase/L1 voltage.rms': '231 V',
    'outlet/1/phase/L1 voltage.rms': '229 V',
    'outlet/1/phase/L1 current.rms': '3.1 A',
  });
});

test('a floor PDU tells line-to-line from line-to-neutral voltages, and apparent from active power', async (t) => {
  const lines =
    objects(`${P}.15`, {
      '1.7.0': 'PD40',
      '1.8.0': 'SER',
      '3.4.1.0': 500,
      '3.4.2.0': 12,
      '3.4.3.0': 123,
      '3.4.4.0': 131,
      '3.4.5.0': 94,
      '3.5.1.0': -1,
      '7.1.0': 1,
      '7.2.0': 3,
      '7.3.0': 2,
    }) +
    table(`${P}.15.3.1.4.1`, { 2: [4001, 4002, 4003], 3: [-1, -1, -1] }) +
    table(`${P}.15.3.4.14.1`, {
      2: [3991, 3992, 3993],
      3: [2301, 2302, 2303],
      4: [171, 180, 175],
      5: [40, 42, 41],
      6: [43, 44, 44],
      7: [93, 95, 94],
    }) +
    table(`${P}.15.4.1.2.1`, { 2: ['Q1', 'Q2'], 3: [2, 1] }) +
    table(`${P}.15.4.2.3.1`, { 2: [20, 20], 5: [102, -1], 10: ['rack 1', 'rack 2'] }) +
    table(`${P}.15.5.3.1`, { 2: ['door'], 4: [2] });
  const result = await probeOf(t, XPDU, lines);
  const values = readings(result);
  assert.deepEqual(values, {
    'inlet/1 frequency': '50 Hz',
    'inlet/1 power.active': '12300 W',
    'inlet/1 power.apparent': '13100 V.A',
    'inlet/1 power.factor': '0.94',
    'inlet/1/pair/L1-L2 voltage.rms': '400.1 V',
    'inlet/1/pair/L2-L3 voltage.rms': '400.2 V',
    'inlet/1/pair/L3-L1 voltage.rms': '400.3 V',
    'branch/1 current.rms': '10.2 A',
    'branch/system-1 state.breaker': 'closed',
    'branch/system-2 state.breaker': 'open',
    'outlet/1/line/N current.rms': '1.2 A',
    'outlet/1/pair/L1-L2 voltage.rms': '399.1 V',
    'outlet/1/pair/L2-L3 voltage.rms': '399.2 V',
    'outlet/1/pair/L3-L1 voltage.rms': '399.3 V',
    'outlet/1/phase/L1 voltage.rms': '230.1 V',
    'outlet/1/phase/L1 current.rms': '17.1 A',
    'outlet/1/phase/L1 power.active': '4000 W',
    'outlet/1/phase/L1 power.apparent': '4300 V.A',
    'outlet/1/phase/L1 power.factor': '0.93',
    'outlet/1/phase/L2 voltage.rms': '230.2 V',
    'outlet/1/phase/L2 current.rms': '18 A',
    'outlet/1/phase/L2 power.active': '4200 W',
    'outlet/1/phase/L2 power.apparent': '4400 V.A',
    'outlet/1/phase/L2 power.factor': '0.95',
    'outlet/1/phase/L3 voltage.rms': '230.3 V',
    'outlet/1/phase/L3 current.rms': '17.5 A',
    'outlet/1/phase/L3 power.active': '4100 W',
    'outlet/1/phase/L3 power.apparent': '4400 V.A',
    'outlet/1/phase/L3 power.factor': '0.94',
    'sensor/contact-1 state.contact': 'closed',
    'sensor/epo state.sensor': 'normal',
    'sensor/fans state.sensor': 'fault',
  });
  assert.equal(result.parts.find(({ path }) => path === 'branch/1')?.label, 'rack 1');
});
