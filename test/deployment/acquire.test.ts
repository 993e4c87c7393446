import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { signed } from '../support/archives.js';
import { temporaryFolder } from '../support/temporary.js';
import { acquireArchive, nearnessOf, sha256, verifyArchive } from './built.js';
import { acme } from './support.js';

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;
type Options = Partial<Parameters<typeof acquireArchive>[1]>;

const ARCHIVE = signed(acme('1.0.0', { 'dist/data.bin': noise(300_000) }));

function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 0xff));
}

/** A server on loopback, and what it was asked for. */
async function serve(t: TestContext, answer: Answer): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(request, response, requests.push(request)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Serves a file as a good server does: with a strong tag, and from where it is asked to. */
function serveFile(request: IncomingMessage, response: ServerResponse, content: Buffer, upTo = content.length): void {
  const etag = `"${sha256(content).slice(0, 16)}"`;
  const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const isPart = start !== undefined && request.headers['if-range'] === etag;
  const from = isPart ? Number(start) : 0;
  response.writeHead(isPart ? 206 : 200, {
    etag,
    'content-length': content.length - from,
    ...(isPart ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {}),
  });
  if (upTo >= content.length) response.end(content.subarray(from));
  else response.write(content.subarray(from, upTo), () => setTimeout(() => response.destroy(), 50));
}

/** A node's folder. */
function place(t: TestContext): {
  folder: string;
  get: (spec: string, options?: Options) => ReturnType<typeof acquireArchive>;
} {
  const home = temporaryFolder(t);
  const folder = join(home, 'downloads');
  return {
    folder,
    get: (spec, options = {}) => acquireArchive(spec, { folder, home, patience: 5_000, retries: [10, 10], ...options }),
  };
}

const left = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
const code = (expected: string, message = /./): object => ({ name: 'RackwattError', code: expected, message });

test('a file is taken as it is', async (t) => {
  const { get } = place(t);
  const file = join(temporaryFolder(t), 'acme.tgz');
  writeFileSync(file, ARCHIVE);
  const acquired = await get(file);
  assert.deepEqual([acquired.file, acquired.name], [file, 'acme.tgz']);
  await acquired.dispose();
  assert.ok(existsSync(file), 'it is not ours to remove');
});

test('an archive is downloaded, with its progress, and removed after its use', async (t) => {
  const { url } = await serve(t, (request, response) => serveFile(request, response, ARCHIVE));
  const { folder, get } = place(t);
  const seen: number[] = [];
  const acquired = await get(`${url}/acme-1.0.0.tgz?token=x`, {
    onProgress: ({ received, total }) => {
      assert.equal(total, ARCHIVE.length);
      seen.push(received);
    },
  });
  assert.equal(acquired.name, 'acme-1.0.0.tgz');
  assert.deepEqual(readFileSync(acquired.file), ARCHIVE);
  assert.equal(statSync(acquired.file).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(seen.at(-1), ARCHIVE.length);
  assert.equal((await verifyArchive(acquired.file)).name, '@example/acme');
  await acquired.dispose();
  assert.deepEqual(left(folder), []);
});

test('a download that is cut off goes on from where it was', async (t) => {
  const { url, requests } = await serve(t, (request, response, count) =>
    serveFile(request, response, ARCHIVE, count === 1 ? 100_000 : undefined),
  );
  const { get } = place(t);
  assert.deepEqual(readFileSync((await get(`${url}/a.tgz`)).file), ARCHIVE);
  assert.deepEqual(
    requests.map(({ headers }) => headers.range),
    [undefined, 'bytes=100000-'],
  );
});

test('a download that failed goes on the next time, another day begins anew', async (t) => {
  let upTo: number | undefined = 100_000;
  const { url, requests } = await serve(t, (request, response) => serveFile(request, response, ARCHIVE, upTo));
  const { folder, get } = place(t);
  await assert.rejects(get(`${url}/a.tgz`, { retries: [] }), code('DOWNLOAD_FAILED'));
  assert.equal(left(folder).length, 2, 'the part and what it is a part of');
  upTo = undefined;
  assert.deepEqual(readFileSync((await get(`${url}/a.tgz`)).file), ARCHIVE);
  assert.equal(requests.at(-1)!.headers.range, 'bytes=100000-');
});

test('a server that ignores ranges sends all again', async (t) => {
  const { url, requests } = await serve(t, (request, response, count) => {
    delete request.headers.range;
    serveFile(request, response, ARCHIVE, count === 1 ? 100_000 : undefined);
  });
  const { get } = place(t);
  assert.deepEqual(readFileSync((await get(`${url}/a.tgz`)).file), ARCHIVE);
  assert.equal(requests.length, 2);
});

test('a file that changes meanwhile is begun anew, also where the server goes on as if it had not', async (t) => {
  const other = signed(acme('2.0.0', { 'dist/data.bin': noise(300_000) }));
  const polite = await serve(t, (request, response, count) =>
    serveFile(request, response, count === 1 ? ARCHIVE : other, count === 1 ? 100_000 : undefined),
  );
  const { get } = place(t);
  assert.deepEqual(readFileSync((await get(`${polite.url}/a.tgz`)).file), other);
  for (const lie of ['bytes 5-9/10', `bytes 100000-${other.length}/${other.length + 1}`, 'nonsense']) {
    const rude = await serve(t, (request, response, count) => {
      if (count !== 2)
        return serveFile(request, response, count === 1 ? ARCHIVE : other, count === 1 ? 100_000 : undefined);
      response.writeHead(206, { etag: '"x"', 'content-range': lie });
      response.end(other.subarray(100_000));
    });
    assert.deepEqual(readFileSync((await get(`${rude.url}/a.tgz`)).file), other, lie);
  }
});

test('a wrong length is no archive: too short is cut off, too long is refused', async (t) => {
  const short = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length - 10 });
    response.end(ARCHIVE.subarray(0, -10));
  });
  const { get } = place(t);
  await assert.rejects(verifyArchive((await get(`${short.url}/a.tgz`)).file), code('ARCHIVE_INCOMPLETE'));
  const long = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 200 << 20 });
    response.write(ARCHIVE);
  });
  await assert.rejects(get(`${long.url}/a.tgz`), code('ARCHIVE_TOO_LARGE', /more than 67108864 bytes/));
  const early = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length + 10 });
    response.write(ARCHIVE, () => setTimeout(() => response.destroy(), 20));
  });
  await assert.rejects(get(`${early.url}/a.tgz`), code('DOWNLOAD_FAILED'));
});

test('an endless answer is refused at its limit', { timeout: 60_000 }, async (t) => {
  const { url } = await serve(t, (_request, response) => {
    const chunk = Buffer.concat([ARCHIVE, Buffer.alloc(1 << 20)]);
    const more = (): void => {
      while (response.writable && response.write(chunk)) continue;
      if (response.writable) response.once('drain', more);
    };
    more();
  });
  const { folder, get } = place(t);
  await assert.rejects(get(`${url}/a.tgz`), code('ARCHIVE_TOO_LARGE'));
  assert.deepEqual(left(folder), []);
});

test('a server that stalls, says nothing, or sends a byte now and then is given up', async (t) => {
  const { get } = place(t);
  const timers: NodeJS.Timeout[] = [];
  t.after(() => timers.forEach((timer) => clearInterval(timer)));
  const STALLS: Record<string, Answer> = {
    'says nothing': () => undefined,
    'stops in the middle': (_request, response) => {
      response.writeHead(200, { 'content-length': ARCHIVE.length });
      response.write(ARCHIVE.subarray(0, 1000));
    },
    'sends a byte now and then': (_request, response) => {
      response.writeHead(200, { 'content-length': ARCHIVE.length });
      let at = 0;
      timers.push(setInterval(() => response.write(ARCHIVE.subarray(at, ++at)), 20));
    },
  };
  for (const [what, answer] of Object.entries(STALLS)) {
    const { url, requests } = await serve(t, answer);
    await assert.rejects(
      get(`${url}/a.tgz`, { patience: 250, retries: [10] }),
      code('DOWNLOAD_FAILED', /hardly anything came in 0\.25 s/),
      what,
    );
    assert.equal(requests.length, 2, 'after a second try');
  }
});

test('whoever cancels leaves nothing', async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length, etag: '"x"' });
    response.write(ARCHIVE.subarray(0, 100_000));
  });
  const { folder, get } = place(t);
  const abort = new AbortController();
  await assert.rejects(
    get(`${url}/a.tgz`, { signal: abort.signal, onProgress: () => abort.abort() }),
    code('DOWNLOAD_CANCELLED'),
  );
  assert.deepEqual(left(folder), []);
  await assert.rejects(get(`${url}/a.tgz`, { signal: abort.signal }), code('DOWNLOAD_CANCELLED'));
});

test('redirects are followed, but not to another scheme, nor to where a server outside has no business', async (t) => {
  const target = await serve(t, (request, response) => serveFile(request, response, ARCHIVE));
  const { get } = place(t);
  const redirect = async (location: string): Promise<string> =>
    `${(await serve(t, (_request, response) => response.writeHead(302, { location }).end())).url}/a.tgz`;
  assert.deepEqual(readFileSync((await get(await redirect(`${target.url}/b.tgz`))).file), ARCHIVE);
  for (const [location, sentence] of [
    ['http://169.254.169.254/latest/meta-data/', /169\.254\.169\.254 is asked for nothing: it is a link-local/],
    ['http://[fe80::1]/', /link-local/],
    ['http://[::ffff:169.254.169.254]/', /link-local/],
    ['http://0.0.0.0/', /special/],
    ['http://10.0.0.1/', /it is a private address, named by/],
    ['https://127.0.0.1/', /may not change from http/],
    ['file:///etc/passwd', /may not change from http/],
    ['http://192.0.2.1/', /plain http/],
    ['nonsense://', /may not change|nowhere/],
  ] as const)
    await assert.rejects(get(await redirect(location)), code('DOWNLOAD_REFUSED', sentence), location);
  const circle = await serve(t, (request, response) => response.writeHead(302, { location: `${request.url}x` }).end());
  await assert.rejects(get(`${circle.url}/a.tgz`), code('DOWNLOAD_REFUSED', /more than 5 times/));
});

test('plain http is for this machine, or for what a digest names', async (t) => {
  const { get } = place(t);
  await assert.rejects(get('http://192.0.2.1/a.tgz'), code('DOWNLOAD_REFUSED', /use https, or say what must come/));
  await assert.rejects(get('http://169.254.169.254/a.tgz', { digest: 'a'.repeat(64) }), code('DOWNLOAD_REFUSED'));
  await assert.rejects(get('https://user:secret@example.com/a.tgz'), (error: Error) => {
    assert.match(error.message, /without a password/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  await assert.rejects(get('https://127.0.0.1/a.tgz', { digest: 'sha256:xyz' }), code('USAGE', /no digest/));
});

test('addresses are told apart, in both families and in each other’s clothes', () => {
  for (const [address, nearness] of Object.entries({
    '127.0.0.1': 'loopback',
    '127.8.8.8': 'loopback',
    '::1': 'loopback',
    '::ffff:127.0.0.1': 'loopback',
    '169.254.169.254': 'special',
    '0.0.0.0': 'special',
    '::': 'special',
    'fe80::1': 'special',
    '64:ff9b::a9fe:a9fe': 'special',
    '255.255.255.255': 'special',
    '10.1.2.3': 'private',
    '172.31.0.1': 'private',
    '192.168.1.1': 'private',
    '100.64.0.1': 'private',
    'fd00::1': 'private',
    '::ffff:10.0.0.1': 'private',
    '8.8.8.8': 'public',
    '172.32.0.1': 'public',
    '2001:4860::8888': 'public',
  }))
    assert.equal(nearnessOf(address), nearness, address);
});

test('a page in the place of an archive is told from one', async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<html>Sign in to the hotel</html>');
  });
  const { folder, get } = place(t);
  await assert.rejects(
    get(`${url}/a.tgz`),
    code('DOWNLOAD_REFUSED', /answers with "text\/html", which is no archive; does a login page/),
  );
  assert.deepEqual(left(folder), []);
});

test('what a server claims to have compressed is taken as it comes', async (t) => {
  const { url, requests } = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(ARCHIVE));
  });
  const { get } = place(t);
  await assert.rejects(verifyArchive((await get(`${url}/a.tgz`)).file), code('ARCHIVE_INVALID'));
  assert.equal(requests[0]!.headers['accept-encoding'], 'identity');
});

test('a server that fails is asked again, one that refuses is not', async (t) => {
  const { get } = place(t);
  const busy = await serve(t, (request, response, count) =>
    count < 3 ? response.writeHead(503).end() : serveFile(request, response, ARCHIVE),
  );
  assert.deepEqual(readFileSync((await get(`${busy.url}/a.tgz`)).file), ARCHIVE);
  for (const [status, sentence] of [
    [404, /answers 404: there is no such archive/],
    [401, /wants a token/],
    [418, /answers 418/],
  ] as const) {
    const { url, requests } = await serve(t, (_request, response) => response.writeHead(status).end());
    await assert.rejects(get(`${url}/a.tgz`), code('DOWNLOAD_REFUSED', sentence));
    assert.equal(requests.length, 1);
  }
  const { url } = await serve(t, (request) => request.socket.destroy());
  await assert.rejects(get(`${url}/a.tgz`), code('DOWNLOAD_FAILED'));
});

test('a server that goes over to another protocol is given up', async (t) => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write('HTTP/1.1 101 Over\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { folder, get } = place(t);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tgz`;
  await assert.rejects(get(url), code('DOWNLOAD_FAILED', /ended before an answer came/));
  assert.deepEqual([left(folder), sockets.size], [[], 3]);
});

/** A registry on loopback with some versions of a package. */
async function registry(
  t: TestContext,
  versions: readonly string[],
  change: (version: string, dist: { tarball: string; integrity?: string }) => void = () => undefined,
): Promise<{ url: string; requests: IncomingMessage[] }> {
  const archives = new Map(versions.map((version) => [version, signed(acme(version))]));
  const served = await serve(t, (request, response) => {
    const archive = archives.get(/acme-(.+)\.tgz$/.exec(request.url!)?.[1] ?? '');
    if (archive) return serveFile(request, response, archive);
    if (request.url !== '/@example%2facme') return void response.writeHead(404).end('{}');
    const entries = versions.map((version) => {
      const dist = {
        tarball: `${served.url}/@example/acme/-/acme-${version}.tgz`,
        integrity: `sha512-${createHash('sha512').update(archives.get(version)!).digest('base64')}`,
      };
      change(version, dist);
      return [version, { name: '@example/acme', version, dist }];
    });
    response.end(JSON.stringify({ 'dist-tags': { latest: versions[0] }, versions: Object.fromEntries(entries) }));
  });
  return served;
}

test('the highest version in range comes from a registry', async (t) => {
  const { url } = await registry(t, ['1.2.0', '1.10.0', '1.11.0-rc.1', '2.0.0', 'nonsense']);
  const { get } = place(t);
  for (const [range, version] of [
    ['^1.0.0', '1.10.0'],
    ['>=1', '2.0.0'],
    ['1.2.x', '1.2.0'],
    ['latest', '1.2.0'],
    ['1.11.0-rc.1', '1.11.0-rc.1'],
  ] as const) {
    const acquired = await get(`@example/acme@${range}`, { registry: url });
    assert.deepEqual(
      [acquired.name, acquired.expect],
      [`@example/acme@${version}`, { name: '@example/acme', version }],
    );
    assert.equal((await verifyArchive(acquired.file, acquired)).version, version);
    await acquired.dispose();
  }
  const acquired = await get('@example/acme', { registry: url });
  assert.equal(acquired.expect.version, '1.2.0', 'without a range, the latest');
  await assert.rejects(
    get('@example/acme@^3', { registry: url }),
    code('BUNDLE_NOT_FOUND', /no version .* "\^3"; it has/),
  );
  await assert.rejects(get('@example/acme@constructor', { registry: url }), code('BUNDLE_NOT_FOUND'));
  await assert.rejects(get('@example/none', { registry: url }), code('BUNDLE_NOT_FOUND', /no package @example\/none/));
});

test('a registry is believed nothing', async (t) => {
  const { folder, get } = place(t);
  const other = await registry(t, ['1.0.0', '6.6.6']);
  const CASES: [what: string, change: Parameters<typeof registry>[2], expected: string, sentence: RegExp][] = [
    [
      'another archive',
      (_version, dist) => (dist.tarball = `${other.url}/acme-6.6.6.tgz`),
      'ARCHIVE_INVALID',
      /its sha512 is another/,
    ],
    ['no digest', (_version, dist) => delete dist.integrity, 'REGISTRY_FAILED', /no sha512/],
    [
      'a weak digest',
      (_version, dist) => (dist.integrity = 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk='),
      'REGISTRY_FAILED',
      /no sha512/,
    ],
    [
      'the metadata of a cloud',
      (_version, dist) => (dist.tarball = 'http://169.254.169.254/acme.tgz'),
      'DOWNLOAD_REFUSED',
      /link-local/,
    ],
    ['a neighbour', (_version, dist) => (dist.tarball = 'http://10.0.0.1/acme.tgz'), 'DOWNLOAD_REFUSED', /private/],
    ['another scheme', (_version, dist) => (dist.tarball = 'file:///etc/passwd'), 'REGISTRY_FAILED', /no archive/],
  ];
  for (const [what, change, expected, sentence] of CASES) {
    const { url } = await registry(t, ['1.0.0'], change);
    await assert.rejects(get('@example/acme', { registry: url }), code(expected, sentence), what);
    assert.deepEqual(left(folder), []);
  }
  const swapped = await registry(t, ['1.0.0'], (_version, dist) => {
    const archive = signed(acme('6.6.6'));
    Object.assign(dist, {
      tarball: `${other.url}/acme-6.6.6.tgz`,
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    });
  });
  const acquired = await get('@example/acme', { registry: swapped.url });
  await assert.rejects(
    verifyArchive(acquired.file, acquired),
    code('ARCHIVE_INVALID', /^@example\/acme@1\.0\.0 is @example\/acme 6\.6\.6, not @example\/acme 1\.0\.0$/),
  );
  for (const answer of ['', '{', 'null', '[]', '{"versions":{"1.0.0":null}}', '{"__proto__":{"versions":{}}}']) {
    const { url } = await serve(t, (_request, response) => response.end(answer));
    await assert.rejects(get('@example/acme@1.0.0', { registry: url }), (error: { code?: string }) => {
      assert.ok(['REGISTRY_FAILED', 'BUNDLE_NOT_FOUND'].includes(error.code!), `${answer}: ${error.code}`);
      return true;
    });
  }
});

test('a token is told to its registry alone, and stands in no file', async (t) => {
  const cdn = await registry(t, ['1.0.0']);
  const { url, requests } = await registry(
    t,
    ['1.0.0'],
    (_version, dist) => (dist.tarball = dist.tarball.replace(url, cdn.url)),
  );
  const { host } = new URL(url);
  const home = temporaryFolder(t);
  const rc = (text: string): void => writeFileSync(join(home, '.npmrc'), text);
  const get = (): ReturnType<typeof acquireArchive> =>
    acquireArchive('@example/acme', {
      folder: join(home, 'downloads'),
      home,
      secret: async (name) => (name === 'npm' ? 'tok-en' : undefined),
      retries: [],
    });
  rc(
    `@example:registry=${url}\n; a comment\n//${host}/:_authToken=\${secret:npm}\n//other.example/:_authToken=\${secret:none}\n`,
  );
  await (await get()).dispose();
  assert.deepEqual(
    [...requests, ...cdn.requests].map(({ headers }) => headers.authorization),
    ['Bearer tok-en', undefined],
  );
  process.env['RACKWATT_TEST_TOKEN'] = 'from-environment';
  t.after(() => delete process.env['RACKWATT_TEST_TOKEN']);
  rc(`registry=${url}\n//${host}/:_authToken=\${RACKWATT_TEST_TOKEN}\n`);
  await (await get()).dispose();
  assert.equal(requests.at(-1)!.headers.authorization, 'Bearer from-environment');
  rc(`registry=${url}\n//${host}/:_authToken=npm_literal\n`);
  await assert.rejects(get(), (error: Error) => {
    assert.match(error.message, /keep it as a secret/);
    assert.doesNotMatch(error.message, /npm_literal/);
    return true;
  });
  rc(`registry=${url}\n//${host}/:_authToken=\${secret:none}\n`);
  await assert.rejects(get(), code('REGISTRY_FAILED', /there is no such secret/));
  rc('registry=nonsense\n');
  await assert.rejects(get(), code('REGISTRY_FAILED', /no address of a registry/));
});

test('a digest names the bundle or the file, and nothing else will do', async (t) => {
  const { url } = await serve(t, (request, response) => serveFile(request, response, ARCHIVE));
  const { get } = place(t);
  const bundle = (await verifyArchive((await get(`${url}/a.tgz`)).file)).digest;
  for (const digest of [bundle, `sha256:${bundle}`, sha256(ARCHIVE)]) {
    const acquired = await acquireArchive(`${url}/b.tgz`, {
      folder: temporaryFolder(t),
      home: temporaryFolder(t),
      digest,
    });
    assert.equal((await verifyArchive(acquired.file, acquired)).digest, bundle);
  }
  const acquired = await get(`${url}/c.tgz`, { digest: '0'.repeat(64) });
  await assert.rejects(verifyArchive(acquired.file, acquired), code('ARCHIVE_INVALID', /not what was asked for/));
});

test('what is no archive is refused with what to name', async (t) => {
  const { get } = place(t);
  for (const spec of ['', '../no/such/file', 'ftp://example.com/a', '@example/', 'Acme', 'a b'])
    await assert.rejects(get(spec), code('USAGE', /name a file, an https address, or a package/), spec);
});
