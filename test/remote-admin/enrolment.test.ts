import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestAuthority } from './support/authority.js';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';

const DAY = 86_400_000;
const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

test('after installation nothing is connected, and no key is made', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = new Gateway(t);
  gateway.properties = { ...center.settings, capabilities: [] };
  await gateway.start();
  await pause(300);
  assert.equal((await gateway.agent.status()).state, 'off');
  assert.deepEqual(center.requests, []);
  assert.ok(!existsSync(join(gateway.folder, 'key.pem')));
});

test('a gateway is enrolled by a person who has its claim code, and keeps one key', async (t) => {
  const center = await TestCenter.start(t);
  center.isApproving = false;
  const gateway = await Gateway.at(t, center, ['monitor']);
  const { claimCode, key } = await gateway.status('it shows a claim code', ({ claimCode: code }) => code !== undefined);
  const [fingerprint, known] = [...center.enrolments][0]!;
  assert.equal(claimCode, known.claimCode);
  assert.equal(key!.replaceAll(' ', ''), fingerprint.slice(0, 16));
  assert.equal(statSync(join(gateway.folder, 'key.pem')).mode & 0o777, 0o600);
  center.isApproving = true;
  const status = await gateway.enrolled();
  assert.equal(status.gateway, center.gateway);
  assert.deepEqual(await gateway.actions(), ['granted', 'asked for enrolment', 'enrolled']);
  const before = readFileSync(join(gateway.folder, 'key.pem'), 'utf8');
  await gateway.restart();
  await gateway.enrolled();
  assert.equal(readFileSync(join(gateway.folder, 'key.pem'), 'utf8'), before);
  assert.equal(center.enrolments.size, 1);
});

test('a request that the center forgot is made anew', async (t) => {
  const center = await TestCenter.start(t);
  center.isApproving = false;
  const gateway = await Gateway.at(t, center);
  const { claimCode } = await gateway.status('it shows a code', (status) => status.claimCode !== undefined);
  center.enrolments.clear();
  center.isApproving = true;
  await gateway.enrolled();
  assert.ok((await gateway.actions()).includes('enrolment expired'));
  assert.notEqual([...center.enrolments.values()][0]!.claimCode, claimCode);
});

test('5 whatever is lost between approval and keeping the certificate, there is one identity', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  const { gateway: id } = await gateway.enrolled();
  await gateway.stop();
  const kept = JSON.parse(readFileSync(join(gateway.folder, 'identity.json'), 'utf8')) as Record<string, unknown>;
  const known = [...center.enrolments.values()][0]!;
  const pending = { id: known.id, claimCode: known.claimCode, fingerprint: '', retryAfter: 1, expires: 0 };
  const { root, operationsKeys } = kept;
  // As it was at each step: asked and approved, pinned, nothing but the key.
  for (const state of [{ root, operationsKeys, pending }, { root, operationsKeys }, undefined]) {
    const file = join(gateway.folder, 'identity.json');
    writeFileSync(file, JSON.stringify(state ?? null));
    await gateway.start();
    assert.equal((await gateway.enrolled()).gateway, id);
    await gateway.stop();
  }
  assert.equal(center.enrolments.size, 1);
  assert.deepEqual(
    readdirSync(gateway.folder).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

const impostors: Record<
  string,
  () => Promise<{ authority: TestAuthority; host?: string; validity?: object; pinned?: TestAuthority }>
> = {
  'of another authority': async () => ({
    authority: await TestAuthority.make('Public'),
    pinned: await TestAuthority.make(),
  }),
  'that says it is of the same authority': async () => ({
    authority: await TestAuthority.make('Test center'),
    pinned: await TestAuthority.make('Test center'),
  }),
  'of the authority that signs gateways': async () => ({
    authority: await TestAuthority.make('Test center', ['1.3.6.1.5.5.7.3.2']),
  }),
  'for another name': async () => ({ authority: await TestAuthority.make(), host: 'elsewhere.example' }),
  'of another authority, and expired': async () => ({
    authority: await TestAuthority.make('Rogue'),
    validity: { from: Date.now() - 10 * DAY, to: Date.now() - DAY },
    pinned: await TestAuthority.make(),
  }),
  'for another name, and expired': async () => ({
    authority: await TestAuthority.make(),
    host: 'elsewhere.example',
    validity: { from: Date.now() - 10 * DAY, to: Date.now() - DAY },
  }),
};

for (const [what, make] of Object.entries(impostors))
  test(`8 nothing is sent to a server with a certificate ${what}`, async (t) => {
    const { authority, pinned = authority, host, validity } = await make();
    const center = await TestCenter.start(t, {
      authority,
      ...(host ? { host } : {}),
      ...(validity ? { validity } : {}),
    });
    const gateway = new Gateway(t);
    gateway.properties = { center: center.url, fingerprint: pinned.fingerprint, capabilities: ['monitor'] };
    await gateway.start();
    const { trouble } = await gateway.status('it says so', (status) => status.trouble !== undefined);
    assert.equal(trouble!.code, 'CENTER_CERTIFICATE');
    await pause(200);
    assert.deepEqual(center.requests, []);
    assert.equal((await gateway.agent.status()).clock, 'untrusted');
    assert.ok(!existsSync(join(gateway.folder, 'key.pem')));
  });

test('8 a server whose own certificate has expired gets no request for enrolment', async (t) => {
  const validity = { from: Date.now() - 10 * DAY, to: Date.now() - DAY };
  const center = await TestCenter.start(t, { validity });
  const gateway = await Gateway.at(t, center);
  const { trouble } = await gateway.status('it says so', (status) => status.trouble !== undefined);
  assert.equal(trouble!.code, 'CENTER_CERTIFICATE_DATE');
  await pause(200);
  assert.ok(
    center.requests.every((request) => /^GET .*\/(authority|time)/.test(request)),
    center.requests.join(),
  );
  assert.equal(center.received, 0);
});

test('8 the same holds once the gateway is enrolled', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  const { port } = center;
  await center.stop();
  const impostor = await TestCenter.start(t, { authority: await TestAuthority.make(), port });
  await gateway.status('it says so', ({ trouble }) => trouble?.code === 'CENTER_CERTIFICATE');
  assert.deepEqual(impostor.requests, []);
});

test('9 a center with another root than the pinned one is not talked to', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  const other = await TestCenter.start(t);
  gateway.configure({ ...other.settings, capabilities: ['monitor'] });
  const { trouble } = await gateway.status(
    'it stops',
    ({ state, trouble: found }) => state !== 'connected' && found !== undefined,
  );
  assert.equal(trouble!.code, 'REMOTE_ADMIN_OTHER_CENTER');
  assert.deepEqual(other.requests, []);
  await gateway.agent.forget('a test');
  await gateway.enrolled();
  assert.equal(other.enrolments.size, 1);
  assert.notEqual(other.gateway, center.gateway);
});

test('13 a private key that others can read is not used', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await gateway.stop();
  chmodSync(join(gateway.folder, 'key.pem'), 0o644);
  await pause(200);
  center.requests.length = 0;
  await gateway.start();
  const { trouble } = await gateway.status('it stops', (status) => status.trouble !== undefined);
  assert.equal(trouble!.code, 'REMOTE_ADMIN_KEY');
  assert.deepEqual(center.requests, []);
  assert.equal((await gateway.agent.health()).state, 'degraded');
  await gateway.agent.forget('a test');
  await gateway.enrolled();
  assert.equal(center.enrolments.size, 2);
});

const clocks: Record<string, () => number> = {
  '1970': () => 0,
  '1980': () => Date.UTC(1980, 0, 1),
  '2038': () => Date.UTC(2038, 0, 19),
  'ten years ahead': () => Date.now() + 3653 * DAY,
};

for (const [what, clock] of Object.entries(clocks))
  test(`38 with a clock that says ${what} it enrols, by the time that the center signed`, async (t) => {
    const center = await TestCenter.start(t);
    const gateway = new Gateway(t);
    gateway.system = clock;
    gateway.properties = { ...center.settings, capabilities: ['monitor'] };
    await gateway.start();
    const status = await gateway.enrolled();
    assert.equal(status.clock, 'trusted');
    // The next start has no battery either.
    await gateway.restart();
    await gateway.enrolled();
    const { time } = lastReport(center);
    assert.ok(Math.abs(time - Date.now()) < DAY / 24);
  });

test('38 a center that turns the time back is not believed', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await gateway.stop();
  center.deviation = -DAY;
  await gateway.start();
  await gateway.status('it says so', ({ trouble }) => trouble?.code === 'CENTER_TIME');
});

function lastReport(center: TestCenter) {
  const last = center.reports.at(-1);
  assert.ok(last);
  return last;
}
