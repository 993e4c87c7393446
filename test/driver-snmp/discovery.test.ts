import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { DiscoveryReport, DiscoveryRequest } from '@rackwatt/telemetry';
import { SnmpDiscovery } from '@rackwatt/driver-snmp';
import { network } from './network.js';
import { raritan, system } from './support.js';

const NO_PDU = system('1.3.6.1.4.1.9999.1', 'a printer');

async function found(t: TestContext, request: DiscoveryRequest): Promise<DiscoveryReport> {
  const discovery = new SnmpDiscovery();
  t.after(() => discovery.close());
  await discovery.start({ timeout: 300, ...request });
  await discovery.finished();
  const report = (await discovery.report())!;
  report.devices.sort((a, b) => (a.address < b.address ? -1 : 1));
  return report;
}

const watt = { user: 'watt', authProtocol: 'sha256', authKey: 'authentic-key' } as const;

test('each host of a network ends as recognised, refused, unknown, silent or without an agent', async (t) => {
  const { port } = await network(t, {
    '127.0.9.1': {},
    '127.0.9.2': { recording: NO_PDU },
    '127.0.9.3': { communities: ['other'], users: [watt] },
    '127.0.9.4': { communities: ['other'] },
    '127.0.9.5': { recording: system('1.3.6.1.4.1.13742.6', 'PX') },
  });
  const { state, hosts, looked, counts, devices } = await found(t, { ranges: [`127.0.9.0/29:${port}`] });
  assert.deepEqual({ state, hosts, looked }, { state: 'finished', hosts: 6, looked: 6 });
  assert.deepEqual(counts, { recognised: 1, refused: 2, unknown: 1, silent: 1, closed: 1, unreachable: 0 });
  const [pdu, printer, engine, hidden] = devices;
  assert.deepEqual(
    { ...pdu },
    {
      address: `snmp://127.0.9.1:${port}`,
      state: 'recognised',
      credentials: 0,
      identity: { vendor: 'Raritan', profile: 'raritan-px', model: 'PX3-TEST', serial: 'SER1' },
    },
  );
  assert.deepEqual(
    { state: printer!.state, sysObjectId: printer!.sysObjectId, sysDescr: printer!.sysDescr },
    { state: 'unknown', sysObjectId: '1.3.6.1.4.1.9999.1', sysDescr: 'a printer' },
  );
  assert.equal(engine!.state, 'refused');
  assert.match(engine!.detail!, /has an SNMPv3 engine but takes none of the communities/);
  assert.equal(hidden!.state, 'refused');
  assert.match(hidden!.detail!, /shows nothing under/);
});

test('credentials are tried in their order, and why a user is refused is what the device says', async (t) => {
  const { port, agents } = await network(t, {
    '127.0.9.1': { communities: ['second'] },
    '127.0.9.2': { communities: ['first', 'second'] },
    '127.0.9.3': { communities: [], users: [watt] },
    '127.0.9.4': { communities: [], users: [{ ...watt, authKey: 'another-key' }] },
    '127.0.9.5': { communities: [], users: [{ ...watt, user: 'someone' }] },
  });
  const { devices } = await found(t, {
    ranges: [`127.0.9.1-5:${port}`],
    credentials: ['first', 'second', { ...watt }],
  });
  assert.deepEqual(
    devices.map(({ state, credentials }) => [state, credentials]),
    [
      ['recognised', 1],
      ['recognised', 0],
      ['recognised', 2],
      ['refused', undefined],
      ['refused', undefined],
    ],
  );
  assert.match(devices[3]!.detail!, /knows the user 'watt' but not this authentication key/);
  assert.match(devices[4]!.detail!, /does not know the SNMPv3 user 'watt'/);
  assert.ok(agents['127.0.9.2']!.statistics.requests > 0);
});

test('a user that comes first is tried before any community is told', async (t) => {
  const { port } = await network(t, { '127.0.9.1': { communities: ['clear'], users: [watt] } });
  const { devices } = await found(t, { ranges: [`127.0.9.1:${port}`], credentials: [{ ...watt }, 'clear'] });
  assert.equal(devices[0]!.credentials, 0);
});

test('no more hosts are begun in a second than the rate says', async (t) => {
  const { port } = await network(t, {});
  const begun = performance.now();
  const { looked } = await found(t, { ranges: [`127.0.9.1-60:${port}`], rate: 50 });
  assert.equal(looked, 60);
  assert.ok(performance.now() - begun > 1000, 'sixty at fifty a second take more than a second');
});

test('what was found before it was cancelled stays, and nothing more is sent', async (t) => {
  const { port, agents } = await network(t, { '127.0.9.1': {}, '127.0.9.200': {} });
  const discovery = new SnmpDiscovery();
  t.after(() => discovery.close());
  const { id } = await discovery.start({ ranges: [`127.0.9.0/24:${port}`], rate: 20 });
  while ((await discovery.report())!.devices.length === 0) await new Promise((done) => setTimeout(done, 20));
  await assert.rejects(discovery.start({ ranges: ['127.0.9.1'] }), { code: 'DISCOVERY_RUNNING' });
  const { state, looked } = await discovery.cancel(id);
  assert.equal(state, 'cancelled');
  assert.ok(looked < 254);
  assert.equal((await discovery.report())!.devices.length, 1);
  assert.equal(agents['127.0.9.200']!.statistics.requests, 0);
  await assert.rejects(discovery.cancel('another'), { code: 'DISCOVERY_UNKNOWN' });
});

test('a host that answers nonsense is no device, and ends no discovery', async (t) => {
  const { port } = await network(t, { '127.0.9.1': { faults: { garbage: true } }, '127.0.9.2': {} });
  const { counts } = await found(t, { ranges: [`127.0.9.1-2:${port}`] });
  assert.deepEqual([counts.recognised, counts.silent], [1, 1]);
});

test('ranges that are no ranges are refused with one sentence, before anything is sent', async (t) => {
  const discovery = new SnmpDiscovery();
  t.after(() => discovery.close());
  for (const [range, message] of [
    ['10.0.0.0/15', /hold 131070 hosts, more than the 65536/],
    ['10.0.0.0/33', /a network is such as/],
    ['10.0.0.256', /cannot be looked through: write/],
    ['10.0.0.9-10.0.0.1', /ends before it begins/],
    ['2001:db8::/64', /IPv6 network is too large/],
    ['10.0.0.1:99999', /a port is a number/],
    ['a b', /write 192\.0\.2\.0\/24/],
  ] as [string, RegExp][])
    await assert.rejects(discovery.start({ ranges: [range] }), { message }, range);
  await assert.rejects(discovery.start({ ranges: ['10.0.0.1'], exclude: ['10.0.0.0/24'] }), /nothing is left/);
  await assert.rejects(discovery.start({ ranges: ['10.0.0.1'], rate: 100_000 }), /rate is a whole number from 1/);
  await assert.rejects(discovery.start({ ranges: ['10.0.0.1'], credentials: [{ user: '' }] }), {
    code: 'DEVICE_CREDENTIALS_INVALID',
  });
  assert.equal(await discovery.report(), undefined);
});

test('each unit of a chain is a device with an address of its own', async (t) => {
  const R = '1.3.6.1.4.1.13742.6';
  let recording = raritan(1);
  for (const [oid, line] of [
    [`${R}.3.2.1.1.3.2`, '4|PX3-LINK'],
    [`${R}.3.2.1.1.4.2`, '4|SER2'],
    [`${R}.3.5.4.1.7.2.1.5`, '66|0'],
    [`${R}.5.4.3.1.2.2.1.5`, '2|1'],
    [`${R}.5.4.3.1.3.2.1.5`, '2|4'],
    [`${R}.5.4.3.1.4.2.1.5`, '66|77'],
  ])
    recording += `${oid}|${line}\n`;
  const { port } = await network(t, { '127.0.9.1': { recording } });
  const { devices } = await found(t, { ranges: [`127.0.9.1:${port}`] });
  assert.deepEqual(
    devices.map(({ address, identity: { serial } }) => [address, serial]),
    [
      [`snmp://127.0.9.1:${port}/1`, 'SER1'],
      [`snmp://127.0.9.1:${port}/2`, 'SER2'],
    ],
  );
});
