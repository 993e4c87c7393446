import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { until } from '../support/node.js';
import { TestCenter } from './support/center.js';

test('24 a body that two readers could take for different things, or that is too long, is refused; nothing else changes', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const report = JSON.stringify(gateway.reportOf());
  const open = report.slice(0, -1);
  const posted = (body: string | Buffer) => gateway.send('POST', '/reports', { body });
  const before = Object.getOwnPropertyNames(Object.prototype);
  for (const body of [
    '',
    'null',
    '[]',
    '{',
    `${report}${report}`,
    `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
    `${open},"extra":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
    `${open},"number":2}`,
    `${open},"__proto__":{"polluted":true}}`,
    `${open},"constructor":{"prototype":{"polluted":true}}}`,
    report.replace(/"time":\d+/, '"time":1e400'),
    report.replace(/"number":\d+/, '"number":9007199254740993'),
    report.replace(/"number":\d+/, '"number":1.5'),
    `${open},"desired":{"sequence":-1,"phase":"converged"}}`,
    Buffer.concat([Buffer.from(`${open},"x":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  ]) {
    const reply = await posted(body);
    assert.equal(reply.status, 400, String(body).slice(0, 100));
    assert.equal(reply.code, 'FLEET_MESSAGE');
  }
  const long = await posted(`${open},"x":"${'x'.repeat(1 << 20)}"}`);
  assert.equal(long.status, 413);
  const chunked = await gateway.send('POST', '/reports', {
    headers: { 'transfer-encoding': 'chunked' },
    body: Buffer.alloc(1 << 20, 0x20),
  });
  assert.equal(chunked.status, 413);
  const packed = await gateway.send('POST', '/reports', { headers: { 'content-encoding': 'gzip' }, body: 'x' });
  assert.equal(packed.code, 'FLEET_MESSAGE');
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.equal((await posted(report)).status, 204);
});

test('26 what is no request of ours ends for its sender alone', async (t) => {
  const center = await TestCenter.start(t);
  const [gateway, rude] = [await center.gateway('one'), await center.stranger()];
  for (const path of ['/nothing', `/artifacts/${'a/'.repeat(200)}`, '/artifacts/..%2f..%2fcenter.db', '/enrolments/'])
    assert.equal((await rude.send('GET', path)).status, 404, path);
  assert.equal((await rude.send('PUT', '/reports')).status, 404);
  const long = await rude.send('GET', '/authority', { headers: { 'x-long': 'x'.repeat(64 << 10) } }).then(
    ({ status }) => status,
    (error: NodeJS.ErrnoException) => error.code,
  );
  assert.ok(long === 431 || long === 'ECONNRESET' || long === 'EPIPE', String(long));
  const port = await center.port();
  const plain = connectPlain(port, '127.0.0.1');
  plain.on('error', () => undefined);
  plain.write('GET / HTTP/1.1\r\n\r\n');
  await once(plain, 'close');
  assert.equal((await gateway.report()).status, 204);
});

test('a client that does not go on with its request is let go', async (t) => {
  const center = await TestCenter.start(t);
  const socket = connect({ port: await center.port(), host: '127.0.0.1', ca: center.root });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.resume().write('GET /fleet/v1/authority HTTP/1.1\r\nHost: center\r\nX-Slow: ');
  await once(socket, 'close');
});

test('8 the center shows a certificate of its root, for its names, and public authorities do not vouch for it', async (t) => {
  const center = await TestCenter.start(t, { names: ['center.example', '192.0.2.7'] });
  const port = await center.port();
  const tried = async (options: object): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', ...options });
    try {
      const seen = await new Promise<string>((resolve) => {
        socket.once('secureConnect', () => resolve(socket.authorized ? 'trusted' : 'not trusted'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
      return seen;
    } finally {
      socket.destroy();
    }
  };
  const ca = center.root;
  assert.equal(await tried({ ca }), 'trusted');
  assert.equal(await tried({ ca, servername: 'center.example' }), 'trusted');
  assert.equal(await tried({ ca, servername: 'other.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID');
  assert.equal(await tried({}), 'SELF_SIGNED_CERT_IN_CHAIN');
  assert.equal(await tried({ ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }), 'ERR_SSL_NO_PROTOCOLS_AVAILABLE');
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca });
  await once(socket, 'secureConnect');
  const chain = socket.getPeerCertificate(true);
  assert.equal(chain.issuerCertificate.fingerprint256.replaceAll(':', '').toLowerCase(), center.fingerprint);
  socket.destroy();
});

test('a center that stops lets go of gateways that wait, and they find it again', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const waiting = gateway.desired(undefined, 60);
  await until('it waits', async () => (await center.figures('admin-center'))['online'] === 1);
  await center.node.stop();
  assert.equal((await waiting).code, 'FLEET_DESIRED_NONE');
  await center.start();
  gateway.reconnect({ cert: gateway.identity!.certificate, key: gateway.key, port: await center.port() });
  assert.equal((await gateway.report()).status, 204);
});
