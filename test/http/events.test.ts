import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'node:test';
import type { Route } from '@rackwatt/http/contract';
import { startServer } from './server.js';

type Event = { event?: string; id?: string; data: unknown };

const stream = (events: (signal: AbortSignal) => AsyncIterable<Event>): Route => ({
  method: 'GET',
  path: '/live',
  summary: 'live',
  handle: async ({ signal }) => ({ events: events(signal) }),
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries++) await wait(10);
  assert.ok(condition(), 'in time');
}

test('events arrive as they come, and the source is told when the client goes', async (t) => {
  const { routes, url, service } = await startServer(t);
  let ended = false;
  routes.bring(
    stream(async function* (signal) {
      try {
        yield { event: 'hello\ndata: forged', id: '1', data: { text: 'two\nlines', value: null } };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        ended = true;
      }
    }),
  );
  const client = new AbortController();
  const answer = await fetch(`${url}api/v1/live`, { signal: client.signal, headers: { 'last-event-id': '7' } });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.match(answer.headers.get('content-security-policy')!, /default-src/);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('data: {')) text += (await reader.read()).value ?? '';
  assert.match(text, /event: hello data: forged\nid: 1\ndata: \{"text":"two\\nlines","value":null\}\n\n/);
  assert.equal((await service.check()).figures!['streams'], 1);
  client.abort();
  await until(() => ended);
  await assert.rejects(reader.read());
});

test('a stream ends when its route goes', async (t) => {
  const { routes, url } = await startServer(t);
  const take = routes.bring(
    stream(async function* (signal) {
      yield { data: 1 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }),
  );
  const answer = await fetch(`${url}api/v1/live`);
  setTimeout(take, 50);
  assert.match(await answer.text(), /data: 1/);
});

test('a client that does not read holds back the source instead of filling memory', async (t) => {
  const { routes, url, scope } = await startServer(t);
  let asked = 0;
  routes.bring(
    stream(async function* () {
      for (;;) {
        asked++;
        yield { data: 'x'.repeat(10_000) };
      }
    }),
  );
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1', () =>
    socket.write('GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  );
  socket.pause();
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  await until(() => asked > 10);
  let before = -1;
  while (asked !== before) {
    before = asked;
    await wait(200);
  }
  assert.ok(asked < 2_000, `${asked} events of 10 KB were taken from the source`);
  const failures = await scope.close();
  assert.deepEqual(failures, []);
});
