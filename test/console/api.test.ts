import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';
import { Quality } from '@rackwatt/telemetry';
import { raw } from '../http/server.js';
import { devices, startNode } from './fake-node.js';

type Json = Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- answers are looked into by assertions

const client = (url: string) => ({
  get: async (path: string) => (await (await fetch(`${url}api/v1${path}`)).json()) as Json,
  send: async (method: string, path: string, body: unknown) => {
    const answer = await fetch(`${url}api/v1${path}`, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return { status: answer.status, json: (await answer.json()) as Json };
  },
});

test('devices come with identity, place, state, age and power at their inlets', async (t) => {
  const { url, store } = await startNode(t);
  const { get } = client(url);
  const { devices: list } = await get('/devices');
  assert.equal(list.length, 4);
  const first = list[0];
  assert.deepEqual(
    [first.id, first.device, first.identity.model, first.location.rack],
    ['APC:r1-a', 'r1-a', 'AP8641', 'R1'],
  );
  assert.equal(first.kW, 2.345);
  assert.equal(first.complete, true);
  assert.equal(first.pid, 'rackwatt.device~r1-a');
  assert.ok(first.age >= 2000 && first.age < 5000);
  const silent = list[3];
  assert.equal(silent.status.state, 'no-answer');
  assert.match(silent.status.detail, /check power/);
  assert.equal(silent.kW, null, 'what is ten minutes old is not power now');
  const reads = store.fullReads;
  await get('/devices');
  assert.equal(store.fullReads, reads, 'listing again asks for the inlets only');
});

test('a device that never answered is listed under its configured name', async (t) => {
  const { url, configuration } = await startNode(t);
  configuration.document.configurations['rackwatt.device~new-one'] = {
    address: 'snmp://192.0.2.99',
    location: { rack: 'R9' },
  };
  const { get } = client(url);
  const view = (await get('/devices')).devices.find((one: Json) => one.id === 'new-one');
  assert.deepEqual([view.lastSample, view.kW, view.status.state, view.location.rack], [null, null, 'connecting', 'R9']);
  assert.deepEqual((await get('/devices/new-one')).values, []);
  assert.equal((await fetch(`${url}api/v1/latest?device=new-one`)).status, 404);
  const live = await fetch(`${url}api/v1/live?device=new-one`);
  assert.equal(live.status, 200, 'its values may come');
  await live.body!.cancel();
  assert.equal((await get('/devices/r1-a')).id, 'APC:r1-a', 'found by its configured name too');
  configuration.document.configurations['rackwatt.device~r1-a']!['enabled'] = false;
  assert.equal((await get('/devices/APC:r1-a')).status.state, 'disabled');
});

test('a device page has parts and values with qualities in words, null where there is none', async (t) => {
  const { url } = await startNode(t);
  const { get } = client(url);
  const device = await get('/devices/APC:r1-a');
  assert.equal(device.parts.find((part: Json) => part.path === 'outlet/3').label, 'srv-r1-03');
  const broken = device.values.find((value: Json) => value.part === 'sensor/2');
  assert.deepEqual([broken.value, broken.quality, broken.level], [null, 'bad|sensor-fault', 'sensor']);
  const state = device.values.find((value: Json) => value.part === 'outlet/7' && value.metric === 'state.outlet');
  assert.deepEqual([state.value, state.state], [null, 'off']);
  const missing = await fetch(`${url}api/v1/devices/nobody`);
  assert.equal(missing.status, 404);
  assert.equal(((await missing.json()) as Json)['code'], 'DEVICE_UNKNOWN');
});

test('racks add up inlets only, by feed, and say who does not count', async (t) => {
  const { url, store } = await startNode(t);
  const { get } = client(url);
  const { racks, total, level } = await get('/racks');
  assert.equal(level, 'inlet');
  assert.deepEqual(
    racks.map((rack: Json) => [rack.rack, Number(rack.kW.toFixed(3)), rack.counted, rack.devices]),
    [
      ['R1', 4.332, 2, 2],
      ['R2', 3.12, 1, 2],
    ],
  );
  assert.deepEqual(racks[0].feeds, { A: 2.345, B: 1.987 });
  assert.deepEqual(racks[1].missing, ['Vertiv:r2-b']);
  assert.deepEqual([Number(total.kW.toFixed(3)), total.counted, total.devices], [7.452, 3, 4]);
  const inlet = store.find('Eaton:r2-a', 'inlet/1', 'power.active');
  store.values.set(inlet.point, { ...inlet, quality: Quality.BAD });
  const after = await get('/racks');
  assert.deepEqual([after['racks'][1].kW, after['racks'][1].counted], [null, 0], 'unknown is null, not zero');
});

test('a series is columns, and peaks survive when it is reduced', async (t) => {
  const { url, store } = await startNode(t);
  const { get } = client(url);
  const { point } = store.find('APC:r1-a', 'inlet/1', 'power.active');
  const full = await get(`/series?point=${point}`);
  assert.ok(full['times'].length > 200);
  assert.equal(full['reduced'], false);
  assert.equal(full['quality'][0], 'good');
  const reduced = await get(`/series?point=${point}&limit=50&from=${full['from']}&to=${full['to']}`);
  assert.ok(reduced['times'].length <= 60, String(reduced['times'].length));
  assert.equal(reduced['reduced'], true);
  assert.equal(Math.max(...reduced['values']), Math.max(...full['values']));
  assert.equal(Math.min(...reduced['values']), Math.min(...full['values']));
  for (const query of [
    'point=x',
    'point=1&from=yesterday',
    'point=1&from=2&to=1',
    '',
    'point=1&limit=0',
    'point=1&more=1',
  ]) {
    assert.equal((await fetch(`${url}api/v1/series?${query}`)).status, 400, query);
  }
});

test('live begins with all values and tells what changes, newest only', async (t) => {
  const { url, store, scope } = await startNode(t);
  const abort = new AbortController();
  const answer = await fetch(`${url}api/v1/live?level=inlet&metric=power.active`, { signal: abort.signal });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const event = async (name: string): Promise<Json> => {
    for (;;) {
      const found = new RegExp(`event: ${name}\\nid: \\d+\\ndata: (.*)\\n\\n`).exec(text);
      if (found) {
        text = text.slice(found.index + found[0].length);
        return JSON.parse(found[1]!) as Json;
      }
      const { value, done } = await reader.read();
      assert.ok(!done, 'the stream goes on');
      text += value;
    }
  };
  assert.equal((await event('snapshot'))['values'].length, 4);
  while (store.readers === 0) await wait(10);
  store.sample('APC:r1-a', { 'inlet/1 power.active': 2000 });
  store.sample('APC:r1-a', { 'inlet/1 power.active': 2500 });
  const { values } = await event('values');
  assert.deepEqual(
    values.map((value: Json) => [value.device, value.part, value.value]),
    [['APC:r1-a', 'inlet/1', 2500]],
  );
  abort.abort();
  await assert.rejects(reader.read());
  for (let tries = 0; tries < 200 && store.readers > 0; tries++) {
    // A reader in memory learns at the next change that nobody wants it any more.
    store.sample('APC:r1-a');
    await wait(10);
  }
  assert.equal(store.readers, 0, 'nobody looks, nobody reads');
  assert.deepEqual(await scope.close(), []);
});

test('without a store values are 503, configuration and health are served', async (t) => {
  const { url, live } = await startNode(t);
  live.become(undefined);
  const refused = await fetch(`${url}api/v1/devices`);
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as Json)['code'], 'STORE_ABSENT');
  for (const path of [
    'health',
    'bundles',
    'components',
    'services',
    'configuration',
    'configuration/schemas',
    'openapi.json',
  ]) {
    assert.equal((await fetch(`${url}api/v1/${path}`)).status, 200, path);
  }
  assert.equal((await fetch(`${url}api/v1/services?filter=(`)).status, 400);
});

test('configuration is edited with its revision; secrets are named, never shown', async (t) => {
  const { url, configuration } = await startNode(t);
  const { get, send } = client(url);
  configuration.document.configurations['rackwatt.device~r1-a']!['credentials'] = 'clear-text-community';
  const before = await get('/configuration');
  assert.doesNotMatch(JSON.stringify(before), /clear-text-community/);
  configuration.document.configurations['rackwatt.device~r1-b']!['credentials'] = { user: 'clear-text-user' };
  assert.doesNotMatch(JSON.stringify(await get('/configuration')), /clear-text-user/);
  delete configuration.document.configurations['rackwatt.device~r1-b']!['credentials'];
  const path = ['configurations', 'rackwatt.device~r1-a', 'interval'];
  const done = await send('PATCH', '/configuration', {
    edits: [{ path, value: '30 s' }],
    revision: before['revision'],
  });
  assert.deepEqual([done.status, done.json['applied']], [200, true]);
  assert.deepEqual(configuration.edits, [[{ path, value: '30 s' }]]);
  const late = await send('PATCH', '/configuration', {
    edits: [{ path, value: '20 s' }],
    revision: before['revision'],
  });
  assert.deepEqual([late.status, late.json['code']], [409, 'CONFIG_CHANGED_MEANWHILE']);
  const wrong = await send('PATCH', '/configuration', { edits: [{ path, value: 'soon' }] });
  assert.equal(wrong.status, 422);
  assert.match(wrong.json['problems'][0].message, /no duration/);
  assert.equal(
    (await send('POST', '/configuration/validate', { edits: [{ path, value: 'soon' }] })).json['problems'].length,
    1,
  );
  const forbidden: [unknown, number][] = [
    [{ edits: [{ path: ['framework', 'trust'], value: {} }] }, 403],
    [{ edits: [{ path: ['bundles', 0], value: {} }] }, 403],
    [{ edits: [{ path: ['configurations', '__proto__', 'x'], value: 1 }] }, 403],
    [{ edits: [{ path: ['configurations', 'a', 'credentials'], value: '(secret)' }] }, 422],
    [{ edits: [] }, 400],
    [{ edits: [{ path: 'configurations' }] }, 400],
    [{}, 400],
  ];
  for (const [body, status] of forbidden)
    assert.equal((await send('PATCH', '/configuration', body)).status, status, JSON.stringify(body));
  assert.equal((await send('PUT', '/secrets/r1', { value: 'hunter2' })).status, 200);
  assert.deepEqual(await get('/secrets'), { secrets: ['r1'] });
  assert.equal(configuration.stored.get('r1'), 'hunter2');
  assert.equal((await fetch(`${url}api/v1/secrets/r1`, { method: 'DELETE' })).status, 200);
  assert.deepEqual(await get('/secrets'), { secrets: [] });
});

test('how a device is read is told: the last polls, doubts about scales, and where each value comes from', async (t) => {
  const { url } = await startNode(t);
  const { get, send } = client(url);
  const inspection = await get('/devices/r1-a/inspection');
  assert.equal(inspection['polls'].length, 2);
  assert.match(inspection['polls'][1].error.message, /did not answer/);
  assert.equal(inspection['suspicions'][0].factor, 10);
  const { status, json } = await send('POST', '/devices/r1-a/explanation', {});
  assert.equal(status, 200);
  assert.equal(json['deviceUpTime'], 90_060_000);
  assert.deepEqual(json['readings'][0], {
    part: 'inlet/1',
    metric: 'power.active',
    value: 1234,
    state: null,
    unit: 'W',
    quality: 'good',
    source: '1.3.6.1.4.1.318.1.1.26.4.3.1.5.1',
    raw: '123',
    scale: 10,
    scaleSource: 'profile',
  });
  assert.equal((await send('POST', '/devices/nope/explanation', {})).status, 404);
});

test('preview reads a device once, or says why not', async (t) => {
  const { url, configuration } = await startNode(t);
  const { send } = client(url);
  const good = await send('POST', '/devices/preview', {
    address: 'snmp://192.0.2.20',
    credentials: 'c',
    timeout: '2 s',
    interval: '10 s',
  });
  assert.equal(good.status, 200);
  assert.equal(good.json['device'].profile, 'apc-rpdu2');
  assert.deepEqual(good.json['readings'], [
    { part: 'inlet/1', metric: 'power.active', value: 1234, state: null, unit: 'W', quality: 'good' },
    { part: 'outlet/1', metric: 'state.outlet', value: null, state: 'on', unit: '1', quality: 'good', label: 'web-1' },
    { part: 'outlet/1', metric: 'power.active', value: null, state: null, unit: 'W', quality: 'bad', label: 'web-1' },
  ]);
  assert.deepEqual(devices.targets.at(-1), {
    address: 'snmp://192.0.2.20',
    profile: 'auto',
    credentials: 'c',
    timeout: 2000,
  });
  const silent = await send('POST', '/devices/preview', { address: 'snmp://192.0.2.21' });
  assert.deepEqual([silent.status, silent.json['code']], [504, 'DEVICE_NO_ANSWER']);
  assert.match(silent.json['detail'], /check address/);
  configuration.document.configurations['rackwatt.device~r1-a']!['credentials'] = 'kept';
  await send('POST', '/devices/preview', {
    address: 'snmp://192.0.2.20',
    credentials: '(secret)',
    pid: 'rackwatt.device~r1-a',
  });
  assert.equal(devices.targets.at(-1)!.credentials, 'kept', 'a hidden secret is taken from the file');
  const stored = await send('POST', '/devices/preview', {
    address: 'snmp://192.0.2.20',
    credentials: { $secret: 'r1' },
  });
  assert.equal(stored.status, 200);
  assert.deepEqual(devices.targets.at(-1)!.credentials, { $secret: 'r1' }, 'acquisition looks it up');
});

test('metrics have the level always, and leave out what is old or bad', async (t) => {
  const { url } = await startNode(t);
  const { text } = await raw(url, '/metrics');
  assert.match(
    text,
    /^rackwatt_power_active_watts\{component="inlet\/1",feed="A",level="inlet",pdu="APC:r1-a",rack="R1",room="DC2",site="FRA1"\} 2345$/m,
  );
  assert.match(text, /^rackwatt_outlet_on\{component="outlet\/7",[^}]*pdu="APC:r1-a"[^}]*\} 0$/m);
  assert.match(text, /^rackwatt_breaker_closed\{component="branch\/1",[^}]*\} 1$/m);
  assert.match(text, /^# TYPE rackwatt_energy_active_watthours_total counter$/m);
  assert.match(text, /^rackwatt_device_up\{[^}]*pdu="Vertiv:r2-b"[^}]*\} 0$/m);
  assert.doesNotMatch(text, /rackwatt_power[^\n]*pdu="Vertiv:r2-b"/);
  assert.doesNotMatch(text, /component="sensor\/2"/);
  const samples = text.split('\n').filter((line) => /^rackwatt_(?!http|process|metrics)/.test(line));
  assert.ok(samples.length > 200);
  for (const line of samples) assert.match(line, /level="(unit|inlet|phase|branch|outlet|sensor)"/);
});

test('a unit that was replaced is listed no more, and its history stays', async (t) => {
  const { url, store } = await startNode(t);
  const { get } = client(url);
  store.add({ id: 'APC:NEW', device: 'r1-a' }, { 'inlet/1': { readings: [['power.active', 500]] } });
  store.all.find(({ id }) => id === 'APC:r1-a')!.lastSample = Date.now() - 600_000;
  const { devices: list } = await get('/devices');
  assert.deepEqual(
    list.filter((device: Json) => device['device'] === 'r1-a').map((device: Json) => device['id']),
    ['APC:NEW'],
  );
  const past = await get('/devices/APC:r1-a');
  assert.deepEqual([past['device'], past['pid']], ['r1-a', null]);
  assert.ok(past['values'].length > 0);
  assert.equal((await get('/devices/r1-a'))['id'], 'APC:NEW');
});

test('what is asked about a device is told and answered', async (t) => {
  const { url } = await startNode(t);
  const { get, send } = client(url);
  const was = devices.known[0]!.identity!;
  devices.known[0]!.question = { was, now: { vendor: 'APC', serial: 'N' }, since: 1, text: 'r1-a was ...' };
  const { identities } = await get('/identities?device=r1-a');
  assert.deepEqual(
    identities.map((each: Json) => each['question'].text),
    ['r1-a was ...'],
  );
  assert.equal((await get('/identities'))['identities'].length, 4);
  assert.equal((await send('POST', '/identities/r1-a', { answer: 'perhaps' })).status, 400);
  assert.equal((await send('POST', '/identities/r1-a', { answer: 'same' })).status, 200);
  assert.deepEqual(devices.accepted, [['r1-a', 'same']]);
});
