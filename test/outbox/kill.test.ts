import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RangeSet } from '@rackwatt/telemetry/wire';
import { temporaryFolder } from '../support/temporary.js';
import { contents, openOutbox } from './support.js';

test('killed 20 times under load: all that was acknowledged is there once, in sequences without holes', {
  timeout: 120_000,
}, async (t) => {
  const folder = temporaryFolder(t);
  const acknowledged = new Map<string, number>();
  let lines = 0;
  for (let round = 0; round < 20; round++) {
    const child = spawn(process.execPath, [fileURLToPath(new URL('kill-child.js', import.meta.url)), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child.stdout, 'data');
    await sleep(20 + Math.random() * 150);
    child.kill('SIGKILL');
    await once(child, 'close');
    for (const line of text.split('\n').slice(0, -1)) {
      const [device, number] = line.split(' ') as [string, string];
      acknowledged.set(device, Math.max(acknowledged.get(device) ?? 0, Number(number)));
      lines++;
    }
  }
  const outbox = openOutbox(t, { folder });
  const batches = await contents(outbox, 'replay');
  batches.forEach((batch, i) => assert.equal(batch.sequence, i + 1));
  const numbers = new Map<string, RangeSet>();
  for (const { device, number } of batches.flatMap((batch) => batch.samples)) {
    const set = numbers.get(device) ?? new RangeSet();
    numbers.set(device, set);
    assert.ok(!set.has(number), `${device} ${number} is doubled`);
    set.add(number);
  }
  assert.equal(acknowledged.size, 16);
  for (const [device, last] of acknowledged) {
    const set = numbers.get(device)!;
    assert.ok(set.reach() >= last, `${device}: ${last} was acknowledged, ${set.reach()} is there`);
    assert.equal(set.ranges, 1);
    assert.equal(await outbox.lastNumber(device), set.last);
  }
  t.diagnostic(`${lines} acknowledged appends in ${batches.length} batches`);
});
