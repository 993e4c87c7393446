import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Broker } from '@rackwatt/broker';
import type { Ingest, IngestOptions } from '@rackwatt/ingest';
import type { WorkerStore } from '@rackwatt/store-sqlite';
import { Quality, type Store } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { entry, openIngest, openStore, POINTS, sample, silent, T0, TestGateway, until } from './support.js';

interface House {
  folder: string;
  broker: Broker;
  store: WorkerStore;
  ingest: Ingest;
  gateway: TestGateway;
}

async function house(t: TestContext, more: Partial<IngestOptions> = {}): Promise<House> {
  const folder = temporaryFolder(t);
  const broker = await Broker.open({ host: '127.0.0.1', port: 0 });
  t.after(() => broker.close());
  const store = await openStore(folder);
  t.after(() => store.close());
  const ingest = await openIngest(folder, broker.port, more.store ?? store, more);
  t.after(() => ingest.close());
  const gateway = await TestGateway.open(broker.port);
  t.after(() => gateway.close());
  await until('ingest is connected', () => ingest.health().state === 'ok');
  return { folder, broker, store, ingest, gateway };
}

const series = async (store: Store): Promise<{ times: number[]; quality: number[] }> => {
  const [first] = await store.latest();
  const { times, quality } = await store.series({ point: first!.point, from: -8e15, to: 8e15 });
  return { times: [...times], quality: [...quality] };
};

test('a batch is acknowledged and in the store', async (t) => {
  const { store, gateway, ingest } = await house(t);
  await gateway.describe([entry(1, 'pdu')]);
  const gap = { device: 'pdu', from: 1, to: 2, reason: 'no-answer', time: T0 } as const;
  await gateway.send(1, { samples: [sample('pdu', 3)], gaps: [gap] });
  await gateway.send(
    1,
    {
      events: [{ id: 'a', time: T0, type: 'x', severity: 'ok', message: 'm' }],
      statuses: [{ device: 'pdu', state: 'ok', since: T0 }],
    },
    { class: 'event' },
  );
  await until('both are acknowledged', () => gateway.acked.live.has(1) && gateway.acked.event.has(1));
  await until(
    'they are in the store',
    async () => (await store.status()).readings === POINTS && (await store.events({})).length === 1,
  );
  assert.deepEqual((await store.numbers('gw1/pdu')).ranges, [[3, 3]]);
  assert.equal((await store.gaps({ device: 'gw1/pdu' })).length, 1);
  assert.equal(ingest.health().figures!['readings'], POINTS);
});

test('a batch that comes twice is acknowledged twice and stored once', async (t) => {
  const { store, gateway, ingest } = await house(t);
  await gateway.describe([entry(1, 'pdu')]);
  for (let i = 0; i < 3; i++) await gateway.send(1, { samples: [sample('pdu', 1)] });
  await until('it is acknowledged', () => gateway.acked.live.has(1));
  const before = gateway.acks.length;
  await gateway.send(1, { samples: [sample('pdu', 1)] });
  await until('it is acknowledged again', () => gateway.acks.length > before);
  assert.ok((ingest.health().figures!['duplicates'] as number) > 0);
  await until('it is stored', async () => (await store.status()).readings === POINTS);
  assert.deepEqual(await store.numbers('gw1/pdu'), { ranges: [[1, 1]], doubled: 0 });
});

test('a batch without its schema is not acknowledged but asked for, and goes on when the schema comes', async (t) => {
  const { store, gateway } = await house(t);
  await gateway.send(1, { samples: [sample('pdu', 1)] });
  await until('the schema is asked for', () => gateway.acks.some(({ needSchemaAfter }) => needSchemaAfter === 0));
  assert.ok(!gateway.acked.live.has(1));
  await gateway.describe([entry(1, 'pdu')]);
  await until('the held batch is acknowledged without being sent again', () => gateway.acked.live.has(1));
  await until('and stored', async () => (await store.status()).readings === POINTS);
  await gateway.describe([entry(3, 'other', 40)]);
  await until('a hole in the schema is asked for', () =>
    gateway.acks.some(({ needSchemaAfter }) => needSchemaAfter === 1),
  );
});

test('a store that lost the schema gets it anew, and what was acknowledged waits in the journal', async (t) => {
  const { folder, broker, store, ingest, gateway } = await house(t);
  await gateway.describe([entry(1, 'pdu')]);
  await gateway.send(1, { samples: [sample('pdu', 1)] });
  await until('it is stored', async () => (await store.status()).readings === POINTS);
  await ingest.close();
  mkdirSync(join(folder, 'new'));
  const empty = await openStore(join(folder, 'new'));
  const again = await openIngest(folder, broker.port, empty);
  t.after(async () => {
    await again.close();
    await empty.close();
  });
  await until('connected', () => again.health().state === 'ok');
  await gateway.send(2, { samples: [sample('pdu', 2)] });
  await until('it is acknowledged', () => gateway.acked.live.has(2));
  await until('the schema is asked for', () => gateway.acks.some(({ needSchemaAfter }) => needSchemaAfter === 0));
  await gateway.describe([entry(1, 'pdu')]);
  await until(
    'it is stored',
    async () => (await empty.devices()).length === 1 && (await empty.numbers('gw1/pdu')).ranges.length === 1,
  );
  assert.deepEqual((await empty.numbers('gw1/pdu')).ranges, [[2, 2]]);
});

test('while the store refuses, batches are acknowledged from the journal and stored later, also by the next run', async (t) => {
  let full = true;
  let real: WorkerStore | undefined;
  const failing = new Proxy({} as Store, {
    get: (_, name: keyof Store) =>
      full && name === 'apply'
        ? () => Promise.reject(new RackwattError('STORE_FULL', 'The store has no room left.'))
        : real![name].bind(real),
  });
  const { folder, broker, store, ingest, gateway } = await house(t, { store: failing });
  real = store;
  await gateway.describe([entry(1, 'pdu')]);
  for (let i = 1; i <= 5; i++) await gateway.send(i, { samples: [sample('pdu', i)] });
  await until('they are acknowledged', () => gateway.acked.live.reach() === 5);
  await until('health tells', () => ingest.health().state === 'failed');
  assert.match(ingest.health().detail!, /no room left/);
  assert.equal((await store.status()).readings, 0);
  await ingest.close();
  full = false;
  const again = await openIngest(folder, broker.port, failing);
  t.after(() => again.close());
  await until('the next run stores them', async () => (await store.status()).readings === 5 * POINTS);
});

test('hostile messages are counted, logged once for a gateway, and nothing else', async (t) => {
  const warnings: object[] = [];
  const { store, gateway, ingest } = await house(t, {
    log: { ...silent, warn: (fields: object | string) => void warnings.push(fields as object) },
  });
  await gateway.describe([entry(1, 'pdu')]);
  const good = gateway.batch(1, { samples: [sample('pdu', 1)] });
  const cut = good.slice(0, good.length - 7);
  for (const payload of [new Uint8Array(0), Uint8Array.from({ length: 300 }, (_, i) => i % 256), cut]) {
    for (const topic of [gateway.topics.live, gateway.topics.schema, gateway.topics.event])
      await gateway.raw(topic, payload);
  }
  // A batch of another gateway, or of another class, under this one's topic.
  await gateway.raw(gateway.topics.live.replace('gw1', 'gw2'), good);
  await gateway.raw(gateway.topics.replay, good);
  await until('all are counted', () => ingest.health().figures!['bad'] === 11);
  assert.equal(warnings.length, 2, 'one line for each gateway');
  await gateway.send(1, { samples: [sample('pdu', 1)] });
  await until('a good one is taken', () => gateway.acked.live.has(1));
  await until('and stored', async () => (await store.status()).readings === POINTS);
});

test('times: replayed values say so, a clock that is ahead is corrected, one that is far off is only flagged', async (t) => {
  const { store, gateway } = await house(t);
  await gateway.describe([entry(1, 'pdu')]);
  const now = Date.now();
  await gateway.send(1, { samples: [sample('pdu', 1, now - 5000)] }, { class: 'replay' });
  await until('acknowledged', () => gateway.acked.replay.has(1));
  gateway.ahead = 60_000;
  gateway.boot = 'boot-2';
  await gateway.send(1, { samples: [sample('pdu', 2, Date.now() + 60_000)] });
  await until('acknowledged', () => gateway.acked.live.has(1));
  gateway.ahead = 3_600_000;
  gateway.boot = 'boot-3';
  const wrong = Date.now() + 3_600_000;
  await gateway.send(2, { samples: [sample('pdu', 3, wrong)] });
  // Before it knew the time: the anchor in the body ties its times to the boot, that of the message to the wall.
  gateway.ahead = 0;
  gateway.boot = 'boot-4';
  const early = { ...gateway.anchor(), wall: 5000 };
  await gateway.send(3, { samples: [sample('pdu', 4, 5000)], anchor: early });
  // Of a boot that nothing ties to the wall.
  await gateway.send(4, { samples: [sample('pdu', 5, 4000)], anchor: { ...early, boot: 'lost' } });
  await until('all are acknowledged', () => gateway.acked.live.reach() === 4);
  await until('and stored', async () => (await store.status()).readings === 5 * POINTS);
  const { times, quality } = await series(store);
  const { HISTORICAL, TIME_ADJUSTED, TIME_BAD } = Quality;
  assert.deepEqual(quality, [TIME_BAD, HISTORICAL, TIME_ADJUSTED, TIME_ADJUSTED, TIME_BAD]);
  assert.deepEqual([times[0], times[1], times[4]], [4000, now - 5000, wrong]);
  for (const adjusted of [times[2]!, times[3]!]) assert.ok(Math.abs(adjusted - now) < 5000, `${adjusted - now} ms off`);
});

test('without a broker it starts, tells so, and takes batches once there is one', async (t) => {
  const folder = temporaryFolder(t);
  const first = await Broker.open({ host: '127.0.0.1', port: 0 });
  const { port } = first;
  await first.close();
  const store = await openStore(folder);
  const ingest = await openIngest(folder, port, store);
  t.after(async () => {
    await ingest.close();
    await store.close();
  });
  await until('health tells', () => /ECONNREFUSED/.test(ingest.health().detail ?? ''));
  assert.equal(ingest.health().state, 'degraded');
  const broker = await Broker.open({ host: '127.0.0.1', port });
  t.after(() => broker.close());
  await until('it is connected', () => ingest.health().state === 'ok');
});
