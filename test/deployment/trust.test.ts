import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { partsOf, signed } from '../support/archives.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  BundleStore,
  changeRoot,
  firstRoot,
  makeKey,
  parseRoots,
  readPrivateKey,
  readPublicKey,
  signRoot,
  TRUST_FILE,
  TrustStore,
  writeRoots,
  type PublicKey,
  type RootChange,
} from './built.js';
import { filesOf } from './support.js';

interface Pair {
  name: string;
  key: KeyObject;
  public: PublicKey;
}

/** A node's folders, and somebody who writes trust roots for it. */
class Site {
  readonly home: string;
  readonly keys: string;
  readonly state: string;
  readonly #t: TestContext;
  #roots: Buffer | undefined;

  constructor(t: TestContext) {
    this.#t = t;
    this.home = temporaryFolder(t);
    this.keys = join(this.home, 'keys');
    this.state = join(this.home, 'var', 'trust');
    mkdirSync(this.keys);
  }

  pairs(...names: string[]): Pair[] {
    const folder = temporaryFolder(this.#t);
    return names.map((name) => {
      const { privateFile, publicFile } = makeKey(join(folder, name));
      return { name, key: readPrivateKey(privateFile), public: readPublicKey(publicFile) };
    });
  }

  /** Version 1. */
  begin(pairs: readonly Pair[], threshold: number, signers = pairs.slice(0, threshold)): this {
    this.#roots = writeRoots([
      firstRoot(
        pairs.map((pair) => pair.public),
        threshold,
        'test',
      ),
    ]);
    return this.sign(...signers);
  }

  change(change: RootChange, ...signers: Pair[]): this {
    this.#roots = writeRoots(changeRoot(parseRoots(this.#roots!, 'test'), change, 'test'));
    return this.sign(...signers);
  }

  sign(...signers: Pair[]): this {
    for (const { key } of signers) this.#roots = writeRoots(signRoot(parseRoots(this.#roots!, 'test'), key, 'test'));
    return this;
  }

  get roots(): Buffer {
    return this.#roots!;
  }

  bring(content: Buffer | string = this.roots): this {
    writeFileSync(join(this.keys, TRUST_FILE), content);
    return this;
  }

  trust(): TrustStore {
    return new TrustStore({ keys: this.keys, state: this.state });
  }

  /** Installs a bundle that these have signed, with a node that was just started. */
  async install(
    signers: readonly Pair[],
    version = '1.0.0',
    { name = '@example/acme', trust = this.trust() } = {},
  ): Promise<string[]> {
    const file = join(this.home, `${version}.tgz`);
    const parts = partsOf({ name, version }, filesOf(version, {}, name));
    writeFileSync(file, signed(parts, ...signers.map(({ key }) => key)));
    return (await new BundleStore({ folder: join(this.home, 'store'), trust }).install(file, false)).signers;
  }
}

const code = (expected: string, message = /./): object => ({ name: 'RackwattError', code: expected, message });

test('a bundle needs as many signatures of distinct keys as the trust root says', async (t) => {
  const site = new Site(t);
  const [alice, bob, carol, mallory] = site.pairs('alice', 'bob', 'carol', 'mallory') as [Pair, Pair, Pair, Pair];
  site.begin([alice, bob, carol], 2).bring();
  await assert.rejects(site.install([]), code('SIGNATURE_MISSING'));
  await assert.rejects(site.install([mallory]), code('SIGNATURE_INVALID', /not trusted here/));
  await assert.rejects(
    site.install([alice]),
    code('SIGNATURE_THRESHOLD', /by 1 \(alice\) of the 2 keys that @example/),
  );
  await assert.rejects(site.install([alice, alice]), code('SIGNATURE_THRESHOLD'), 'one key signs once');
  await assert.rejects(site.install([alice, mallory]), code('SIGNATURE_THRESHOLD'), 'a stranger does not count');
  assert.deepEqual(await site.install([alice, carol]), ['alice', 'carol']);
  assert.deepEqual(await site.install([bob, carol, mallory]), ['bob', 'carol']);
});

test('with a trust root, plain keys in the folder count no more', async (t) => {
  const site = new Site(t);
  const [alice, bob] = site.pairs('alice', 'bob') as [Pair, Pair];
  makeKey(join(site.keys, 'old'));
  const old = {
    name: 'old',
    key: readPrivateKey(join(site.keys, 'old')),
    public: readPublicKey(join(site.keys, 'old.pub')),
  };
  assert.deepEqual(await site.install([old]), ['old']);
  site.begin([alice, bob], 2).bring();
  await assert.rejects(site.install([old]), code('SIGNATURE_INVALID'));
  rmSync(join(site.keys, TRUST_FILE));
  await assert.rejects(site.install([old]), code('SIGNATURE_INVALID'), 'also when somebody takes the root away');
});

test('a trust root counts once enough of its own root keys signed it', async (t) => {
  const site = new Site(t);
  const [alice, bob, carol, mallory] = site.pairs('alice', 'bob', 'carol', 'mallory') as [Pair, Pair, Pair, Pair];
  site.begin([alice, bob, carol], 2, [alice]).bring();
  await assert.rejects(
    site.install([alice, bob]),
    code('TRUST_INVALID', /signed by 1 of the 2 root keys .*alice has signed/),
  );
  assert.throws(() => site.sign(mallory), code('TRUST_INVALID', /is no root key/));
  site.sign(alice).bring();
  await assert.rejects(site.install([alice, bob]), code('TRUST_INVALID'), 'one key signs once');
  site.sign(carol).bring();
  assert.deepEqual(await site.install([alice, bob]), ['alice', 'bob']);
});

test('the next trust root needs signatures of the one before and of its own', async (t) => {
  const site = new Site(t);
  const [alice, bob, carol, dave, eve] = site.pairs('alice', 'bob', 'carol', 'dave', 'eve') as [
    Pair,
    Pair,
    Pair,
    Pair,
    Pair,
  ];
  site.begin([alice, bob, carol], 2).bring();
  await site.install([alice, bob]);
  // Alice goes, Dave comes.
  site.change({ remove: ['alice'], addRoot: [dave.public], addRelease: [dave.public] }, bob).bring();
  assert.deepEqual(await site.install([alice, bob]), ['alice', 'bob'], 'what is not signed yet does not count');
  site.sign(carol).bring();
  await assert.rejects(site.install([alice, bob]), code('SIGNATURE_THRESHOLD'));
  assert.deepEqual(await site.install([carol, dave]), ['carol', 'dave']);
  // A root of somebody else's, who signs it well.
  const stolen = new Site(t).begin([alice, eve], 2).change({ threshold: 1 }, alice, eve).change({}, alice, eve);
  site.bring(stolen.roots);
  assert.deepEqual(await site.install([bob, dave]), ['bob', 'dave'], 'the known root goes on to count');
  await assert.rejects(site.install([alice, eve]), code('SIGNATURE_INVALID'));
  assert.match((await site.trust().find()).warning!, /another version 2 than the one that is trusted here/);
});

test('a node follows several versions at once, and does not go back', async (t) => {
  const site = new Site(t);
  const [alice, bob, carol, dave] = site.pairs('alice', 'bob', 'carol', 'dave') as [Pair, Pair, Pair, Pair];
  site.begin([alice, bob], 2);
  const first = site.roots;
  site.bring();
  await site.install([alice, bob]);
  site.change({ remove: ['alice'], addRoot: [carol.public], addRelease: [carol.public] }, alice, bob, carol);
  site.change({ remove: ['bob'], addRoot: [dave.public], addRelease: [dave.public] }, bob, carol, dave).bring();
  assert.deepEqual(await site.install([carol, dave]), ['carol', 'dave']);
  site.bring(first);
  await assert.rejects(site.install([alice, bob]), code('SIGNATURE_INVALID'), 'an old root is no way back');
  assert.deepEqual(await site.install([carol, dave], '1.1.0'), ['carol', 'dave']);
});

test('a revoked key signs nothing any more, and its bundles do not start', async (t) => {
  const site = new Site(t);
  const [alice, bob, carol, dave] = site.pairs('alice', 'bob', 'carol', 'dave') as [Pair, Pair, Pair, Pair];
  site.begin([alice, bob, carol, dave], 2).bring();
  await site.install([alice, bob]);
  site.change({ revoke: ['alice'] }, bob, carol).bring();
  await assert.rejects(site.install([alice]), code('SIGNATURE_INVALID', /which .* revoked/));
  await assert.rejects(site.install([alice, bob]), code('SIGNATURE_THRESHOLD'));
  const store = new BundleStore({ folder: join(site.home, 'store'), trust: site.trust() });
  await assert.rejects(store.find('@example/acme', '1.0.0', undefined, false), code('SIGNATURE_THRESHOLD'));
  assert.deepEqual(await site.install([alice, bob, carol]), ['bob', 'carol'], 'two others suffice');
  await store.find('@example/acme', '1.0.0', undefined, false);
  assert.throws(() => site.change({ addRelease: [alice.public] }), code('TRUST_INVALID', /revoked/));
});

test('revoked archives, and versions below the minimum, are neither installed nor started', async (t) => {
  const site = new Site(t);
  const [alice, bob] = site.pairs('alice', 'bob') as [Pair, Pair];
  site.begin([alice, bob], 1).bring();
  await site.install([alice], '1.0.0');
  await site.install([alice], '1.5.0');
  const store = (): BundleStore => new BundleStore({ folder: join(site.home, 'store'), trust: site.trust() });
  const { digest } = await (async () => {
    const { root } = await store().find('@example/acme', '1.5.0', undefined, false);
    const envelope = JSON.parse(readFileSync(join(root, 'rackwatt.manifest.json'), 'utf8')) as { payload: string };
    return {
      digest: (JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as { archive: { sha256: string } })
        .archive.sha256,
    };
  })();
  site
    .change(
      {
        revoke: [`sha256:${digest}`, '@example/acme@>=1.1.0-0 <1.2.0'],
        minimums: [{ name: '@example/acme', version: '1.1.0' }],
      },
      alice,
    )
    .bring();
  await assert.rejects(site.install([alice], '1.5.0'), code('TRUST_REVOKED', /withdraws sha256:/));
  await assert.rejects(site.install([alice], '1.1.9-rc.1'), code('TRUST_REVOKED'));
  await assert.rejects(site.install([alice], '1.0.0'), code('TRUST_MINIMUM', /none below 1\.1\.0 any more/));
  await assert.rejects(store().find('@example/acme', '1.5.0', undefined, false), code('TRUST_REVOKED'));
  await assert.rejects(store().find('@example/acme', '1.0.0', undefined, false), code('TRUST_MINIMUM'));
  await site.install([alice], '1.2.0');
  await site.install([alice], '0.1.0', { name: '@example/other' });
});

test('floors of a node only rise, and outlast it', async (t) => {
  const site = new Site(t);
  const [alice] = site.pairs('alice') as [Pair];
  site.begin([alice], 1).bring();
  const trust = site.trust();
  await Promise.all(['1.0.0', '1.3.0', '1.2.0', '1.1.0'].map((version) => trust.raiseFloor('@example/acme', version)));
  await trust.raiseFloor('@example/acme', '1.2.9');
  await trust.raiseFloor('constructor', '1.0.0');
  await assert.rejects(site.install([alice], '1.2.9'), code('TRUST_MINIMUM', /none below 1\.3\.0/));
  await site.install([alice], '1.3.0');
  site.change({ minimums: [{ name: '@example/acme', version: '1.1.0' }] }, alice).bring();
  await assert.rejects(site.install([alice], '1.2.9'), code('TRUST_MINIMUM', /1\.3\.0/), 'the higher one counts');
  await assert.rejects(async () => new TrustStore({ keys: site.keys }).raiseFloor('x', '1.0.0'), code('TRUST_INVALID'));
});

const DAMAGES: [what: string, damage: (file: string) => void][] = [
  ['gone', (file) => rmSync(file)],
  ['empty', (file) => writeFileSync(file, '')],
  ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 200))],
  ['garbage', (file) => writeFileSync(file, Buffer.alloc(500, 7))],
  ['altered', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('1.3.0', '0.0.1'))],
];

for (const [what, damage] of DAMAGES) {
  test(`where one copy of what a node remembers is ${what}, the other counts and mends it`, async (t) => {
    for (const copy of ['a.json', 'b.json']) {
      const site = new Site(t);
      const [alice, bob] = site.pairs('alice', 'bob') as [Pair, Pair];
      site.begin([alice], 1).bring();
      await site.trust().read();
      await site.trust().raiseFloor('@example/acme', '1.3.0');
      assert.deepEqual(
        readdirSync(site.state).sort((a, b) => (a < b ? -1 : 1)),
        ['a.json', 'b.json'],
      );
      const sound = readFileSync(join(site.state, 'a.json'), 'utf8');
      assert.equal(readFileSync(join(site.state, 'b.json'), 'utf8'), sound);
      damage(join(site.state, copy));
      rmSync(join(site.keys, TRUST_FILE));
      makeKey(join(site.keys, 'plain'));
      await assert.rejects(site.install([alice], '1.2.0'), code('TRUST_MINIMUM'));
      await assert.rejects(site.install([bob], '1.3.0'), code('SIGNATURE_INVALID'));
      assert.deepEqual(await site.install([alice], '1.3.0'), ['alice']);
      const [a, b] = ['a.json', 'b.json'].map((name) => readFileSync(join(site.state, name), 'utf8'));
      assert.equal(a, b, 'both are whole again');
    }
  });
}

test('where both copies are damaged nothing is installed, what is installed starts, and the sentence says what to do', async (t) => {
  for (const [what, damage] of DAMAGES.slice(1)) {
    const site = new Site(t);
    const [alice] = site.pairs('alice') as [Pair];
    site.begin([alice], 1).bring();
    await site.install([alice], '1.3.0');
    await site.trust().raiseFloor('@example/acme', '1.3.0');
    for (const copy of ['a.json', 'b.json']) damage(join(site.state, copy));
    const store = new BundleStore({ folder: join(site.home, 'store'), trust: site.trust() });
    await store.find('@example/acme', '1.3.0', undefined, false);
    await assert.rejects(
      site.install([alice], '1.3.0'),
      code('TRUST_DAMAGED', /backup, or remove .*trust to begin anew/),
      what,
    );
    await assert.rejects(site.trust().raiseFloor('@example/acme', '9.0.0'), code('TRUST_DAMAGED'));
    rmSync(site.state, { recursive: true });
    assert.deepEqual(await site.install([alice], '1.3.0'), ['alice'], 'as it says');
  }
});

test('a trust file that is none opens nothing: the known root goes on, and without one nothing is trusted', async (t) => {
  for (const content of [
    '',
    '{',
    'null',
    '{"roots":[]}',
    '{"roots":[null]}',
    '{"__proto__":{}}',
    Buffer.alloc(100, 7),
  ]) {
    const fresh = new Site(t);
    const [alice] = fresh.pairs('alice') as [Pair];
    makeKey(join(fresh.keys, 'plain'));
    fresh.bring(content as string);
    await assert.rejects(fresh.install([alice]), code('TRUST_INVALID'));
    const knowing = new Site(t).begin([alice], 1).bring();
    await knowing.trust().read();
    knowing.bring(content as string);
    assert.deepEqual(await knowing.install([alice]), ['alice']);
    assert.match((await knowing.trust().find()).warning!, /version 1, which this node knows, goes on/);
  }
});

test('a publisher signs the names of its scope, and no others', async (t) => {
  const site = new Site(t);
  const [alice, bob, acme] = site.pairs('alice', 'bob', 'acme') as [Pair, Pair, Pair];
  site
    .begin([alice, bob], 2)
    .change({ publishers: [{ names: '@acme/*', key: acme.public }] }, alice, bob)
    .bring();
  assert.deepEqual(await site.install([acme], '1.0.0', { name: '@acme/pdu' }), ['acme']);
  for (const name of ['@rackwatt/http', '@acmes/pdu', 'acme', 'pdu'])
    await assert.rejects(site.install([acme], '1.0.0', { name }), code('SIGNATURE_INVALID', /who may not sign/), name);
  await assert.rejects(site.install([acme, alice], '1.0.0', { name: '@rackwatt/http' }), code('SIGNATURE_THRESHOLD'));
  await site.install([alice, bob], '1.1.0', { name: '@acme/pdu' });
  for (const names of ['*', '@acme', '../*', '@a/*/b'])
    assert.throws(() => site.change({ publishers: [{ names, key: acme.public }] }), code('TRUST_INVALID'), names);
});

test('an expired trust root installs nothing, and what is installed starts', async (t) => {
  const site = new Site(t);
  const [alice] = site.pairs('alice') as [Pair];
  site.begin([alice], 1).bring();
  await site.install([alice]);
  site.change({ expires: '2020-01-01' }, alice).bring();
  await assert.rejects(site.install([alice], '1.1.0'), code('TRUST_EXPIRED', /expired at 2020-01-01/));
  const store = new BundleStore({ folder: join(site.home, 'store'), trust: site.trust() });
  await store.find('@example/acme', '1.0.0', undefined, false);
  site.change({ expires: '2999-01-01' }, alice).bring();
  await site.install([alice], '1.1.0');
});

test('a trust root that could not work is not written', (t) => {
  const site = new Site(t);
  const [alice, bob] = site.pairs('alice', 'bob') as [Pair, Pair];
  assert.throws(() => new Site(t).begin([alice, bob], 3), code('TRUST_INVALID', /wants 3 signatures of 2 keys/));
  site.begin([alice, bob], 2);
  for (const change of [
    { remove: ['alice'] },
    { remove: ['nobody'] },
    { revoke: ['nobody'] },
    { rootThreshold: 9 },
    { expires: 'tomorrow' },
    { minimums: [{ name: '@example/acme', version: 'latest' }] },
  ])
    assert.throws(() => site.change(change), code('TRUST_INVALID'), JSON.stringify(change));
});

test('keys that anybody can sign under do not come in by a trust root', async (t) => {
  const site = new Site(t);
  const [alice] = site.pairs('alice') as [Pair];
  site.begin([alice], 1);
  const { roots } = JSON.parse(site.roots.toString()) as { roots: { payload: string }[] };
  const document = JSON.parse(Buffer.from(roots[0]!.payload, 'base64').toString()) as {
    keys: { name: string; public: string }[];
  };
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.alloc(32)]);
  document.keys.push({ name: 'anybody', public: der.toString('base64') });
  roots[0]!.payload = Buffer.from(JSON.stringify(document)).toString('base64');
  site.bring(JSON.stringify({ roots }));
  await assert.rejects(site.install([alice]), code('TRUST_INVALID', /anybody is a key of small order/));
});
