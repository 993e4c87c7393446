import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { loadProfile } from '@rackwatt/device-profiles';
import type { ProbeResult } from '@rackwatt/telemetry';
import { ObjectTable } from '@rackwatt/simulator';
import { temporaryFolder } from '../support/temporary.js';
import { hostOf, run } from './command.js';
import { agentOf, probed, system, type Value } from './support.js';

const BASE = '1.3.6.1.4.1.99999';

type Document = Record<string, unknown>;

function profile(parts: unknown[], more: Document = {}): Document {
  return {
    name: 'acme',
    title: 'Acme',
    vendor: 'Acme',
    source: 'ACME-MIB',
    evidence: 'facts',
    base: BASE,
    recognise: [{ sysObjectId: [BASE] }],
    identity: {},
    parts,
    ...more,
  };
}

function driverOf(t: TestContext, ...documents: Document[]): SnmpDriver {
  const driver = new SnmpDriver({ timeout: 400, retries: 1, profiles: documents.map((each) => loadProfile(each)) });
  t.after(() => driver.closeAll());
  return driver;
}

/** Lines below the base, `OID|TYPE|VALUE`. */
const below = (...lines: string[]): string => lines.map((line) => `${BASE}.${line}\n`).join('');

async function probe(t: TestContext, document: Document, lines: string, name = BASE): Promise<ProbeResult> {
  const agent = await agentOf(t, system(name) + lines);
  return driverOf(t, document).probe({ address: agent.address, profile: 'auto' }, { explain: true });
}

const good = (value: number | string, unit: string): Value => ({ value, unit, quality: 'good' });

test('texts with units are numbers, by the factor of the unit; a unit that nobody named is no value', async (t) => {
  const kinds = { units: { kW: 1000, W: 1 }, noValue: ['-'] };
  const document = profile([{ part: 'outlet/{n}', points: [{ metric: 'power.active', oid: '1.{n}', ...kinds }] }]);
  const lines = below('1.1|4|0.061kW', '1.2|4|61 W', '1.3|4|-', '1.4|4|3 BTU/h', '1.5|4|61');
  const result = await probe(t, document, lines);
  const values = probed(result);
  assert.deepEqual(values.get('outlet/1 power.active'), good(61, 'W'));
  assert.deepEqual(values.get('outlet/2 power.active'), good(61, 'W'));
  assert.equal(values.get('outlet/3 power.active'), undefined);
  assert.equal(values.get('outlet/4 power.active')!.quality, 'bad');
  assert.equal(values.get('outlet/5 power.active')!.quality, 'bad');
  assert.equal(result.explain![0]!.raw, '"0.061kW"');
});

test('a device that changes the unit of its text is followed', async (t) => {
  const point = { metric: 'power.active', oid: '1.0', units: { kW: 1000, W: 1 } };
  const table = new ObjectTable();
  const agent = await agentOf(t, `${system(BASE)}${below('1.0|4|0.999kW')}`, {}, table);
  const driver = driverOf(t, profile([{ part: 'inlet/1', points: [point] }]));
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const read = async (): Promise<number> => (await driver.read(open.session, { deadline: 2000 })).values[0]!;
  assert.equal(await read(), 999);
  table.set(`${BASE}.1.0`, { type: 4, value: '987W' });
  assert.equal(await read(), 987);
  table.set(`${BASE}.1.0`, { type: 4, value: 'overflow' });
  assert.ok(Number.isNaN(await read()));
});

test('one object that is a list is a part for each of its items, and is switched as a whole list', async (t) => {
  const document = profile([
    {
      part: 'outlet/{item}',
      points: [
        { metric: 'state.outlet', oid: '13.0', list: ',', states: { 1: 'on', 0: 'off', '-2': 'fault' }, noValue: [-1] },
      ],
      switch: { on: { oid: '13.0', value: 1, list: ',' }, off: { oid: '13.0', value: 0, list: ',' } },
    },
  ]);
  const written: string[] = [];
  const agent = await agentOf(t, `${system(BASE)}${below('13.0|4|1,0,-1,-2')}`, {
    write: (oid, { value }) => ({ commit: () => void written.push(`${oid} ${String(value)}`) }),
  });
  const driver = driverOf(t, document);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const values = probed(await driver.probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(
    [...values].map(([key, { value }]) => [key, value]),
    [
      ['outlet/1 state.outlet', 'on'],
      ['outlet/2 state.outlet', 'off'],
      ['outlet/4 state.outlet', 'fault'],
    ],
  );
  await driver.switchOutlet(open.session, 'outlet/2', 'on');
  assert.deepEqual(written, [`${BASE}.13.0 1,1,-1,-2`]);
});

test('what unlocks an outlet is written before it is switched, and texts as texts', async (t) => {
  const write = (value: string): object => ({ oid: '3.{n}', value, first: [{ oid: '4.{n}', value: 1 }] });
  const document = profile([
    {
      part: 'outlet/{n}',
      points: [{ metric: 'state.outlet', oid: '2.{n}', states: { Closed: 'on', Open: 'off', 3: 'unknown' } }],
      switch: { on: write('on'), off: write('off') },
    },
  ]);
  const written: string[] = [];
  const agent = await agentOf(t, `${system(BASE)}${below('2.1|4|Closed', '2.2|4|Open', '2.3|2|3', '2.4|4|Ajar')}`, {
    write: (oid, { type, value }) => ({ commit: () => void written.push(`${oid} ${type} ${String(value)}`) }),
  });
  const driver = driverOf(t, document);
  const open = await driver.open({ address: agent.address, profile: 'auto' });
  const values = probed(await driver.probe({ address: agent.address, profile: 'auto' }));
  assert.deepEqual(
    [1, 2, 3].map((n) => values.get(`outlet/${n} state.outlet`)!.value),
    ['on', 'off', 'unknown'],
  );
  assert.notEqual(values.get('outlet/4 state.outlet')!.quality, 'good');
  await driver.switchOutlet(open.session, 'outlet/2', 'on');
  assert.deepEqual(written, [`${BASE}.4.2 2 1`, `${BASE}.3.2 4 on`]);
});

test('the factor may stand in other objects: exponent, signed factor, words of a unit', async (t) => {
  const from = (as: string, words?: object): object => ({
    scaleFrom: [{ oid: '2.{n}', as, ...(words ? { words } : {}) }],
  });
  const point = (metric: string, more: object): object => ({ metric, oid: '1.{n}', ...more });
  const document = profile([
    { part: 'outlet/{n}', when: { n: [1, 2] }, points: [point('power.active', from('exponent'))] },
    { part: 'outlet/{n}', when: { n: [3, 4, 5] }, points: [point('power.active', from('factor'))] },
    { part: 'outlet/{n}', when: { n: [6, 7] }, points: [point('power.active', from('words', { kW: 1000, W: 1 }))] },
  ]);
  const lines = below(
    '1.1|2|1234',
    '1.2|2|12',
    '1.3|2|1234',
    '1.4|2|12',
    '1.5|2|7',
    '1.6|2|3',
    '1.7|2|3',
    '2.1|2|-1',
    '2.2|2|2',
    '2.3|2|-100',
    '2.4|2|5',
    '2.5|2|0',
    '2.6|4|kW',
    '2.7|4|hp',
  );
  const values = probed(await probe(t, document, lines));
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((n) => values.get(`outlet/${n} power.active`)?.value),
    [123.4, 1200, 12.34, 60, 7, 3000, undefined],
  );
});

test('rows may be told by their names, and parts by what stands in them', async (t) => {
  const document = profile([
    {
      part: 'inlet/1/phase/L{phase}',
      attributes: { name: { oid: '3.{d}.{v}' } },
      points: [
        {
          metric: 'voltage.rms',
          oid: '11.{d}.{v}',
          scale: 0.1,
          when: { name: '^Phase L(?<phase>[123])\\.Voltage\\.Value$' },
        },
        {
          metric: 'voltage.rms',
          threshold: 'upperCritical',
          oid: '11.{d}.{v}',
          scale: 0.1,
          when: { name: '^Phase L(?<phase>[123])\\.Voltage\\.SetPtHighAlarm$' },
        },
      ],
    },
  ]);
  const lines = below(
    '3.2.5|4|Phase L1.Voltage.Value',
    '3.2.6|4|Phase L1.Voltage.SetPtHighAlarm',
    '3.2.7|4|Phase L2.Voltage.Value',
    '3.2.8|4|Phase L4.Voltage.Value',
    '11.2.5|2|2301',
    '11.2.6|2|2530',
    '11.2.7|2|2310',
    '11.2.8|2|1',
  );
  const result = await probe(t, document, lines);
  assert.deepEqual(
    [...probed(result)],
    [
      ['inlet/1/phase/L1 voltage.rms', good(230.1, 'V')],
      ['inlet/1/phase/L2 voltage.rms', good(231, 'V')],
    ],
  );
  assert.deepEqual(result.points[0]!.thresholds, { upperCritical: 253 });
  assert.equal(result.points[1]!.thresholds, undefined);
});

test('limits of a point are scaled as its value, or by their own; those out of force are left out', async (t) => {
  const thresholds = {
    lowerCaution: { oid: '3.{n}', enabled: { oid: '9.{n}', bit: 1 } },
    upperCaution: { oid: '4.{n}', enabled: { oid: '9.{n}', bit: 2 } },
    upperCritical: { oid: '5.{n}', scale: 1, noValue: [0] },
  };
  const point = { metric: 'current.rms', oid: '1.{n}', scaleFrom: [{ oid: '2.{n}', as: 'decimals' }], thresholds };
  const lines = below(
    '1.1|2|1500',
    '1.2|2|900',
    '2.1|2|3',
    '2.2|2|3',
    '3.1|2|100',
    '4.1|2|12800',
    '5.1|2|16',
    '5.2|2|0',
    '9.1|4x|20',
  );
  const { points } = await probe(t, profile([{ part: 'branch/{n}', points: [point] }]), lines);
  assert.deepEqual(points[0]!.thresholds, { upperCaution: 12.8, upperCritical: 16 });
  assert.equal(points[1]!.thresholds, undefined);
});

test('an index may hold several arcs, words may stand for arcs, and arcs may count from elsewhere', async (t) => {
  const document = profile([
    {
      part: 'outlet/{cord}{outlet}',
      attributes: { cord: { arc: 'cord', words: { 1: '', 2: '2-' } } },
      points: [{ metric: 'power.active', oid: '1.{cord}.{outlet}.{mac*}' }],
    },
    { part: 'sensor/{n}', points: [{ metric: 'temperature', oid: '2.{n+1}.0' }] },
  ]);
  const lines = below('1.1.5.3.48.49|2|15', '1.2.5.3.48.49|2|25', '1.3.5.3.48.49|2|35', '2.2.0|2|21', '2.3.0|2|22');
  const values = probed(await probe(t, document, lines));
  assert.deepEqual(
    [...values].map(([key, { value }]) => [key, value]),
    [
      ['outlet/2-5 power.active', 25],
      ['outlet/5 power.active', 15],
      ['sensor/1 temperature', 21],
      ['sensor/2 temperature', 22],
    ],
  );
});

test('a tree may stand below an arc of sysObjectID, and a twin of another maker elsewhere', async (t) => {
  const document = profile([{ part: 'outlet/{n}', points: [{ metric: 'power.active', oid: '1.{n}' }] }], {
    base: `${BASE}.{model}`,
    recognise: [
      { sysObjectId: [`${BASE}.{model}`] },
      { sysObjectId: ['1.3.6.1.4.1.99998'], exact: true, base: '1.3.6.1.4.1.99998.7', vendor: 'Twin' },
    ],
  });
  const own = await probe(t, document, below('43.1.1|2|11'), `${BASE}.43`);
  assert.equal(probed(own).get('outlet/1 power.active')!.value, 11);
  assert.equal(own.identity.vendor, 'Acme');
  const twin = await probe(t, document, '1.3.6.1.4.1.99998.7.1.1|2|12\n', '1.3.6.1.4.1.99998');
  assert.equal(probed(twin).get('outlet/1 power.active')!.value, 12);
  assert.equal(twin.identity.vendor, 'Twin');
  await assert.rejects(probe(t, document, '1.3.6.1.4.1.99998.7.1.1|2|12\n', '1.3.6.1.4.1.99998.1'), {
    code: 'DEVICE_NOT_RECOGNISED',
  });
});

test('a device is told by what it holds where its sysObjectID says nothing, and by a fallback at last', async (t) => {
  const power = (oid: string): unknown[] => [{ part: 'inlet/1', points: [{ metric: 'power.active', oid }] }];
  const byProbe = profile(power('1.0'), {
    name: 'by-probe',
    recognise: [{ sysObjectId: ['none'], probe: [{ oid: `${BASE}.9.0`, values: [1] }] }],
  });
  const byTree = profile(power('2.0'), { name: 'by-tree', recognise: [{ sysDescr: 'Linux', probe: [`${BASE}.2`] }] });
  const last = profile(power('3.0'), { name: 'last', fallback: true, recognise: [{ probe: [`${BASE}.3`] }] });
  const empty = profile(power('77.0'), { name: 'empty' });
  const all = [last, byTree, byProbe, empty];
  const identify = async (name: string, descr: string, ...lines: string[]): Promise<string | undefined> => {
    const agent = await agentOf(t, system(name, descr) + below(...lines));
    return (await driverOf(t, ...all).probe({ address: agent.address, profile: 'auto' })).identity.profile;
  };
  const everything = ['1.0|2|1', '2.0|2|2', '3.0|2|3'];
  assert.equal(await identify('0.0', 'Linux pdu', ...everything, '9.0|2|1'), 'by-probe');
  assert.equal(await identify('0.0', 'Linux pdu', ...everything, '9.0|2|2'), 'by-tree');
  assert.equal(await identify('1.3.6.1.4.1.8072.3.2.10', 'BSD pdu', ...everything), 'last');
  assert.equal(await identify(BASE, 'Linux pdu', ...everything), 'by-tree', 'the one of its sysObjectID finds nothing');
});

test('what no profile reads says what it is and which trees it shows', async (t) => {
  const lines = `${system('1.3.6.1.4.1.77777.1', 'Some box')}1.3.6.1.4.1.77777.2.1.1.0|2|1\n1.3.6.1.4.1.77777.2.1.9.0|2|1\n1.3.6.1.4.1.88888.1.3.1.0|2|1\n`;
  const agent = await agentOf(t, lines);
  await assert.rejects(driverOf(t).probe({ address: agent.address, profile: 'auto' }), {
    code: 'DEVICE_NOT_RECOGNISED',
    message:
      /77777\.1 \("Some box"\), which no profile reads; it shows objects under 1\.3\.6\.1\.4\.1\.77777\.2\.1, 1\.3\.6\.1\.4\.1\.88888\.1\.3: name one/,
  });
});

test('all units of a chain are probed, and one when the address names it', async (t) => {
  const document = profile([{ part: 'outlet/{n}', points: [{ metric: 'power.active', oid: '1.{unit}.{n}' }] }], {
    identity: { serial: ['5.{unit}'] },
  });
  const agent = await agentOf(t, system(BASE) + below('1.0.1|2|1', '1.3.1|2|31', '1.3.2|2|32', '5.3|4|S3', '5.7|4|S7'));
  const driver = driverOf(t, document);
  const { unit, identity, units = [], ...first } = await driver.probe({ address: agent.address, profile: 'auto' });
  assert.deepEqual([unit, identity.serial, first.points.length], [0, undefined, 1]);
  assert.deepEqual(
    units.map((each) => [each.unit, each.identity.serial, each.points.length]),
    [[3, 'S3', 2]],
    'unit 7 tells its serial, but measures nothing',
  );
  const third = await driver.probe({ address: `${agent.address}/3`, profile: 'auto' });
  assert.equal(third.units, undefined);
  assert.equal(probed(third).get('outlet/2 power.active')!.value, 32);
});

test("a profile of one's own is a file: linted, probed with, and in place of one that came with Rackwatt", async (t) => {
  const file = join(temporaryFolder(t), 'acme.json');
  const document = profile([{ part: 'inlet/1', points: [{ metric: 'power.active', oid: '1.0' }] }]);
  writeFileSync(file, JSON.stringify(document));
  const agent = await agentOf(t, `${system('1.3.6.1.4.1.42')}${below('1.0|2|7')}`);
  assert.deepEqual(await run('profile lint', file, {}), { status: 0, stdout: `${file}: right\n`, stderr: '' });
  const { stdout } = await run('probe', hostOf(agent.address), { profile: file, json: true });
  assert.equal((JSON.parse(stdout) as { readings: { value: number }[] }).readings[0]!.value, 7);

  writeFileSync(file, JSON.stringify({ ...document, base: '.1', evidence: 'rumour' }));
  const wrong = await run('profile lint', file, {});
  assert.equal(wrong.status, 1);
  assert.match(wrong.stdout, /acme\.json: error: \/evidence: .*: recording, facts$/m);
  assert.match(wrong.stdout, /acme\.json: error: \/base: must match pattern/);
});
