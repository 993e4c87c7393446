import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { partsOf, readPrivateKey, signed } from '../support/archives.js';
import { checkout, rackwatt, TestNode, until } from '../support/node.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';

/** Bundles of one name, signed by keys that were made by the command. */
class Publisher {
  readonly #work: string;

  private constructor(work: string) {
    this.#work = work;
  }

  static async make(t: TestContext, ...names: string[]): Promise<Publisher> {
    const publisher = new Publisher(temporaryFolder(t));
    for (const name of names) assert.equal((await rackwatt(['keys', 'new', publisher.key(name)])).status, 0);
    return publisher;
  }

  key(name: string): string {
    return join(this.#work, name);
  }

  archive(version: string, signers: readonly string[], more: { minimum?: string; size?: number } = {}): Buffer {
    const manifest = { name: '@example/acme', version, main: './dist/index.js', rackwatt: {} };
    const files = [
      { path: 'dist/index.js', content: Buffer.from(`exports.version = '${version}';\n`) },
      { path: 'package.json', content: Buffer.from(JSON.stringify(manifest)) },
      ...(more.size === undefined ? [] : [{ path: 'noise.bin', content: noise(more.size) }]),
    ];
    const facts = { name: '@example/acme', version, ...(more.minimum === undefined ? {} : { minimum: more.minimum }) };
    return signed(partsOf(facts, files), ...signers.map((name) => readPrivateKey(this.key(name))));
  }
}

function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 0xff));
}

async function serve(t: TestContext, files: Map<string, Buffer | string>): Promise<string> {
  const server = createServer((request, response) => {
    const content = files.get(decodeURIComponent(request.url!));
    if (content === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': Buffer.byteLength(content) });
    // The end of what is called slow never comes.
    if (request.url!.startsWith('/slow')) return void response.write(content.slice(0, -1000));
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a running node installs from an address and from a registry, each verified, and a cancelled one leaves nothing', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: [], trust: [] });
  const publisher = await Publisher.make(t, 'release', 'stranger');
  copyFileSync(`${publisher.key('release')}.pub`, join(node.home, 'keys', 'release.pub'));
  const files = new Map<string, Buffer | string>([
    ['/acme-1.0.0.tgz', publisher.archive('1.0.0', ['release'])],
    ['/unsigned.tgz', publisher.archive('1.0.1', [])],
    ['/strange.tgz', publisher.archive('1.0.1', ['stranger'])],
    ['/page.tgz', '<html>Sign in</html>'],
    ['/slow.tgz', publisher.archive('1.0.1', ['release'], { size: 200_000 })],
    ['/acme-1.4.0.tgz', publisher.archive('1.4.0', ['release'])],
  ]);
  const url = await serve(t, files);
  files.set(
    '/@example/acme',
    JSON.stringify({
      versions: Object.fromEntries(
        ['1.0.0', '1.4.0'].map((version) => {
          const sum = createHash('sha512')
            .update(files.get(`/acme-${version}.tgz`)!)
            .digest('base64');
          return [version, { dist: { tarball: `${url}/acme-${version}.tgz`, integrity: `sha512-${sum}` } }];
        }),
      ),
    }),
  );
  await node.start();
  const downloads = join(node.home, 'var', 'downloads');
  const versions = async (): Promise<string[]> =>
    (await node.json<{ version: string }[]>('bundle', 'list')).map(({ version }) => version);

  for (const [path, sentence] of [
    ['/unsigned.tgz', /unsigned\.tgz is not signed/],
    ['/strange.tgz', /which is not trusted here/],
    ['/page.tgz', /is no archive; does a login page/],
    ['/none.tgz', /answers 404/],
  ] as const) {
    const refused = await node.cli('bundle', 'install', `${url}${path}`);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, sentence);
    assert.deepEqual([await versions(), readdirSync(downloads)], [[], []]);
  }

  const installed = await node.cli('bundle', 'install', `${url}/acme-1.0.0.tgz`);
  assert.deepEqual([installed.status, installed.stdout], [0, '@example/acme 1.0.0 is ACTIVE\n'], installed.stderr);

  const child = spawn(
    process.execPath,
    [join(checkout, 'src/bin/rackwatt.cjs'), 'bundle', 'install', `${url}/slow.tgz`, '--home', node.home],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until('it is being downloaded', () => readdirSync(downloads).some((name) => name.endsWith('.part')));
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
  assert.match(said, /was cancelled/);
  await until('nothing is left', () => readdirSync(downloads).length === 0);

  const updated = await node.cli('bundle', 'install', '@example/acme@^1.0.0', '--registry', url);
  assert.deepEqual([updated.status, updated.stdout], [0, '@example/acme 1.4.0 is ACTIVE\n'], updated.stderr);
  assert.deepEqual([await versions(), readdirSync(downloads)], [['1.4.0'], []]);
  assert.equal(await node.stop(), 0);
});

test('three keys of which two must sign, one of them lost: from the first key to a node that takes no old version', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: [], trust: [] });
  const publisher = await Publisher.make(t, 'alice', 'bob', 'carol', 'dave');
  const root = publisher.key('trust.json');
  const publics = ['alice', 'bob', 'carol'].map((name) => `${publisher.key(name)}.pub`);
  const run = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await rackwatt(words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  await run('keys', 'trust', 'init', root, ...publics);
  await run('keys', 'trust', 'sign', root, '--key', publisher.key('alice'));
  await run('keys', 'trust', 'sign', root, '--key', publisher.key('bob'));
  await run('keys', 'trust', 'import', root, '--home', node.home);
  await node.start();

  const file = publisher.key('acme.tgz');
  writeFileSync(file, publisher.archive('1.0.0', []));
  await run('bundle', 'sign', file, '--key', publisher.key('bob'));
  const refused = await node.cli('bundle', 'install', file);
  assert.match(refused.stderr, /signed by 1 \(bob\) of the 2 keys/);
  await run('bundle', 'sign', file, '--key', publisher.key('carol'));
  assert.match((await node.cli('bundle', 'install', file)).stdout, /1\.0\.0 is ACTIVE/);

  // Carol's key is lost; Dave comes; what is below 1.1.0 has a hole.
  await run(
    'keys',
    'trust',
    'change',
    root,
    '--revoke',
    'carol',
    '--add',
    `${publisher.key('dave')}.pub`,
    '--minimum',
    '@example/acme@1.1.0',
  );
  const early = await node.cli('keys', 'trust', 'import', root);
  assert.match(early.stderr, /signed by 0 of the 2 root keys of version 1/);
  await run('keys', 'trust', 'sign', root, '--key', publisher.key('alice'));
  await run('keys', 'trust', 'sign', root, '--key', publisher.key('bob'));
  assert.match((await node.cli('keys', 'trust', 'import', root)).stdout, /version 2 is trusted/);
  for (const [version, signers, sentence] of [
    ['1.2.0', ['bob', 'carol'], /signed by 1 \(bob\) of the 2 keys/],
    ['1.0.5', ['alice', 'bob'], /takes none below 1\.1\.0 any more/],
  ] as const) {
    writeFileSync(file, publisher.archive(version, signers));
    assert.match((await node.cli('bundle', 'install', file)).stderr, sentence);
  }
  writeFileSync(file, publisher.archive('1.2.0', ['alice', 'dave']));
  const mended = await node.cli('bundle', 'install', file);
  assert.match(mended.stdout, /1\.2\.0 is ACTIVE/, mended.stderr);
  const listed = JSON.parse((await node.cli('keys', 'list', '--json')).stdout) as {
    version: number;
    revoked: { keys: string[] };
  };
  assert.deepEqual([listed.version, listed.revoked.keys.length], [2, 1]);

  writeFileSync(join(node.home, 'keys', 'trust.json'), readFileSync(root).subarray(0, 500));
  writeFileSync(file, publisher.archive('1.3.0', ['bob', 'carol']));
  assert.match(
    (await node.cli('bundle', 'install', file)).stderr,
    /signed by 1 \(bob\)/,
    'a damaged file opens nothing',
  );
  assert.match((await node.cli('keys', 'list')).stderr, /version 2, which this node knows, goes on to count/);
  assert.equal(await node.stop(), 0);
});

test('the same bundle packed elsewhere, later, with another umask and in another time zone has the same digest', {
  timeout: 120_000,
}, async (t) => {
  const [one, other] = [join(temporaryFolder(t), 'a'), join(temporaryFolder(t), 'far', 'away', 'b')];
  for (const root of [one, other]) {
    mkdirSync(join(root, 'dist', 'web'), { recursive: true });
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({
        name: '@example/acme',
        version: '1.0.0',
        main: 'dist/index.js',
        license: 'MIT',
        rackwatt: { assets: ['./dist/web'], minimum: '0.9.0' },
      }),
    );
    writeFileSync(join(root, 'dist', 'index.js'), 'exports.x = 1;\n');
  }
  // Another order of creation, other times and modes.
  writeFileSync(join(one, 'dist/web/a.txt'), 'a', { mode: 0o600 });
  writeFileSync(join(one, 'dist/web/b.sh'), 'b', { mode: 0o777 });
  writeFileSync(join(other, 'dist/web/b.sh'), 'b', { mode: 0o700 });
  writeFileSync(join(other, 'dist/web/a.txt'), 'a', { mode: 0o666 });
  const { utimesSync } = await import('node:fs');
  utimesSync(join(other, 'dist/index.js'), new Date(0), new Date('2001-01-01'));
  const pack = async (root: string, env: Record<string, string>, umask: string): Promise<Record<string, string>> => {
    const child = spawn(
      'sh',
      [
        '-c',
        `umask ${umask}; exec "$0" "$@"`,
        process.execPath,
        join(checkout, 'src/bin/rackwatt.cjs'),
        'bundle',
        'pack',
        root,
        '--json',
      ],
      { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(child, 'close');
    return JSON.parse(text) as Record<string, string>;
  };
  const first = await pack(one, { TZ: 'UTC', LANG: 'C' }, '022');
  const second = await pack(other, { TZ: 'Pacific/Auckland', LANG: 'de_DE.UTF-8' }, '077');
  assert.equal(first['digest'], second['digest']);
  assert.deepEqual(readFileSync(first['file']!), readFileSync(second['file']!));
  assert.ok(existsSync(first['file']!));
});

test('whoever is asked for a passphrase and gives none is told so, and there is no key', {
  skip: needsPeer('script'),
}, async (t) => {
  for (const [name, typed] of [
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ] as const) {
    const key = join(temporaryFolder(t), 'release.key');
    const command = `${process.execPath} ${join(checkout, 'src/bin/rackwatt.cjs')} keys new ${key} --passphrase`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const isAsked = said.includes('passphrase for');
      said += chunk.toString();
      if (!isAsked && said.includes('passphrase for')) child.stdin.write(typed);
    });
    assert.deepEqual(await once(child, 'close'), [1, null], name);
    assert.match(said, /no passphrase was given, and nothing was done/, name);
    assert.ok(!existsSync(key), name);
  }
});
