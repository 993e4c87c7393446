import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertReadings, labelsOf, limitsOf, probeOf } from './readings.js';

test('Eaton ATS 16: tenths of volts, hertz and amperes, whole degrees; known by its description alone', async (t) => {
  const base = '1.3.6.1.4.1.534.10';
  const rows = `
    2.1.2.0|4|Eaton ATS 16A
    2.1.5.0|4|G1
    2.2.2.1.2.1|2|2312
    2.2.2.1.2.2|2|2298
    2.2.2.1.3.1|2|499
    2.2.3.1.0|2|2311
    2.2.3.2.0|2|37
    2.2.4.0|2|4
    2.3.2.1.3.2|2|3
    2.3.3.1.0|2|1
    2.3.3.3.0|2|2
    2.4.9.0|2|180
    2.4.11.0|2|258
    2.5.1.0|2|24
    2.5.2.0|2|41
    2.5.6.0|2|40
    2.5.4.1.3.1|2|4
    2.5.4.1.4.1|4|door`;
  const readings = {
    'unit voltage.rms': 231.1,
    'unit current.rms': 3.7,
    'unit state.source': 'source-1',
    'unit state.load': 'high-warning',
    'unit state.sensor': 'ok',
    'inlet/1 voltage.rms': 231.2,
    'inlet/1 frequency': 49.9,
    'inlet/2 voltage.rms': 229.8,
    'inlet/2 state.sensor': 'low-warning',
    'sensor/1 temperature': 24,
    'sensor/1 humidity.relative': 41,
    'sensor/contact-1 state.contact': 'closed',
  };
  for (const device of [{ sysObjectId: '1.3.6.1.4.1.534.10.2' }, { sysObjectId: '0.0', sysDescr: 'Eaton ATS' }]) {
    const result = await probeOf(t, { ...device, base, rows });
    assert.deepEqual([result.identity.model, result.identity.serial], ['Eaton ATS 16A', 'G1']);
    assertReadings(result, readings);
    assert.deepEqual(limitsOf(result), {
      'inlet/1 voltage.rms': { lowerCritical: 180, upperCritical: 258 },
      'inlet/2 voltage.rms': { lowerCritical: 180, upperCritical: 258 },
      'sensor/1 temperature': { upperCritical: 40 },
    });
    assert.deepEqual(labelsOf(result), { 'sensor/contact-1': 'door' });
  }
});

test('Eaton ATS 30 has a tree of its own', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.534.10.1',
    base: '1.3.6.1.4.1.534.10.1.3',
    rows: `
      1.1.2.2|2|2301
      1.1.3.2|2|500
      2.1.0|2|2300
      2.2.0|2|118
      3.0|2|31
      7.0|2|5`,
  });
  assertReadings(result, {
    'unit voltage.rms': 230,
    'unit current.rms': 11.8,
    'unit temperature': 31,
    'unit state.source': 'source-2',
    'inlet/2 voltage.rms': 230.1,
    'inlet/2 frequency': 50,
  });
});

test('ATS-MIB: whole volts, the source in words', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.37662.1.2.2.1',
    base: '1.3.6.1.4.1.37662.1.2.2.1.1',
    rows: `
      1.1.0|4|ATS-16
      2.2.0|2|2
      2.3.0|2|229
      2.4.0|2|501
      2.5.0|2|1
      2.6.0|2|0
      2.7.0|2|0
      2.8.0|2|264
      2.9.0|2|176
      3.1.0|4|Source A
      3.2.0|2|228
      3.3.0|2|501
      3.4.0|2|23
      3.5.0|2|14
      5.1.0|2|30
      5.2.0|2|160`,
  });
  assert.equal(result.identity.model, 'ATS-16');
  assertReadings(result, {
    'unit voltage.rms': 228,
    'unit frequency': 50.1,
    'unit current.rms': 2.3,
    'unit load.percent': 14,
    'unit state.source': 'source-1',
    'unit temperature': 30,
    'inlet/1 voltage.rms': 229,
    'inlet/1 frequency': 50.1,
    'inlet/1 state.sensor': 'ok',
    'inlet/2 voltage.rms': 0,
    'inlet/2 frequency': 0,
    'inlet/2 state.sensor': 'fault',
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1 voltage.rms': { lowerCritical: 176, upperCritical: 264 } });
});
