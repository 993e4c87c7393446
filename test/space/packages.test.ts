import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import * as rackwatt from 'rackwatt';
import { hostModules, type HostModule } from './built.js';
import { bundleFolder, isFreed, REPOSITORY, spaceOf } from './support.js';

/** Real packages that bundles use, doing real work; each is to be freed afterwards. */
const PACKAGES: Record<string, { code: string; expect: unknown }> = {
  'net-snmp': {
    code: `const snmp = require('net-snmp'); const session = snmp.createSession('127.0.0.1', 'public', { port: 1 });
      exports.result = [typeof session.get, snmp.ObjectType.Counter64];`,
    expect: ['function', 70],
  },
  mqtt: {
    code: `const mqtt = require('mqtt'); const client = mqtt.connect('mqtt://127.0.0.1:1', { reconnectPeriod: 5 });
      exports.result = new Promise((resolve) => client.on('error', (error) => resolve(error.code)));`,
    expect: 'ECONNREFUSED',
  },
  fastify: {
    code: `const app = require('fastify')(); app.get('/', async () => ({ ok: true }));
      exports.result = app.listen({ port: 0, host: '127.0.0.1' }).then((url) => fetch(url)).then((response) => response.json());`,
    expect: { ok: true },
  },
  aedes: {
    code: `exports.result = import('aedes').then(async ({ Aedes }) => { const broker = await Aedes.createBroker(); return typeof broker.handle; });`,
    expect: 'function',
  },
  '@bufbuild/protobuf': {
    code: `const { create, toBinary, fromBinary } = require('@bufbuild/protobuf'); const { TimestampSchema } = require('@bufbuild/protobuf/wkt');
      exports.result = Number(fromBinary(TimestampSchema, toBinary(TimestampSchema, create(TimestampSchema, { seconds: 5n }))).seconds);`,
    expect: 5,
  },
  ws: {
    code: `const { WebSocketServer, WebSocket } = require('ws'); const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      server.on('connection', (socket) => socket.send('hello'));
      exports.result = new Promise((resolve) => server.on('listening', () =>
        new WebSocket('ws://127.0.0.1:' + server.address().port).on('message', (data) => resolve(String(data)))));`,
    expect: 'hello',
  },
  tsyringe: {
    code: `require('reflect-metadata'); const { container, singleton } = require('tsyringe'); class A {} singleton()(A);
      exports.result = container.resolve(A) === container.resolve(A);`,
    expect: true,
  },
};

for (const [name, { code, expect }] of Object.entries(PACKAGES)) {
  test(`${name} works in a space, and is freed with it`, async (t) => {
    const root = bundleFolder(t, { 'index.js': code }, { node_modules: true });
    let result: unknown;
    const freed = await isFreed(root, async (exports) => {
      result = structuredClone(await exports['result']);
    });
    assert.deepEqual(result, expect);
    assert.ok(freed);
  });
}

test("native packages are loaded once, from the host's path; per-space packages once for each space", async (t) => {
  const root = bundleFolder(
    t,
    {
      'index.js': `exports.sqlite = require('better-sqlite3'); exports.path = require.resolve('better-sqlite3'); exports.tsyringe = (require('reflect-metadata'), require('tsyringe'));
        exports.rackwatt = require('rackwatt'); exports.typebox = require('typebox').Type; exports.rows = new exports.sqlite(':memory:').prepare('select 1 as one').all();`,
    },
    { node_modules: true },
  );
  const load = () => spaceOf(t, root).load('index.js');
  const [one, other] = await Promise.all([load(), load()]);
  const path = createRequire(join(REPOSITORY, 'src/package.json')).resolve('better-sqlite3');
  assert.equal(one['path'], path);
  assert.deepEqual(one['rows'], [{ one: 1 }]);
  for (const name of ['sqlite', 'typebox']) assert.equal(one[name], other[name], name);
  assert.equal((one['rackwatt'] as typeof rackwatt).RackwattError, rackwatt.RackwattError);
  assert.notEqual(one['tsyringe'], other['tsyringe']);
});

test('the host can give further modules, which win', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `exports.contract = require('@rackwatt/telemetry'); exports.own = require('own');`,
    'own.js': 'module.exports = __filename;',
  });
  const extra = new Map<string, HostModule>([
    ['@rackwatt/telemetry', { exports: { shared: true } }],
    ['own', { file: join(root, 'own.js') }],
  ]);
  const exports = await spaceOf(t, root, { host: hostModules({ rackwatt, extra }) }).load('index.js');
  assert.deepEqual(exports, { contract: { shared: true }, own: join(root, 'own.js') });
});

test('a packed bundle loads neither the transformer nor the resolver', (t) => {
  const root = bundleFolder(t, {
    'index.js': `const { readFileSync } = require('node:fs'); require('rackwatt'); exports.late = () => import('./worker.js'); exports.worker = require('./worker.js'); exports.read = readFileSync;`,
    'worker.js': 'exports.worker = true;',
  });
  const script = `
    const { hostModules, ModuleSpace } = await import(${JSON.stringify(join(REPOSITORY, 'src/dist/space/index.js'))});
    const space = new ModuleSpace({ root: ${JSON.stringify(root)}, label: 'packed@1', host: hostModules({ rackwatt: {} }) });
    const exports = await space.load('index.js');
    if (!(await exports.late()).worker) process.exitCode = 1;
    process.stdout.write(process.report.getReport().sharedObjects.filter((file) => file.includes('oxc')).join());`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.deepEqual([stdout, status, stderr], ['', 0, '']);
});
