import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf } from './readings.js';

const BLUENET = '1.3.6.1.4.1.31770.2.2';

/** A variable: type, status, scaling and unit in one table, its value in another, all by the eight bytes of its GUID. */
const variable = (
  guid: string,
  { value, exponent, unit, status = 2 }: { value: number; exponent: number; unit?: number; status?: number },
): string =>
  [
    `8.2.1.9.${guid}|2|${exponent}`,
    ...(unit === undefined ? [] : [`8.2.1.10.${guid}|2|${unit}`]),
    `8.4.1.4.${guid}|2|${status}`,
    `8.4.1.5.${guid}|2|${value}`,
  ].join('\n');

test('BlueNet2: circuit, phases, fuses, sockets, residual currents and sensors by their GUIDs, each at its own scale', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.31770.2.1.2.3',
    base: BLUENET,
    rows: [
      '1.2.0|4|BlueNet BN7500',
      '4.2.1.4.1|4|rack 7 left',
      '4.2.1.11.1|4|802.3211',
      '4.2.1.12.1|4|55071',
      '4.2.1.13.1|4|2.02.05',
      '9.1.1.3.0.0.0.255.255.255.0.0|4|Inlet 1',
      '9.1.1.4.0.0.0.0.0.3.0.0|4|web',
      variable('0.0.0.255.255.255.0.19', { value: 4821, exponent: -1 }),
      variable('0.0.0.255.255.255.0.9', { value: 12, exponent: -2 }),
      variable('0.0.0.255.255.255.0.80', { value: 39_871, exponent: -2 }),
      variable('0.0.0.1.255.255.0.1', { value: 23_410, exponent: -2 }),
      '8.3.1.2.0.0.0.1.255.255.0.1|4x|a0',
      '8.3.1.5.0.0.0.1.255.255.0.1|2|20000',
      '8.3.1.7.0.0.0.1.255.255.0.1|2|25000',
      '8.3.1.8.0.0.0.1.255.255.0.1|2|26000',
      variable('0.0.0.1.255.255.0.4', { value: 95, exponent: -2 }),
      variable('0.0.0.1.255.255.0.17', { value: -717, exponent: -3 }),
      variable('0.0.0.1.255.255.0.18', { value: 2234, exponent: -1 }),
      variable('0.0.0.1.255.255.0.19', { value: 1602, exponent: -1 }),
      variable('0.0.0.1.255.255.0.22', { value: -1571, exponent: -1 }),
      variable('0.0.0.1.255.255.0.23', { value: 4997, exponent: -2 }),
      variable('0.0.0.1.255.255.0.32', { value: 2_407_491, exponent: -4 }),
      variable('0.0.0.1.255.255.0.34', { value: 1_302_485, exponent: -4 }),
      variable('0.0.0.1.255.255.0.36', { value: 1_842_643, exponent: -4 }),
      variable('0.0.0.2.1.255.0.4', { value: 0, exponent: -2, status: 7 }),
      variable('0.0.0.0.0.3.0.19', { value: 612, exponent: -1 }),
      '9.1.1.5.0.0.0.0.0.3.0.0|2|19',
      '9.1.1.5.0.0.0.0.0.4.0.0|2|20',
      variable('0.4.0.0.255.255.0.7', { value: 16, exponent: -1, unit: 246 }),
      variable('0.4.0.0.255.255.0.8', { value: 3, exponent: -3, unit: 4 }),
      variable('0.1.64.4.255.2.1.0', { value: 260, exponent: -1 }),
      variable('0.1.64.4.255.2.1.1', { value: 369, exponent: -1 }),
      variable('0.1.72.5.2.1.1.0', { value: -15, exponent: -1 }),
    ].join('\n'),
  });
  assert.deepEqual(result.identity, {
    profile: 'bachmann-bluenet2',
    vendor: 'Bachmann',
    model: '802.3211',
    serial: '55071',
    firmware: '2.02.05',
    name: 'rack 7 left',
  });
  assertReadings(
    result,
    {
      'inlet/1 power.active': 482.1,
      'inlet/1/line/N current.rms': 0.12,
      'inlet/1/pair/L1-L2 voltage.rms': 398.71,
      'inlet/1/phase/L2 voltage.rms': 234.1,
      'inlet/1/phase/L2 current.rms': 0.95,
      'inlet/1/phase/L2 power.factor': 0.717,
      'inlet/1/phase/L2 power.apparent': 223.4,
      'inlet/1/phase/L2 power.active': 160.2,
      'inlet/1/phase/L2 power.reactive': -157.1,
      'inlet/1/phase/L2 frequency': 49.97,
      'inlet/1/phase/L2 energy.apparent': 240_749.1,
      'inlet/1/phase/L2 energy.reactive': 130_248.5,
      'inlet/1/phase/L2 energy.active': 184_264.3,
      'inlet/1/phase/L1 current.residual': 0.0016,
      'inlet/1/phase/L1 current.residual.dc': 0.003,
      'branch/L3-2 current.rms': null,
      'outlet/L1-1-4 power.active': 61.2,
      'outlet/L1-1-4 state.outlet': 'on',
      'outlet/L1-1-5 state.outlet': 'off',
      'sensor/4 temperature': 26,
      'sensor/4 humidity.relative': 36.9,
      'sensor/5-2 temperature': -1.5,
    },
    { 'branch/L3-2 current.rms': 'bad|comm-failure' },
  );
  assert.deepEqual(labelsOf(result), { 'inlet/1': 'Inlet 1', 'outlet/L1-1-4': 'web' });
  // 0xa0 says that the high alarm and the high warning are in force.
  assert.deepEqual(limitsOf(result), {
    'inlet/1/phase/L2 voltage.rms': { upperCaution: 250, upperCritical: 260 },
  });
});

test('BlueNet2: link PDUs are units of their own, and what does not tell its scaling is not guessed', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.31770.2.1',
    base: BLUENET,
    rows: [
      variable('0.0.255.255.255.255.0.4', { value: 250, exponent: -2 }),
      variable('3.0.255.255.255.255.0.4', { value: 1250, exponent: -2 }),
      '8.4.1.5.3.0.255.255.255.255.0.19|2|28750',
    ].join('\n'),
  });
  assertReadings(result, { 'unit current.rms': 2.5 });
  assert.equal(result.units?.length, 1);
  assertReadings(result.units[0]!, { 'unit current.rms': 12.5 });
});
