import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import type { WorkerOutbox } from '@rackwatt/outbox';
import { decodeState, topics } from '@rackwatt/telemetry/wire';
import { needsPeer } from '../support/peers.js';
import { description, location, openOutbox, sample } from '../outbox/support.js';
import { aedes, classes, concentrator, cuttable, mosquitto, openPublisher, until, type TestBroker } from './support.js';

const brokers: { name: string; skip: string | false; open: (t: TestContext) => Promise<TestBroker> }[] = [
  { name: 'mosquitto', skip: needsPeer('mosquitto'), open: (t) => mosquitto(t) },
  { name: 'aedes', skip: false, open: (t) => aedes(t) },
];

async function waiting(outbox: WorkerOutbox): Promise<number> {
  const { batches } = await outbox.status();
  return classes.reduce((sum, name) => sum + batches[name], 0);
}

async function drained(outbox: WorkerOutbox): Promise<void> {
  await until('the outbox is empty', async () => (await waiting(outbox)) === 0);
}

/** Appends samples `from..to` of a device, each awaited. */
async function append(outbox: WorkerOutbox, from: number, to: number, device = 'a'): Promise<void> {
  const points = await outbox.describe(device, description(3, { serial: device }), location);
  for (let number = from; number <= to; number++) await outbox.append({ samples: [sample(device, number, points)] });
}

for (const { name, skip, open } of brokers) {
  test(`${name}: what is appended arrives once, schema first, and goes from the outbox`, { skip }, async (t) => {
    const broker = await open(t);
    const center = await concentrator(t, broker.url);
    const outbox = openOutbox(t);
    const { publisher } = await openPublisher(t, { url: broker.url, outbox });
    await append(outbox, 1, 30);
    await outbox.append({
      events: [{ id: 'e', time: 1, type: 'x', severity: 'ok', message: '' }],
      statuses: [{ device: 'a', state: 'ok', since: 1 }],
    });
    await drained(outbox);
    assert.deepEqual(center.numbers('a').toArray(), [[1, 30]]);
    assert.equal(center.entries.length, 1);
    assert.equal(center.asked, 0, 'the schema came before what needs it');
    const { batch, samples } = center.held[0]!;
    assert.equal(batch.gateway, 'gw-1');
    assert.equal(batch.replyTo, topics('default', 'gw-1').ack);
    assert.ok(batch.sent >= 1.7e12 && batch.anchor.boot !== '');
    assert.deepEqual(samples[0], sample('a', 1));
    assert.equal(publisher.health().state, 'ok');
  });

  test(`${name}: acknowledgements that are lost, doubled and late lose and double nothing`, { skip }, async (t) => {
    const broker = await open(t);
    const center = await concentrator(t, broker.url);
    let count = 0;
    // Every third is lost, every third comes twice; the rest takes its time.
    center.acknowledge = () => [0, 2, 1][count++ % 3]!;
    center.delay = 20;
    const outbox = openOutbox(t);
    await openPublisher(t, { url: broker.url, outbox, resend: 200 });
    await append(outbox, 1, 60);
    await drained(outbox);
    assert.deepEqual(center.numbers('a').toArray(), [[1, 60]]);
    assert.ok(center.repeats > 0, 'some came again');
  });

  test(`${name}: a broker that is away for a while; readings wait and arrive with their own times`, {
    skip,
  }, async (t) => {
    const broker = await open(t);
    const center = await concentrator(t, broker.url);
    const outbox = openOutbox(t);
    const { publisher, lines } = await openPublisher(t, { url: broker.url, outbox });
    await append(outbox, 1, 5);
    await drained(outbox);
    await broker.stop();
    await until('the loss is noticed', () => publisher.health().state === 'degraded');
    await until('the lane is replay', async () => {
      await outbox.append({ gaps: [] });
      return lines.length >= 2;
    });
    await append(outbox, 6, 40);
    assert.equal((await outbox.status()).batches.replay, 35);
    assert.match(publisher.health().detail!, /No connection to mqtt:.*Readings wait in the outbox/);
    await sleep(1500);
    await broker.start();
    await drained(outbox);
    assert.deepEqual(center.numbers('a').toArray(), [[1, 40]]);
    for (const { batch, samples } of center.held) {
      for (const each of samples) {
        assert.equal(each.time, sample('a', each.number).time);
        if (each.number > 5) assert.equal(batch.class, 'replay');
      }
    }
    // The reason may change once, from "closed" to "refused"; each is told once, however often the gateway tries.
    const said = lines.map((line) => line.replace(/;.*/, ''));
    assert.deepEqual([...new Set(said)], ['info: connected to the broker', 'warn: no connection to the broker']);
    assert.ok(said.length <= 4 && said.at(-1)!.startsWith('info'), said.join('\n'));
  });
}

test('a broker that has everything deletes nothing: only the concentrator does', async (t) => {
  const broker = await aedes(t);
  const outbox = openOutbox(t);
  const { publisher } = await openPublisher(t, { url: broker.url, outbox, resend: 100 });
  await append(outbox, 1, 3);
  await until('nobody acknowledges', () => publisher.health().state === 'degraded');
  assert.match(publisher.health().detail!, /no concentrator acknowledges/);
  assert.equal(await waiting(outbox), 3);
  await until('new readings are no longer live', async () => {
    await outbox.append({ gaps: [{ device: 'a', from: 4, to: 4, reason: 'overrun', time: 1 }] });
    await sleep(50);
    return (await outbox.status()).batches.replay > 0;
  });
  const center = await concentrator(t, broker.url);
  await drained(outbox);
  assert.deepEqual(center.numbers('a').toArray(), [[1, 3]]);
});

test('a concentrator that lost the schema is sent it again, then what it could not read', async (t) => {
  const broker = await aedes(t);
  const center = await concentrator(t, broker.url);
  const outbox = openOutbox(t);
  await openPublisher(t, { url: broker.url, outbox, resend: 60_000 });
  await append(outbox, 1, 3, 'a');
  await append(outbox, 1, 3, 'b');
  await drained(outbox);
  await center.stop();
  center.forgetSchema();
  await center.start();
  await append(outbox, 4, 20, 'a');
  await drained(outbox);
  assert.ok(center.asked > 0);
  assert.deepEqual(
    center.entries.map((entry) => entry.version),
    [1, 2],
  );
  assert.deepEqual(center.numbers('a').toArray(), [[1, 20]]);
});

test('a concentrator and a gateway that restart, and a line that is cut, lose and double nothing', async (t) => {
  const broker = await aedes(t);
  const line = await cuttable(t, broker.port);
  const center = await concentrator(t, broker.url);
  const outbox = openOutbox(t);
  let { publisher } = await openPublisher(t, { url: line.url, outbox, resend: 200 });
  const appending = append(outbox, 1, 120);
  for (let i = 0; i < 3; i++) {
    await sleep(250);
    line.cut();
    await sleep(250);
    await center.stop();
    await center.start();
    await publisher.close();
    ({ publisher } = await openPublisher(t, { url: line.url, outbox, resend: 200 }));
  }
  await appending;
  await drained(outbox);
  assert.deepEqual(center.numbers('a').toArray(), [[1, 120]]);
});

test('new readings are live once all is sent, and stay quick while a backlog is replayed', async (t) => {
  const broker = await aedes(t);
  const outbox = openOutbox(t);
  const points = await outbox.describe('old', description(200), location);
  await outbox.describe('new', description(3, { serial: 'new' }), location);
  const backlog = 4000;
  await Promise.all(
    Array.from({ length: 40 }, async (_, lane) => {
      for (let number = lane + 1; number <= backlog; number += 40)
        await outbox.append({ samples: [sample('old', number, points)] });
    }),
  );
  const center = await concentrator(t, broker.url);
  // A slow line for what is old, so that the backlog lasts for some seconds.
  await openPublisher(t, { url: broker.url, outbox, replayRate: 100_000 });
  await until('the first is live', async () => {
    await sleep(100);
    return center.arrived > 0;
  });
  await sleep(700);
  const given = new Map<number, number>();
  for (let number = 1; number <= 100; number++) {
    given.set(number, Date.now());
    await outbox.append({ samples: [sample('new', number)] });
  }
  const replayed = center.held.filter(({ batch }) => batch.class === 'replay').length;
  assert.ok((await outbox.status()).batches.replay > 0, 'the backlog was still there');
  assert.ok(replayed > 0, 'and it went on');
  await until('all live readings arrived', () => center.numbers('new').count === 100);
  const delays = center.held.flatMap(({ batch, samples, at }) =>
    samples
      .filter((each) => each.device === 'new')
      .map((each) => ({ delay: at - given.get(each.number)!, class: batch.class })),
  );
  assert.ok(delays.every((each) => each.class === 'live'));
  const sorted = delays.map((each) => each.delay).sort((a, b) => a - b);
  t.diagnostic(`live while replaying: median ${sorted[50]} ms, p99 ${sorted[98]} ms`);
  assert.ok(sorted[98]! < 1000, `p99 ${sorted[98]} ms`);
  await drained(outbox);
  assert.deepEqual(center.numbers('old').toArray(), [[1, backlog]]);
});

test('the state of the gateway is retained: online, offline by its last will, offline when it goes', {
  skip: needsPeer('mosquitto'),
}, async (t) => {
  const broker = await mosquitto(t);
  const line = await cuttable(t, broker.port);
  const outbox = openOutbox(t);
  const states: string[] = [];
  const watcher = mqtt.connect(broker.url, { protocolVersion: 4 });
  t.after(() => watcher.endAsync(true));
  await new Promise<void>((resolve) => watcher.once('connect', () => resolve()));
  const { publisher } = await openPublisher(t, { url: line.url, outbox });
  await until('it is online', () => publisher.health().state === 'ok');
  const retained: boolean[] = [];
  watcher.on('message', (_, payload, packet) => {
    states.push(decodeState(payload).state);
    retained.push(packet.retain);
  });
  await watcher.subscribeAsync(topics('default', 'gw-1').state, { qos: 1 });
  await until('it is told', () => states.length === 1);
  assert.deepEqual([states, retained], [['online'], [true]]);
  line.cut();
  await until('the last will is told', () => states.includes('offline'));
  await until('it is online again', () => states.at(-1) === 'online');
  await publisher.close();
  await until('it said that it goes', () => states.at(-1) === 'offline');
});

test('a broker that refuses access is told once, in a sentence', { skip: needsPeer('mosquitto') }, async (t) => {
  const broker = await mosquitto(t, ['allow_anonymous false']);
  const outbox = openOutbox(t);
  const { publisher, lines } = await openPublisher(t, { url: broker.url, outbox });
  await sleep(2500);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(publisher.health().detail!, /refuses (access|the user name)/);
});

test('a broker that does not let the gateway read acknowledgements is told; nothing is sent in vain', async (t) => {
  let published = 0;
  const broker = await aedes(t, (made) => {
    made.authorizeSubscribe = (_client, _subscription, callback) => callback(null, null);
    made.on(
      'publish',
      ({ topic }) => void (published += topic.startsWith('rackwatt/') && !topic.endsWith('/state') ? 1 : 0),
    );
  });
  const outbox = openOutbox(t);
  const { publisher, lines } = await openPublisher(t, { url: broker.url, outbox });
  await append(outbox, 1, 2);
  await until('it is told', () => lines.length > 0);
  assert.match(
    publisher.health().detail!,
    /does not let the gateway read rackwatt\/v1\/default\/gw-1\/ack; check its rights/,
  );
  await sleep(1500);
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.equal(published, 0);
  assert.equal(await waiting(outbox), 2);
});

test('names that cannot be part of a topic are refused before anything is sent', async (t) => {
  const outbox = openOutbox(t);
  await assert.rejects(openPublisher(t, { url: 'mqtt://127.0.0.1:1', outbox, gateway: 'a/#' }), {
    code: 'WIRE_INVALID',
  });
});

test('a certificate that cannot be read is told, and tried again', async (t) => {
  const outbox = openOutbox(t);
  const { publisher, lines } = await openPublisher(t, {
    url: 'mqtts://127.0.0.1:1',
    outbox,
    tls: { ca: '/nowhere/ca.pem' },
  });
  assert.match(publisher.health().detail!, /\/nowhere\/ca\.pem of the TLS configuration cannot be read/);
  await sleep(1500);
  assert.equal(lines.length, 1);
});
