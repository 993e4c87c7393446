import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { store as component } from '@rackwatt/store-sqlite';
import type { LatestValue, Store } from '@rackwatt/telemetry';
import type SQLite from 'better-sqlite3';
import { Scope, type HealthCheck } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { batch, entry, openStore, sample, sqlite } from './support.js';

const require = createRequire(import.meta.url);
const Database = require(sqlite) as typeof SQLite;

/** The engine without its worker, so that a test owns the time of its upkeep. */
function internals() {
  const { Engine } =
    require('../../../bundles/store-sqlite/dist/engine.js') as typeof import('../../bundles/store-sqlite/dist/engine.js');
  const { openDatabase } =
    require('../../../bundles/store-sqlite/dist/database.js') as typeof import('../../bundles/store-sqlite/dist/database.js');
  return { Engine, openDatabase };
}

const T0 = Date.UTC(2026, 10, 23);
const S = 10_000;
const everything = { from: 0, to: 4e12 };

test('what is applied can be asked for: devices, latest values, series, states', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu-a')]);
  await store.apply([
    batch(1, [
      sample('pdu-a', 1, T0, [100, 60, 40]),
      sample('pdu-a', 2, T0 + S, [110.5, 60, 50.5], { quality: 64, state: 3 }),
    ]),
  ]);
  const [device] = await store.devices();
  assert.deepEqual(
    {
      id: device!.id,
      gateway: device!.gateway,
      device: device!.device,
      last: device!.lastSample,
      rack: device!.location.rack,
    },
    { id: 'APC:S-pdu-a', gateway: 'gw1', device: 'pdu-a', last: T0 + S, rack: 'R1' },
  );
  const latest = await store.latest({ device: 'APC:S-pdu-a' });
  assert.deepEqual(
    latest.map(({ part, metric, value, state, quality, time }) => [part, metric, value, state, quality, time - T0]),
    [
      ['inlet/1', 'power.active', 110.5, null, 64, S],
      ['outlet/1', 'power.active', 60, null, 64, S],
      ['outlet/2', 'power.active', 50.5, null, 64, S],
      ['outlet/1', 'state.outlet', null, 'off', 64, S],
    ],
  );
  const series = await store.series({ point: latest[0]!.point, ...everything });
  assert.deepEqual([...series.values], [100, 110.5]);
  assert.deepEqual([...series.times], [T0, T0 + S]);
  assert.deepEqual([...series.quality], [0, 64]);
  assert.deepEqual([...(await store.series({ point: latest[3]!.point, ...everything })).states], [2, 3]);
  assert.deepEqual([...(await store.series({ point: latest[0]!.point, from: T0 + 1, to: T0 + S })).values], [110.5]);
  assert.deepEqual([...(await store.series({ point: latest[0]!.point, ...everything, limit: 1 })).values], [100]);
});

test('a batch applied twice counts once, alone, in one call and at the same time', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu-a')]);
  const one = batch(1, [sample('pdu-a', 1, T0, [1, 2, 3])], {
    events: [{ id: 'x', time: T0, type: 'outlet.switched', severity: 'ok', device: 'pdu-a', message: 'on' }],
  });
  await store.apply([one, one]);
  await Promise.all([
    store.apply([one]),
    store.apply([one]),
    store.apply([batch(2, [sample('pdu-a', 2, T0 + S, [1, 2, 3])])]),
  ]);
  assert.equal((await store.status()).readings, 8);
  assert.deepEqual(await store.numbers('APC:S-pdu-a'), { ranges: [[1, 2]], doubled: 0 });
  const events = await store.events({});
  assert.deepEqual(
    events.map(({ id, device }) => [id, device]),
    [['x', 'APC:S-pdu-a']],
  );
  // The same sequence of another class, epoch or gateway is another batch; its due number comes twice.
  await store.apply([batch(1, [sample('pdu-a', 1, T0, [1, 2, 3])], { class: 'replay' })]);
  assert.deepEqual(await store.numbers('APC:S-pdu-a'), { ranges: [[1, 2]], doubled: 1 });
});

test('blocks are sealed, and nothing changes but the bytes; nor does it by opening the file again', async (t) => {
  const folder = temporaryFolder(t);
  const first = await openStore(t, { folder, blockRows: 8 });
  await first.describe('gw1', 'e1', [entry(1, 'pdu-a')]);
  const rows = Array.from(
    { length: 45 },
    (_, i) => [T0 + i * S, i % 7 === 3 ? Number.NaN : Math.sin(i) * 100, i / 10, Math.fround(i * 1.1)] as const,
  );
  // Replayed and out of order within the class.
  for (const [i, [time, ...values]] of rows.entries()) {
    await first.apply([
      batch(i + 1, [sample('pdu-a', i + 1, time, values, { quality: i % 5 === 0 ? 32 : 0 })], {
        class: i % 3 === 0 ? 'replay' : 'live',
      }),
    ]);
  }
  const check = async (store: typeof first): Promise<void> => {
    const latest = await store.latest();
    for (const column of [1, 2, 3] as const) {
      const series = await store.series({ point: latest[column - 1]!.point, ...everything });
      assert.deepEqual(
        [...series.times],
        rows.map(([time]) => time),
      );
      assert.deepEqual(
        [...series.values],
        rows.map((row) => row[column]),
      );
      assert.deepEqual(
        [...series.quality],
        rows.map((_, i) => (i % 5 === 0 ? 32 : 0)),
      );
    }
    assert.deepEqual(
      latest.map(({ time }) => time),
      Array.from({ length: 4 }, () => rows.at(-1)![0]),
    );
    assert.deepEqual(await store.numbers('gw1/pdu-a'), { ranges: [[1, 45]], doubled: 0 });
    assert.equal((await store.status()).readings, 45 * 4);
    assert.equal((await store.status()).oldest, T0);
  };
  await delay(50);
  await check(first);
  await first.close();
  const again = await openStore(t, { folder, blockRows: 8 });
  await check(again);
  await again.apply([batch(45, [sample('pdu-a', 45, T0, [1, 2, 3])])]);
  await check(again);
});

test('a missing schema is refused by name and nothing of the call is kept', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu-a')]);
  const good = batch(1, [sample('pdu-a', 1, T0, [1, 2, 3])]);
  const unknown = batch(2, [sample('pdu-b', 1, T0, [1, 2, 3], { first: 4 })]);
  const refused = { code: 'STORE_SCHEMA_MISSING', context: { gateway: 'gw1', epoch: 'e1', after: 1 } };
  await assert.rejects(store.apply([good, unknown]), refused);
  assert.equal((await store.status()).readings, 0);
  await assert.rejects(store.describe('gw1', 'e1', [entry(3, 'pdu-c')]), refused);
  await store.describe('gw1', 'e1', [entry(1, 'pdu-a'), entry(2, 'pdu-b', { firstPoint: 4 })]);
  await store.apply([good, unknown]);
  assert.equal((await store.status()).readings, 8);
});

test('a malformed batch is refused by name', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu-a')]);
  const uneven = { ...sample('pdu-a', 1, T0, [1, 2, 3]), values: new Float64Array(2) };
  const twice = { ...sample('pdu-a', 1, T0, [1, 2, 3]), points: Uint32Array.of(0, 1, 2, 1) };
  for (const wrong of [uneven, twice, sample('pdu-a', -1, T0, [1, 2, 3]), sample('pdu-a', 1, Number.NaN, [1, 2, 3])]) {
    await assert.rejects(store.apply([batch(7, [wrong])]), (error: { code: string; context: { sequence: number } }) => {
      assert.deepEqual([error.code, error.context.sequence], ['STORE_BATCH_INVALID', 7]);
      return true;
    });
  }
  await assert.rejects(store.series({ point: 99, ...everything }), { code: 'STORE_POINT_UNKNOWN' });
  await assert.rejects(store.latest({ device: 'nobody' }), { code: 'STORE_DEVICE_UNKNOWN' });
});

test('two gateways that read one PDU are one device and count once', async (t) => {
  const store = await openStore(t);
  const identity = { vendor: 'APC', serial: 'ZA1' };
  for (const gateway of ['gw1', 'gw2']) await store.describe(gateway, 'e1', [entry(1, 'pdu', { identity })]);
  // gw1 is silent from 60 s to 160 s; gw2 reads all the time, 5 s later, and says one watt more.
  const reads = Array.from({ length: 24 }, (_, i) => i);
  const heard = reads.filter((i) => i < 6 || i > 15);
  await store.apply([
    batch(
      1,
      reads.map((i) => sample('pdu', i + 1, T0 + i * S + 5000, [101, 1, 1])),
      { gateway: 'gw2' },
    ),
  ]);
  await store.apply([
    batch(
      1,
      heard.map((i) => sample('pdu', i + 1, T0 + i * S, [100, 1, 1])),
    ),
  ]);
  assert.deepEqual(
    (await store.devices()).map(({ id, gateway }) => [id, gateway]),
    [['APC:ZA1', 'gw1']],
  );
  const latest = await store.latest({ device: 'APC:ZA1' });
  assert.deepEqual(
    latest.map(({ value }) => value),
    [100, 1, 1, null],
  );
  const { times, values } = await store.series({ point: latest[0]!.point, ...everything });
  const expected = reads.flatMap((i) => {
    if (heard.includes(i)) return [[T0 + i * S, 100]];
    return i < 15 ? [[T0 + i * S + 5000, 101]] : [];
  });
  // Its reads at 55 s and 155 s are within half an interval of one of gw1.
  assert.deepEqual(
    [...times].map((time, i) => [time, values[i]]),
    expected,
  );
  assert.deepEqual((await store.numbers('gw2/pdu')).ranges, [[1, 24]]);
  // Asked for a part of the hole alone, the outcome is the same.
  const part = await store.series({ point: latest[0]!.point, from: T0 + 7 * S, to: T0 + 10 * S });
  assert.deepEqual([...part.values], [101, 101, 101]);
  // gw1 falls silent: gw2 takes over.
  await store.apply([batch(2, [sample('pdu', 30, T0 + 40 * S, [77, 1, 1])], { gateway: 'gw2' })]);
  assert.equal((await store.latest({ device: 'APC:ZA1' }))[0]!.value, 77);
  assert.equal((await store.devices())[0]!.gateway, 'gw2');
});

test('a PDU that is replaced becomes another device, and batches of the time before stay with the old one', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu')]);
  await store.apply([batch(1, [sample('pdu', 1, T0, [1, 1, 1])], { schema: 1 })]);
  await store.describe('gw1', 'e1', [
    entry(2, 'pdu', { identity: { vendor: 'APC', serial: 'NEW' }, points: [], firstPoint: 4 }),
  ]);
  await store.apply([
    batch(2, [sample('pdu', 3, T0 + 2 * S, [3, 3, 3])], { schema: 2 }),
    batch(1, [sample('pdu', 2, T0 + S, [2, 2, 2])], { schema: 1, class: 'replay' }),
  ]);
  const valuesOf = async (device: string): Promise<number[]> => {
    const [inlet] = await store.latest({ device });
    return [...(await store.series({ point: inlet!.point, ...everything })).values];
  };
  assert.deepEqual(await valuesOf('APC:S-pdu'), [1, 2]);
  assert.deepEqual(await valuesOf('APC:NEW'), [3]);
  assert.deepEqual(await store.numbers('gw1/pdu'), { ranges: [[1, 3]], doubled: 0 });
});

test('a device that never answered is there with its state and gaps, and is the same one when it says who it is', async (t) => {
  const store = await openStore(t);
  const gap = { device: 'pdu', from: 1, to: 4, reason: 'no-answer', time: T0 } as const;
  await store.apply([
    batch(1, [], {
      class: 'event',
      gaps: [gap],
      statuses: [{ device: 'pdu', state: 'no-answer', detail: 'No answer.', since: T0 }],
    }),
  ]);
  assert.deepEqual(
    (await store.devices()).map(({ id, status }) => [id, status.state]),
    [['gw1/pdu', 'no-answer']],
  );
  await store.describe('gw1', 'e1', [entry(1, 'pdu')]);
  await store.apply([
    batch(2, [sample('pdu', 5, T0, [1, 1, 1])], {
      class: 'event',
      statuses: [{ device: 'pdu', state: 'ok', since: T0 + 1 }],
    }),
  ]);
  assert.deepEqual(
    (await store.devices()).map(({ id, status }) => [id, status.state]),
    [['APC:S-pdu', 'ok']],
  );
  assert.deepEqual(await store.gaps({ device: 'APC:S-pdu' }), [{ ...gap, device: 'APC:S-pdu' }]);
});

test('devices without a serial number worth the name are kept apart', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [
    entry(1, 'a', { identity: { vendor: 'X', serial: 'N/A' } }),
    entry(2, 'b/b', { identity: { vendor: 'X', serial: '0000' }, firstPoint: 4 }),
  ]);
  assert.deepEqual((await store.devices()).map(({ id }) => id).sort(), ['gw1/a', 'gw1/b~2Fb']);
});

test('changes come coalesced to the newest, and the reader can stop while it waits', async (t) => {
  const store = await openStore(t);
  await store.describe('gw1', 'e1', [entry(1, 'pdu')]);
  const changes = store.changes()[Symbol.asyncIterator]();
  for (let i = 1; i <= 20; i++) await store.apply([batch(i, [sample('pdu', i, T0 + i * S, [i, 1, 1])])]);
  const seen: LatestValue[][] = [];
  while (seen.at(-1)?.[0]?.value !== 20) {
    const { value } = (await changes.next()) as IteratorResult<LatestValue[], undefined>;
    seen.push(value!);
  }
  assert.ok(seen.length < 20, `${seen.length} messages for 20 samples`);
  assert.equal(seen.at(-1)!.length, 4);
  const waiting = changes.next();
  await changes.return!();
  assert.deepEqual(await waiting, { done: true, value: undefined });
});

test('a full store says so, keeps nothing of the call, and takes it once there is room', async (t) => {
  const folder = temporaryFolder(t);
  const small = await openStore(t, { folder, maxBytes: 300_000 });
  await small.describe('gw1', 'e1', [entry(1, 'pdu', { outlets: 200 })]);
  const values = Array.from({ length: 201 }, (_, i) => i);
  let taken = 0;
  const failure = await (async () => {
    for (let i = 1; ; i++) {
      try {
        await small.apply([batch(i, [sample('pdu', i, T0 + i * S, values)])]);
        taken = i;
      } catch (error) {
        return error as Error & { code: string };
      }
    }
  })();
  assert.equal(failure.code, 'STORE_FULL');
  assert.ok(taken > 10, `${taken} batches`);
  assert.equal((await small.check()).state, 'failed');
  assert.deepEqual((await small.numbers('gw1/pdu')).ranges, [[1, taken]]);
  await small.close();
  const large = await openStore(t, { folder });
  assert.deepEqual((await large.numbers('gw1/pdu')).ranges, [[1, taken]]);
  await large.apply([batch(taken + 1, [sample('pdu', taken + 1, T0 + taken * S, values)])]);
  assert.equal((await large.check()).state, 'ok');
});

test('the file has one owner', async (t) => {
  const folder = temporaryFolder(t);
  await openStore(t, { folder });
  await assert.rejects(openStore(t, { folder }), { code: 'STORE_LOCKED' });
});

test('readings leave after rawDays, counted from the newest of them', async (t) => {
  const { Engine, openDatabase } = internals();
  const folder = temporaryFolder(t);
  const engine = new Engine(openDatabase(Database, { file: join(folder, 'store.db'), maxBytes: 0 }), {
    blockRows: 8,
    now: Date.now,
  });
  t.after(() => engine.close());
  engine.describe('gw1', 'e1', [entry(1, 'pdu')]);
  for (let i = 1; i <= 80; i++) engine.apply([batch(i, [sample('pdu', i, T0 + i * S, [i, 1, 1])])]);
  while (engine.sealable) engine.sealOne();
  assert.equal(engine.newest, T0 + 80 * S);
  while (engine.forget(T0 + 41 * S, 2));
  const [inlet] = engine.queries.latest();
  const { values } = engine.queries.series({ point: inlet!.point, ...everything });
  assert.deepEqual([values[0], values.length], [41, 40]);
  assert.equal(engine.queries.status().readings, 40 * 4);
  assert.deepEqual(engine.queries.numbers('gw1/pdu').ranges, [[1, 80]]);
});

test('a damaged file is refused in words', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'store.db'), 'this is no database, whatever its name says'.repeat(100));
  await assert.rejects(openStore(t, { folder }), { code: 'STORE_OPEN_FAILED' });
});

test('as a component: the file lies in the data folder, health is told, and closing the scope closes the file', async (t) => {
  const folder = temporaryFolder(t);
  const scope = new Scope('test');
  const provided: HealthCheck[] = [];
  const context = {
    dataFolder: () => folder,
    resolve: () => sqlite,
    provide: (_contract: unknown, service: HealthCheck) => void provided.push(service),
  };
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const config = { rawDays: 90, maxBytes: 0, blockRows: 288 };
  const opened = (await component.options.activate({ config, context, log, scope } as never)) as Store;
  assert.deepEqual(await opened.devices(), []);
  assert.equal((await provided[0]!.check()).state, 'ok');
  assert.deepEqual(await scope.close(), []);
  await assert.rejects(opened.devices(), { code: 'STORE_CLOSED' });
  assert.ok(existsSync(join(folder, 'store.db')));
  await (await openStore(t, { folder })).devices();
});
