import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { signedTime, verified } from '@rackwatt/fleet';
import { archive, digest, TestCenter } from './support/center.js';

test('an order arrives at once at a gateway that waits, signed for it, with a sequence that rises', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const { sha256, content } = await center.artifact('@acme/driver', '1.0.0');
  const waiting = gateway.desired(undefined, 30);
  const { sequence } = await center.set(gateway.id, {
    bundles: { '@acme/driver': { version: '1.0.0' } },
    reason: 'try',
  });
  const reply = await waiting;
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['etag'], `"${sequence}"`);
  const order = await gateway.open(reply);
  assert.deepEqual(order.bundles, { '@acme/driver': { version: '1.0.0', sha256, size: content.length } });
  assert.equal(order.sequence, sequence);
  assert.equal(order.reason, 'try');
  assert.equal(order.actor, 'cli:test');
  assert.ok(order.expires > Date.now() / 1000);

  assert.equal((await gateway.desired(sequence)).status, 304);
  const next = gateway.desired(sequence, 30);
  const second = await center.set(gateway.id, { configurations: { 'acme.driver': { interval: '5 s' } } });
  assert.ok(second.sequence > sequence);
  const { bundles, configurations } = await gateway.open(await next);
  assert.deepEqual(Object.keys(bundles), ['@acme/driver']);
  assert.deepEqual(configurations, { 'acme.driver': { interval: '5 s' } });
});

test('reports are taken once, in their order, and tell how far a gateway is', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  await center.artifact('@acme/driver', '1.0.0');
  const { sequence } = await center.set('one', { bundles: { '@acme/driver': { version: '1.0.0' } } });
  const show = () =>
    center.call<{
      desired: { progress: string; detail: string | null };
      outcomes: { phase: string }[];
      health: string;
      isOnline: boolean;
    }>('fleet.show', { gateway: 'one' });
  assert.equal((await show()).desired.progress, 'sent');
  const [early, late] = [
    gateway.reportOf({ desired: { sequence, phase: 'downloading', progress: 0.5 } }),
    gateway.reportOf({ desired: { sequence, phase: 'rolled-back', detail: 'BUNDLE_START: it throws' } }),
  ];
  for (const report of [early, early, late, late, early]) assert.equal((await gateway.sendReport(report)).status, 204);
  const shown = await show();
  assert.equal(shown.desired.progress, 'rolled-back');
  assert.equal(shown.desired.detail, 'BUNDLE_START: it throws');
  assert.equal(shown.isOnline, true);
  assert.deepEqual(
    shown.outcomes.map(({ phase }) => phase),
    ['rolled-back', 'downloading'],
  );
  // After a restart its numbers begin anew.
  const restarted = {
    ...gateway.reportOf({ desired: { sequence, phase: 'converged' } }),
    number: 1,
    boot: randomUUID(),
  };
  await gateway.sendReport(restarted);
  assert.equal((await show()).desired.progress, 'converged');
});

test('an archive is sent whole and in parts, and goes on from where it was when it is still the same', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const { sha256, content } = await center.artifact('@acme/driver', '1.0.0', randomBytes(300_000).toString('hex'));
  await center.set('one', { bundles: { '@acme/driver': { version: '1.0.0' } } });
  const get = (headers: Record<string, string> = {}) => gateway.send('GET', `/artifacts/${sha256}`, { headers });
  const whole = await get();
  assert.equal(whole.status, 200);
  assert.equal(digest(whole.body), sha256);
  assert.equal(whole.headers['etag'], `"${sha256}"`);
  const rest = await get({ range: 'bytes=1000-', 'if-range': `"${sha256}"` });
  assert.equal(rest.status, 206);
  assert.equal(rest.headers['content-range'], `bytes 1000-${content.length - 1}/${content.length}`);
  assert.ok(rest.body.equals(content.subarray(1000)));
  assert.equal((await get({ range: 'bytes=1000-', 'if-range': '"other"' })).status, 200);
  assert.ok((await get({ range: 'bytes=-10' })).body.equals(content.subarray(-10)));
  assert.equal((await get({ range: `bytes=${content.length}-` })).status, 416);
  for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes=1e3-'])
    assert.equal((await get({ range })).status, 200, range);
});

test('45 an archive whose file was altered at the center is not sent as if nothing were', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const { sha256 } = await center.artifact('@acme/driver', '1.0.0');
  await center.set('one', { bundles: { '@acme/driver': { version: '1.0.0' } } });
  const [name] = readdirSync(join(center.folder, 'artifacts'));
  assert.equal(name, `${sha256}.tgz`);
  truncateSync(join(center.folder, 'artifacts', name), 100);
  const reply = await gateway.send('GET', `/artifacts/${sha256}`);
  assert.equal(reply.status, 503);
  assert.ok(!reply.body.toString().includes(center.folder), 'where files lie at the center is nobody else’s');
});

test('58 what is of another gateway is for a gateway not there', async (t) => {
  const center = await TestCenter.start(t);
  const [mine, other] = [await center.gateway('mine'), await center.gateway('other')];
  const { sha256 } = await center.artifact('@acme/driver', '1.0.0');
  await center.set('other', { bundles: { '@acme/driver': { version: '1.0.0' } } });
  assert.equal((await other.send('GET', `/artifacts/${sha256}`)).status, 200);
  const [foreign, none] = [
    await mine.send('GET', `/artifacts/${sha256}`),
    await mine.send('GET', `/artifacts/${'0'.repeat(64)}`),
  ];
  assert.equal(foreign.status, 404);
  assert.deepEqual(foreign.body, none.body, 'nothing tells that it exists');
  assert.equal((await mine.desired()).code, 'FLEET_DESIRED_NONE');
  // Who a gateway is, is said by its certificate, whatever else it says.
  const asked = await mine.send('GET', `/desired?gateway=${other.id}`, {
    headers: { 'x-ssl-client-s-dn': `CN=${other.id}`, 'x-forwarded-for': '10.0.0.1' },
  });
  assert.equal(asked.code, 'FLEET_DESIRED_NONE');
  await center.set('other', { bundles: { '@acme/driver': null } });
  assert.equal((await other.send('GET', `/artifacts/${sha256}`)).status, 404, 'nor what it shall not run any more');
});

test('19 time is signed with the nonce that was sent, by the operations key', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger();
  const { operationsKeys } = await gateway.authority();
  const nonce = randomBytes(16).toString('base64url');
  const reply = await gateway.send('GET', `/time?nonce=${nonce}`);
  const said = signedTime.parse(await verified(reply.body.toString(), operationsKeys, 'the time'));
  assert.equal(said.nonce, nonce);
  assert.ok(Math.abs(said.time - Date.now()) < 60_000);
  for (const bad of ['', '?nonce=', '?nonce=short', `?nonce=${'a'.repeat(65)}`, '?nonce=%22%7D']) {
    assert.equal((await gateway.send('GET', `/time${bad}`)).code, 'FLEET_MESSAGE', bad);
  }
});

test('19 an order is for its gateway alone: another one cannot take it for its own', async (t) => {
  const center = await TestCenter.start(t);
  const [mine, other] = [await center.gateway('mine'), await center.gateway('other')];
  await center.set('mine', { configurations: { 'acme.driver': {} } });
  await assert.rejects(other.open(await mine.desired()), { code: 'ORDER_AUDIENCE' });
});

test('23 a center that was restored from a copy says so to a gateway that knows more, and goes on above it', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  const first = await center.set('one', { configurations: { 'acme.driver': { n: 1 } } });
  await center.node.stop();
  const copy = join(center.node.home, 'copy.db');
  copyFileSync(join(center.folder, 'center.db'), copy);
  await center.start();
  const second = await center.set('one', { configurations: { 'acme.driver': { n: 2 } } });
  await center.node.stop();
  copyFileSync(copy, join(center.folder, 'center.db'));
  await center.start();
  gateway.reconnect({ cert: gateway.identity!.certificate, key: gateway.key, port: await center.port() });

  const reply = await gateway.desired(second.sequence);
  assert.equal(reply.status, 409);
  assert.equal(reply.code, 'FLEET_SEQUENCE_AHEAD');
  const shown = await center.call<{ isAhead: boolean; desired: { sequence: number } }>('fleet.show', {
    gateway: 'one',
  });
  assert.equal(shown.isAhead, true);
  assert.equal(shown.desired.sequence, first.sequence);
  assert.equal((await center.health()).state, 'degraded');
  const third = await center.set('one', { configurations: { 'acme.driver': { n: 3 } } });
  assert.ok(third.sequence > second.sequence, 'no number is given twice');
  assert.equal((await gateway.desired(second.sequence)).status, 200);
  assert.equal((await center.health()).state, 'ok');
});

test('23 a gateway cannot drive the numbers of its orders to their end', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  assert.equal((await gateway.desired(Number.MAX_SAFE_INTEGER)).code, 'FLEET_MESSAGE');
  const report = await gateway.report({ desired: { sequence: Number.MAX_SAFE_INTEGER, phase: 'converged' } });
  assert.equal(report.code, 'FLEET_MESSAGE');
});

test('53 what cannot be said to a gateway is refused whole, and nothing is set', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  await center.artifact('@acme/driver', '1.0.0');
  const bundles = { '@acme/driver': { version: '1.0.0' } };
  for (const [wanted, code] of [
    [{ bundles: { ...bundles, '@acme/other': { version: '1.0.0' } } }, 'FLEET_ARTIFACT_UNKNOWN'],
    [{ bundles: { '@acme/driver': {} } }, 'FLEET_DESIRED_INVALID'],
    [{ bundles: { '../driver': null } }, 'FLEET_DESIRED_INVALID'],
    [{ bundles, configurations: { 'acme.driver': 'text' } }, 'USAGE'],
    [{ bundles, more: true }, 'USAGE'],
    [{ bundles, configurations: { 'acme.driver': { text: 'x'.repeat(300 << 10) } } }, 'FLEET_DESIRED_INVALID'],
  ] as const)
    await assert.rejects(center.set('one', wanted), { code }, JSON.stringify(wanted).slice(0, 100));
  assert.equal((await gateway.desired()).code, 'FLEET_DESIRED_NONE');
});

test('60 the center does not even try to change what is the local administrator’s', async (t) => {
  const center = await TestCenter.start(t);
  await center.gateway('one');
  for (const pid of ['rackwatt.remote-admin', 'rackwatt.remote-admin~x'])
    await assert.rejects(center.set('one', { configurations: { [pid]: { enabled: true } } }), {
      code: 'FLEET_DESIRED_INVALID',
    });
});

test('an older version needs a word, and a rollback says what ran before', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  await center.artifact('@acme/driver', '1.0.0');
  await center.artifact('@acme/driver', '2.0.0');
  const runs = (version: string) => ({
    health: 'ok' as const,
    troubles: {},
    bundles: [{ name: '@acme/driver', version, state: 'ACTIVE' }],
    configurations: {},
  });
  await gateway.report({ actual: runs('1.0.0') });
  const { differences } = await center.set('one', { bundles: { '@acme/driver': { version: '2.0.0' } }, isTrial: true });
  assert.deepEqual(differences, [
    { kind: 'bundle', name: '@acme/driver', action: 'update', from: '1.0.0', to: '2.0.0' },
  ]);
  assert.equal((await gateway.desired()).code, 'FLEET_DESIRED_NONE', 'a trial sets nothing');
  await center.set('one', { bundles: { '@acme/driver': { version: '2.0.0' } } });
  await gateway.report({ actual: runs('2.0.0') });
  const older = { '@acme/driver': { version: '1.0.0' } };
  await assert.rejects(center.set('one', { bundles: older }), { code: 'FLEET_DOWNGRADE' });
  await center.call('fleet.rollback', { actor: 'cli:test', gateway: 'one' });
  const order = await gateway.open(await gateway.desired());
  assert.equal(order.bundles['@acme/driver']?.version, '1.0.0');
  assert.equal(order.bundles['@acme/driver']?.downgrade, true);
});

test('what a rollback takes away is what nobody had before', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.gateway('one');
  await center.artifact('@acme/driver', '1.0.0');
  const bundles = { '@acme/driver': { version: '1.0.0' } };
  await gateway.report({ capabilities: ['update'] });
  await center.set('one', { bundles });
  await assert.rejects(center.call('fleet.rollback', { actor: 'cli:test', gateway: 'one' }), {
    code: 'FLEET_ROLLBACK_IMPOSSIBLE',
  });
  const actual = { health: 'ok' as const, troubles: {}, bundles: [], configurations: {} };
  await gateway.report({ actual });
  await center.set('one', { bundles, whole: true });
  await center.set('one', { bundles, configurations: { 'acme.driver': { n: 1 } }, whole: true });
  await center.call('fleet.rollback', { actor: 'cli:test', gateway: 'one' });
  const order = await gateway.open(await gateway.desired());
  assert.deepEqual(order.configurations, { 'acme.driver': null });
  assert.equal(order.bundles['@acme/driver']?.version, '1.0.0');
});

test('only archives are kept, under their digest, and a second one of the same content changes nothing', async (t) => {
  const center = await TestCenter.start(t, { largestArtifact: 1 << 20 });
  const one = await center.artifact('@acme/driver', '1.0.0');
  assert.equal((await center.artifact('@acme/driver', '1.0.0')).sha256, one.sha256);
  const add = (content: Buffer) => center.api('POST', '/fleet/artifacts', { content: content.toString('base64') });
  assert.equal((await add(Buffer.from('no archive'))).json['code'], 'ARCHIVE_INVALID');
  const good = archive('@acme/other', '1.0.0');
  const flipped = Buffer.from(good);
  flipped[flipped.length - 20]! ^= 1;
  assert.match(String((await add(flipped)).json['code']), /^ARCHIVE_/);
  assert.equal((await add(good)).json['name'], '@acme/other');
  const large = center.artifact('@acme/large', '1.0.0', randomBytes(1 << 20).toString('hex'));
  await assert.rejects(large, { code: 'FLEET_TOO_LARGE' });
  mkdirSync(join(center.folder, 'x'));
  await assert.rejects(center.call('fleet.artifacts.add', { actor: 'cli:test', file: join(center.folder, 'x') }), {
    code: 'FLEET_ARTIFACT_UNKNOWN',
  });
  assert.equal(readdirSync(join(center.folder, 'artifacts')).length, 2, 'nothing is left of what was refused');
});

test('a gateway whose certificate is of another key, another center, or revoked is nobody', async (t) => {
  const center = await TestCenter.start(t);
  const other = await TestCenter.start(t);
  const [gateway, foreign] = [await center.gateway('one'), await other.gateway('one')];
  const { certificate: cert } = foreign.identity!;
  const stranger = await center.stranger();
  assert.equal((await stranger.desired()).code, 'FLEET_IDENTITY');
  stranger.reconnect({ cert, key: foreign.key });
  assert.equal((await stranger.desired()).code, 'FLEET_IDENTITY');
  // A certificate alone is of no use: TLS asks for its key.
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  stranger.reconnect({ cert: gateway.identity!.certificate, key: privateKey });
  await assert.rejects(stranger.desired(), /key values mismatch/);
  assert.equal((await gateway.report()).status, 204);
});

test('11 a revoked gateway is cut off at once, and stays so: orders, reports, archives, enrolment', async (t) => {
  const center = await TestCenter.start(t);
  const [gateway, other] = [await center.gateway('one'), await center.gateway('two')];
  await center.set('one', { configurations: { 'acme.driver': {} } });
  const { sequence } = await gateway.open(await gateway.desired());
  const cut = assert.rejects(gateway.desired(sequence, 60), /hang up|ECONNRESET/);
  const waits = other.desired(undefined, 1);
  await center.call('fleet.revoke', { actor: 'cli:test', gateway: 'one' });
  await cut;
  for (const reply of [await gateway.desired(), await gateway.report(), await gateway.requestEnrolment()]) {
    assert.equal(reply.status, 403);
    assert.equal(reply.code, 'FLEET_GATEWAY_REVOKED');
  }
  assert.equal((await waits).code, 'FLEET_DESIRED_NONE', 'another gateway goes on');
  await assert.rejects(center.set('one', { configurations: {} }), { code: 'FLEET_GATEWAY_REVOKED' });
});
