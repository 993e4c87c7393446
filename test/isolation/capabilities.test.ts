import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';

const addon = createRequire(new URL('../../../src/package.json', import.meta.url)).resolve('oxc-parser');

interface Attempt {
  /** @returns `done`, or the code of what refused it */
  attempt(what: string, path: string): Promise<string>;
}
const Attempt = rackwatt.contract<Attempt>('test/Attempt', { major: 1, methods: ['attempt'] });

const ATTEMPTING = `
const { component, contract } = require('rackwatt');
const fs = require('node:fs');
const Attempt = contract('test/Attempt', { major: 1, methods: ['attempt'] });
const WHAT = {
  read: (path) => fs.readFileSync(path),
  write: (path) => fs.writeFileSync(path, 'x'),
  link: (path) => fs.symlinkSync('/etc/hostname', path),
  spawn: () => require('node:child_process').execFileSync('true'),
  worker: () => new (require('node:worker_threads').Worker)('', { eval: true }).terminate(),
  addon: (path) => process.dlopen({ exports: {} }, path),
  environment: (name) => { if (process.env[name] !== undefined) throw Object.assign(new Error(), { code: process.env[name] }); },
  channel: () => { if (process.send || process.channel || process.connected) throw Object.assign(new Error(), { code: 'CHANNEL' }); },
};
exports.attempting = component({
  name: 'attempting', provides: Attempt,
  activate: ({ context }) => ({
    attempt: async (what, path) => { try { WHAT[what](path.replace('DATA', context.dataFolder())); return 'done'; } catch (error) { return error.code ?? error.message; } },
  }),
});`;

const CALLER = { id: 900, name: 'caller' };
const DENIED = 'ERR_ACCESS_DENIED';

async function attempts(c: TestContainer, capabilities: string[], kind: 'worker' | 'process' = 'process') {
  await c.start('attempting', ATTEMPTING, { rackwatt: { capabilities } }, kind);
  const reference = await until('it is up', () => c.framework.registry.reference(Attempt));
  return (what: string, path = '') => c.framework.registry.get(CALLER, reference)!.attempt(what, path);
}

test('a process may read its own files and write its data folder, and nothing else', async (t) => {
  process.env['RACKWATT_TEST_SECRET'] = 'LEAKED';
  t.after(() => delete process.env['RACKWATT_TEST_SECRET']);
  const c = new TestContainer(t);
  const attempt = await attempts(c, []);
  const outside = join(c.folder, 'outside');
  assert.equal(await attempt('write', 'DATA/file'), 'done');
  assert.equal(await attempt('read', 'DATA/file'), 'done');
  assert.equal(await attempt('write', outside), DENIED);
  assert.ok(!existsSync(outside));
  assert.equal(await attempt('read', '/etc/hostname'), DENIED);
  mkdirSync(join(c.folder, 'var/secrets'), { recursive: true });
  writeFileSync(join(c.folder, 'var/secrets/key'), 'secret');
  assert.equal(await attempt('read', join(c.folder, 'var/secrets/key')), DENIED);
  // What is transformed for everybody is not for one bundle to write.
  mkdirSync(join(c.folder, 'var/cache'), { recursive: true });
  assert.equal(await attempt('write', join(c.folder, 'var/cache/file')), DENIED);
  assert.equal(await attempt('link', 'DATA/link'), DENIED);
  assert.equal(await attempt('spawn'), DENIED);
  assert.equal(await attempt('worker'), DENIED);
  assert.equal(await attempt('addon', addonFile()), DENIED);
  assert.equal(await attempt('environment', 'RACKWATT_TEST_SECRET'), 'done');
  assert.equal(await attempt('channel'), 'done');
});

test('a packed bundle needs no addons of the runtime, so that its process is never allowed any', async (t) => {
  const c = new TestContainer(t);
  const source = await c.source(c.write('attempting', { 'index.js': ATTEMPTING }));
  await c.framework.setStartLevel(1);
  const bundle = c.framework.install({ ...source, digest: '0'.repeat(64) }, { startLevel: 1, isolation: 'process' });
  await bundle.start();
  const reference = await until('it is up', () => c.framework.registry.reference(Attempt));
  const attempt = c.framework.registry.get(CALLER, reference)!;
  assert.equal(await attempt.attempt('addon', addonFile()), 'ERR_DLOPEN_DISABLED');
  assert.equal(await attempt.attempt('write', 'DATA/file'), 'done');
});

test('what the manifest asks for is allowed in a process', async (t) => {
  const c = new TestContainer(t);
  mkdirSync(join(c.folder, 'shared'));
  const attempt = await attempts(c, [
    'read:/etc/hostname',
    `write:${join(c.folder, 'shared')}`,
    'processes',
    'workers',
    'addons',
    'network',
  ]);
  assert.equal(await attempt('read', '/etc/hostname'), 'done');
  assert.equal(await attempt('read', '/etc/passwd'), DENIED);
  assert.equal(await attempt('write', join(c.folder, 'shared/file')), 'done');
  assert.equal(await attempt('read', join(c.folder, 'shared/file')), 'done');
  assert.equal(await attempt('write', join(c.folder, 'outside')), DENIED);
  assert.equal(await attempt('spawn'), 'done');
  assert.equal(await attempt('worker'), 'done');
  assert.equal(await attempt('addon', addonFile()), 'done');
});

test('a worker holds nothing back, but knows neither the environment nor the way to the node', async (t) => {
  process.env['RACKWATT_TEST_SECRET'] = 'LEAKED';
  t.after(() => delete process.env['RACKWATT_TEST_SECRET']);
  const c = new TestContainer(t);
  const attempt = await attempts(c, [], 'worker');
  assert.equal(await attempt('read', '/etc/hostname'), 'done');
  assert.equal(await attempt('environment', 'RACKWATT_TEST_SECRET'), 'done');
});

for (const [word, message] of [
  ['root', /asks for the capability "root": known are read, read:\/path/],
  ['read:etc', /asks for the capability "read:etc": its path must be absolute/],
  ['write:/a,/b', /asks for the capability "write:\/a,\/b": its path must be absolute, without/],
] as const)
  test(`the capability ${word} keeps its bundle from resolving`, async (t) => {
    const c = new TestContainer(t);
    await assert.rejects(c.start('asking', ATTEMPTING, { rackwatt: { capabilities: [word] } }, 'process'), {
      code: 'BUNDLE_RESOLVE',
      message,
    });
    assert.equal(c.framework.bundle('asking')!.state, 'INSTALLED');
  });

for (const kind of ['worker', 'process'] as const)
  test(`a folder of decorated TypeScript runs in a ${kind}`, async (t) => {
    const c = new TestContainer(t);
    const root = c.write(
      'typed',
      {
        'index.ts': `import { contract } from 'rackwatt';
import { Component } from 'rackwatt/decorators';
import { half } from './half.js';
interface Attempt { attempt(what: string): Promise<string> }
const Attempt = contract<Attempt>('test/Attempt', { major: 1, methods: ['attempt'] });
@Component({ name: 'typed', provides: Attempt })
export class Typed implements Attempt {
  async attempt(what: string): Promise<string> { return half(what); }
}`,
        'half.ts': 'export const half = (text: string): string => text.slice(0, text.length / 2);',
      },
      { main: './index.ts' },
    );
    await c.framework.setStartLevel(1);
    const bundle = c.framework.install(await c.source(root), { startLevel: 1, isolation: kind });
    for (let i = 0; i < 2; i++) {
      await bundle.start();
      const reference = await until('it is up', () => c.framework.registry.reference(Attempt));
      assert.equal(await c.framework.registry.get(CALLER, reference)!.attempt('abcd', ''), 'ab');
      await bundle.stop();
    }
  });

/** Some file that the system's loader takes. */
function addonFile(): string {
  const require = createRequire(addon);
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(require.resolve('oxc-parser/package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    try {
      const file = require.resolve(name);
      if (file.endsWith('.node')) return file;
    } catch {
      // For another platform.
    }
  }
  throw new Error('no addon was found');
}
