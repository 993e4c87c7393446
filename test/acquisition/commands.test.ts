import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandInput } from 'rackwatt';
import { device, type Node, outlet, run } from './command.js';

test('device add writes just what was said', async () => {
  const options = {
    address: 'snmp://192.0.2.7',
    interval: '30 s',
    retries: '2',
    credentialsSecret: 'rack1',
    rack: 'R1',
    feed: 'A',
  };
  const { edits, stdout } = await run(device, ['add', 'rack1-a'], options, { secrets: ['rack1'] });
  assert.deepEqual(edits, [
    {
      path: ['configurations', 'rackwatt.device~rack1-a'],
      value: {
        address: 'snmp://192.0.2.7',
        credentials: { $secret: 'rack1' },
        interval: '30 s',
        retries: 2,
        location: { rack: 'R1', feed: 'A' },
      },
    },
  ]);
  assert.equal(stdout, 'added rack1-a (snmp://192.0.2.7)\n');
});

test('device add says what is wrong', async () => {
  const there = { configurations: { 'rackwatt.device~a': {} } };
  const address = 'snmp://192.0.2.7';
  for (const [name, options, node, code, message] of [
    ['a', { address }, there, 'DEVICE_EXISTS', /"a" is there already/],
    ['a b', { address }, {}, 'DEVICE_NAME_INVALID', /"a b" cannot name a device/],
    ['b', {}, {}, 'DEVICE_SETTINGS_INVALID', /has no address/],
    ['b', { address: '192.0.2.7' }, {}, 'DEVICE_SETTINGS_INVALID', /"192\.0\.2\.7" is no address/],
    ['b', { address, interval: 'often' }, {}, 'DURATION_INVALID', /"often" is no duration/],
    ['b', { address, interval: '1 ms' }, {}, 'DEVICE_SETTINGS_INVALID', /outside "100 ms"/],
    ['b', { address, credentialsSecret: 'x' }, {}, 'DEVICE_SETTINGS_INVALID', /no secret "x"/],
    [
      'b',
      { address },
      { refuse: 'profile is unknown' },
      'DEVICE_CONFIGURATION_REFUSED',
      /line 3, column 7: profile is unknown/,
    ],
  ] as [string, CommandInput['options'], Node, string, RegExp][])
    await assert.rejects(run(device, ['add', name], options, node), { code, message });
});

test('device list shows the configured devices with their state', async () => {
  const configurations = {
    'rackwatt.device~a': { address: 'snmp://192.0.2.7', location: { rack: 'R1', feed: 'A' } },
    'rackwatt.device~b': { address: 'snmp://192.0.2.8', interval: '1 min', enabled: false },
    'rackwatt.outbox': {},
  };
  const call = () => [
    {
      device: 'a',
      state: 'no-answer',
      detail: 'check it',
      since: 1,
      address: 'snmp://192.0.2.7',
      profile: 'auto',
      interval: 10_000,
      location: {},
    },
  ];
  const { stdout } = await run(device, ['list'], {}, { configurations, call });
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
    [
      ['NAME', 'ADDRESS', 'PROFILE', 'INTERVAL', 'LOCATION', 'STATE'],
      ['a', 'snmp://192.0.2.7', 'auto', '10 s', 'R1 / A', 'no-answer', 'check it'],
      ['b', 'snmp://192.0.2.8', 'auto', '1 min', 'disabled'],
    ],
  );
  const json = JSON.parse((await run(device, ['list'], { json: true }, { configurations, call })).stdout) as Record<
    string,
    unknown
  >[];
  assert.deepEqual(
    json.map(({ name, state, interval }) => ({ name, state, interval })),
    [
      { name: 'a', state: 'no-answer', interval: '10 s' },
      { name: 'b', state: undefined, interval: '1 min' },
    ],
  );
  const stopped = await run(device, ['list'], {}, { configurations });
  assert.match(stopped.stdout, /\(no node runs\)/);
});

test('device remove', async () => {
  const configurations = { 'rackwatt.device~a': {} };
  assert.deepEqual((await run(device, ['remove', 'a'], {}, { configurations })).edits, [
    { path: ['configurations', 'rackwatt.device~a'] },
  ]);
  await assert.rejects(run(device, ['remove', 'b'], {}, { configurations }), { code: 'DEVICE_UNKNOWN' });
});

test('outlet off asks the running node', async () => {
  const calls: unknown[] = [];
  const call = (method: string, parameters: unknown) => void calls.push([method, parameters]);
  const { stdout } = await run(outlet, ['off', 'a', '3'], {}, { call });
  assert.deepEqual(calls, [['outlet.switch', { device: 'a', part: 'outlet/3', command: 'off' }]]);
  assert.equal(stdout, 'a outlet/3: off\n');
  await assert.rejects(run(outlet, ['on', 'a', '3'], {}), { code: 'NODE_NOT_RUNNING' });
});
