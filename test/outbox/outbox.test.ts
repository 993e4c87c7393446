import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EventRecord } from '@rackwatt/telemetry';
import { RangeSet } from '@rackwatt/telemetry/wire';
import { temporaryFolder } from '../support/temporary.js';
import { contents, description, location, noise, openOutbox, sample } from './support.js';

const event = (id: string): EventRecord => ({ id, time: 1, type: 'outlet.switched', severity: 'ok', message: 'on' });

test('what was appended is there after a restart, in its lane and in order', async (t) => {
  const folder = temporaryFolder(t);
  const first = openOutbox(t, { folder });
  await first.append({ samples: [sample('a', 1)] });
  await first.setLive(true);
  await first.append({
    samples: [sample('a', 2)],
    gaps: [{ device: 'a', from: 3, to: 5, reason: 'no-answer', time: 7 }],
  });
  await first.append({ events: [event('e1')], statuses: [{ device: 'a', state: 'ok', since: 1 }] });
  await first.setLive(false);
  await first.append({ samples: [sample('a', 6)] });
  const { epoch } = await first.status();
  await first.close();

  const second = openOutbox(t, { folder });
  assert.equal((await second.status()).epoch, epoch);
  const [replay, live, events] = [
    await contents(second, 'replay'),
    await contents(second, 'live'),
    await contents(second, 'event'),
  ];
  assert.deepEqual(
    replay.flatMap((batch) => batch.samples.map((each) => each.number)),
    [1, 6],
  );
  assert.deepEqual(
    replay.map((batch) => batch.sequence),
    [1, 2],
  );
  assert.deepEqual(live[0]!.samples, [sample('a', 2)]);
  assert.deepEqual(live[0]!.gaps, [{ device: 'a', from: 3, to: 5, reason: 'no-answer', time: 7 }]);
  assert.ok(live[0]!.anchor!.boot);
  assert.deepEqual(events[0]!.events, [event('e1')]);
  assert.deepEqual(events[0]!.statuses, [{ device: 'a', state: 'ok', since: 1 }]);
  assert.equal(await second.lastNumber('a'), 6);
  assert.equal(await second.lastNumber('never seen'), 0);
  await second.append({ samples: [sample('a', 7)] });
  assert.deepEqual(
    (await contents(second, 'replay')).map((batch) => batch.sequence),
    [1, 2, 3],
  );
});

test('appends that come together share a batch; each is settled', async (t) => {
  const outbox = openOutbox(t);
  await Promise.all(Array.from({ length: 200 }, (_, i) => outbox.append({ samples: [sample('a', i + 1, 20)] })));
  const batches = await contents(outbox, 'replay');
  assert.ok(batches.length < 20, `${batches.length} batches`);
  assert.deepEqual(
    batches.flatMap((batch) => batch.samples.map((each) => each.number)),
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
});

test('a batch is bounded: many large samples become several', async (t) => {
  const outbox = openOutbox(t);
  await outbox.append({ samples: Array.from({ length: 40 }, (_, i) => sample('a', i + 1, 10_000)) });
  assert.ok((await contents(outbox, 'replay')).length >= 6);
});

test('giving a sample moves its columns, but never what lies beside them', async (t) => {
  const outbox = openOutbox(t);
  const given = sample('a', 1);
  const shared = Float64Array.of(1, 2, 3, 4, 5, 6);
  const partial = { ...sample('a', 2), values: shared.subarray(0, 3) };
  const twice = sample('a', 3);
  const appended = outbox.append({ samples: [given, partial, twice, { ...twice, number: 4 }] });
  assert.equal(given.values.length, 0, 'moved');
  assert.equal(shared.length, 6);
  await appended;
  const [batch] = await contents(outbox, 'replay');
  assert.deepEqual([...batch!.samples[1]!.values], [1, 2, 3]);
  assert.deepEqual(batch!.samples[3]!.values, batch!.samples[2]!.values);
});

test('point numbers are append-only: the same points get the same numbers, new ones come after', async (t) => {
  const folder = temporaryFolder(t);
  const outbox = openOutbox(t, { folder });
  assert.deepEqual([...(await outbox.describe('a', description(3), location))], [0, 1, 2]);
  assert.deepEqual([...(await outbox.describe('b', description(2, { serial: 'S2' }), location))], [3, 4]);
  assert.deepEqual([...(await outbox.describe('a', description(3), location))], [0, 1, 2]);
  assert.equal((await outbox.schema(0)).length, 2, 'nothing new, no entry');
  await outbox.close();

  const later = openOutbox(t, { folder });
  const turned = description(5);
  turned.points.reverse();
  assert.deepEqual([...(await later.describe('a', turned, location))], [5, 6, 2, 1, 0]);
  assert.deepEqual([...(await later.describe('a', description(1, { label: 'db' }), location))], [0]);
  const entries = await later.schema(2);
  assert.deepEqual(
    entries.map(({ version, firstPoint, points }) => [version, firstPoint, points.map((point) => point.part)]),
    [
      [3, 5, ['outlet/5', 'outlet/4']],
      [4, 7, []],
    ],
  );
  assert.equal(entries[1]!.parts[0]!.label, 'db-0');
  await later.append({ samples: [sample('a', 1)] });
  assert.equal((await later.batches('replay', 0, 1))[0]!.schema, 4);
});

test('a move of the device is an entry without points', async (t) => {
  const outbox = openOutbox(t);
  await outbox.describe('a', description(1), location);
  await outbox.describe('a', description(1), { ...location, location: { rack: 'R2' } });
  assert.deepEqual(
    (await outbox.schema(1)).map((entry) => [entry.location, entry.points]),
    [[{ rack: 'R2' }, []]],
  );
});

test('only what is acknowledged goes, by ranges, and sequences are never given twice', async (t) => {
  const folder = temporaryFolder(t);
  const outbox = openOutbox(t, { folder });
  for (let number = 1; number <= 6; number++) await outbox.append({ samples: [sample('a', number)] });
  await outbox.acknowledge('live', [[1, 100]]);
  await outbox.acknowledge('replay', [
    [2, 3],
    [6, 6],
  ]);
  await outbox.acknowledge('replay', [[2, 3]]);
  assert.deepEqual(
    (await outbox.batches('replay', 0, 10)).map((batch) => batch.sequence),
    [1, 4, 5],
  );
  assert.deepEqual(
    (await outbox.batches('replay', 1, 1)).map((batch) => batch.sequence),
    [4],
  );
  assert.equal((await outbox.status()).batches.replay, 3);
  await outbox.acknowledge('replay', [[1, 6]]);
  const { bytes, oldest } = await outbox.status();
  assert.deepEqual({ bytes, oldest }, { bytes: 0, oldest: null });
  await outbox.close();
  const again = openOutbox(t, { folder });
  await again.append({ samples: [sample('a', 7)] });
  assert.deepEqual(
    (await again.batches('replay', 0, 10)).map((batch) => batch.sequence),
    [7],
  );
});

test('readers of what is written hear of each class once, however late they read', async (t) => {
  const outbox = openOutbox(t);
  const reader = outbox.written()[Symbol.asyncIterator]();
  for (let number = 1; number <= 3; number++)
    await outbox.append({ samples: [sample('a', number)], events: [event(`e${number}`)] });
  const heard = [(await reader.next()).value, (await reader.next()).value]
    .map(String)
    .sort((a, b) => a.localeCompare(b));
  assert.deepEqual(heard, ['event', 'replay']);
  const next = reader.next();
  await outbox.append({ events: [event('e4')] });
  assert.deepEqual(await next, { value: 'event', done: false });
  const last = reader.next();
  await outbox.close();
  assert.equal((await last).done, true);
});

test('full: the oldest go, replay before live before events, and each number that went is in a gap', async (t) => {
  const outbox = openOutbox(t, { maxBytes: 1 << 20 });
  const points = 5000;
  let number = 0;
  await outbox.append({ events: [event('kept')] });
  for (; number < 10; number++) await outbox.append({ samples: [noise('a', number + 1, points)] });
  await outbox.setLive(true);
  for (; number < 40; number++) await outbox.append({ samples: [noise('a', number + 1, points)] });
  const status = await outbox.status();
  assert.ok(status.bytes <= status.capacity, `${status.bytes} of ${status.capacity}`);
  assert.ok(status.dropped >= 10);
  assert.equal(status.batches.replay, 0, 'replay went first');
  assert.equal((await contents(outbox, 'event')).length, 1);
  // Dropped gap records are dropped into later ones: nothing goes unaccounted.
  await outbox.setLive(true);
  const live = await contents(outbox, 'live');
  const accounted = new RangeSet();
  for (const { samples, gaps } of live) {
    for (const each of samples) {
      assert.ok(!accounted.has(each.number), `${each.number} twice`);
      accounted.add(each.number);
    }
    for (const gap of gaps) {
      assert.equal(gap.reason, 'outbox-full');
      accounted.add(gap.from, gap.to);
    }
  }
  assert.deepEqual(accounted.toArray(), [[1, 40]]);
  assert.equal(live.flatMap((batch) => batch.samples).length, 40 - status.dropped);
});

test('a long outage leaves one gap a device and reason, told when a publisher is back', async (t) => {
  const folder = temporaryFolder(t);
  const outbox = openOutbox(t, { folder, maxBytes: 1 << 20 });
  for (let number = 1; number <= 60; number++) {
    await outbox.append({
      samples: [noise('a', number, 3000), noise('b', number, 1000)],
      gaps: [{ device: 'c', from: number, to: number, reason: 'no-answer', time: 1 }],
    });
  }
  const { dropped } = await outbox.status();
  await outbox.close();
  const back = openOutbox(t, { folder, maxBytes: 1 << 20 });
  assert.equal((await back.status()).dropped, dropped);
  assert.equal((await contents(back, 'live')).length, 0);
  await back.setLive(true);
  const gaps = (await contents(back, 'live')).flatMap((batch) => batch.gaps);
  assert.deepEqual(
    gaps
      .map(({ device, from, to, reason }) => [device, from, to, reason])
      .sort(([a], [b]) => String(a).localeCompare(String(b))),
    [
      ['a', 1, dropped / 2, 'outbox-full'],
      ['b', 1, dropped / 2, 'outbox-full'],
      ['c', 1, dropped / 2, 'no-answer'],
    ],
  );
  await back.setLive(true);
  assert.equal((await contents(back, 'live')).length, 1, 'told once');
});

test('events that had to go are told too', async (t) => {
  const outbox = openOutbox(t, { maxBytes: 1 << 20 });
  const data = (): Record<string, unknown> => ({ noise: Array.from({ length: 2500 }, () => Math.random()) });
  for (let i = 0; i < 60; i++) await outbox.append({ events: [{ ...event(`e${i}`), data: data() }] });
  await outbox.setLive(true);
  const events = (await contents(outbox, 'event')).flatMap((batch) => batch.events);
  const told = events.find((each) => each.type === 'outbox.dropped')!;
  assert.equal(told.severity, 'warning');
  assert.equal(told.data!['lost'], 60 - events.length + 1);
});

test('a record that cannot be carried is refused alone', async (t) => {
  const outbox = openOutbox(t);
  const bad = { ...sample('a', 2), states: new Uint8Array(1) };
  const settled = await Promise.allSettled([
    outbox.append({ samples: [sample('a', 1)] }),
    outbox.append({ samples: [bad] }),
    outbox.append({ samples: [sample('a', 3)] }),
  ]);
  assert.deepEqual(
    settled.map((each) => (each.status === 'fulfilled' ? 'ok' : (each.reason as { code: string }).code)),
    ['ok', 'WIRE_INVALID', 'ok'],
  );
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (const data of [circular, { big: 1n }, { run: () => undefined }]) {
    const refusal = outbox.append({ events: [{ ...event('odd'), data }] });
    await assert.rejects(refusal, { code: 'WIRE_INVALID' });
  }
  await assert.rejects(outbox.append({ samples: [{ ...sample('a', 4), device: 7 as never }] }), {
    code: 'WIRE_INVALID',
  });
  assert.equal((await outbox.health()).state, 'ok');
  await assert.rejects(outbox.batches('nonsense' as never, 0, 1), { code: 'WIRE_INVALID' });
  await assert.rejects(outbox.acknowledge('live', [[3, 1]]), { code: 'WIRE_INVALID' });
});

test('a lost file and a restored copy begin a new epoch; what waits in the copy is still sent', async (t) => {
  const folder = temporaryFolder(t);
  const outbox = openOutbox(t, { folder });
  await outbox.append({ samples: [sample('a', 1)] });
  const { epoch } = await outbox.status();
  await outbox.close();
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  copyFileSync(join(folder, 'outbox.db'), join(copy, 'outbox.db'));
  const restored = openOutbox(t, { folder: copy });
  assert.notEqual((await restored.status()).epoch, epoch);
  assert.equal((await contents(restored, 'replay')).length, 1);
  const lost = openOutbox(t);
  assert.notEqual((await lost.status()).epoch, epoch);
});

test('after close calls are refused, and closing again is nothing', async (t) => {
  const outbox = openOutbox(t);
  const last = outbox.append({ samples: [sample('a', 1)] });
  await outbox.close();
  await last;
  await outbox.close();
  await assert.rejects(outbox.append({ samples: [sample('a', 2)] }), { code: 'OUTBOX_CLOSED' });
});
