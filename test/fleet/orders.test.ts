import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import {
  desiredState,
  LONGEST_MESSAGE,
  newClaimCode,
  newGatewayId,
  openOrder,
  operationsKeyOf,
  readClaimCode,
  shownFingerprint,
  signOrder,
  type OperationsKey,
} from '@rackwatt/fleet';

const { privateKey } = generateKeyPairSync('ed25519');
const NOW = 1_795_435_800;
const GATEWAY = newGatewayId();
const expected = { keys: [operationsKeyOf(privateKey)], tenant: 'acme', gateway: GATEWAY, now: NOW };

function order(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'desired',
    tenant: 'acme',
    audience: GATEWAY,
    issued: NOW - 10,
    expires: NOW + 3600,
    sequence: 3,
    actor: 'anna',
    reason: 'ticket 9137',
    bundles: { '@acme/driver': { version: '1.2.3', sha256: 'a'.repeat(64), size: 1234 }, old: null },
    configurations: { 'acme.driver': { interval: '10 s' } },
    ...change,
  };
}

const open = (token: string, more: object = {}): Promise<unknown> =>
  openOrder(token, desiredState, 'desired', { ...expected, ...more });

const part = (value: string | object): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token with whatever header, signed all the same. */
function forged(header: object, payload: object = order(), key: KeyObject = privateKey): string {
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

test('an order that the center signed for this gateway is opened', async () => {
  assert.deepEqual(await open(await signOrder(order(), privateKey)), order());
});

test('19 an order without a signature, by another key, algorithm or with more in its header is refused', async () => {
  const [id] = expected.keys.map((key) => key.id);
  const token = await signOrder(order(), privateKey);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const other = generateKeyPairSync('ed25519').privateKey;
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  const hmac = `${part({ alg: 'HS256', kid: id })}.${payload}`;
  const cases: Record<string, string> = {
    'no signature': `${header}.${payload}.`,
    'another order': `${header}.${part(order({ sequence: 4 }))}.${signature}`,
    none: `${part({ alg: 'none', kid: id })}.${payload}.`,
    'HMAC with the public key': `${hmac}.${createHmac('sha256', spki).update(hmac).digest('base64url')}`,
    'another key': forged({ alg: 'EdDSA', kid: id }, order(), other),
    'an unknown key': await signOrder(order(), other),
    'a key of its own': forged({ alg: 'EdDSA', kid: id, jwk: createPublicKey(other).export({ format: 'jwk' }) }),
    crit: forged({ alg: 'EdDSA', kid: id, crit: ['b64'], b64: false }),
    'no key named': forged({ alg: 'EdDSA' }),
    'no order at all': 'hello',
    empty: '',
  };
  for (const [what, token] of Object.entries(cases))
    await assert.rejects(open(token), { code: 'ORDER_SIGNATURE' }, what);
});

test('33 a malleated signature, and a key of small order, are refused', async () => {
  const token = await signOrder(order(), privateKey);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  // S + L, which is the same number to a verifier that does not look.
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + L;
  for (let i = 32; i < 64; i++, s >>= 8n) bytes[i] = Number(s & 255n);
  await assert.rejects(open(`${header}.${payload}.${bytes.toString('base64url')}`), { code: 'ORDER_SIGNATURE' });

  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const small = Buffer.concat([prefix, Buffer.from('01'.padEnd(64, '0'), 'hex')]).toString('base64');
  const keys: OperationsKey[] = [{ id: expected.keys[0]!.id, key: small }];
  await assert.rejects(open(token, { keys }), { code: 'KEY_INVALID' });
});

test('22 an order that expired, or comes from the future, is refused; clocks may differ by five minutes', async () => {
  const token = await signOrder(order(), privateKey);
  await assert.rejects(open(token, { now: NOW + 3601 }), { code: 'ORDER_EXPIRED' });
  await assert.rejects(open(token, { now: NOW - 3600 }), { code: 'ORDER_EXPIRED' });
  await open(token, { now: NOW - 200 });
});

test('an order for another gateway, tenant or purpose is refused', async () => {
  await assert.rejects(open(await signOrder(order({ audience: newGatewayId() }), privateKey)), {
    code: 'ORDER_AUDIENCE',
  });
  await assert.rejects(open(await signOrder(order({ tenant: 'other' }), privateKey)), { code: 'ORDER_AUDIENCE' });
  await assert.rejects(open(await signOrder(order({ type: 'time' }), privateKey)), { code: 'FLEET_MESSAGE' });
});

test('24 what no order may hold is refused, and leaves nothing behind', async () => {
  const raw = (json: string): string => forged({ alg: 'EdDSA', kid: expected.keys[0]!.id }, json as unknown as object);
  const text = JSON.stringify(order());
  const cases: Record<string, string> = {
    'too long': raw(JSON.stringify(order({ reason: 'x'.repeat(LONGEST_MESSAGE) }))),
    'too deep': raw(text.replace('"10 s"', `${'['.repeat(10_000)}${']'.repeat(10_000)}`)),
    'a key twice': raw(text.replace('"sequence":3', '"sequence":3,"sequence":4')),
    __proto__: raw(text.replace('{"interval":"10 s"}', '{"__proto__":{"polluted":true}}')),
    'a key that nobody asked for': raw(text.replace('"sequence":3', '"sequence":3,"run":"rm -rf /"')),
    'a number that is none': raw(text.replace('"sequence":3', '"sequence":1e400')),
    'a number that is not exact': raw(text.replace('"sequence":3', '"sequence":9007199254740993')),
    'a bundle name with a path': raw(text.replace('"old"', '"../old"')),
    'no JSON': raw('sequence: 3'),
  };
  for (const [what, token] of Object.entries(cases)) await assert.rejects(open(token), { code: 'FLEET_MESSAGE' }, what);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('a claim code is read as people type it', () => {
  const code = newClaimCode();
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
  assert.equal(readClaimCode(code.toLowerCase().replace('-', ' ')), code);
  assert.equal(readClaimCode('o1Il0-aaaaa'), '01110-AAAAA');
  for (const none of ['', 'ABC', 'ABCDE-ABCDEF', 'UUUUU-UUUUU', '../../../..'])
    assert.equal(readClaimCode(none), undefined, none);
  assert.equal(shownFingerprint('1f2e3d4c5b6a7988aaaa'), '1f2e 3d4c 5b6a 7988');
});
