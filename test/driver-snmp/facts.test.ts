import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProfile } from '@rackwatt/device-profiles';
import { agentOf, driverFor, probed, raritan, system } from './support.js';

const R = '1.3.6.1.4.1.13742.6';
const A = '1.3.6.1.4.1.318.1.1.26';
const M = '1.3.6.1.4.1.534.6.6.7';

const good = (value: number | string, unit: string): object => ({ value, unit, quality: 'good' });

test('a Raritan value is divided by its own decimal digits, never by those of another', async (t) => {
  const lines = raritan(2).replace(`${R}.3.5.4.1.7.1.2.1|66|3`, `${R}.3.5.4.1.7.1.2.1|66|2`);
  const agent = await agentOf(t, lines);
  const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(values.get('outlet/1 current.rms'), good(1.001, 'A'));
  assert.deepEqual(values.get('outlet/2 current.rms'), good(10.02, 'A'));
  assert.deepEqual(values.get('outlet/2 power.active'), good(202, 'W'));
  assert.deepEqual(values.get('outlet/1 state.outlet'), good('on', '1'));
});

test('a Raritan sensor that is not available has no value', async (t) => {
  const lines = raritan(3)
    .replace(`${R}.5.4.3.1.3.1.1.1|2|4`, `${R}.5.4.3.1.3.1.1.1|2|-1`)
    .replace(`${R}.5.4.3.1.2.1.2.1|2|1`, `${R}.5.4.3.1.2.1.2.1|2|2`)
    .replace(`${R}.5.4.3.1.3.1.3.14|2|7`, `${R}.5.4.3.1.3.1.3.14|2|8`);
  const agent = await agentOf(t, lines);
  const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
  const none = { value: null, unit: 'A', quality: 'bad|sensor-fault' };
  assert.deepEqual(values.get('outlet/1 current.rms'), none, 'state unavailable');
  assert.deepEqual(values.get('outlet/2 current.rms'), none, 'isAvailable false');
  assert.deepEqual(values.get('outlet/3 current.rms'), good(1.003, 'A'));
  assert.deepEqual(values.get('outlet/3 state.outlet'), good('off', '1'));
});

test('poles of a Raritan inlet are phases, the neutral a line, and their voltages keep their basis', async (t) => {
  let lines = `${system(R)}${R}.3.2.1.1.3.1|4|PX3\n`;
  for (const [pole, line] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ]) {
    lines += `${R}.3.3.5.1.1.1.1.${pole}|2|${line}\n`;
    for (const [type, digits, value] of [
      [1, 3, 5000 + pole!],
      [4, 0, 400 + pole!],
      [25, 0, 230 + pole!],
    ]) {
      if (pole === 4 && type !== 1) continue;
      lines += `${R}.3.3.6.1.7.1.1.${pole}.${type}|66|${digits}\n${R}.5.2.4.1.4.1.1.${pole}.${type}|66|${value}\n${R}.5.2.4.1.3.1.1.${pole}.${type}|2|4\n`;
    }
  }
  const agent = await agentOf(t, lines);
  const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(values.get('inlet/1/phase/L2 current.rms'), good(5.002, 'A'));
  assert.deepEqual(values.get('inlet/1/line/N current.rms'), good(5.004, 'A'));
  assert.deepEqual(values.get('inlet/1/phase/L3 voltage.rms'), { ...good(233, 'V'), basis: 'LN' });
  assert.deepEqual(values.get('inlet/1/pair/L3-L1 voltage.rms'), { ...good(403, 'V'), basis: 'LL' });
});

test('sensors in degrees Fahrenheit read in Celsius', async (t) => {
  const raritanSensor = `${system(R)}${R}.3.2.1.1.3.1|4|PX3\n${R}.3.6.3.1.2.1.5|2|10\n${R}.3.6.3.1.16.1.5|2|14\n${R}.3.6.3.1.17.1.5|66|1\n${R}.5.5.3.1.3.1.5|2|4\n${R}.5.5.3.1.4.1.5|2|680\n`;
  const eatonSensor = `${system(M)}${M}.1.2.1.3.0|4|EMA\n${M}.1.2.1.9.0|2|1\n${M}.7.1.1.3.0.1|2|1\n${M}.7.1.1.4.0.1|2|770\n${M}.7.2.1.3.0.1|2|1\n${M}.7.2.1.4.0.1|2|455\n${M}.7.1.1.3.0.2|2|0\n${M}.7.1.1.4.0.2|2|0\n`;
  const driver = driverFor(t);
  const px = probed(await driver.probe({ address: (await agentOf(t, raritanSensor)).address, profile: 'auto' }));
  assert.deepEqual(px.get('sensor/5 temperature'), good(20, 'Cel'));
  const epdu = probed(await driver.probe({ address: (await agentOf(t, eatonSensor)).address, profile: 'auto' }));
  assert.deepEqual(
    [...epdu],
    [
      ['sensor/1 temperature', good(25, 'Cel')],
      ['sensor/1 humidity.relative', good(45.5, '%')],
    ],
    'no probe in socket 2',
  );
});

test('units of an APC group are told apart by their module, outlets by their number', async (t) => {
  let lines = system('1.3.6.1.4.1.318.1.3.4.6');
  for (const [row, module, outlet, watts] of [
    [1, 1, 1, 11],
    [2, 1, 2, 12],
    [3, 2, 1, 21],
  ]) {
    lines += `${A}.9.4.3.1.2.${row}|2|${module}\n${A}.9.4.3.1.4.${row}|2|${outlet}\n${A}.9.4.3.1.7.${row}|2|${watts}\n`;
    lines += `${A}.9.2.3.1.2.${row}|2|${module}\n${A}.9.2.3.1.4.${row}|2|${outlet}\n${A}.9.2.3.1.5.${row}|2|1\n`;
  }
  for (const module of [1, 2])
    lines += `${A}.2.1.2.${module}|2|${module}\n${A}.2.1.8.${module}|4|AP86${module}\n${A}.2.1.9.${module}|4|SER${module}\n`;
  const agent = await agentOf(t, lines);
  const driver = driverFor(t);
  const host = await driver.probe({ address: agent.address, profile: 'auto' });
  assert.equal(host.identity.serial, 'SER1');
  assert.deepEqual(
    [...probed(host).keys()],
    ['outlet/1 power.active', 'outlet/1 state.outlet', 'outlet/2 power.active', 'outlet/2 state.outlet'],
  );
  const guest = await driver.probe({ address: `${agent.address}/2`, profile: 'auto' });
  assert.equal(guest.identity.serial, 'SER2');
  assert.deepEqual(probed(guest).get('outlet/1 power.active'), good(21, 'W'));
  assert.equal(guest.points.length, 2);
  await assert.rejects(driver.probe({ address: `${agent.address}/7`, profile: 'auto' }), {
    code: 'DEVICE_ADDRESS_INVALID',
    message: /no unit 7 .* has 1, 2/,
  });
});

test('an attribute that the device does not tell is what the profile says instead', async (t) => {
  const base = '1.3.6.1.4.1.99999';
  const profile = loadProfile({
    name: 'acme',
    title: 'Acme',
    vendor: 'Acme',
    source: 'ACME-MIB',
    evidence: 'facts',
    base,
    recognise: [{ sysObjectId: [base] }],
    identity: { attributes: { unit: { oid: '1.{row}', otherwise: 1 } }, model: ['2.{row}', '3.0'] },
    parts: [
      {
        part: 'outlet/{outlet}',
        attributes: {
          unit: { oid: '4.{row}', otherwise: 1 },
          outlet: { oid: '5.{row}', otherwise: 'row' },
          kind: { oid: '6.{row}', otherwise: 2 },
        },
        when: { kind: [2] },
        points: [{ metric: 'power.active', oid: '7.{row}' }],
      },
      { part: 'inlet/1', attributes: { unit: { value: 1 } }, points: [{ metric: 'power.active', oid: '8.0' }] },
    ],
  });
  const driver = driverFor(t, { profiles: [profile] });
  const bare = `${system(base)}${base}.3.0|4|ACME-1\n${base}.7.3|2|30\n${base}.8.0|2|100\n`;
  const one = await driver.probe({ address: (await agentOf(t, bare)).address, profile: 'auto' });
  assert.equal(one.identity.model, 'ACME-1');
  assert.deepEqual(
    [...probed(one)],
    [
      ['inlet/1 power.active', good(100, 'W')],
      ['outlet/3 power.active', good(30, 'W')],
    ],
  );
  const whole = `${bare}${base}.1.1|2|1\n${base}.1.2|2|2\n${base}.4.3|2|2\n${base}.5.3|2|7\n${base}.6.4|2|1\n${base}.7.4|2|40\n`;
  const { address } = await agentOf(t, whole);
  assert.deepEqual([...probed(await driver.probe({ address, profile: 'auto' })).keys()], ['inlet/1 power.active']);
  assert.deepEqual(
    [...probed(await driver.probe({ address: `${address}/2`, profile: 'auto' }))],
    [['outlet/7 power.active', good(30, 'W')]],
    'what has a unit, a number and a kind of its own keeps them',
  );
});

test('a device without a nameplate is read all the same', async (t) => {
  const driver = driverFor(t);
  const px = raritan(1)
    .split('\n')
    .filter((line) => !line.includes('.13742.6.3.2.1.'));
  const nameless = await driver.probe({ address: (await agentOf(t, px.join('\n'))).address, profile: 'auto' });
  assert.deepEqual(nameless.identity, { vendor: 'Raritan', profile: 'raritan-px' });
  assert.equal(nameless.points.length, 4);
  let lines = system('1.3.6.1.4.1.318.1.3.4.6', 'APC (MN:AP8641 HR:02 SN: 5A28 MD:04/16/2019)');
  for (const [row, module] of [
    [1, 1],
    [2, 2],
  ])
    lines += `${A}.9.4.3.1.2.${row}|2|${module}\n${A}.9.4.3.1.4.${row}|2|1\n${A}.9.4.3.1.7.${row}|2|${row}\n`;
  const apc = await driver.probe({ address: (await agentOf(t, lines)).address, profile: 'auto' });
  assert.deepEqual(apc.identity, { vendor: 'APC', model: 'AP8641', serial: '5A28', profile: 'apc-rpdu2' });
  assert.deepEqual([...probed(apc)], [['outlet/1 power.active', good(1, 'W')]]);
});

test('an Eaton chain counts its units from 0', async (t) => {
  let lines = system(M);
  for (const unit of [0, 1])
    lines += `${M}.1.2.1.3.${unit}|4|EMA\n${M}.1.2.1.4.${unit}|4|SER${unit}\n${M}.6.5.1.3.${unit}.1|2|${100 + unit}\n${M}.6.5.1.6.${unit}.1|2|-946\n`;
  const agent = await agentOf(t, lines);
  const driver = driverFor(t);
  const first = await driver.probe({ address: agent.address, profile: 'auto' });
  assert.equal(first.identity.serial, 'SER0');
  assert.deepEqual(
    [...probed(first)],
    [
      ['outlet/1 power.active', good(100, 'W')],
      ['outlet/1 power.factor', good(0.946, '1')],
    ],
  );
  const second = await driver.probe({ address: `${agent.address}/1`, profile: 'auto' });
  assert.deepEqual(probed(second).get('outlet/1 power.active'), good(101, 'W'));
});

test('Eaton input currents and voltages go to their lines, groups that are breakers to branches', async (t) => {
  let lines = `${system(M)}${M}.1.2.1.3.0|4|EMA\n`;
  for (const [row, type, milliamps] of [
    [1, 3, 1000],
    [2, 4, 2000],
    [3, 5, 3000],
    [4, 2, 40],
  ])
    lines += `${M}.3.3.1.2.0.1.${row}|2|${type}\n${M}.3.3.1.4.0.1.${row}|2|${milliamps}\n`;
  for (const [row, type, millivolts] of [
    [1, 5, 400100],
    [2, 2, 230200],
    [3, 3, -1],
  ])
    lines += `${M}.3.2.1.2.0.1.${row}|2|${type}\n${M}.3.2.1.3.0.1.${row}|2|${millivolts}\n`;
  for (const [group, kind] of [
    [1, 1],
    [2, 4],
  ])
    lines += `${M}.5.1.1.4.0.${group}|2|${kind}\n${M}.5.1.1.5.0.${group}|2|2\n${M}.5.4.1.3.0.${group}|2|500\n`;
  const agent = await agentOf(t, lines);
  const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(
    [...values.keys()],
    [
      'inlet/1/line/N current.rms',
      'inlet/1/pair/L1-L2 voltage.rms',
      'inlet/1/phase/L1 current.rms',
      'inlet/1/phase/L1 voltage.rms',
      'inlet/1/phase/L2 current.rms',
      'inlet/1/phase/L3 current.rms',
      'branch/1 current.rms',
      'branch/1 state.breaker',
    ],
  );
  assert.deepEqual(values.get('inlet/1/phase/L3 current.rms'), good(3, 'A'));
  assert.deepEqual(values.get('inlet/1/pair/L1-L2 voltage.rms'), { ...good(400.1, 'V'), basis: 'LL' });
  assert.deepEqual(values.get('inlet/1/phase/L1 voltage.rms'), { ...good(230.2, 'V'), basis: 'LN' });
  assert.deepEqual(values.get('branch/1 state.breaker'), good('open', '1'));
});

test('text where a number belongs counts when it is a plain number', async (t) => {
  const lines = raritan(4)
    .replace(`${R}.5.4.3.1.4.1.1.5|66|201`, `${R}.5.4.3.1.4.1.1.5|4| 232.6 `)
    .replace(`${R}.5.4.3.1.4.1.2.5|66|202`, `${R}.5.4.3.1.4.1.2.5|4|not-support`)
    .replace(`${R}.5.4.3.1.4.1.3.5|66|203`, `${R}.5.4.3.1.4.1.3.5|70|4294967301`)
    .replace(`${R}.5.4.3.1.4.1.4.5|66|204`, `${R}.5.4.3.1.4.1.4.5|4|0.2kW`);
  const agent = await agentOf(t, lines);
  const values = probed(await driverFor(t).probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(values.get('outlet/1 power.active'), good(232.6, 'W'));
  assert.deepEqual(values.get('outlet/2 power.active'), { value: null, unit: 'W', quality: 'bad' });
  assert.deepEqual(values.get('outlet/3 power.active'), good(4294967301, 'W'));
  const unitThatNobodyNamed = { value: null, unit: 'W', quality: 'bad' };
  assert.deepEqual(values.get('outlet/4 power.active'), unitThatNobodyNamed);
});

test('sysObjectID is compared by whole arcs, and the unknown is named', async (t) => {
  const agent = await agentOf(t, raritan().replace(`|6|${R}\n`, '|6|1.3.6.1.4.1.13742.60\n'));
  const driver = driverFor(t);
  await assert.rejects(driver.probe({ address: agent.address, profile: 'auto' }), {
    code: 'DEVICE_NOT_RECOGNISED',
    message: /is 1\.3\.6\.1\.4\.1\.13742\.60 \("a PDU"\), which no profile reads/,
  });
  const named = await driver.probe({ address: agent.address, profile: 'raritan-px' });
  assert.equal(named.identity.model, 'PX3-TEST');
  await assert.rejects(driver.probe({ address: agent.address, profile: 'acme' }), {
    code: 'DEVICE_NOT_RECOGNISED',
    message: /no profile 'acme'/,
  });
});

test('a device that hides its tree is told from one that has none', async (t) => {
  const agent = await agentOf(t, system(R));
  await assert.rejects(driverFor(t).probe({ address: agent.address, profile: 'auto' }), {
    code: 'DEVICE_REFUSED',
    message: /let this community or user see/,
  });
});

test('SNMPv1 reads the same as v2c, also where columns are missing', async (t) => {
  const agent = await agentOf(t, raritan(3));
  const driver = driverFor(t);
  const v2 = await driver.probe({ address: agent.address, profile: 'auto' });
  const v1 = { address: agent.address, profile: 'auto', credentials: { version: '1', community: 'public' } };
  assert.deepEqual(probed(await driver.probe(v1)), probed(v2));
  const open = await driver.open(v1);
  const reading = await driver.read(open.session, { deadline: 2000 });
  assert.deepEqual(reading.values, v2.reading.values);
});

test('an explanation names the object, its raw value and where the factor stands', async (t) => {
  const agent = await agentOf(t, raritan(1));
  const { explain, points } = await driverFor(t).probe({ address: agent.address, profile: 'auto' }, { explain: true });
  const current = points.findIndex((point) => point.metric === 'current.rms');
  assert.deepEqual(explain![current], {
    point: current,
    source: `${R}.5.4.3.1.4.1.1.1`,
    raw: '1001',
    scale: 0.001,
    scaleSource: `${R}.3.5.4.1.7.1.1.1`,
  });
});
