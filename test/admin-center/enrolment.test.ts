import 'reflect-metadata';
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { pendingEnrolment, signPossession } from '@rackwatt/fleet';
import { TestCenter } from './support/center.js';
import { csrOf } from './support/gateway.js';

test('a gateway asks, a person approves with its claim code, and it has a certificate that the center chose', async (t) => {
  const center = await TestCenter.start(t, { tenant: 'acme' });
  const gateway = await center.stranger({ serial: 'SN-77' });
  const { tenant, certificates } = await gateway.authority();
  assert.equal(tenant, 'acme');
  assert.equal(certificates[1], center.root);

  const asked = await gateway.ask();
  assert.match(asked.claimCode, /^[0-9A-Z]{5}-[0-9A-Z]{5}$/);
  assert.equal((await gateway.status(asked.id)).status, 202);

  const { enrolments } = await center.call<{ enrolments: Record<string, unknown>[] }>('fleet.list');
  assert.equal(enrolments.length, 1);
  assert.equal(enrolments[0]!['serial'], 'SN-77');
  assert.equal(enrolments[0]!['fingerprint'], asked.fingerprint);
  assert.equal(enrolments[0]!['address'], '127.0.0.1');
  assert.ok(!JSON.stringify(enrolments).includes(asked.claimCode), 'the code is known at the gateway alone');

  const { id } = await center.approve(asked.fingerprint.slice(0, 8), asked.claimCode.toLowerCase(), 'hall-1');
  await gateway.enrol(asked.id);
  assert.equal(gateway.id, id);
  const certificate = new X509Certificate(gateway.identity!.certificate);
  const issuing = new X509Certificate(gateway.identity!.chain[0]!);
  assert.equal(certificate.subject, `CN=${id}`);
  assert.equal(certificate.subjectAltName, `URI:urn:rackwatt:gateway:acme:${id}`);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.equal(certificate.ca, false);
  assert.match(certificate.serialNumber, /^[0-9A-F]{32}$/);
  assert.ok(certificate.verify(issuing.publicKey));
  const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
  assert.ok(days > 89.9 && days < 90.1, `${days} days`);
  assert.ok(Date.parse(certificate.validFrom) < Date.now() - 3_500_000);
  assert.equal((await gateway.desired()).code, 'FLEET_DESIRED_NONE');
});

test('1 whatever a request for a certificate asks for, the center chooses: name, names, purpose', async (t) => {
  const center = await TestCenter.start(t);
  const victim = await center.gateway('victim');
  for (const name of ['CN=center', `CN=${victim.id}`, 'CN=+', 'CN=a/b']) {
    const gateway = await center.stranger({ serial: name });
    const csr = await gateway.csr({
      name,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'url', value: `urn:rackwatt:gateway:other:${victim.id}` },
          { type: 'dns', value: 'center.example' },
        ]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    });
    const { id, claimCode } = pendingEnrolment.parse((await gateway.requestEnrolment(csr)).body);
    const { id: chosen } = await center.approve(id, claimCode);
    await gateway.enrol(id);
    const certificate = new X509Certificate(gateway.identity!.certificate);
    assert.notEqual(chosen, victim.id);
    assert.equal(certificate.subject, `CN=${chosen}`);
    assert.equal(certificate.subjectAltName, `URI:urn:rackwatt:gateway:main:${chosen}`);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    for (const { id: open } of (await center.call<{ enrolments: { id: string }[] }>('fleet.list')).enrolments)
      await center.call('fleet.deny', { actor: 'cli:test', enrolment: open });
  }
});

test('2 a request that its key did not sign, of another kind of key, or that asks for an authority is refused and leaves nothing', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger();
  const good = await gateway.csr();
  const der = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1]! ^= 1;
  const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
  for (const [csr, why] of [
    [broken, /sign/],
    [await csrOf(rsa), /P-256/],
    [await csrOf(p521), /P-256/],
    [await gateway.csr({ extensions: [new x509.BasicConstraintsExtension(true, 3, true)] }), /authority/],
    ['', /is none/],
    ['-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n', /is none/],
    [good.slice(0, good.length / 2), /is none/],
  ] as const) {
    const reply = await gateway.requestEnrolment(csr);
    assert.equal(reply.status, 400, csr);
    assert.equal(reply.code, 'FLEET_CSR');
    assert.match(reply.body.toString(), why);
  }
  assert.deepEqual((await center.call('fleet.list'))['enrolments'], []);
});

test('4 after ten wrong entries the claim code is another one, which the gateway shows', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger();
  const { id, claimCode } = await gateway.ask();
  for (let left = 9; left > 0; left--)
    await assert.rejects(center.approve(id, '00000-00000'), {
      code: 'FLEET_CLAIM_CODE',
      message: new RegExp(`${left} tries are left`),
    });
  await assert.rejects(center.approve(id, '00000-00000'), { code: 'FLEET_CLAIM_CODE', message: /another code/ });
  await assert.rejects(center.approve(id, claimCode), { code: 'FLEET_CLAIM_CODE' });
  const shown = pendingEnrolment.parse((await gateway.status(id)).body).claimCode;
  assert.notEqual(shown, claimCode);
  assert.equal((await gateway.ask()).claimCode, shown);
  await center.approve(id, shown);
});

test('4 whoever asks too often waits, and enrolled gateways notice nothing of it', async (t) => {
  const center = await TestCenter.start(t);
  const enrolled = await center.gateway('one');
  const flood = await center.stranger();
  const csr = await flood.csr();
  const replies = await Promise.all(Array.from({ length: 200 }, () => flood.requestEnrolment(csr)));
  const busy = replies.filter(({ status }) => status === 429);
  assert.ok(busy.length > 150, `${busy.length} of 200`);
  assert.ok(busy.every(({ headers, code }) => headers['retry-after'] === '30' && code === 'FLEET_BUSY'));
  assert.equal((await enrolled.report()).status, 204);
});

test('4 five enrolments from one address may wait for a person', async (t) => {
  const center = await TestCenter.start(t);
  for (let i = 0; i < 5; i++) await (await center.stranger()).ask();
  const sixth = await (await center.stranger()).requestEnrolment();
  assert.equal(sixth.code, 'FLEET_BUSY');
  assert.match(sixth.body.toString(), /5 enrolments from 127.0.0.1/);
});

test('5 a gateway that lost the answer gets the same again: one key, one identity', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger();
  const first = await gateway.ask();
  assert.deepEqual(await gateway.ask(), first);
  await center.approve(first.id, first.claimCode);
  const [one, two] = [await gateway.status(first.id), await gateway.status(first.id)];
  assert.equal(one.status, 200);
  assert.deepEqual(one.body, two.body);
  assert.equal((await gateway.ask()).id, first.id);
  await center.restart();
  gateway.reconnect({ port: await center.port() });
  assert.deepEqual((await gateway.status(first.id)).body, one.body);
  assert.equal((await center.call<{ gateways: unknown[] }>('fleet.list')).gateways.length, 1);
});

test('an enrolment is told to the holder of its key alone', async (t) => {
  const center = await TestCenter.start(t);
  const [mine, other] = [await center.stranger(), await center.stranger()];
  const { id } = await mine.ask();
  assert.equal((await mine.status(id, other.key)).code, 'FLEET_IDENTITY');
  assert.equal((await mine.send('GET', `/enrolments/${id}`)).code, 'FLEET_IDENTITY');
  const stolen = `PoP ${await signPossession(randomUUID(), mine.key)}`;
  assert.equal((await mine.send('GET', `/enrolments/${id}`, { headers: { authorization: stolen } })).status, 401);
  assert.equal((await other.status(randomUUID())).code, 'FLEET_IDENTITY');
});

test('a gateway that a person does not want hears so, and comes back with another key at most', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger();
  const { id } = await gateway.ask();
  await center.call('fleet.deny', { actor: 'cli:test', enrolment: id });
  assert.equal((await gateway.status(id)).code, 'FLEET_ENROLMENT_DENIED');
  assert.equal((await gateway.requestEnrolment()).code, 'FLEET_ENROLMENT_DENIED');
  await assert.rejects(center.approve(id, '00000-00000'), { code: 'FLEET_ENROLMENT_DECIDED' });
});

test('a person sees when another gateway has that serial, and gives no name twice', async (t) => {
  const center = await TestCenter.start(t);
  const first = await center.gateway('hall-1');
  const second = await center.stranger({ serial: 'hall-1' });
  const { id, claimCode } = await second.ask();
  const { enrolments } = await center.call<{ enrolments: { sameSerial: string[] }[] }>('fleet.list');
  assert.deepEqual(enrolments[0]!.sameSerial, [first.id]);
  await assert.rejects(center.approve(id, claimCode, 'hall-1'), { code: 'FLEET_GATEWAY_NAME' });
  await center.approve(id, claimCode, 'hall-2');
});

test('what a stranger says of itself cannot move a cursor', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await center.stranger({ serial: '\u001b[2Jroot\r\nadmin\u202e' });
  await gateway.ask();
  const { enrolments } = await center.call<{ enrolments: { serial: string }[] }>('fleet.list');
  assert.equal(enrolments[0]!.serial, '?[2Jroot??admin?');
});
