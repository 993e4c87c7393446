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

test('a bundle that throws is stopped and started again, alone, until it did so five times; a person starts it then', {
  timeout: 150_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  const folder = join(temporaryFolder(t), 'clumsy');
  const calm = join(node.home, 'calm');
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
    `exports.x = require('rackwatt').component({ name: 'clumsy.x', activate() {
      if (!require('fs').existsSync(${JSON.stringify(calm)})) setTimeout(() => { throw new TypeError('fell over its own feet'); }, 300);
    } });`,
  );
  await node.start();
  const pid = node.child?.pid;
  cpSync(folder, join(node.home, 'dropins', 'clumsy'), { recursive: true });
  interface Listed {
    name: string;
    state: string;
    reason?: string;
    recovery?: { state: string; failures: number };
  }
  const listed = async (): Promise<Listed> => {
    const bundles = await node.json<Listed[]>('bundle', 'list');
    for (const { name, state } of bundles) if (name !== 'clumsy') assert.equal(state, 'ACTIVE', name);
    return bundles.find(({ name }) => name === 'clumsy')!;
  };
  await until('the fault is attributed', () =>
    /failed and is stopped: it threw an error that nobody caught: fell over its own feet/.test(node.output),
  );
  await until('it says when it starts again', async () => /starts again in \d+ s/.test((await listed())?.reason ?? ''));
  await until('it runs again by itself', () => /1\.0\.0 runs again after it failed/.test(node.output));
  const open = await until(
    'the circuit is open',
    async () => {
      const now = await listed();
      return now.recovery?.state === 'open' && now;
    },
    60_000,
  );
  const reason =
    'stopped: failed 5 times in 10 minutes, last: it threw an error that nobody caught: fell over its own feet; start it with `rackwatt bundle start clumsy`';
  assert.equal(open.reason, reason);
  assert.equal((await node.cli('bundle', 'why', 'clumsy')).stdout, `RESOLVED: ${reason}\n`);
  assert.match((await node.cli('health')).stdout, /clumsy is RESOLVED: stopped: failed 5 times in 10 minutes/);
  writeFileSync(calm, '');
  assert.equal((await node.cli('bundle', 'start', 'clumsy')).stdout, 'clumsy is ACTIVE\n');
  const healed = await listed();
  assert.deepEqual([healed.state, healed.reason, healed.recovery], ['ACTIVE', undefined, undefined]);
  assert.equal((await fetch(`${node.url}/metrics`)).status, 200);
  assert.equal(node.child?.pid, pid);
  assert.equal(await node.stop(), 0);
});
