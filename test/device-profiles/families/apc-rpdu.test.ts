import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, objects, probeOf, readings, table } from '../readings.js';

const P = '1.3.6.1.4.1.318.1.1';
const RPDU2 = '1.3.6.1.4.1.318.1.3.4.6';
const RPDU = '1.3.6.1.4.1.318.1.3.4.5';

/** A three-phase AP8xxx as PowerNet-MIB lays it out, with one bank row, one metered outlet and one sensor of each kind. */
const AP8 =
  table(`${P}.26.2.1`, { 2: [1], 3: ['rack 7'], 6: ['6.5.6'], 8: ['AP8886'], 9: ['ZA123'] }) +
  table(`${P}.26.4.1.1`, { 7: [2], 8: [80], 9: [100] }) +
  table(`${P}.26.4.2.1`, { 7: [3] }) +
  table(`${P}.26.4.3.1`, { 2: [1], 4: [3], 5: [812], 9: [123456], 12: [1], 13: [1], 14: [3], 16: [845], 17: [96] }) +
  table(`${P}.26.6.1.1`, { 2: [1, 1, 1], 3: [1, 2, 3], 5: [0, 0, 0], 6: [26, 26, 26], 7: [32, 32, 32] }) +
  table(`${P}.26.6.3.1`, {
    2: [1, 1, 1],
    3: [1, 2, 3],
    4: [2, 3, 1],
    5: [117, 240, 3],
    6: [231, 230, 229],
    7: [265, 540, 7],
    8: [270, 552, 8],
    9: [98, 97, -1],
  }) +
  table(`${P}.26.13.1.1`, { 2: [1], 3: [399], 4: [-1], 5: [401] }) +
  table(`${P}.26.8.2.1`, { 5: [20] }) +
  table(`${P}.26.8.3.1`, { 2: [1], 3: [4], 4: [4], 5: [205] }) +
  table(`${P}.26.8.1.1`, { 2: [1], 3: [4], 5: [1], 6: [16], 7: [20] }) +
  table(`${P}.26.14.1.1`, { 2: [1], 3: [4], 6: [165], 7: [200] }) +
  table(`${P}.26.9.4.1.1`, { 5: [0], 6: [2000], 7: [2500] }) +
  table(`${P}.26.9.4.3.1`, { 2: [1], 3: ['web'], 4: [9], 5: [2], 6: [9], 7: [163], 11: [3046] }) +
  table(`${P}.26.9.2.3.1`, { 2: [1, 1], 3: ['web', ''], 4: [9, 10], 5: [2, 1] }) +
  table(`${P}.26.10.2.1.1`, { 10: [40], 11: [35], 13: [30], 14: [20] }) +
  table(`${P}.26.10.2.2.1`, { 2: [1, 1], 4: [1, 2], 5: [2, 4], 6: [2, 1], 8: [234, -1], 9: [4, 1], 10: [41, -1] }) +
  table(`${P}.26.10.4.2.1`, { 2: [1, 1, 1], 4: [1, 2, 3], 5: [2, 7, 1], 6: [2, 2, 1], 7: [1, 2, 3], 8: [2, 1, 1] });

const AP8_READINGS = {
  'inlet/1 power.active': '8120 W',
  'inlet/1 power.apparent': '8450 V.A',
  'inlet/1 power.factor': '0.96',
  'inlet/1 energy.active': '12345600 W.h',
  'inlet/1 state.load': 'high-warning',
  'inlet/1/pair/L1-L2 voltage.rms': '399 V',
  'inlet/1/pair/L3-L1 voltage.rms': '401 V',
  'inlet/1/phase/L1 current.rms': '11.7 A',
  'inlet/1/phase/L1 voltage.rms': '231 V',
  'inlet/1/phase/L1 power.active': '2650 W',
  'inlet/1/phase/L1 power.apparent': '2700 V.A',
  'inlet/1/phase/L1 power.factor': '0.98',
  'inlet/1/phase/L1 state.load': 'normal',
  'inlet/1/phase/L2 current.rms': '24 A',
  'inlet/1/phase/L2 voltage.rms': '230 V',
  'inlet/1/phase/L2 power.active': '5400 W',
  'inlet/1/phase/L2 power.apparent': '5520 V.A',
  'inlet/1/phase/L2 power.factor': '0.97',
  'inlet/1/phase/L2 state.load': 'high-warning',
  'inlet/1/phase/L3 current.rms': '0.3 A',
  'inlet/1/phase/L3 voltage.rms': '229 V',
  'inlet/1/phase/L3 power.active': '70 W',
  'inlet/1/phase/L3 power.apparent': '80 V.A',
  'inlet/1/phase/L3 state.load': 'low-warning',
  'branch/4 current.rms': '20.5 A',
  'branch/4 state.load': 'high-critical',
  'outlet/9 current.rms': '0.9 A',
  'outlet/9 power.active': '163 W',
  'outlet/9 energy.active': '304600 W.h',
  'outlet/9 state.load': 'normal',
  'outlet/9 state.outlet': 'on',
  'outlet/10 state.outlet': 'off',
  'sensor/1 temperature': '23.4 Cel',
  'sensor/1 humidity.relative': '41 %',
  'sensor/1 state.sensor': 'normal',
  'sensor/contact-1 state.contact': 'open',
  'sensor/contact-1 state.sensor': 'alarm',
  'sensor/contact-2 state.sensor': 'normal',
  'sensor/supply-1 state.sensor': 'ok',
};

test('every measured column of rPDU2 is read in its unit', async (t) => {
  const result = await probeOf(t, RPDU2, AP8);
  assert.deepEqual(readings(result), AP8_READINGS);
  assert.deepEqual(result.identity, {
    vendor: 'APC',
    profile: 'apc-rpdu2',
    model: 'AP8886',
    serial: 'ZA123',
    firmware: '6.5.6',
    name: 'rack 7',
  });
  const outlet = result.parts.find(({ path }) => path === 'outlet/9');
  assert.deepEqual([outlet?.label, outlet?.switchable], ['web', true]);
  assert.equal(result.parts.find(({ path }) => path === 'branch/4')?.ratedCurrent, 20);
});

test('limits of rPDU2 are in the unit of their value, and the finer ones stand before the whole amperes', async (t) => {
  assert.deepEqual(limitsOf(await probeOf(t, RPDU2, AP8)), {
    'inlet/1 power.active': { lowerCaution: 200, upperCaution: 8000, upperCritical: 10000 },
    'inlet/1/phase/L1 current.rms': { lowerCaution: 0, upperCaution: 26, upperCritical: 32 },
    'inlet/1/phase/L2 current.rms': { lowerCaution: 0, upperCaution: 26, upperCritical: 32 },
    'inlet/1/phase/L3 current.rms': { lowerCaution: 0, upperCaution: 26, upperCritical: 32 },
    'branch/4 current.rms': { lowerCaution: 1, upperCaution: 16.5, upperCritical: 20 },
    'outlet/9 power.active': { lowerCaution: 0, upperCaution: 2000, upperCritical: 2500 },
    'sensor/1 temperature': { upperCaution: 35, upperCritical: 40 },
    'sensor/1 humidity.relative': { lowerCritical: 20, lowerCaution: 30 },
  });
});

test("linked rPDU2 units are told apart by their module, and the tables of version 1 are the host's", async (t) => {
  const lines =
    table(`${P}.26.2.1`, { 2: [1, 2], 8: ['AP1', 'AP2'] }) +
    table(`${P}.26.4.3.1`, { 2: [1, 2], 5: [10, 20], 17: [-1, -1] }) +
    table(`${P}.26.6.3.1`, { 2: [1, 2, 2], 3: [1, 1, 2], 5: [11, 21, 22] }) +
    table(`${P}.26.9.2.3.1`, { 2: [1, 2], 4: [1, 1], 5: [2, 1] }) +
    objects(`${P}.12`, { '1.16.0': 101, '1.17.0': 990 });
  const host = await probeOf(t, RPDU2, lines);
  assert.deepEqual(readings(host), {
    'inlet/1 power.active': '100 W',
    'inlet/1 power.factor': '0.99',
    'inlet/1/phase/L1 current.rms': '1.1 A',
    'outlet/1 state.outlet': 'on',
  });
  assert.equal(host.units?.length, 1);
  const guest = await probeOf(t, RPDU2, lines, '/2');
  assert.equal(guest.identity.model, 'AP2');
  assert.deepEqual(readings(guest), {
    'inlet/1 power.active': '200 W',
    'inlet/1/phase/L1 current.rms': '2.1 A',
    'inlet/1/phase/L2 current.rms': '2.2 A',
    'outlet/1 state.outlet': 'off',
  });
});

test('a part of an rPDU2 is read without identity, module, number and name', async (t) => {
  const lines =
    table(`${P}.26.4.3.1`, { 5: [61], 9: [7] }) +
    table(`${P}.26.6.3.1`, { 5: [27, 28, 29], 6: [230, 231, 232] }) +
    table(`${P}.26.9.4.3.1`, { 6: [5, 0], 7: [115, 0] }) +
    table(`${P}.26.10.2.2.1`, { 8: [215], 10: [38] });
  const result = await probeOf(t, RPDU2, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '610 W',
    'inlet/1 energy.active': '700 W.h',
    'inlet/1/phase/L1 current.rms': '2.7 A',
    'inlet/1/phase/L1 voltage.rms': '230 V',
    'inlet/1/phase/L2 current.rms': '2.8 A',
    'inlet/1/phase/L2 voltage.rms': '231 V',
    'inlet/1/phase/L3 current.rms': '2.9 A',
    'inlet/1/phase/L3 voltage.rms': '232 V',
    'outlet/1 current.rms': '0.5 A',
    'outlet/1 power.active': '115 W',
    'outlet/2 current.rms': '0 A',
    'outlet/2 power.active': '0 W',
    'sensor/1 temperature': '21.5 Cel',
    'sensor/1 humidity.relative': '38 %',
  });
  assert.deepEqual(result.identity, { vendor: 'APC', profile: 'apc-rpdu2' });
});

test('an AP8xxx of which only the tables of version 1 are known is read from them', async (t) => {
  const lines =
    objects(`${P}.12`, {
      '1.5.0': 'AP8841',
      '1.6.0': 'SER',
      '1.15.0': -1,
      '1.16.0': 1230,
      '1.17.0': 940,
      '1.18.0': 1310,
    }) +
    table(`${P}.12.2.3.1.1`, { 2: [66, 40, 25], 3: [1, 1, 3], 4: [1, 0, 0], 5: [0, 1, 2] }) +
    table(`${P}.12.3.5.1.1`, { 2: ['a', 'b'], 4: [1, 2], 7: [0, 0] });
  const result = await probeOf(t, RPDU2, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '1230 W',
    'inlet/1 power.apparent': '1310 V.A',
    'inlet/1 power.factor': '0.94',
    'inlet/1/phase/L1 current.rms': '6.6 A',
    'inlet/1/phase/L1 state.load': 'normal',
    'branch/1 current.rms': '4 A',
    'branch/1 state.load': 'normal',
    'branch/2 current.rms': '2.5 A',
    'branch/2 state.load': 'high-warning',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
  });
  assert.equal(result.identity.model, 'AP8841');
});

test('an AP7xxx says on as 1 and its load states in another order than rPDU2', async (t) => {
  const lines =
    objects(`${P}.12`, {
      '1.5.0': 'AP7920',
      '1.6.0': 'SER7',
      '1.9.0': 1,
      '1.15.0': 230,
      '1.16.0': 1550,
      '1.17.0': 1000,
      '1.18.0': 1550,
      '3.1.5.0': 0,
      '4.1.1.0': 1,
      '4.1.2.0': 2,
    }) +
    table(`${P}.12.2.2.1.1`, { 2: [0], 3: [8], 4: [10] }) +
    table(`${P}.12.2.3.1.1`, { 2: [67], 3: [2], 4: [1], 5: [0] }) +
    table(`${P}.12.3.5.1.1`, { 2: ['router', 'spare'], 4: [1, 2], 7: [0, 0] });
  const result = await probeOf(t, RPDU, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '1550 W',
    'inlet/1 power.apparent': '1550 V.A',
    'inlet/1 power.factor': '1',
    'inlet/1 current.rms': '6.7 A',
    'inlet/1 voltage.rms': '230 V',
    'inlet/1/phase/L1 current.rms': '6.7 A',
    'inlet/1/phase/L1 state.load': 'low-warning',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'sensor/supply-1 state.sensor': 'ok',
    'sensor/supply-2 state.sensor': 'fault',
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1/phase/L1 current.rms': { lowerCaution: 0, upperCaution: 8, upperCritical: 10 },
  });
  assert.deepEqual(result.identity, { vendor: 'APC', profile: 'apc-rpdu', model: 'AP7920', serial: 'SER7' });
});

test('outlets of an AP7xxx that meters them have a current, limits in whole amperes and a load state', async (t) => {
  const lines =
    objects(`${P}.12`, { '3.1.5.0': 2 }) +
    table(`${P}.12.3.4.3.1`, { 4: [0, 0], 5: [6, 6], 6: [8, 8] }) +
    table(`${P}.12.3.5.1.1`, { 2: ['a', 'b'], 4: [1, 1], 7: [31, 84] }) +
    table(`${P}.12.5.6.1`, { 3: [1, 4] });
  const result = await probeOf(t, RPDU, lines);
  assert.deepEqual(readings(result), {
    'outlet/1 current.rms': '3.1 A',
    'outlet/1 state.load': 'normal',
    'outlet/1 state.outlet': 'on',
    'outlet/2 current.rms': '8.4 A',
    'outlet/2 state.load': 'high-critical',
    'outlet/2 state.outlet': 'on',
  });
  assert.deepEqual(limitsOf(result)['outlet/2 current.rms'], { lowerCaution: 0, upperCaution: 6, upperCritical: 8 });
});

test('an old three-phase AP7xxx without bank and phase numbers has its phases in their rows', async (t) => {
  const result = await probeOf(t, RPDU, table(`${P}.12.2.3.1.1`, { 2: [51, 62, 73] }));
  assert.deepEqual(readings(result), {
    'inlet/1/phase/L1 current.rms': '5.1 A',
    'inlet/1/phase/L2 current.rms': '6.2 A',
    'inlet/1/phase/L3 current.rms': '7.3 A',
  });
});

test('a MasterSwitch, a MasterSwitch VM and an MSP have outlets', async (t) => {
  const spdu = await probeOf(
    t,
    '1.3.6.1.4.1.318.1.3.4.2',
    objects(`${P}.4`, { '1.4.0': 'AP9212', '1.5.0': 'SER' }) +
      table(`${P}.4.4.2.1`, { 3: [1, 2, 4], 4: ['a', 'b', 'c'] }),
  );
  assert.deepEqual(readings(spdu), {
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'outlet/3 state.outlet': 'unknown',
  });
  assert.deepEqual([spdu.identity.model, spdu.parts[1]?.label, spdu.parts[1]?.switchable], ['AP9212', 'b', true]);
  const vm = await probeOf(
    t,
    '1.3.6.1.4.1.318.1.3.4.3',
    table(`${P}.5.4.2.1`, { 6: [37] }) + objects(`${P}.5.7.1.1`, { '5.1.1': 1, '5.1.2': 2, '4.1.1': 'x', '5.2.1': 2 }),
  );
  assert.deepEqual(readings(vm), {
    'unit load.percent': '37 %',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
  });
  assert.deepEqual(readings(vm.units![0]!), { 'outlet/1 state.outlet': 'off' });
});

test('an APC rack PDU of a model number that is not known yet is read by the tables that it shows', async (t) => {
  const unknown = '1.3.6.1.4.1.318.1.3.4.77';
  const result = await probeOf(t, unknown, table(`${P}.26.4.3.1`, { 5: [61] }));
  assert.deepEqual([result.identity.profile, readings(result)], ['apc-rpdu2', { 'inlet/1 power.active': '610 W' }]);
});
