import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RackwattError } from 'rackwatt';
import { echo, raw, startServer } from './server.js';

const json = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>;

test('a route is served and described while its service is there, and 404 after', async (t) => {
  const { routes, url } = await startServer(t);
  const api = `${url}api/v1`;
  assert.equal((await fetch(`${api}/racks/R1`)).status, 404);
  const take = routes.bring(
    echo('/racks/{rack}', 'racks', { query: { type: 'object', properties: { depth: { type: 'integer' } } } }),
  );
  const answer = await fetch(`${api}/racks/R%201?depth=2`);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { answer: 'racks', params: { rack: 'R 1' }, query: { depth: '2' } });
  const described = (await json(`${api}/openapi.json`)) as {
    openapi: string;
    paths: Record<string, { get: { parameters: { name: string }[] } }>;
  };
  assert.equal(described.openapi, '3.1.0');
  assert.deepEqual(
    described.paths['/racks/{rack}']!.get.parameters.map((p) => p.name),
    ['rack', 'depth'],
  );
  take();
  const gone = await fetch(`${api}/racks/R1`);
  assert.equal(gone.status, 404);
  assert.match(gone.headers.get('content-type')!, /^application\/problem\+json/);
  assert.equal('/racks/{rack}' in ((await json(`${api}/openapi.json`))['paths'] as object), false);
});

test('of two routes at one place the higher ranked serves, and the other when it goes', async (t) => {
  const { routes, url } = await startServer(t);
  routes.bring(echo('/who', 'old'));
  const take = routes.bring(echo('/who', 'better'), { 'service.ranking': 5 });
  assert.equal((await json(`${url}api/v1/who`))['answer'], 'better');
  take();
  assert.equal((await json(`${url}api/v1/who`))['answer'], 'old');
});

test('a fixed path wins over a parameter, another method is 405 with Allow, HEAD has no body', async (t) => {
  const { routes, url } = await startServer(t);
  routes.bring(echo('/devices/{id}', 'one'));
  routes.bring(echo('/devices/all', 'all'));
  routes.bring(echo('/devices/{name}', 'changed', { method: 'PATCH' }));
  assert.equal((await json(`${url}api/v1/devices/all`))['answer'], 'all');
  assert.equal((await json(`${url}api/v1/devices/x`))['answer'], 'one');
  const refused = await fetch(`${url}api/v1/devices/x`, { method: 'DELETE' });
  assert.equal(refused.status, 405);
  assert.equal(refused.headers.get('allow'), 'GET, PATCH');
  const head = await fetch(`${url}api/v1/devices/x`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});

test('input that breaks the schema is 400 and says where', async (t) => {
  const { routes, url } = await startServer(t);
  routes.bring(
    echo('/edit', 'edit', {
      method: 'POST',
      query: { type: 'object', properties: { limit: { type: 'integer', maximum: 10 } } },
      body: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: { name: { type: 'string' } },
      },
    }),
  );
  const post = (body: string, query = '') =>
    raw(url, `/api/v1/edit${query}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal((await post('{"name":"a"}')).status, 200);
  const wrong = await post('{"name":1,"evil":true}', '?limit=11');
  assert.equal(wrong.status, 400);
  const problem = JSON.parse(wrong.text) as {
    title: string;
    detail: string;
    errors: { in: string; pointer: string }[];
  };
  assert.equal(problem.title, 'Bad Request');
  assert.deepEqual(new Set(problem.errors.map((e) => e.in + e.pointer)), new Set(['query/limit', 'body', 'body/name']));
  assert.match(problem.detail, /body\/name must be string/);
  assert.equal((await post('{"name":')).status, 400);
  assert.equal((await post('{"name":"a","__proto__":{"x":1}}')).status, 400);
  assert.equal((await post(`{"name":"${'a'.repeat(1_100_000)}"}`)).status, 413);
  const form = await raw(url, '/api/v1/edit', {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: '{"name":"a"}',
  });
  assert.equal(form.status, 415);
});

test('a RackwattError passes with its code and status, any other failure shows nothing of itself', async (t) => {
  const { routes, url, lines } = await startServer(t);
  routes.bring(
    echo('/coded', '', {
      handle: async () => {
        throw new RackwattError('DEVICE_UNKNOWN', 'There is no device "x".', { context: { status: 404 } });
      },
    }),
  );
  routes.bring(
    echo('/broken', '', {
      handle: async () => {
        throw new TypeError('secret internals');
      },
    }),
  );
  const coded = await fetch(`${url}api/v1/coded`);
  assert.equal(coded.status, 404);
  assert.deepEqual(await coded.json(), {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail: 'There is no device "x".',
    code: 'DEVICE_UNKNOWN',
  });
  const broken = await raw(url, '/api/v1/broken');
  assert.equal(broken.status, 500);
  assert.doesNotMatch(broken.text, /secret/);
  assert.deepEqual(
    lines.filter((line) => line.level === 'error').map((line) => line.message),
    ['a route failed'],
  );
});

test('a used port, and a host that others reach, are refused in a sentence', async (t) => {
  const { url } = await startServer(t);
  const port = Number(new URL(url).port);
  await assert.rejects(startServer(t, { port }), {
    code: 'HTTP_PORT_IN_USE',
    message: new RegExp(`port ${port} on 127.0.0.1 is in use`),
  });
  await assert.rejects(startServer(t, { host: '0.0.0.0' }), { code: 'HTTP_REMOTE_REFUSED', message: /allowRemote/ });
  const open = await startServer(t, { host: '0.0.0.0', allowRemote: true });
  assert.ok(open.lines.some((line) => line.level === 'warn' && /without accounts/.test(line.message)));
});
