import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activate, fakeClock } from 'rackwatt/testing';
import { Counter, counter } from '../dist/index.js';

test('counts by name', async () => {
  const counter = new Counter(2);
  await counter.count('a');
  assert.equal(await counter.count('a'), 2);
  await counter.count('b');
  assert.deepEqual(await counter.totals(), { a: 2, b: 1 });
});

test('says when it is full', async () => {
  const counter = new Counter(1);
  await counter.count('a');
  await assert.rejects(counter.count('b'), { code: 'ACME_FULL' });
});

test('reports what it counted, each second if so configured', async (t) => {
  const clock = fakeClock(t);
  const { service, log } = await activate(t, counter, { configuration: { report: 1000 } });
  await service.count('a');
  await clock.advance(1000);
  assert.deepEqual(log, [{ level: 'info', message: 'counted so far', fields: { totals: { a: 1 } } }]);
});
