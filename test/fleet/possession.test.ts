import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { provesPossession, signPossession } from '@rackwatt/fleet';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

test('a proof of possession holds for its enrolment and its key alone', async () => {
  const [mine, other] = [pair(), pair()];
  const id = randomUUID();
  const proof = await signPossession(id, mine.privateKey);
  assert.equal(await provesPossession(proof, id, mine.publicKey), true);
  assert.equal(await provesPossession(proof, randomUUID(), mine.publicKey), false);
  assert.equal(await provesPossession(proof, id, other.publicKey), false);
});

test('what is no proof proves nothing, whatever its form', async () => {
  const { publicKey, privateKey } = pair();
  const id = randomUUID();
  const proof = await signPossession(id, privateKey);
  const [header, payload, signature] = proof.split('.') as [string, string, string];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hmac = `${encode({ alg: 'HS256' })}.${payload}`;
  const secret = publicKey.export({ type: 'spki', format: 'der' });
  for (const token of [
    '',
    'x',
    `${header}.${payload}.`,
    `${encode({ alg: 'none' })}.${payload}.`,
    `${hmac}.${createHmac('sha256', secret).update(hmac).digest('base64url')}`,
    `${encode({ alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) })}.${payload}.${signature}`,
    `${proof}${'A'.repeat(2000)}`,
  ])
    assert.equal(await provesPossession(token, id, publicKey), false, token.slice(0, 80));
});
