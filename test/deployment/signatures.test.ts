import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import {
  BundleStore,
  makeKey,
  readPublicKeys,
  signArchive,
  signEnvelope,
  TrustStore,
  verifyArchive,
  writeEnvelope,
  type ArchiveParts,
} from './built.js';
import { acme, archiveOf, releaseKey } from './support.js';
import { signed } from '../support/archives.js';

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** A manifest and its archive side by side, the envelope changed as no signer would. */
async function verifyChanged(
  t: TestContext,
  { envelope, content }: ArchiveParts,
  change: (envelope: Envelope) => void,
  options: { keys: string; allowUnsigned?: boolean },
): Promise<unknown> {
  const folder = temporaryFolder(t);
  const json = JSON.parse(writeEnvelope(envelope).toString()) as Envelope;
  change(json);
  writeFileSync(join(folder, 'acme.tgz'), content);
  writeFileSync(join(folder, 'acme.manifest.json'), JSON.stringify(json));
  const trust = await new TrustStore({ keys: options.keys }).read();
  return verifyArchive(join(folder, 'acme.tgz'), { trust, allowUnsigned: options.allowUnsigned ?? false });
}

async function verify(
  t: TestContext,
  archive: Buffer,
  { keys, allowUnsigned = false }: { keys: string; allowUnsigned?: boolean },
): ReturnType<typeof verifyArchive> {
  const file = join(temporaryFolder(t), 'acme.tgz');
  writeFileSync(file, archive);
  return verifyArchive(file, { trust: await new TrustStore({ keys }).read(), allowUnsigned });
}

test('a signed archive names its signer', async (t) => {
  const { keys, sign } = releaseKey(t, 'example-releases');
  const { name, version, signers } = await verify(t, sign(acme()), { keys });
  assert.deepEqual([name, version, signers], ['@example/acme', '1.0.0', ['example-releases']]);
});

test('signing adds to what is there, one signature of each key, and changes nothing else', async (t) => {
  const [one, other] = [releaseKey(t, 'one'), releaseKey(t, 'other')];
  const file = join(temporaryFolder(t), 'acme.tgz');
  writeFileSync(file, signed(acme()));
  const { digest } = await verifyArchive(file);
  await signArchive(file, one.key);
  const once = readFileSync(file);
  assert.deepEqual(once, one.sign(acme()));
  assert.deepEqual(await signArchive(file, one.key), [one.id]);
  assert.deepEqual(readFileSync(file), once);
  assert.deepEqual(await signArchive(file, other.key), [one.id, other.id]);
  for (const [keys, name] of [
    [one.keys, 'one'],
    [other.keys, 'other'],
  ] as const) {
    const found = await verifyArchive(file, { trust: await new TrustStore({ keys }).read() });
    assert.deepEqual([found.signers, found.digest], [[name], digest]);
  }
});

test('a manifest beside the archive is as good as one in front of it', async (t) => {
  const { keys, key, id } = releaseKey(t, 'one');
  const folder = temporaryFolder(t);
  const { envelope, content } = acme();
  const file = join(folder, 'acme.tgz');
  writeFileSync(file, content);
  const trust = await new TrustStore({ keys }).read();
  await assert.rejects(verifyArchive(file), {
    code: 'ARCHIVE_INVALID',
    message: /there is no acme\.manifest\.json beside it/,
  });
  writeFileSync(join(folder, 'acme.manifest.json'), writeEnvelope(envelope));
  await assert.rejects(verifyArchive(file, { trust }), { code: 'SIGNATURE_MISSING' });
  assert.deepEqual(await signArchive(file, key), [id]);
  assert.deepEqual(readFileSync(file), content, 'the archive stays as it is');
  const { signers, digest } = await verifyArchive(file, { trust });
  assert.deepEqual(signers, ['one']);
  writeFileSync(file, signed({ envelope: signEnvelope(envelope, key), content }));
  assert.equal((await verifyArchive(file, { trust })).digest, digest, 'one bundle in both forms');
});

test('an unsigned archive is refused, unless that is allowed', async (t) => {
  const { keys } = releaseKey(t);
  const archive = await archiveOf('1.0.0');
  await assert.rejects(verify(t, archive, { keys }), {
    code: 'SIGNATURE_MISSING',
  });
  assert.deepEqual((await verify(t, archive, { keys, allowUnsigned: true })).signers, []);
});

test('a stranger’s signature is refused, and its key named', async (t) => {
  const { keys } = releaseKey(t);
  const stranger = releaseKey(t);
  const archive = stranger.sign(acme());
  await assert.rejects(verify(t, archive, { keys }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'SIGNATURE_INVALID');
    assert.match(error.message, new RegExp(`signed by the key ${stranger.id}, which is not trusted`));
    return true;
  });
  assert.deepEqual(
    (await verify(t, archive, { keys, allowUnsigned: true })).signers,
    [],
    'says no more than no signature',
  );
});

const signedParts = ({ envelope, content }: ArchiveParts, key: Parameters<typeof signEnvelope>[1]): ArchiveParts => ({
  envelope: signEnvelope(envelope, key),
  content,
});

test('a signature that does not fit is refused, also where unsigned archives are allowed', async (t) => {
  const { keys, id, key } = releaseKey(t);
  const parts = signedParts(acme(), key);
  const other = JSON.parse(writeEnvelope(signedParts(acme('2.0.0'), key).envelope).toString()) as Envelope;
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const CASES: Record<string, (envelope: Envelope) => void> = {
    'of another list': (envelope) => (envelope.signatures = other.signatures),
    'of a stranger under its id': (envelope) => (envelope.signatures[0]!.sig = Buffer.alloc(64, 7).toString('base64')),
    'of zeros': (envelope) => (envelope.signatures[0]!.sig = Buffer.alloc(64).toString('base64')),
    'too short': (envelope) =>
      (envelope.signatures[0]!.sig = Buffer.from(envelope.signatures[0]!.sig, 'base64')
        .subarray(0, 63)
        .toString('base64')),
    'too long': (envelope) =>
      (envelope.signatures[0]!.sig = Buffer.concat([
        Buffer.from(envelope.signatures[0]!.sig, 'base64'),
        Buffer.alloc(1),
      ]).toString('base64')),
    empty: (envelope) => (envelope.signatures[0]!.sig = ''),
    'with S raised by the order (RFC 8032 5.1.7)': (envelope) => {
      const bytes = Buffer.from(envelope.signatures[0]!.sig, 'base64');
      const raised = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
      Buffer.from(raised.toString(16).padStart(64, '0'), 'hex').reverse().copy(bytes, 32);
      envelope.signatures[0]!.sig = bytes.toString('base64');
    },
  };
  for (const [what, change] of Object.entries(CASES)) {
    for (const allowUnsigned of [false, true]) {
      await assert.rejects(
        verifyChanged(t, parts, change, { keys, allowUnsigned }),
        { code: 'SIGNATURE_INVALID', message: new RegExp(id) },
        what,
      );
    }
  }
});

test('an envelope in a second spelling is refused', async (t) => {
  const { keys, key } = releaseKey(t);
  const parts = signedParts(acme(), key);
  const CASES: Record<string, (envelope: Envelope) => void> = {
    'base64 without its end': (envelope) =>
      (envelope.signatures[0]!.sig = envelope.signatures[0]!.sig.replaceAll('=', '')),
    'base64 with a line break': (envelope) =>
      (envelope.payload = `${envelope.payload.slice(0, 8)}\n${envelope.payload.slice(8)}`),
    'one signature twice': (envelope) => envelope.signatures.push(envelope.signatures[0]!),
    'a key id with a line break': (envelope) => (envelope.signatures[0]!.keyid = 'trusted\nby everybody'),
    'no signatures at all': (envelope) => delete (envelope as Partial<Envelope>).signatures,
  };
  for (const [what, change] of Object.entries(CASES)) {
    await assert.rejects(verifyChanged(t, parts, change, { keys }), { code: 'ARCHIVE_INVALID' }, what);
  }
});

test('the signature is over the bytes as they are: a manifest with other blanks does not fit', async (t) => {
  const { keys, key } = releaseKey(t);
  const rewrite = (envelope: Envelope): void => {
    const manifest = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as unknown;
    envelope.payload = Buffer.from(JSON.stringify(manifest, null, 1)).toString('base64');
  };
  await assert.rejects(verifyChanged(t, signedParts(acme(), key), rewrite, { keys }), { code: 'SIGNATURE_INVALID' });
});

test('a key that is no longer trusted takes its bundles along', async (t) => {
  const { keys, sign } = releaseKey(t);
  const home = temporaryFolder(t);
  const file = join(home, 'acme.tgz');
  writeFileSync(file, sign(acme()));
  const trusting = new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys }) });
  const { root } = await trusting.install(file, false);
  assert.equal((await trusting.find('@example/acme', '1.0.0', undefined, false)).root, root);
  mkdirSync(join(home, 'none'));
  const distrusting = new BundleStore({
    folder: join(home, 'store'),
    trust: new TrustStore({ keys: join(home, 'none') }),
  });
  await assert.rejects(distrusting.find('@example/acme', '1.0.0', undefined, false), { code: 'SIGNATURE_INVALID' });
  writeFileSync(join(root, 'dist', 'index.js'), 'exports.version = "6.6.6";');
  await assert.rejects(trusting.find('@example/acme', '1.0.0', undefined, false), {
    code: 'ARCHIVE_INVALID',
    message: /altered/,
  });
  assert.equal((await trusting.install(file, false)).root, root);
  assert.equal(
    (await trusting.find('@example/acme', '1.0.0', undefined, false)).root,
    root,
    'installing again repairs it',
  );
});

test('a key is made once, for its owner alone', (t) => {
  const path = join(temporaryFolder(t), 'deep', 'release.key');
  const { id, publicFile } = makeKey(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(publicFile, `${path}.pub`);
  assert.deepEqual(
    readPublicKeys(join(path, '..')).map((key) => key.id),
    [id],
  );
  assert.throws(() => makeKey(path), { code: 'KEY_INVALID', message: /never overwritten/ });
});

test('keys that are none are refused by name', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'bad.pub');
  const refused = (content: string | Buffer, sentence: RegExp): void => {
    writeFileSync(file, content);
    assert.throws(() => readPublicKeys(folder), { code: 'KEY_INVALID', message: sentence });
  };
  refused('hello', /bad\.pub is not a key in PEM/);
  refused(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }),
    /of type rsa, not ed25519/,
  );
  refused(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }),
    /of type ec/,
  );
  for (const point of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    `${'00'.repeat(31)}80`,
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  ]) {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(point, 'hex').toString('base64url') },
      format: 'jwk',
    });
    refused(key.export({ type: 'spki', format: 'pem' }), /small order/);
  }
});

test('no key folder is no trust', async (t) => {
  const keys = join(temporaryFolder(t), 'none');
  assert.ok(!existsSync(keys));
  assert.deepEqual(readPublicKeys(keys), []);
  const { sign } = releaseKey(t);
  await assert.rejects(verify(t, sign(acme()), { keys }), {
    code: 'SIGNATURE_INVALID',
  });
});

test('an archive that cannot be read says so', async (t) => {
  const home = temporaryFolder(t);
  const store = new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys: join(home, 'keys') }) });
  await assert.rejects(store.install(join(home, 'none.tgz'), true), { code: 'BUNDLE_NOT_FOUND', message: /none\.tgz/ });
  await assert.rejects(store.install(home, true), { code: 'BUNDLE_NOT_FOUND', message: /is no file/ });
  await assert.rejects(store.find('../../etc', '1.0.0', undefined, true), { code: 'BUNDLE_NOT_FOUND' });
  await assert.rejects(store.find('@example/acme', '../1.0.0', undefined, true), { code: 'BUNDLE_NOT_FOUND' });
  const file = join(home, 'acme.tgz');
  writeFileSync(file, await archiveOf('1.0.0'));
  writeFileSync(join(home, 'store'), 'a file where the store should be');
  await assert.rejects(store.install(file, true), { code: 'STORE_WRITE' });
  assert.equal(readFileSync(join(home, 'store'), 'utf8').length, 32);
  chmodSync(file, 0o644);
});
