import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serveRecording } from '@rackwatt/simulator';
import { driverFor } from '../../driver-snmp/support.js';
import { recording } from '../../support/devices.js';
import { limitsOf, objects, probeOf, readings, table } from '../readings.js';

const C = '1.3.6.1.4.1.3808.1.1';

test('a three-phase ePDU2 is read whole', async (t) => {
  const lines =
    table(`${C}.6.2.2.1`, { 2: [1], 3: ['pdu'], 7: ['1.10'], 9: ['PDU81404'], 10: ['SER'] }) +
    table(`${C}.6.3.2.1`, { 8: [0], 9: [24], 10: [32], 13: [0], 14: [17000], 15: [22000] }) +
    table(`${C}.6.3.3.1`, { 4: [32] }) +
    table(`${C}.6.3.4.1`, {
      2: [1],
      4: [3],
      5: [253],
      9: [98765],
      13: [1],
      14: [2],
      15: [5900],
      16: [96],
      18: [5664],
    }) +
    table(`${C}.6.4.2.1`, { 2: [1, 1, 1], 5: [0, 0, 0], 6: [24, 24, 24], 7: [32, 32, 32] }) +
    table(`${C}.6.4.4.1`, {
      2: [1, 1, 1],
      3: [1, 2, 3],
      4: [1, 3, 2],
      5: [81, 252, 2],
      6: [2301, 2312, 2323],
      7: [1800, 3800, 40],
      8: [1860, 3990, 46],
      9: [97, 95, 87],
      13: [3991, 3992, 3993],
    }) +
    table(`${C}.6.5.4.1`, { 2: [1, 1], 3: [1, 2], 4: [1, 4], 5: [101, 163] }) +
    table(`${C}.6.6.2.2.1`, { 5: [0, 0], 6: [1600, 1600], 7: [2000, 2000] }) +
    table(`${C}.6.6.2.4.1`, {
      2: [1, 1],
      3: [1, 2],
      4: ['web', 'db'],
      5: [1, 1],
      6: [12, 0],
      7: [270, 0],
      11: [4321, 7],
    }) +
    table(`${C}.6.6.1.4.1`, { 2: [1, 1], 3: [1, 2], 4: ['web', 'db'], 5: [1, 2] });
  const result = await probeOf(t, `${C}.6`, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 power.active': '5664 W',
    'inlet/1 power.apparent': '5900 V.A',
    'inlet/1 power.factor': '0.96',
    'inlet/1 current.rms': '25.3 A',
    'inlet/1 energy.active': '9876500 W.h',
    'inlet/1 state.load': 'high-warning',
    'inlet/1/pair/L1-L2 voltage.rms': '399.1 V',
    'inlet/1/pair/L2-L3 voltage.rms': '399.2 V',
    'inlet/1/pair/L3-L1 voltage.rms': '399.3 V',
    'inlet/1/phase/L1 current.rms': '8.1 A',
    'inlet/1/phase/L1 voltage.rms': '230.1 V',
    'inlet/1/phase/L1 power.active': '1800 W',
    'inlet/1/phase/L1 power.apparent': '1860 V.A',
    'inlet/1/phase/L1 power.factor': '0.97',
    'inlet/1/phase/L1 state.load': 'normal',
    'inlet/1/phase/L2 current.rms': '25.2 A',
    'inlet/1/phase/L2 voltage.rms': '231.2 V',
    'inlet/1/phase/L2 power.active': '3800 W',
    'inlet/1/phase/L2 power.apparent': '3990 V.A',
    'inlet/1/phase/L2 power.factor': '0.95',
    'inlet/1/phase/L2 state.load': 'high-warning',
    'inlet/1/phase/L3 current.rms': '0.2 A',
    'inlet/1/phase/L3 voltage.rms': '232.3 V',
    'inlet/1/phase/L3 power.active': '40 W',
    'inlet/1/phase/L3 power.apparent': '46 V.A',
    'inlet/1/phase/L3 power.factor': '0.87',
    'inlet/1/phase/L3 state.load': 'low-warning',
    'branch/1 current.rms': '10.1 A',
    'branch/1 state.load': 'normal',
    'branch/2 current.rms': '16.3 A',
    'branch/2 state.load': 'high-critical',
    'outlet/1 current.rms': '1.2 A',
    'outlet/1 power.active': '270 W',
    'outlet/1 energy.active': '432100 W.h',
    'outlet/1 state.load': 'normal',
    'outlet/1 state.outlet': 'on',
    'outlet/2 current.rms': '0 A',
    'outlet/2 power.active': '0 W',
    'outlet/2 energy.active': '700 W.h',
    'outlet/2 state.load': 'normal',
    'outlet/2 state.outlet': 'off',
    'sensor/supply-1 state.sensor': 'ok',
    'sensor/supply-2 state.sensor': 'fault',
  });
  const limits = limitsOf(result);
  assert.deepEqual(limits['inlet/1 power.active'], { lowerCaution: 0, upperCaution: 17000, upperCritical: 22000 });
  assert.deepEqual(limits['inlet/1 current.rms'], { lowerCaution: 0, upperCaution: 24, upperCritical: 32 });
  assert.deepEqual(limits['outlet/2 power.active'], { lowerCaution: 0, upperCaution: 1600, upperCritical: 2000 });
});

test('units of a daisy chain are told apart', async (t) => {
  const lines =
    table(`${C}.6.2.2.1`, { 2: [1, 2], 9: ['A', 'B'] }) +
    table(`${C}.6.3.4.1`, { 2: [1, 2], 18: [100, 200] }) +
    table(`${C}.6.6.1.4.1`, { 2: [1, 2], 3: [1, 1], 5: [1, 2] }) +
    objects(`${C}.3`, { '5.7.0': 2304, '5.8.0': 500 });
  const host = await probeOf(t, `${C}.6`, lines);
  assert.deepEqual(readings(host), {
    'inlet/1 power.active': '100 W',
    'inlet/1 voltage.rms': '230.4 V',
    'inlet/1 frequency': '50 Hz',
    'outlet/1 state.outlet': 'on',
  });
  const second = await probeOf(t, `${C}.6`, lines, '/2');
  assert.equal(second.identity.model, 'B');
  assert.deepEqual(readings(second), { 'inlet/1 power.active': '200 W', 'outlet/1 state.outlet': 'off' });
});

test('an ePDU of the first MIB is read, with a temperature in tenths of a degree Fahrenheit', async (t) => {
  const lines =
    objects(`${C}.3`, {
      '1.3.0': '1.0',
      '1.5.0': 'PDU15SWHVIEC8FNET',
      '1.6.0': 'SER',
      '1.9.0': 1,
      '3.1.5.0': 0,
      '5.7.0': 2313,
      '5.8.0': 499,
      '4.1.1.0': 1,
      '4.1.2.0': 3,
    }) +
    table(`${C}.3.2.2.1.1`, { 2: [0], 3: [12], 4: [16] }) +
    table(`${C}.3.2.3.1.1`, {
      2: [35, 12],
      3: [1, 2],
      4: [1, 1],
      5: [0, 1],
      6: [2312, 2311],
      7: [790, 270],
      8: [812, -1],
      9: [97, -1],
      10: [12345, -1],
    }) +
    table(`${C}.3.3.5.1.1`, { 2: ['a', 'b'], 4: [1, 2], 7: [0, 0], 8: [0, 0] }) +
    objects(`${C}.4`, {
      '2.1.0': 683,
      '2.2.0': 90,
      '2.3.0': 59,
      '3.1.0': 43,
      '3.2.0': 80,
      '3.3.0': 20,
      '4.2.1.3.1': 2,
    });
  const result = await probeOf(t, `${C}.3`, lines);
  assert.deepEqual(readings(result), {
    'inlet/1 current.rms': '3.5 A',
    'inlet/1 power.active': '790 W',
    'inlet/1 power.apparent': '812 V.A',
    'inlet/1 power.factor': '0.97',
    'inlet/1 energy.active': '1234500 W.h',
    'inlet/1 state.load': 'normal',
    'inlet/1 voltage.rms': '231.3 V',
    'inlet/1 frequency': '49.9 Hz',
    'inlet/1/phase/L1 current.rms': '3.5 A',
    'inlet/1/phase/L1 voltage.rms': '231.2 V',
    'inlet/1/phase/L1 power.active': '790 W',
    'inlet/1/phase/L1 power.apparent': '812 V.A',
    'inlet/1/phase/L1 power.factor': '0.97',
    'inlet/1/phase/L1 energy.active': '1234500 W.h',
    'inlet/1/phase/L1 state.load': 'normal',
    'branch/1 current.rms': '1.2 A',
    'branch/1 voltage.rms': '231.1 V',
    'branch/1 power.active': '270 W',
    'branch/1 state.load': 'low-warning',
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'sensor/1 temperature': '20.17 Cel',
    'sensor/1 humidity.relative': '43 %',
    'sensor/contact-1 state.sensor': 'alarm',
    'sensor/supply-1 state.sensor': 'ok',
  });
  assert.deepEqual(limitsOf(result)['sensor/1 temperature'], { lowerCritical: 15, upperCritical: 32.22 });
  assert.equal(result.identity.model, 'PDU15SWHVIEC8FNET');
});

test('an ePDU is read from its load and voltage alone', async (t) => {
  const lines = objects(`${C}.3.2.3.1.1`, { '2.1': 10, '6.1': 2290 });
  assert.deepEqual(readings(await probeOf(t, `${C}.3`, lines)), {
    'inlet/1/phase/L1 current.rms': '1 A',
    'inlet/1/phase/L1 voltage.rms': '229 V',
  });
});

test('the voltages of two sources are tenths, or whole volts where none of them has four digits', async (t) => {
  const source = (a: number, b: number) =>
    table(`${C}.6.9.4.1`, {
      2: [1],
      3: [2],
      5: [a],
      6: [b],
      7: [500],
      8: [0],
      9: [1],
      10: [3],
      13: [1],
      14: [1],
      15: [2],
      16: [1],
    });
  const tenths = readings(await probeOf(t, `${C}.6`, source(2298, 0)));
  assert.equal(tenths['inlet/1 voltage.rms'], '229.8 V');
  assert.equal(tenths['inlet/2 voltage.rms'], '0 V');
  assert.equal(tenths['unit state.source'], 'source-2');
  assert.equal(tenths['unit state.redundancy'], 'alarm');
  assert.equal(tenths['inlet/2 state.sensor'], 'low-critical');
  assert.equal(tenths['sensor/supply-2 state.sensor'], 'fault');
  const volts = readings(await probeOf(t, `${C}.6`, source(230, 0)));
  assert.equal(volts['inlet/1 voltage.rms'], '230 V');
  assert.equal(volts['inlet/2 voltage.rms'], '0 V');
});

test('a CyberPower ATS has its totals at the unit, its sources at the inlets and its banks at the branches', async (t) => {
  const lines =
    objects(`${C}.5`, { '1.2.0': 'PDU24005', '1.5.0': 'SER', '2.1.2.0': 1, '2.1.3.0': 2, '2.1.4.0': 1, '2.1.5.0': 2 }) +
    table(`${C}.5.2.2.2.1`, { 2: ['A', 'B'], 5: [2301, 0], 6: [500, 0], 7: [1, 3] }) +
    table(`${C}.5.5.3.4.1`, { 2: [0, 0], 3: [12, 12], 4: [16, 16] }) +
    table(`${C}.5.5.2.4.1`, { 3: [53, 31], 4: [1, 2], 5: [1204, 700], 6: [4321, 21] }) +
    table(`${C}.5.2.1.10.1`, { 3: [1], 4: [1], 5: [2] }) +
    table(`${C}.5.6.3.1`, { 2: ['web'], 3: [2] });
  const result = await probeOf(t, `${C}.5`, lines);
  assert.deepEqual(readings(result), {
    'unit current.rms': '5.3 A',
    'unit power.active': '1204 W',
    'unit energy.active': '432100 W.h',
    'unit state.load': 'normal',
    'unit state.source': 'source-1',
    'unit state.redundancy': 'ok',
    'inlet/1 voltage.rms': '230.1 V',
    'inlet/1 frequency': '50 Hz',
    'inlet/1 state.sensor': 'normal',
    'inlet/2 voltage.rms': '0 V',
    'inlet/2 frequency': '0 Hz',
    'inlet/2 state.sensor': 'low-critical',
    'branch/1 current.rms': '3.1 A',
    'branch/1 power.active': '700 W',
    'branch/1 energy.active': '2100 W.h',
    'branch/1 state.load': 'low-warning',
    'outlet/1 state.outlet': 'off',
    'sensor/phase-sync state.sensor': 'ok',
    'sensor/source-relay state.sensor': 'fault',
    'sensor/supply-1-12v state.sensor': 'ok',
    'sensor/supply-1-5v state.sensor': 'ok',
    'sensor/supply-1-3v3 state.sensor': 'fault',
  });
  assert.deepEqual(limitsOf(result)['unit current.rms'], { lowerCaution: 0, upperCaution: 12, upperCritical: 16 });
});

const { path, skip } = recording('centreon-cyberpower-pdu.snmprec');
test('the recorded transfer switch is read, its totals at the unit', { skip }, async (t) => {
  const served = await serveRecording(path);
  t.after(() => served.close());
  const result = await driverFor(t).probe({ address: served.address, profile: 'auto' });
  const values = readings(result);
  for (const outlet of Array.from({ length: 10 }, (_, i) => i + 1)) {
    assert.equal(values[`outlet/${outlet} state.outlet`], 'on');
    delete values[`outlet/${outlet} state.outlet`];
  }
  assert.deepEqual(values, {
    'unit power.active': '219 W',
    'unit power.apparent': '224 V.A',
    'unit power.factor': '0.97',
    'unit current.rms': '1 A',
    'unit energy.active': '100 W.h',
    'unit state.load': 'normal',
    'unit voltage.rms': '217.8 V',
    'unit state.source': 'source-1',
    'unit state.redundancy': 'ok',
    'inlet/1 voltage.rms': '217 V',
    'inlet/1 frequency': '50 Hz',
    'inlet/1 state.sensor': 'normal',
    'inlet/2 voltage.rms': '222 V',
    'inlet/2 frequency': '50 Hz',
    'inlet/2 state.sensor': 'normal',
    'branch/1 current.rms': '1 A',
    'branch/1 state.load': 'normal',
    'branch/1 voltage.rms': '217.9 V',
    'branch/1 power.active': '219 W',
    'sensor/module-1 temperature': '20.7 Cel',
    'sensor/module-1 humidity.relative': '45.36 %',
    'sensor/module-1-contact-1 state.sensor': 'normal',
    'sensor/module-1-contact-2 state.sensor': 'normal',
    'sensor/module-1-contact-3 state.sensor': 'normal',
    'sensor/module-1-contact-4 state.sensor': 'normal',
    'sensor/phase-sync state.sensor': 'alarm',
    'sensor/supply-1 state.sensor': 'ok',
    'sensor/supply-2 state.sensor': 'ok',
  });
  assert.deepEqual(result.identity, {
    vendor: 'CyberPower',
    profile: 'cyberpower-pdu',
    model: 'PDU44005',
    serial: '...cut...',
    firmware: '1.3.2',
    name: 'ATS011',
  });
});
