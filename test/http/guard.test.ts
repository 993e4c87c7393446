import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { temporaryFolder } from '../support/temporary.js';
import { echo, raw, startServer } from './server.js';

test('names that could be rebound to this machine are refused, its own are served', async (t) => {
  const { url } = await startServer(t, { names: ['power.example'] });
  const { port } = new URL(url);
  const status = async (host: string) => (await raw(url, '/metrics', { headers: { host } })).status;
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    'LOCALHOST',
    `[::1]:${port}`,
    'power.example:443',
    'localhost:9999',
  ]) {
    assert.equal(await status(host), 200, host);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost@evil.example',
    '192.0.2.1',
  ]) {
    assert.equal(await status(host), 421, host);
  }
});

test('where other machines are allowed any address will do, a name must be known', async (t) => {
  const { url } = await startServer(t, { host: '0.0.0.0', allowRemote: true, names: ['gw.example'] });
  const status = async (host: string) => (await raw(url, '/metrics', { headers: { host } })).status;
  assert.deepEqual(await Promise.all(['192.0.2.1:8080', 'gw.example', 'evil.example'].map(status)), [200, 200, 421]);
});

test('changes are taken from own pages and from programs, never from other sites', async (t) => {
  const { routes, url } = await startServer(t);
  routes.bring(echo('/thing', 'changed', { method: 'POST' }));
  routes.bring(echo('/thing', 'read'));
  const own = new URL(url).origin;
  const status = async (headers: Record<string, string>, method = 'POST') =>
    (
      await raw(url, '/api/v1/thing', {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method === 'POST' && { body: '{}' }),
      })
    ).status;
  assert.equal(await status({}), 200);
  assert.equal(await status({ origin: own, 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await status({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await status({ origin: 'https://evil.example' }), 403);
  assert.equal(await status({ origin: 'null' }), 403);
  assert.equal(await status({ origin: own.replace(/:\d+$/, ':1') }), 403);
  assert.equal(await status({ 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await status({ origin: 'https://evil.example' }, 'GET'), 200);
});

test('pages are served from their folder and nothing outside of it', async (t) => {
  const folder = temporaryFolder(t);
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(page, '.hidden'), 'secret');
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Hello</title>');
  const script = 'export const answer = 42;\n'.repeat(50);
  writeFileSync(join(page, 'assets/app-Ab3dEf9h.js'), script);
  writeFileSync(join(page, 'assets/app-Ab3dEf9h.js.gz'), gzipSync(script));
  const { pages, url } = await startServer(t);
  assert.equal((await raw(url, '/')).status, 404);
  const take = pages.bring({ path: 'console', title: 'Console', folder: page, home: true });

  const home = await raw(url, '/');
  assert.deepEqual([home.status, home.headers['location']], [302, '/console/']);
  assert.equal((await raw(url, '/console')).headers['location'], '/console/');
  const index = await raw(url, '/console/');
  assert.match(index.text, /Hello/);
  assert.equal(index.headers['cache-control'], 'no-cache');
  assert.match(String(index.headers['content-security-policy']), /default-src 'self'.*frame-ancestors 'none'/);
  assert.equal(index.headers['x-content-type-options'], 'nosniff');
  const again = await raw(url, '/console/', { headers: { 'if-none-match': String(index.headers['etag']) } });
  assert.equal(again.status, 304);

  const asset = await raw(url, '/console/assets/app-Ab3dEf9h.js');
  assert.equal(asset.text, script);
  assert.match(String(asset.headers['cache-control']), /max-age=31536000, immutable/);
  const packed = await fetch(`${url}console/assets/app-Ab3dEf9h.js`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers.get('content-encoding'), 'gzip');
  assert.match(packed.headers.get('content-type')!, /^text\/javascript|^application\/javascript/);
  assert.equal(await packed.text(), script);
  assert.equal(gunzipSync(gzipSync(script)).toString(), script);

  for (const path of [
    '/console/../secret.txt',
    '/console/..%2fsecret.txt',
    '/console/%2e%2e/secret.txt',
    '/console/%2e%2e%2fsecret.txt',
    '/console/..%5csecret.txt',
    '/console//etc/passwd',
    '/console/%00',
    '/console/%ff',
    '/console/.hidden',
    '/console/assets/',
    '/console/nothing.js',
    '/%2e%2e/secret.txt',
  ]) {
    const answer = await raw(url, path);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.doesNotMatch(answer.text, /^secret/);
  }
  take();
  assert.equal((await raw(url, '/console/')).status, 404);
});

test('a page may not take the path of the API', async (t) => {
  const { pages, url, lines } = await startServer(t);
  pages.bring({ path: 'api', title: 'Impostor', folder: temporaryFolder(t) });
  assert.equal((await raw(url, '/api/')).status, 404);
  assert.match(lines.find((line) => line.level === 'warn')!.message, /"api" cannot be the path/);
});
