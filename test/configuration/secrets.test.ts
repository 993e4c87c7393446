import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SecretStore, redact, resolveSecrets } from '../support/configuration.js';
import { temporaryFolder } from '../support/temporary.js';

test('secrets of text and of objects come back as they were, and lie sealed on disk', async (t) => {
  const storage = temporaryFolder(t);
  const store = new SecretStore(storage, {});
  assert.deepEqual(await store.list(), []);
  await store.set('rack1', 'hunter2-community');
  await store.set('v3', { user: 'admin', authKey: 'hunter2-auth' });
  assert.deepEqual(await store.list(), ['rack1', 'v3']);
  assert.equal(await store.get('rack1'), 'hunter2-community');
  assert.deepEqual(await new SecretStore(storage, {}).get('v3'), { user: 'admin', authKey: 'hunter2-auth' });
  for (const name of readdirSync(join(storage, 'secrets'))) {
    assert.ok(!readFileSync(join(storage, 'secrets', name), 'latin1').includes('hunter2'));
    assert.equal(statSync(join(storage, 'secrets', name)).mode & 0o777, 0o600);
  }
  assert.equal(statSync(join(storage, 'machine.key')).mode & 0o777, 0o600);
  assert.equal(statSync(join(storage, 'machine.key')).size, 32);
  await store.set('rack1', 'new');
  assert.equal(await store.get('rack1'), 'new');
  assert.equal(await store.remove('rack1'), true);
  assert.equal(await store.remove('rack1'), false);
  assert.deepEqual(await store.list(), ['v3']);
});

test('a missing secret says how to set it', async (t) => {
  const store = new SecretStore(temporaryFolder(t), {});
  await assert.rejects(store.get('rack1'), {
    code: 'SECRET_MISSING',
    message: 'the secret "rack1" does not exist; set it with: rackwatt secret set rack1',
  });
  await assert.rejects(resolveSecrets({ credentials: { $secret: 'rack1' } }, store, 'rackwatt.device~rack1-a'), {
    code: 'SECRET_MISSING',
    message:
      'configuration rackwatt.device~rack1-a refers to secret "rack1", which does not exist; set it with: rackwatt secret set rack1',
  });
});

test('an altered or swapped file, or another key, is refused', async (t) => {
  const storage = temporaryFolder(t);
  const store = new SecretStore(storage, {});
  await store.set('a', 'one');
  await store.set('b', 'two');
  const file = join(storage, 'secrets', 'a.sealed');
  const sound = readFileSync(file);
  for (let at = 0; at < sound.length; at += 1) {
    const altered = Buffer.from(sound);
    altered[at]! ^= 1;
    writeFileSync(file, altered);
    await assert.rejects(store.get('a'), { code: 'SECRET_TAMPERED' }, `byte ${at}`);
  }
  for (const length of [0, 3, 20, sound.length - 1]) {
    writeFileSync(file, sound.subarray(0, length));
    await assert.rejects(store.get('a'), { code: 'SECRET_TAMPERED' });
  }
  copyFileSync(join(storage, 'secrets', 'b.sealed'), file);
  await assert.rejects(store.get('a'), { code: 'SECRET_TAMPERED' }, 'the secret of another name');
  writeFileSync(file, sound);
  assert.equal(await store.get('a'), 'one');
  writeFileSync(join(storage, 'machine.key'), Buffer.alloc(32, 7));
  await assert.rejects(store.get('a'), {
    code: 'SECRET_TAMPERED',
    message: /was altered, or was sealed with another key/,
  });
});

test('the key of the machine must be whole, private, and there', async (t) => {
  const storage = temporaryFolder(t);
  const store = new SecretStore(storage, {});
  await store.set('a', 'one');
  const key = join(storage, 'machine.key');
  chmodSync(key, 0o640);
  await assert.rejects(store.get('a'), {
    code: 'SECRET_KEY_PERMISSIONS',
    message: `others can read or change ${key}, the key of this machine; run: chmod 600 ${key}`,
  });
  chmodSync(key, 0o600);
  writeFileSync(key, 'short');
  await assert.rejects(store.get('a'), { code: 'SECRET_KEY_INVALID' });
  rmSync(key);
  await assert.rejects(store.get('a'), { code: 'SECRET_KEY_MISSING' });
  await assert.rejects(
    store.set('b', 'x'),
    { code: 'SECRET_KEY_MISSING' },
    'no second key beside secrets of the first',
  );
});

test('a key can be handed in, and is then never made', async (t) => {
  const storage = temporaryFolder(t);
  const given = join(temporaryFolder(t), 'credential');
  const store = new SecretStore(storage, { RACKWATT_MACHINE_KEY_FILE: given });
  await assert.rejects(store.set('a', 'one'), { code: 'SECRET_KEY_MISSING', message: /RACKWATT_MACHINE_KEY_FILE/ });
  writeFileSync(given, `${'ab'.repeat(32)}\n`, { mode: 0o440 });
  await store.set('a', 'one');
  assert.equal(await store.get('a'), 'one');
  assert.deepEqual(readdirSync(storage), ['secrets']);
  chmodSync(given, 0o444);
  await assert.rejects(store.get('a'), { code: 'SECRET_KEY_PERMISSIONS' });
});

test('two processes that make the key at once agree on one', async (t) => {
  const storage = temporaryFolder(t);
  const stores = Array.from({ length: 8 }, () => new SecretStore(storage, {}));
  await Promise.all(stores.map((store, index) => store.set(`s${index}`, String(index))));
  for (let index = 0; index < 8; index += 1) assert.equal(await stores[0]!.get(`s${index}`), String(index));
  assert.deepEqual(readdirSync(storage).sort(), ['machine.key', 'secrets']);
});

test('names and values that cannot be kept are refused', async (t) => {
  const store = new SecretStore(temporaryFolder(t), {});
  for (const name of ['', '../x', 'a/b', '.hidden', 'a b', 'x'.repeat(129), 'a\0']) {
    await assert.rejects(store.set(name, 'v'), { code: 'SECRET_NAME' });
    await assert.rejects(store.get(name), { code: 'SECRET_NAME' });
    await assert.rejects(store.remove(name), { code: 'SECRET_NAME' });
  }
  await assert.rejects(store.set('a', 'x'.repeat(70_000)), { code: 'SECRET_VALUE' });
  await assert.rejects(store.set('a', [1] as unknown as string), { code: 'SECRET_VALUE' });
});

test('resolving gives a copy with the secrets and tells where they are', async (t) => {
  const store = new SecretStore(temporaryFolder(t), {});
  await store.set('rack1', { user: 'u', authKey: 'k' });
  await store.set('token', 't');
  const configuration = {
    credentials: { $secret: 'rack1' },
    again: { $secret: 'rack1' },
    list: [{ deep: { $secret: 'token' } }],
    plain: 1,
  };
  const resolved = await resolveSecrets(configuration, store);
  assert.deepEqual(resolved, {
    configuration: {
      credentials: { user: 'u', authKey: 'k' },
      again: { user: 'u', authKey: 'k' },
      list: [{ deep: 't' }],
      plain: 1,
    },
    secrets: ['/credentials', '/again', '/list/0/deep'],
  });
  assert.notEqual(resolved.configuration['credentials'], resolved.configuration['again']);
  assert.deepEqual(configuration.credentials, { $secret: 'rack1' });
  assert.deepEqual(redact(resolved.configuration, resolved.secrets), {
    credentials: '(secret)',
    again: '(secret)',
    list: [{ deep: '(secret)' }],
    plain: 1,
  });
});

test('what is logged or exported hides secrets that stand in clear, and keeps references', () => {
  assert.deepEqual(
    redact({
      address: 'x',
      community: 'public',
      keys: './keys',
      nested: [{ privKey: 'p', authKey: { $secret: 'n' }, password: 'q', user: 'u' }],
      credentials: { user: 'u' },
    }),
    {
      address: 'x',
      community: '(secret)',
      keys: './keys',
      nested: [{ privKey: '(secret)', authKey: { $secret: 'n' }, password: '(secret)', user: 'u' }],
      credentials: '(secret)',
    },
  );
});
