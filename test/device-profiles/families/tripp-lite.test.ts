import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recording } from '../../support/devices.js';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';
import { probeRecorded } from './recorded.js';

const RECORDED = 'snmpsimdata-tripplite-pdumh20atnet';
const BASE = '1.3.6.1.4.1.850.1';
const CARD = '1.3.6.1.4.1.850.1.1.1';

test(`${RECORDED}: both sources of a single-phase transfer switch are inlets`, {
  skip: recording(`${RECORDED}.snmprec`).skip,
}, async (t) => {
  const probed = await probeRecorded(t, RECORDED);
  assert.deepEqual(probed.identity, {
    vendor: 'TRIPP LITE',
    model: 'PDUMH20ATNET',
    serial: '3569FG0LD527F11485',
    firmware: '693038B',
    name: 'PWR-DC01-XFER-RACK2-01',
    profile: 'tripp-lite',
  });
  const outlets = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`outlet/${i + 1} state.outlet`, i < 8 ? 'off' : 'on']),
  );
  assertReadings(probed, {
    'unit state.redundancy': 'ok',
    'unit state.outlet': 'on',
    'inlet/1 voltage.rms': 115.2,
    'inlet/1 frequency': 59.9,
    'inlet/2 voltage.rms': 115.1,
    'inlet/2 frequency': 59.9,
    'branch/output-1 voltage.rms': 115.2,
    'branch/output-1 current.rms': 0,
    'branch/output-1 frequency': 59.9,
    'branch/output-1 power.apparent': 0,
    'branch/output-1 power.active': 0,
    'branch/1 current.rms': 0,
    ...outlets,
  });
  assert.equal(labelsOf(probed)['outlet/16'], 'Load16');
  assert.equal(switchableOf(probed).length, 16);
});

test('Tripp Lite PDU: phases, outputs, outlets that say what they measure, circuits and breakers; EnviroSense', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: CARD,
    base: BASE,
    rows: `
      1.1.2.1.4.1|4|TRIPP LITE
      1.1.2.1.5.1|4|PDU3XEVSR6G30A
      1.2.1.1.4.1|4|12.2
      1.2.1.1.5.1|4|S1
      1.3.2.1.3.1.4.1|2|1
      1.3.2.1.3.1.5.1|2|2
      1.3.2.2.1.1.1.1|2|2
      1.3.2.2.1.1.6.1|2|31
      1.3.2.2.1.1.8.1|2|12
      1.3.2.2.1.1.9.1|66|4100
      1.3.2.2.1.1.13.1|2|24
      1.3.2.2.1.1.14.1|66|4300
      1.3.2.2.1.1.15.1|2|-120
      1.3.2.2.1.1.16.1|66|1874
      1.3.2.2.1.1.17.1|66|987654
      1.3.2.3.1.1.1.10.1|66|24
      1.3.2.3.1.2.1.2.1.1|2|1
      1.3.2.3.1.2.1.2.1.2|2|0
      1.3.2.3.1.2.1.3.1.1|66|600
      1.3.2.3.1.2.1.4.1.1|66|2081
      1.3.2.3.1.2.1.4.1.2|66|1202
      1.3.2.3.1.2.1.4.1.3|66|1203
      1.3.2.3.1.2.1.7.1.1|66|1100
      1.3.2.3.1.2.1.8.1.1|66|2200
      1.3.2.3.1.2.1.9.1.2|66|312
      1.3.2.3.2.1.1.3.1.2|2|1
      1.3.2.3.2.1.1.4.1.2|66|2079
      1.3.2.3.2.1.1.5.1.2|66|777
      1.3.2.3.2.1.1.8.1.2|66|1500
      1.3.2.3.2.1.1.9.1.2|2|96
      1.3.2.3.2.1.1.12.1.2|66|157
      1.3.2.3.2.1.1.17.1.2|66|3237
      1.3.2.3.2.1.1.18.1.2|66|44000
      1.3.2.3.3.1.1.2.1.1|4|db
      1.3.2.3.3.1.1.4.1.1|2|2
      1.3.2.3.3.1.1.5.1.1|2|1
      1.3.2.3.3.1.1.7.1.1|66|0
      1.3.2.3.3.1.1.8.1.1|66|152
      1.3.2.3.3.1.1.9.1.1|66|301
      1.3.2.3.3.1.1.19.1.1|2|95
      1.3.2.3.3.1.1.4.1.2|2|0
      1.3.2.3.3.1.1.5.1.2|2|2
      1.3.2.3.4.1.1.3.1.1|2|2080
      1.3.2.3.4.1.1.4.1.1|2|1205
      1.3.2.3.4.1.1.5.1.1|2|2000
      1.3.2.3.4.1.1.8.1.1|2|2500
      1.3.2.3.4.1.1.10.1.1|66|6025
      1.3.2.3.5.1.1.2.1.1|2|1
      1.3.2.3.5.1.1.2.1.2|2|2
      1.3.2.3.6.1.1.3.1.1|2|405
      1.3.2.5.3.1.2.1.2|66|1320
      1.3.2.5.3.1.5.1.2|66|0
      1.3.3.3.1.1.1.2|2|223
      1.3.3.3.1.1.2.2|2|721
      1.3.3.3.2.1.1.2|2|38
      1.3.3.5.1.1.2.2|2|95
      1.3.3.5.1.1.4.2|2|80
      1.3.3.3.3.1.4.2.1|2|0
      1.3.3.3.3.1.5.2.1|2|1`,
  });
  assert.equal(result.identity.model, 'PDU3XEVSR6G30A');
  assertReadings(result, {
    'inlet/1 power.active': 4100,
    'inlet/1 power.apparent': 4300,
    'inlet/1 power.reactive': -120,
    'inlet/1 current.rms': 18.74,
    'inlet/1 energy.active': 987_654,
    'inlet/1 load.percent': 24,
    'inlet/1 unbalance.current': 12,
    'inlet/1/pair/L1-L2 voltage.rms': 208.1,
    'inlet/1/phase/L1 frequency': 60,
    'inlet/1/phase/L1 current.rms': 11,
    'inlet/1/phase/L1 power.active': 2200,
    'inlet/1/phase/L2 voltage.rms': 120.2,
    'inlet/1/phase/L2 voltage.thd': 3.12,
    'inlet/1/phase/L3 voltage.rms': 120.3,
    'branch/output-2 voltage.rms': 207.9,
    'branch/output-2 current.rms': 7.77,
    'branch/output-2 power.active': 1500,
    'branch/output-2 power.factor': 0.96,
    'branch/output-2 power.apparent': 1570,
    'branch/output-2 load.percent': 32.37,
    'branch/output-2 energy.active': 44_000,
    'outlet/1 state.outlet': 'on',
    'outlet/1 current.rms': 1.52,
    'outlet/1 power.active': 301,
    'outlet/1 power.factor': 0.95,
    'outlet/2 state.outlet': 'unknown',
    'branch/1 voltage.rms': 208,
    'branch/1 current.rms': 12.05,
    'branch/1 power.active': 2500,
    'branch/1 load.percent': 60.25,
    'branch/breaker-1 state.breaker': 'closed',
    'sensor/heatsink-1 temperature': 40.5,
    'unit temperature': 31,
    'unit state.outlet': 'on',
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1/phase/L2 voltage.rms': { upperCritical: 132 } });
  assert.deepEqual(switchableOf(result), ['outlet/1']);
  assert.equal(result.parts.find(({ path }) => path === 'branch/1')?.ratedCurrent, 20);
  assert.equal(result.parts.find(({ path }) => path === 'inlet/1')?.ratedCurrent, 24);
  assert.deepEqual(
    result.points.filter(({ basis }) => basis).map(({ part, basis }) => [part, basis]),
    [
      ['inlet/1/pair/L1-L2', 'LL'],
      ['inlet/1/phase/L2', 'LN'],
      ['branch/output-2', 'LL'],
    ],
  );
  const [sense] = result.units!;
  assertReadings(sense!, {
    'sensor/1 temperature': 22.3,
    'sensor/1 humidity.relative': 38,
    'sensor/contact-1 state.contact': 'open',
    'sensor/contact-1 state.sensor': 'alarm',
  });
  assert.deepEqual(limitsOf(sense!), {
    'sensor/1 temperature': { upperCritical: 35 },
    'sensor/1 humidity.relative': { upperCritical: 80 },
  });
});

test('Tripp Lite ATS: three-phase sources by line and phase', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.850.1',
    base: BASE,
    rows: `
      1.3.4.1.2.1.3.1|66|3
      1.3.4.2.1.1.9.1|66|1200
      1.3.4.3.1.1.1.12.1|2|1
      1.3.4.3.1.1.1.13.1|2|1
      1.3.4.3.1.2.1.5.1.1.3|66|2301
      1.3.4.3.1.2.1.8.1.2.1|66|515
      1.3.4.5.7.1.4.1.1.3|66|2070`,
  });
  assertReadings(result, {
    'unit power.active': 1200,
    'unit state.source': 'source-2',
    'unit state.redundancy': 'fault',
    'inlet/1/phase/L3 voltage.rms': 230.1,
    'inlet/2/phase/L1 current.rms': 5.15,
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1/phase/L3 voltage.rms': { lowerCaution: 207 } });
});

test('Tripp Lite with firmware 12: tenths of an ampere, whole volts at the input', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.850.1',
    base: '1.3.6.1.4.1.850',
    rows: `
      100.1.1.2.0|4|S12
      100.1.3.2.1.3.1|2|118
      100.1.4.5.0|2|640
      100.1.4.7.1.2.1|2|1
      100.1.4.7.1.3.1|2|54
      100.1.4.7.1.4.1|2|1179
      100.1.4.7.1.5.1|2|630
      100.1.4.7.1.6.1|2|99
      100.1.10.2.1.2.4|2|2
      100.1.10.2.1.4.4|2|2
      100.1.10.2.1.5.4|4|router
      100.1.10.2.1.13.4|2|7
      100.1.10.4.1.2.4|2|82
      101.1.1.1.0|2|24
      101.1.1.2.0|2|75
      101.1.2.1.0|2|41
      101.1.2.3.0|2|90
      101.2.1.1.3.2|2|1`,
  });
  assert.deepEqual([result.identity.profile, result.identity.serial], ['tripplite-12x', 'S12']);
  assertReadings(result, {
    'inlet/1 power.active': 640,
    'inlet/1/phase/L1 voltage.rms': 118,
    'branch/1 current.rms': 5.4,
    'branch/1 voltage.rms': 117.9,
    'branch/1 power.active': 630,
    'branch/1 power.factor': 0.99,
    'branch/1 state.breaker': 'closed',
    'outlet/4 state.outlet': 'on',
    'outlet/4 current.rms': 0.7,
    'outlet/4 power.active': 82,
    'sensor/1 temperature': 24,
    'sensor/1 humidity.relative': 41,
    'sensor/contact-2 state.sensor': 'alarm',
  });
  assert.deepEqual(switchableOf(result), ['outlet/4']);
});

const UPS_MIB = `
  2.1.33.1.1.2.0|4|PDUMH20NET
  2.1.33.1.3.3.1.3.1|2|121
  2.1.33.1.4.4.1.2.1|2|120
  2.1.33.1.4.4.1.4.1|2|410
  2.1.33.1.4.4.1.5.1|2|21`;

test('Tripp Lite with firmware 12 shows its output in UPS-MIB: tenths, whole numbers between two of its releases', async (t) => {
  const device = { sysObjectId: '1.3.6.1.4.1.850.1', sysDescr: 'POWERALERT', base: '1.3.6.1' };
  const readings = {
    'inlet/1/phase/L1 voltage.rms': 121,
    'inlet/1/phase/L1 frequency': 60,
    'inlet/1/phase/L1 current.rms': 4,
    'branch/output-1 voltage.rms': 120,
    'branch/output-1 current.rms': 3,
    'branch/output-1 power.active': 410,
    'branch/output-1 load.percent': 21,
    'unit frequency': 60,
  };
  for (const [release, factor] of [
    ['12.04.0055', 10],
    ['12.04.0056', 1],
    ['12.06.0067', 1],
    ['12.06.0068', 10],
  ] as const) {
    const result = await probeOf(t, {
      ...device,
      rows: `${UPS_MIB}
        4.1.850.100.1.1.4.0|4|${release}
        2.1.33.1.3.3.1.2.1|2|${60 * factor}
        2.1.33.1.3.3.1.4.1|2|${4 * factor}
        2.1.33.1.4.2.0|2|${60 * factor}
        2.1.33.1.4.4.1.3.1|2|${3 * factor}`,
    });
    assert.equal(result.identity.model, 'PDUMH20NET');
    assertReadings(result, readings);
  }
  // Nothing of its own tree is there: RFC 1628 holds.
  const bare = await probeOf(t, { ...device, rows: '2.1.33.1.4.4.1.3.1|2|35' });
  assertReadings(bare, { 'branch/output-1 current.rms': 3.5 });
});
