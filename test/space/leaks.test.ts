import assert from 'node:assert/strict';
import { once, type EventEmitter } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bundleFolder, isFreed } from './support.js';

/** What the reference names as keeping a dead revision alive, and what a space can end. */
const CAUSES: Record<string, { code: string; effect: RegExp }> = {
  'a timer': { code: 'setTimeout(() => held, 1e6);', effect: /^timer 1000000 ms$/ },
  "an interval that is unref'd": { code: 'setInterval(() => held, 1e6).unref();', effect: /^interval 1000000 ms$/ },
  'a timer of node:timers': { code: 'require("node:timers").setTimeout(() => held, 1e6);', effect: /^timer/ },
  'a wait for node:timers/promises': {
    code: 'require("timers/promises").setTimeout(1e6).then(() => held);',
    effect: /^timer/,
  },
  'a promisified setTimeout': {
    code: 'require("util").promisify(setTimeout)(1e6).then(() => held);',
    effect: /^timer/,
  },
  'a loop over timed ticks': {
    code: '(async () => { for await (const _ of require("timers/promises").setInterval(1e6)) held; })();',
    effect: /^interval/,
  },
  'a listener of the process': { code: 'process.on("SIGUSR2", () => held);', effect: /^process\.on SIGUSR2$/ },
  'a listener of node:process, once': {
    code: 'require("node:process").once("beforeExit", () => held);',
    effect: /^process\.on beforeExit$/,
  },
  'an HTTP server': { code: 'require("http").createServer(() => held).listen(0, "127.0.0.1");', effect: /^server$/ },
  'a TCP server': { code: 'require("node:net").createServer(() => held).listen(0, "127.0.0.1");', effect: /^server$/ },
  'a UDP socket': {
    code: 'require("dgram").createSocket("udp4", () => held).bind(0, "127.0.0.1");',
    effect: /^UDP socket$/,
  },
  'a worker': {
    code: 'new (require("worker_threads").Worker)("setInterval(() => 0, 1e6)", { eval: true }).on("message", () => held);',
    effect: /^worker$/,
  },
  'a child process': {
    code: 'require("child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1e6)"]).on("exit", () => held);',
    effect: /^child process$/,
  },
  'a watched file': { code: 'require("fs").watch(__filename, () => held);', effect: /^file watcher$/ },
  'a polled file': { code: 'require("fs").watchFile(__filename, () => held);', effect: /^file watcher$/ },
  'a loop over file events': {
    code: '(async () => { for await (const _ of require("fs/promises").watch(__dirname)) held; })();',
    effect: /^file watcher$/,
  },
  'a message channel': {
    code: 'const { port1 } = new MessageChannel(); port1.onmessage = () => held;',
    effect: /^message port$/,
  },
  'a stream from a file': {
    code: 'require("fs").createReadStream("/dev/zero").on("data", () => held).pause();',
    effect: /^file stream$/,
  },
  'a stream to a file': {
    code: 'require("fs").createWriteStream("/dev/null").on("finish", () => held);',
    effect: /^file stream$/,
  },
  'a file that was opened': {
    code: 'exports.ready = require("fs/promises").open(__filename).then((handle) => handle.on("close", () => held));',
    effect: /^file handle$/,
  },
  'lines that are read': {
    code: 'require("readline").createInterface({ input: process.stdin }).on("line", () => held);',
    effect: /^readline$/,
  },
  'a DNS resolver': {
    code: 'const r = new (require("dns").Resolver)(); r.setServers(["192.0.2.1"]); r.resolve("example.org", () => held);',
    effect: /^DNS resolver$/,
  },
  'an inspector session': {
    code: 'const s = new (require("inspector").Session)(); s.connect(); s.on("inspectorNotification", () => held);',
    effect: /^inspector session$/,
  },
  'an HTTP/2 server': {
    code: 'require("http2").createServer(() => held).listen(0, "127.0.0.1");',
    effect: /^server$/,
  },
  'a TLS server': {
    code: 'require("tls").createServer({}, () => held).listen(0, "127.0.0.1");',
    effect: /^server$/,
  },
  'a broadcast channel': {
    code: 'new BroadcastChannel("rackwatt.test").onmessage = () => held;',
    effect: /^broadcast channel$/,
  },
  'an observer of performance': {
    code: 'new (require("perf_hooks").PerformanceObserver)(() => held).observe({ entryTypes: ["gc"] });',
    effect: /^performance observer$/,
  },
  'an async hook': {
    code: 'require("async_hooks").createHook({ init: () => held }).enable();',
    effect: /^async hook$/,
  },
  'a signal that is due later': {
    code: 'AbortSignal.timeout(1e6).addEventListener("abort", () => held);',
    effect: /^timer 1000000 ms$/,
  },
  'a request that nobody answers': {
    code: `const server = require("net").createServer().listen(0, "127.0.0.1", () =>
      fetch("http://127.0.0.1:" + server.address().port).then(() => held));
      exports.ready = new Promise((resolve) => server.once("connection", resolve));`,
    effect: /^fetch$/,
  },
  'a built-in by process.getBuiltinModule': {
    code: 'process.getBuiltinModule("node:net").createServer(() => held).listen(0, "127.0.0.1");',
    effect: /^server$/,
  },
  'a database': {
    code: 'new (require("node:sqlite").DatabaseSync)(":memory:").function("held", () => held);',
    effect: /^database$/,
  },
  'an entry in globalThis': {
    code: 'rackwattTestEntry = () => held; globalThis[Symbol.for("rackwatt.test")] = rackwattTestEntry;',
    effect: /^global rackwattTestEntry$/,
  },
  'a diagnostics channel': {
    code: 'require("diagnostics_channel").subscribe("rackwatt.test", () => held);',
    effect: /^diagnostics channel rackwatt\.test$/,
  },
};

const HELD = 'const held = new Array(1000).fill(1.5); exports.held = held;\n';

for (const [cause, { code, effect }] of Object.entries(CAUSES)) {
  test(`${cause} left running is listed, ended by dispose and keeps nothing`, async (t) => {
    const root = bundleFolder(t, { 'index.js': HELD + code });
    let effects: string[] = [];
    const freed = await isFreed(root, async (exports, space) => {
      await exports['ready'];
      effects = space.effects();
    });
    assert.ok(
      effects.some((label) => effect.test(label)),
      effects.join(', '),
    );
    assert.ok(freed);
  });
}

async function peer(t: TestContext): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a connected socket is destroyed, and its handler of close cannot connect again', async (t) => {
  const port = await peer(t);
  const code = `const net = require('net');
    exports.attempts = { count: 0 };
    exports.connected = new Promise((resolve) => {
      const open = () => { exports.attempts.count++; net.connect(${port}, '127.0.0.1', resolve).on('close', open); };
      open();
    });`;
  const root = bundleFolder(t, { 'index.js': HELD + code });
  let attempts = { count: 0 };
  const freed = await isFreed(root, async (exports, space) => {
    await exports['connected'];
    attempts = exports['attempts'] as typeof attempts;
    assert.deepEqual(space.effects(), ['socket']);
  });
  assert.equal(attempts.count, 1);
  attempts = { count: 0 };
  assert.ok(freed);
});

test('a server with open connections is closed at once', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `${HELD}const server = require('http').createServer((request, response) => response.write(String(held)));
      exports.port = new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));`,
  });
  let closed: Promise<unknown> | undefined;
  const freed = await isFreed(root, async (exports) => {
    const client = connect((await exports['port']) as number, '127.0.0.1');
    client.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(client, 'data');
    closed = once(client.resume(), 'close');
  });
  await closed;
  assert.ok(freed);
});

test('what ended by itself is no longer listed', async (t) => {
  const port = await peer(t);
  const root = bundleFolder(t, {
    'index.js': `const { once } = require('events');
      exports.run = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await new Promise((resolve) => setImmediate(resolve));
        await require('timers/promises').setTimeout(1);
        clearInterval(setInterval(() => 0, 1));
        const socket = require('net').connect(${port}, '127.0.0.1');
        await once(socket, 'connect');
        await once(socket.destroy(), 'close');
        await once(require('child_process').spawn('true'), 'exit');
        const worker = new (require('worker_threads').Worker)('0', { eval: true });
        await once(worker, 'exit');
        const listener = () => 0;
        process.on('SIGUSR2', listener).off('SIGUSR2', listener);
      };`,
  });
  assert.ok(
    await isFreed(root, async (exports, space) => {
      await (exports['run'] as () => Promise<void>)();
      assert.deepEqual(space.effects(), []);
    }),
  );
});

test('an error that nobody printed keeps nothing once its origin was asked for', async (t) => {
  const root = bundleFolder(t, { 'index.js': `${HELD}exports.fail = () => { throw new Error('kept'); };` });
  let error: unknown;
  const freed = await isFreed(root, (exports, space) => {
    try {
      (exports['fail'] as () => void)();
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(space.owns(error));
  });
  assert.ok(freed);
  assert.match((error as Error).message, /kept/);
});

test('code of a disposed revision can start nothing any more', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `exports.fired = { count: 0 };
      exports.timer = () => { setTimeout(() => exports.fired.count++, 0); setImmediate(() => exports.fired.count++); };
      exports.socket = () => require('net').connect(1);
      exports.server = () => new (require('http').Server)();
      const net = require('net'); exports.kept = () => new net.Socket();`,
  });
  await isFreed(root, async (exports, space) => {
    const call = (name: string) => (exports[name] as () => void)();
    space.dispose();
    call('timer');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((exports['fired'] as { count: number }).count, 0);
    for (const name of ['socket', 'server', 'kept']) assert.throws(() => call(name), { code: 'SPACE_DISPOSED' });
  });
});

test('timers keep the face of the native ones', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `exports.run = async () => {
      const seen = [];
      const timer = setTimeout((...values) => seen.push(...values), 1, 'a', 'b');
      await new Promise((resolve) => setTimeout(resolve, 15));
      timer.refresh();
      await new Promise((resolve) => setTimeout(resolve, 15));
      seen.push(timer.unref().hasRef(), timer.ref().hasRef(), typeof +timer);
      clearTimeout(+setTimeout(() => seen.push('never'), 1));
      seen.push(await require('util').promisify(setTimeout)(1, 'promised'), await require('util').promisify(setImmediate)('soon'));
      try { await require('timers/promises').setTimeout(1e6, 0, { signal: AbortSignal.abort() }); } catch (error) { seen.push(error.name, error.code); }
      try { setTimeout('code'); } catch (error) { seen.push(error.code); }
      return seen;
    };`,
  });
  let seen: unknown;
  await isFreed(root, async (exports) => {
    seen = await (exports['run'] as () => Promise<unknown>)();
  });
  assert.deepEqual(seen, [
    'a',
    'b',
    'a',
    'b',
    false,
    true,
    'number',
    'promised',
    'soon',
    'AbortError',
    'ABORT_ERR',
    'ERR_INVALID_ARG_TYPE',
  ]);
});

test('a file event reaches the bundle before it goes', async (t) => {
  const root = bundleFolder(t, {
    'watched.txt': '',
    'index.js': `exports.seen = new Promise((resolve) => require('fs').watch(__dirname + '/watched.txt', resolve));`,
  });
  await isFreed(root, async (exports) => {
    writeFileSync(join(root, 'watched.txt'), 'changed');
    assert.equal(await exports['seen'], 'change');
  });
});

test('a session of an HTTP/2 server ends with it, though its client goes on', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `${HELD}const server = require('http2').createServer((request, response) => response.write(String(held)));
      exports.port = new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));`,
  });
  let closed: Promise<unknown> | undefined;
  const freed = await isFreed(root, async (exports) => {
    const client = connectHttp2(`http://127.0.0.1:${(await exports['port']) as number}`);
    client.on('error', () => undefined);
    const request = client.request({ ':path': '/' });
    request.on('error', () => undefined);
    await once(request, 'data');
    closed = once(client, 'close');
  });
  await closed;
  assert.ok(freed);
});

test('what a response still brings ends with the space, and what was fetched reads as ever', async (t) => {
  const server = createHttpServer((request, response) => {
    if (request.url === '/all') response.end('all of it');
    else response.write('the first part');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => void server.close());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const root = bundleFolder(t, {
    'index.js': `${HELD}exports.all = async (url) => (await fetch(url + '/all')).text();
      exports.first = async (url) => { const reader = (await fetch(url)).body.getReader(); const { value } = await reader.read(); reader.read().then(() => held, () => held); return String.fromCharCode(...value); };
      exports.aborted = (url) => fetch(url, { signal: AbortSignal.abort() }).catch((error) => error.name);
      exports.late = (url) => fetch(url + '/all', { signal: AbortSignal.timeout(0) }).then((response) => response.text()).catch((error) => error.name);`,
  });
  const gone = once(server, 'connection').then(([socket]) => once(socket as EventEmitter, 'close'));
  const freed = await isFreed(root, async (exports, space) => {
    const call = (name: string): Promise<string> => (exports[name] as (url: string) => Promise<string>)(address);
    assert.equal(await call('first'), 'the first part');
    assert.equal(await call('all'), 'all of it');
    assert.equal(await call('aborted'), 'AbortError');
    assert.match(await call('late'), /TimeoutError|all of it/);
    assert.ok(space.effects().includes('fetch'));
  });
  await gone;
  assert.ok(freed);
});
