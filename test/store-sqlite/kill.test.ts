import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WorkerStore } from '@rackwatt/store-sqlite';
import { RangeSet } from '@rackwatt/telemetry/wire';
import { temporaryFolder } from '../support/temporary.js';
import { optionsFor } from './support.js';

const applier = join(dirname(fileURLToPath(import.meta.url)), 'applier.js');

test('what apply settled for is there after SIGKILL, once, twenty times in a row', { timeout: 120_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const settled = new RangeSet();
  for (let round = 0; round < 20; round++) {
    // Goes back a little: batches that came before are passed over.
    const first = Math.max(1, (settled.last ?? 0) - 5);
    const child = spawn(process.execPath, [applier, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    while (printed === '' && child.exitCode === null) await Promise.race([once(child.stdout, 'data'), closed]);
    await delay(20 + round * 7);
    child.kill('SIGKILL');
    await closed;
    for (const line of printed.split('\n').slice(0, -1)) settled.add(Number(line));
  }
  const store = await WorkerStore.open(optionsFor(folder));
  t.after(() => store.close());
  const { ranges, doubled } = await store.numbers('gw1/pdu');
  const stored = RangeSet.fromArray(ranges);
  assert.ok(settled.count > 100, `only ${settled.count} batches were applied`);
  for (const [from, to] of settled.toArray())
    assert.deepEqual(stored.complement(to, from), [], `${from} to ${to} was settled`);
  assert.equal(doubled, 0);
  const [inlet] = await store.latest();
  const { times } = await store.series({ point: inlet!.point, from: 0, to: 1e12 });
  assert.deepEqual(
    Array.from(times, (time) => time / 1000),
    stored.toArray().flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
  );
});
