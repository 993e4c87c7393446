import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentOf, driverFor, system } from '../../driver-snmp/support.js';
import { assertReadings, labelsOf, limitsOf, probeOf, switchableOf } from './readings.js';

const UPDU = '1.3.6.1.4.1.55108.1';

test('Riedo UPDU: meters go by their type, phases by the line in their name, relays stand apart', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.55108.1',
    sysDescr: 'RNX UPDU RN3001-A (r2), S/N: 12345, Version 3.4.1',
    base: UPDU,
    rows: `
      3.1.1.3.0.0|2|1
      3.1.1.3.0.1|2|3
      3.1.1.3.1.1|2|6
      3.1.1.3.2.1|2|6
      3.1.1.3.2.2|2|5
      3.1.1.4.0.0|70|123456
      3.1.1.7.0.0|2|1520
      3.1.1.7.0.1|2|760
      3.1.1.8.0.0|2|-40
      3.1.1.9.0.0|2|1530
      3.1.1.10.0.0|2|230125
      3.1.1.11.0.0|2|6612
      3.1.1.11.1.1|2|815
      3.1.1.11.2.1|2|95
      3.1.1.11.2.2|2|910
      3.1.1.12.0.1|4|Phase L2
      3.1.1.13.1.1|4|web
      3.1.1.15.0.0|2|0
      3.1.1.15.2.1|2|1
      3.2.1.3.1|2|2
      3.2.1.3.2|2|0
      3.2.1.3.3|2|1
      3.2.1.4.1|2|253
      3.2.1.4.2|2|0
      3.2.1.4.3|2|-15
      3.2.1.5.1|2|412
      3.2.1.5.2|2|0
      3.2.1.5.3|2|0
      3.3.1.3.0.0|2|57
      3.3.1.4.0.0|2|8
      4.1.1.2.1.3|4|web
      4.1.1.3.1.3|2|1
      4.1.1.4.1.3|2|1`,
  });
  assert.deepEqual(result.identity, {
    vendor: 'Riedo Networks',
    model: 'RN3001-A',
    serial: '12345',
    firmware: '3.4.1',
    profile: 'riedo-updu',
  });
  assertReadings(
    result,
    {
      'inlet/1 current.rms': 6.612,
      'inlet/1 voltage.rms': 230.125,
      'inlet/1 power.active': 1520,
      'inlet/1 power.apparent': 1530,
      'inlet/1 power.reactive': -40,
      'inlet/1 energy.active': 123_456,
      'inlet/1/phase/L2 power.active': 760,
      'branch/2 current.rms': 0.91,
      'outlet/1 current.rms': 0.815,
      // Its data has expired.
      'outlet/2-1 current.rms': null,
      'outlet/relay-1-3 state.outlet': 'on',
      'sensor/1 temperature': 25.3,
      'sensor/1 humidity.relative': 41.2,
      'sensor/3 temperature': -1.5,
      'sensor/rcm-0-0 current.residual': 0.0057,
      'sensor/rcm-0-0 current.residual.dc': 0.0008,
    },
    { 'outlet/2-1 current.rms': 'bad|comm-failure' },
  );
  assert.deepEqual(labelsOf(result), { 'inlet/1/phase/L2': 'Phase L2', 'outlet/1': 'web', 'outlet/relay-1-3': 'web' });
  assert.deepEqual(switchableOf(result), ['outlet/relay-1-3']);
});

test('Riedo UPDU: meters and sensors are read where their types are not told', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.55108',
    base: UPDU,
    rows: `
      3.1.1.11.1.4|2|815
      3.2.1.4.1|2|253
      3.2.1.5.1|2|412`,
  });
  assertReadings(result, {
    'branch/1-4 current.rms': 0.815,
    'sensor/1 temperature': 25.3,
    'sensor/1 humidity.relative': 41.2,
  });
});

test('Riedo UPDU: a meter of a phase whose line nothing tells is read apart', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.55108',
    base: UPDU,
    rows: `
      3.1.1.3.0.1|2|2
      3.1.1.3.0.4|2|2
      3.1.1.11.0.1|2|3105
      3.1.1.11.0.4|2|1204
      3.1.1.12.0.4|4|Neutral`,
  });
  assertReadings(result, { 'inlet/1/phase/L1 current.rms': 3.105, 'branch/phase-0-4 current.rms': 1.204 });
});

const DIGIPOWER = `
  4.0|4|v1.23
  7.0|2|24
  8.0|2|41
  9.1.11.0|2|23
  9.1.12.0|4|11,12,-1
  9.1.13.0|4|1,0,-1,-2
  9.1.15.0|2|130
  9.1.16.0|2|155
  9.1.17.0|2|231
  9.1.19.0|4|IP-8
  9.2.11.0|2|7
  9.2.17.0|2|229`;

test('DigiPower: outlets are items of one text, and each PDU of the bus is a unit', async (t) => {
  const base = '1.3.6.1.4.1.17420.1.2';
  const result = await probeOf(t, { sysObjectId: '1.3.6.1.4.1.17420', base, rows: DIGIPOWER });
  assert.equal(result.identity.model, 'IP-8');
  assertReadings(result, {
    'inlet/1 current.rms': 2.3,
    'inlet/1 voltage.rms': 231,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'outlet/4 state.outlet': 'tripped',
    'outlet/1 current.rms': 1.1,
    'outlet/2 current.rms': 1.2,
    'sensor/1 temperature': 24,
    'sensor/1 humidity.relative': 41,
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1 current.rms': { upperCaution: 13, upperCritical: 15.5 } });
  const [second] = result.units!;
  assert.equal(second!.unit, 2);
  assertReadings(second!, { 'inlet/1 current.rms': 0.7, 'inlet/1 voltage.rms': 229 });
});

test('DigiPower: an outlet is switched by the text in which the others stay as they are', async (t) => {
  const rows = DIGIPOWER.trim()
    .split('\n')
    .map((row) => `1.3.6.1.4.1.17420.1.2.${row.trim()}`);
  const writes: string[] = [];
  const agent = await agentOf(t, `${system('1.3.6.1.4.1.17420')}${rows.join('\n')}\n`, {
    write: (oid, { value }) => ({
      commit: () => void writes.push(`${oid} ${Buffer.from(value as Uint8Array).toString()}`),
    }),
  });
  const driver = driverFor(t);
  const { session } = await driver.open({ address: agent.address, profile: 'auto' });
  await driver.switchOutlet(session, 'outlet/2', 'on');
  assert.deepEqual(writes, ['1.3.6.1.4.1.17420.1.2.9.1.13.0 1,1,-1,-2']);
});

test('DigiPDU: currents are tenths, temperatures tenths of the degree that the device names', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.10456',
    sysDescr: 'IPM-8221 V1.0',
    base: '1.3.6.1.4.1.10456.3',
    rows: `
      1.11.0|2|1
      3.2.1.3.1|2|229
      3.2.1.5.1|2|31
      3.2.1.6.1|2|702
      3.2.1.9.1|2|160
      3.2.1.10.1|2|128
      3.2.1.13.1|2|31
      3.3.1.4.1|2|1
      3.3.1.4.2|2|2
      3.3.1.6.1|2|229
      3.3.1.7.1|2|5
      3.3.1.9.1|2|110
      3.5.1.2.1|2|1
      3.5.1.3.1|2|770
      3.5.1.4.1|2|1040
      3.6.1.5.1|2|0
      3.6.1.6.1|2|0`,
  });
  assert.equal(result.identity.vendor, 'PLANET');
  assert.equal(result.identity.model, 'IPM-8221');
  assertReadings(result, {
    'inlet/1 current.rms': 3.1,
    'inlet/1 voltage.rms': 229,
    'inlet/1 power.active': 702,
    'branch/1 current.rms': 3.1,
    'outlet/1 state.outlet': 'on',
    'outlet/1 current.rms': 0.5,
    'outlet/1 voltage.rms': 229,
    'outlet/1 power.active': 110,
    'outlet/2 state.outlet': 'turning-off',
    'sensor/inbuilt-1 temperature': 25,
  });
  assert.deepEqual(limitsOf(result), {
    'inlet/1 current.rms': { upperCaution: 12.8, upperCritical: 16 },
    'sensor/inbuilt-1 temperature': { upperCaution: 40 },
  });
});

const IBOOT = `
  6.1.0|2|12045
  6.2.0|2|312
  6.3.0|2|0
  6.4.0|2|0
  6.5.0|2|77
  6.6.0|2|999
  5.1.2.0|4|router
  5.1.6.0|2|1
  5.1.6.1|2|3`;

test('iBoot-PDU is known by its description, and its degrees by the flag', async (t) => {
  const device = { sysObjectId: '1.3.6.1.4.1.8072.3.2.10', sysDescr: 'Linux ibootpdu 4.1', base: '1.3.6.1.4.1.1418.6' };
  const result = await probeOf(t, { ...device, rows: `1.4.0|4|iBoot-PDU8\n1.7.0|2|0\n1.8.0|2|15\n1.9.0|2|0${IBOOT}` });
  assert.equal(result.identity.model, 'iBoot-PDU8');
  const readings = {
    'inlet/1 voltage.rms': 120.45,
    'inlet/1 current.rms': 3.12,
    'outlet/0 state.outlet': 'on',
    'outlet/1 state.outlet': 'turning-on',
  };
  assertReadings(result, { ...readings, 'sensor/1 temperature': 25 });
  assert.deepEqual(labelsOf(result), { 'outlet/0': 'router' });
  // Nothing says that there is one cord alone; degrees of which nothing is said are Celsius.
  const silent = await probeOf(t, { ...device, sysDescr: 'Linux', rows: IBOOT });
  assertReadings(silent, {
    ...readings,
    'inlet/2 voltage.rms': 0,
    'inlet/2 current.rms': 0,
    'sensor/1 temperature': 77,
  });
});

test('IBM PDU+: thousandths of volts and amperes, the last reading of each power', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.2.6.223',
    base: '1.3.6.1.4.1.2.6.223',
    rows: `
      7.5.0|4|43V6145
      8.2.2.1.2.1|4|node 1
      8.2.2.1.8.1|66|228200
      8.2.2.1.9.1|66|590
      8.2.2.1.10.1|66|10000
      8.2.2.1.11.1|66|8000
      8.2.2.1.12.1|66|0
      8.2.2.1.13.1|2|1
      8.2.2.1.13.2|2|-1
      8.2.2.1.15.1|66|134
      8.3.2.1.4.2|66|1040
      8.4.7.0|66|24
      8.4.8.0|66|0
      9.2.1.8.1|66|27
      9.2.1.9.1|66|44`,
  });
  assertReadings(result, {
    'inlet/1/phase/L2 power.active': 1040,
    'outlet/1 current.rms': 0.59,
    'outlet/1 voltage.rms': 228.2,
    'outlet/1 power.active': 134,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'fault',
    'sensor/1 temperature': 24,
    'sensor/external-1 temperature': 27,
    'sensor/external-1 humidity.relative': 44,
  });
  assert.deepEqual(limitsOf(result), { 'outlet/1 current.rms': { upperCaution: 8 } });
});

test('BayTech: a module of the host is a unit, in both generations of its tables', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.4779.1.3.5.2',
    base: '1.3.6.1.4.1.4779.1',
    rows: `
      1.2.0|2|778899
      3.5.2.1.4.1|2|104
      3.5.2.1.6.1|2|1187
      3.5.2.1.7.1|2|-2000000
      3.5.2.1.8.1|2|265
      3.5.2.1.12.1|2|160
      3.5.2.1.16.1|2|1
      3.5.2.1.24.1|4|RPC3A
      3.5.3.1.3.1.1|2|1
      3.5.3.1.3.1.2|2|0
      3.5.3.1.4.1.1|4|db
      3.5.9.1.4.1.1|2|52
      3.5.5.1.6.2.1|2|33
      3.5.6.1.4.2.1.4|2|4
      3.5.6.1.4.2.2.4|2|1
      3.5.10.1.5.2.1.1|2|17`,
  });
  assert.equal(result.unit, 1);
  assert.equal(result.identity.model, 'RPC3A');
  assertReadings(result, {
    'inlet/1 current.rms': 10.4,
    'inlet/1 voltage.rms': 118.7,
    'inlet/1 state.breaker': 'closed',
    'branch/1 current.rms': 5.2,
    'outlet/1 state.outlet': 'on',
    'outlet/2 state.outlet': 'off',
    'sensor/1 temperature': 26.5,
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1 current.rms': { upperCaution: 16 } });
  assertReadings(result.units![0]!, {
    'inlet/1 current.rms': 3.3,
    'branch/1 current.rms': 1.7,
    'outlet/4 state.outlet': 'off',
    'outlet/2-4 state.outlet': 'on',
  });
});

for (const [what, sysObjectId, tree] of [
  ['its own sysObjectID', '1.3.6.1.4.1.2634.6', 3],
  ["net-snmp's sysObjectID", '1.3.6.1.4.1.8072.3.2.10', 3],
  ['the tree of consoles', '1.3.6.1.4.1.2634.6', 1],
] as const)
  test(`WTI with ${what}: currents are tenths, branches of linked units stand apart`, async (t) => {
    const result = await probeOf(t, {
      sysObjectId,
      base: `1.3.6.1.4.1.2634.${tree}`,
      rows: `
        100.200.1.3.1|2|1
        100.200.1.5.1|4|switch
        100.200.1.7.1|2|14
        100.200.1.8.1|2|160
        200.10.1.2.1|4|NPS-8
        200.10.1.3.1|2|31
        200.10.1.4.1|2|42
        200.10.1.5.1|2|119
        200.10.1.6.1|2|480
        200.10.1.8.1|2|0
        200.10.1.4.2|2|7
        200.20.0|2|49
        200.30.0|2|560
        200.60.0|2|49
        200.70.0|2|560
        280.5.0|2|1`,
    });
    assertReadings(result, {
      'unit current.rms': 4.9,
      'unit power.active': 560,
      'unit state.breaker': 'tripped',
      'inlet/A current.rms': 4.9,
      'inlet/A power.active': 560,
      'branch/A current.rms': 4.2,
      'branch/A voltage.rms': 119,
      'branch/A power.active': 480,
      'branch/2-A current.rms': 0.7,
      'outlet/1 state.outlet': 'on',
      'outlet/1 current.rms': 1.4,
      'outlet/1 power.active': 160,
      'sensor/unit-1 temperature': 31,
    });
    assert.equal(result.identity.model, 'NPS-8');
  });

test('iPoMan II: power is where the MIB says W/H, energy where it says KW/H', async (t) => {
  const result = await probeOf(t, {
    sysObjectId: '1.3.6.1.4.1.2468.1.4.2.1',
    base: '1.3.6.1.4.1.2468.1.4.2.1',
    rows: `
      1.2.0|4|iPoMan II-1201
      1.3.0|4|iPoMan II v1.06 (SN 2468)
      3.1.2.1.7.1|2|160
      3.1.3.1.2.1|2|2304
      3.1.3.1.3.1|2|1873
      3.1.3.1.4.1|2|500
      3.1.3.1.5.1|2|12
      3.1.3.1.6.1|2|4210
      3.2.2.1.2.3|4|switch
      3.2.3.1.2.3|2|3
      3.2.3.1.3.3|2|152
      3.2.3.1.4.3|2|987
      3.2.3.1.5.3|2|344
      5.1.1.2.0|2|243
      5.1.1.3.0|2|415`,
  });
  assert.deepEqual([result.identity.serial, result.identity.firmware], ['2468', '1.06']);
  assertReadings(result, {
    'inlet/1 voltage.rms': 230.4,
    'inlet/1 current.rms': 1.873,
    'inlet/1 frequency': 50,
    'inlet/1 energy.active': 1200,
    'inlet/1 power.active': 421,
    'outlet/3 state.outlet': 'on',
    'outlet/3 current.rms': 0.152,
    'outlet/3 energy.active': 987,
    'outlet/3 power.active': 34.4,
    'sensor/1 temperature': 24.3,
    'sensor/1 humidity.relative': 41.5,
  });
  assert.deepEqual(limitsOf(result), { 'inlet/1 current.rms': { upperCritical: 16 } });
  assert.deepEqual(labelsOf(result), { 'outlet/3': 'switch' });
  assert.deepEqual(switchableOf(result), ['outlet/3']);
});
