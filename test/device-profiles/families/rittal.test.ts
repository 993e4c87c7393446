import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, limitsOf, probeOf } from './readings.js';

const C3 = '1.3.6.1.4.1.2606.7';

/** Columns of a variable: name, type (value 2), unit, scale, integer. */
function variable(at: string, name: string, unit: string, scale: number, value: number, type = 2): string {
  const unitText = Buffer.from(unit, 'latin1').toString('hex');
  return [
    `4.2.2.1.3.${at}|4|${name}`,
    `4.2.2.1.4.${at}|2|${type}`,
    unitText === '' ? `4.2.2.1.5.${at}|4|` : `4.2.2.1.5.${at}|4x|${unitText}`,
    `4.2.2.1.7.${at}|2|${scale}`,
    `4.2.2.1.11.${at}|2|${value}`,
  ].join('\n');
}

test('Rittal CMC III: sensors and meters are told by the names of their variables, scales by their own column', async (t) => {
  const rows = [
    variable('1.1', 'Temperature.Value', '\u00b0C', -100, 2345),
    variable('1.2', 'Temperature.SetPtHighAlarm', '\u00b0C', -10, 350, 3),
    variable('1.3', 'Temperature.Status', '', 0, 4, 7),
    variable('2.1', 'Temperature.Value', '\u00b0F', -10, 770),
    variable('2.2', 'Humidity.Value', '%', 0, 41),
    variable('2.3', 'Humidity.Status', '', 0, 9, 7),
    variable('2.4', 'Dew Point.Value', '\u00b0C', -10, 95),
    variable('3.1', 'Access.Status', '', 0, 13, 7),
    variable('3.2', 'Leakage.Status', '', 0, 5, 7),
    variable('3.3', 'Input 2.Status', '', 0, 12, 7),
    variable('4.1', 'Unit.Power.Active.Value', 'kW', -100, 123),
    variable('4.2', 'Phase L2.Voltage.Value', 'V', -10, 2301),
    variable('4.3', 'Phase L2.Energy.Active.Value', 'kWh', -10, 15),
    variable('4.4', 'Sockets.Socket 03.Current.Value', 'A', -100, 250),
    variable('4.5', 'Sockets.Socket 03.Power.Active.Value', 'W', 1, 560),
    variable('4.6', 'Sockets.Socket 03.General.Relay', '', 0, 1, 20),
    variable('4.7', 'Unit.Power.Active.Unknown', 'furlong', 1, 7),
    variable('4.8', 'Total.Energy.Active Custom.Value', 'kWh', -10, 25759),
    variable('4.9', 'Phase L1.Power.Apparent Max.Value', 'kVA', -100, 217),
    variable('5.1', 'Air.Server-In.Temperature', '\u00b0C', -10, 215),
    '2.1.0|2|3',
  ];
  const result = await probeOf(t, {
    sysObjectId: C3,
    sysDescr: 'Rittal CMC III PU SN 40001234 HW REV.03 - SW V3.15.70',
    base: C3,
    rows: rows.join('\n'),
  });
  assertReadings(result, {
    'unit state.sensor': 'high-critical',
    'inlet/4 power.active': 1230,
    'inlet/4/phase/L2 voltage.rms': 230.1,
    'inlet/4/phase/L2 energy.active': 1500,
    'outlet/4-3 current.rms': 2.5,
    'outlet/4-3 power.active': 560,
    'outlet/4-3 state.outlet': 'on',
    'sensor/1-temperature temperature': 23.45,
    'sensor/1-temperature state.sensor': 'ok',
    'sensor/2-temperature temperature': 25,
    'sensor/2-humidity humidity.relative': 41,
    'sensor/2-humidity state.sensor': 'low-warning',
    'sensor/2-dewpoint dewpoint': 9.5,
    'sensor/3-access state.contact': 'closed',
    'sensor/3-leakage state.sensor': 'alarm',
    'sensor/contact-3-2 state.contact': 'open',
    'sensor/4-8 energy.active': 2_575_900,
    'sensor/4-9 power.apparent': 2170,
    'sensor/5-1 temperature': 21.5,
  });
  assert.deepEqual(limitsOf(result), { 'sensor/1-temperature temperature': { upperCritical: 35 } });
  assert.equal(result.identity.serial, '40001234');
  assert.equal(result.identity.firmware, '3.15.70');
});
