import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accounting, assertAccounted, highest, storedDevices } from '../support/accounting.js';
import { checkout, rackwatt, TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

test('a driver made by "bundle new" is built, packed, signed, installed into a running node, and polled', {
  timeout: 120_000,
}, async (t) => {
  const folder = join(temporaryFolder(t), 'acme');
  const ok = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await rackwatt(args, { cwd: folder });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal((await rackwatt(['bundle', 'new', 'driver', 'acme', '--dir', folder])).status, 0);
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  execFileSync(join(checkout, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: folder });
  await ok('bundle', 'pack', '-o', 'acme.tgz');
  await ok('keys', 'new', 'release.key');
  await ok('bundle', 'sign', 'acme.tgz', '--key', 'release.key');

  const node = await TestNode.site(t);
  copyFileSync(join(folder, 'release.key.pub'), join(node.home, 'keys', 'acme.pub'));
  await node.start();
  const installed = await node.cli('bundle', 'install', join(folder, 'acme.tgz'));
  assert.equal(installed.status, 0, installed.stderr);
  const added = await node.cli(
    'device',
    'add',
    'first',
    '--address',
    'acme://192.0.2.7',
    '--interval',
    '500 ms',
    '--rack',
    'R7',
  );
  assert.equal(added.status, 0, added.stderr);
  const id = await until('the device is stored', async () => (await storedDevices(node))['first']);
  await until('it is polled', async () => highest(await accounting(node, id)) > 3);
  assertAccounted(await accounting(node, id));
  assert.equal(await node.stop(), 0);
});

test('an error that nobody catches stops the bundle that threw it, and nothing else', async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  const folder = join(temporaryFolder(t), 'clumsy');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'clumsy',
      version: '1.0.0',
      main: './index.js',
      peerDependencies: { rackwatt: '*' },
      rackwatt: {},
    }),
  );
  writeFileSync(
    join(folder, 'index.js'),
    `exports.x = require('rackwatt').component({ name: 'clumsy.x', activate() { setTimeout(() => { throw new TypeError('fell over its own feet'); }, 300); } });`,
  );
  await node.start();
  cpSync(folder, join(node.home, 'dropins', 'clumsy'), { recursive: true });
  await until('the fault is attributed', () =>
    /clumsy threw an error that nobody caught and is stopped: fell over its own feet/.test(node.output),
  );
  const bundles = await node.json<{ name: string; state: string; reason?: string }[]>('bundle', 'list');
  assert.deepEqual(Object.fromEntries(bundles.map(({ name, state }) => [name, state])), {
    '@rackwatt/telemetry': 'ACTIVE',
    '@rackwatt/http': 'ACTIVE',
    clumsy: 'RESOLVED',
  });
  assert.equal((await fetch(`${node.url}/metrics`)).status, 200);
  assert.equal(await node.stop(), 0);
});
