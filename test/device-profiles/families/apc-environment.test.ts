import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsOf, objects, probeOf, readings, table } from '../readings.js';

const P = '1.3.6.1.4.1.318.1.1';
const ENVIRONMENT = '1.3.6.1.4.1.318.1.3.8';

test('a NetBotz Rack Monitor is read: sensors of its modules, contacts, smoke, doors and outlets', async (t) => {
  const lines = objects(`${P}.10.4`, {
    '1.2.1.4.0': 'AP9340',
    '1.2.1.5.0': 'SER',
    '2.1.0': 1,
    '2.3.1.3.0.1': 'top',
    '2.3.1.5.0.1': 24,
    '2.3.1.6.0.1': 41,
    '2.3.1.7.0.1': 2,
    '2.3.1.8.0.1': 1,
    '2.3.1.5.1.2': 30,
    '2.3.1.6.1.2': -1,
    '2.3.1.7.1.2': 2,
    '2.3.1.8.1.2': 3,
    '2.3.1.5.1.3': 0,
    '2.3.1.7.1.3': 1,
    '2.5.1.6.0.1': 60,
    '2.5.1.7.0.1': 35,
    '2.5.1.8.0.1': 10,
    '2.5.1.9.0.1': 5,
    '3.2.1.5.0.1': 1,
    '3.2.1.7.0.1': 2,
    '3.2.1.8.0.1': 2,
    '3.2.1.5.0.2': 3,
    '3.2.1.8.0.2': 1,
    '5.2.1.5.0.1': 2,
    '7.2.1.5.0.1': 1,
    '7.8.1.5.0.1': 1,
    '7.14.1.5.0.1': 1,
  });
  const result = await probeOf(t, `${ENVIRONMENT}.4`, lines);
  assert.deepEqual(readings(result), {
    'outlet/0-1 state.outlet': 'on',
    'sensor/0-1 temperature': '24 Cel',
    'sensor/0-1 humidity.relative': '41 %',
    'sensor/0-1 state.sensor': 'normal',
    'sensor/1-2 temperature': '30 Cel',
    'sensor/1-2 state.sensor': 'alarm',
    'sensor/contact-0-1 state.contact': 'closed',
    'sensor/contact-0-1 state.sensor': 'alarm',
    'sensor/smoke-0-1 state.sensor': 'alarm',
    'sensor/door-0-1 state.contact': 'open',
    'sensor/rope-0-1 state.sensor': 'normal',
  });
  assert.deepEqual(limitsOf(result)['sensor/0-1 temperature'], {
    lowerCritical: 5,
    lowerCaution: 10,
    upperCaution: 35,
    upperCritical: 60,
  });
  assert.equal(result.identity.model, 'AP9340');
});

test('a monitor that is set to degrees Fahrenheit is read in Celsius', async (t) => {
  const lines = objects(`${P}.10.4`, { '2.1.0': 2, '2.3.1.5.0.1': 77, '2.3.1.7.0.1': 2 });
  assert.deepEqual(readings(await probeOf(t, `${ENVIRONMENT}.4`, lines)), { 'sensor/0-1 temperature': '25 Cel' });
});

test('an EMU is read: probes that are there, contacts, outlets and sensors', async (t) => {
  const lines =
    objects(`${P}.10.3`, { '1.2.0': 'AP9320', '1.6.0': 'SER', '12.11.0': 1 }) +
    table(`${P}.10.3.13.1.1`, {
      2: ['front', 'back'],
      3: [23, -1],
      4: [30, 0],
      5: [15, 0],
      6: [44, -1],
      10: [2, 1],
      12: [40, 0],
      13: [5, 0],
    }) +
    table(`${P}.10.3.14.1.1`, { 3: [2] }) +
    table(`${P}.10.3.16.1.1`, { 3: [1] }) +
    table(`${P}.10.3.18.1.1`, { 4: [1, 3] });
  const result = await probeOf(t, `${ENVIRONMENT}.3`, lines);
  assert.deepEqual(readings(result), {
    'outlet/1 state.outlet': 'on',
    'sensor/1 temperature': '23 Cel',
    'sensor/1 humidity.relative': '44 %',
    'sensor/contact-1 state.contact': 'open',
    'sensor/device-1 state.sensor': 'alarm',
  });
  assert.deepEqual(limitsOf(result)['sensor/1 temperature'], {
    lowerCritical: 5,
    lowerCaution: 15,
    upperCaution: 30,
    upperCritical: 40,
  });
});

test('an integrated monitor and a universal port are read, without names and statuses too', async (t) => {
  const lines =
    table(`${P}.10.2.3.2.1`, { 3: [2, 1], 4: [68, 0], 5: [2, 1], 6: [35, 0] }) +
    objects(`${P}.25.1.2.1`, { '6.1.1': 21, '7.1.1': 39, '6.2.1': -1, '7.2.1': -1 });
  assert.deepEqual(readings(await probeOf(t, `${ENVIRONMENT}.1`, lines)), {
    'sensor/iem-1 temperature': '20 Cel',
    'sensor/iem-1 humidity.relative': '35 %',
    'sensor/port-1-1 temperature': '21 Cel',
    'sensor/port-1-1 humidity.relative': '39 %',
  });
});

for (const [vendor, sysObjectId, root] of [
  ['APC', '1.3.6.1.4.1.52674.500', '1.3.6.1.4.1.52674.500.4'],
  ['NetBotz', '1.3.6.1.4.1.5528.100.20.10.2013', '1.3.6.1.4.1.5528.100.4'],
] as const)
  test(`a NetBotz appliance of ${vendor} is read by the numbers of its sensors`, async (t) => {
    const lines = objects(root, {
      '1.1.1.3.1095346743': 0,
      '1.1.1.4.1095346743': 'inlet',
      '1.1.1.8.1095346743': 23,
      '1.1.1.2.7': 251,
      '1.2.1.3.3015056405': 3,
      '1.2.1.8.3015056405': 45,
      '1.3.1.2.11': 96,
      '2.2.1.2.12': 1,
      '2.2.1.3.12': 0,
      '2.12.1.2.13': 1,
    });
    const result = await probeOf(t, sysObjectId, lines);
    assert.deepEqual(readings(result), {
      'sensor/7 temperature': '25.1 Cel',
      'sensor/11 dewpoint': '9.6 Cel',
      'sensor/12 state.contact': 'closed',
      'sensor/12 state.sensor': 'normal',
      'sensor/13 state.sensor': 'alarm',
      'sensor/1095346743 temperature': '23 Cel',
      'sensor/1095346743 state.sensor': 'normal',
      'sensor/3015056405 humidity.relative': '45 %',
      'sensor/3015056405 state.sensor': 'alarm',
    });
    assert.equal(result.identity.vendor, vendor);
    assert.equal(result.parts.find(({ path }) => path === 'sensor/1095346743')?.label, 'inlet');
  });
