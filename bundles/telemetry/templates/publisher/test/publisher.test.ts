import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { Batch, Outbox } from '@rackwatt/telemetry';
import { encodeBody } from '@rackwatt/telemetry/wire';
import { activate } from 'rackwatt/testing';
import { publisher } from '../dist/index.js';

/** An outbox in memory with one device of two points; `put` writes a batch. */
function memoryOutbox() {
  const batches: Batch[] = [];
  let wake = (): void => undefined;
  let sequence = 0;
  const outbox: Partial<Outbox> = {
    async *written() {
      for (;;) {
        await new Promise<void>((resolve) => (wake = resolve));
        yield 'live';
      }
    },
    batches: async (batchClass) => batches.filter((batch) => batch.class === batchClass),
    schema: async (after) =>
      after > 0
        ? []
        : [
            {
              version: 1,
              device: 'rack1-a',
              identity: {},
              location: {},
              parts: [{ path: 'outlet/1' }],
              firstPoint: 1,
              points: [
                { part: 'outlet/1', metric: 'power.active', unit: 'W' },
                { part: 'outlet/1', metric: 'current.rms', unit: 'A' },
              ],
              interval: 10_000,
            },
          ],
    acknowledge: async (_, ranges) => {
      for (const [from, to] of ranges) {
        const acknowledged = batches.filter((batch) => batch.sequence >= from && batch.sequence <= to);
        for (const batch of acknowledged) batches.splice(batches.indexOf(batch), 1);
      }
    },
    setLive: async () => undefined,
  };
  const put = (watts: number): void => {
    const sample = {
      device: 'rack1-a',
      number: sequence + 1,
      time: Date.UTC(2026, 0, 1),
      points: Uint32Array.of(1, 2),
      values: Float64Array.of(watts, Number.NaN),
      quality: Uint16Array.of(0, 1),
      states: new Uint8Array(2),
    };
    const body = encodeBody({ samples: [sample], gaps: [], events: [], statuses: [] });
    batches.push({ epoch: 'e', class: 'live', sequence: ++sequence, schema: 1, body });
    wake();
  };
  return { outbox: outbox as Outbox, put, waiting: () => batches.length };
}

/** What Acme would be: keeps the lines that it is sent, and refuses while it is told to. */
async function receiver(t: TestContext) {
  const lines: { value: unknown }[] = [];
  const state = { refusing: false };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      if (!state.refusing)
        for (const line of body.trim().split('\n')) lines.push(JSON.parse(line) as { value: unknown });
      response.statusCode = state.refusing ? 503 : 204;
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { lines, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function until(seen: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !seen(); i++) await new Promise((go) => setTimeout(go, 10));
  assert.ok(seen());
}

test('sends what waits and what comes, and acknowledges it when it is safe', async (t) => {
  const { outbox, put, waiting } = memoryOutbox();
  const { lines, url } = await receiver(t);
  put(120);
  await activate(t, publisher, { references: { outbox }, configuration: { url } });
  await until(() => waiting() === 0);
  put(121);
  await until(() => lines.length === 4 && waiting() === 0);
  assert.deepEqual(lines.slice(0, 2), [
    {
      time: '2026-01-01T00:00:00.000Z',
      device: 'rack1-a',
      part: 'outlet/1',
      metric: 'power.active',
      unit: 'W',
      value: 120,
      quality: 'good',
    },
    {
      time: '2026-01-01T00:00:00.000Z',
      device: 'rack1-a',
      part: 'outlet/1',
      metric: 'current.rms',
      unit: 'A',
      value: null,
      quality: 'bad',
    },
  ]);
});

test('keeps what is refused, says why, and sends it when the other side takes it again', async (t) => {
  const { outbox, put, waiting } = memoryOutbox();
  const { lines, state, url } = await receiver(t);
  state.refusing = true;
  put(120);
  const { service } = await activate(t, publisher, { references: { outbox }, configuration: { url } });
  let health = await service.check();
  for (let i = 0; i < 1000 && health.state === 'ok'; i++) {
    await new Promise((go) => setTimeout(go, 10));
    health = await service.check();
  }
  assert.match(health.detail ?? '', /answered 503/);
  assert.equal(waiting(), 1);
  state.refusing = false;
  await until(() => waiting() === 0);
  assert.equal(lines[0]?.value, 120);
  await until(() => waiting() === 0);
});
