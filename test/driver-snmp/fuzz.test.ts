import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_124);
const USER = {
  user: 'watt',
  authProtocol: 'sha256',
  authKey: 'authentic-key',
  privProtocol: 'aes',
  privKey: 'private-key-1',
} as const;

test(`mutated answers of v2c (seed ${SEED}): no crash, no hang, no value called good that nobody told`, async () => {
  const { sent, good, wrong, reads, failed } = await fuzz({ seed: SEED, mutated: 20_000, credentials: 'public' });
  assert.ok(sent >= 20_000);
  assert.ok(good > reads, `${good} good values in ${reads} reads`);
  assert.deepEqual(wrong.slice(0, 5), []);
  const known = new Set(['DEVICE_NO_ANSWER', 'DEVICE_GARBAGE', 'DEVICE_REFUSED', 'DEVICE_SESSION_GONE']);
  assert.deepEqual(
    [...failed.keys()].filter((code) => !known.has(code)),
    [],
  );
});

test(`mutated answers of v3 (seed ${SEED}): nothing but what the device signed is read`, async () => {
  const { sent, good, wrong, reads, failed } = await fuzz({ seed: SEED, mutated: 8000, credentials: USER });
  assert.ok(sent >= 8000);
  assert.ok(good > reads, `${good} good values in ${reads} reads`);
  assert.deepEqual(wrong.slice(0, 5), []);
  assert.deepEqual([...failed], [], 'what is not signed changes nothing');
});
