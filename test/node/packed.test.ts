import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storedDevices } from '../support/accounting.js';
import { checkout, generatedPdu, rackwatt, TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

const BUNDLES = [
  'telemetry',
  'device-profiles',
  'http',
  'broker',
  'store-sqlite',
  'outbox',
  'ingest',
  'driver-snmp',
  'publisher-mqtt',
  'simulator',
  'acquisition',
  'console',
];

test('a node that trusts signed archives alone gets every bundle installed while it runs, and reads a device', {
  timeout: 150_000,
}, async (t) => {
  const work = temporaryFolder(t);
  const node = await TestNode.site(t, { bundles: [], trust: [] });
  const key = join(work, 'release.key');
  assert.equal((await rackwatt(['keys', 'new', key])).status, 0);
  copyFileSync(`${key}.pub`, join(node.home, 'keys', 'release.pub'));
  await node.start();
  for (const name of BUNDLES) {
    const file = join(work, `${name}.tgz`);
    const packed = await rackwatt(['bundle', 'pack', join(checkout, 'bundles', name), '-o', file]);
    assert.equal(packed.status, 0, packed.stderr);
    if (name === 'telemetry') {
      const refused = await node.cli('bundle', 'install', file);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /not signed/);
    }
    assert.equal((await rackwatt(['bundle', 'sign', file, '--key', key])).status, 0);
    assert.equal((await node.cli('bundle', 'verify', file)).status, 0);
    if (name === 'http' || name === 'broker') {
      // Their ports must be free ones before they start.
      const [pid, port] = name === 'http' ? ['rackwatt.http', node.ports.http] : ['rackwatt.broker', node.ports.broker];
      assert.equal((await node.cli('config', 'set', pid, JSON.stringify({ port }))).status, 0);
    }
    const installed = await node.cli('bundle', 'install', file);
    assert.equal(installed.status, 0, `${name}: ${installed.stderr}`);
    assert.match(installed.stdout, /is ACTIVE/);
  }
  const url = `mqtt://127.0.0.1:${node.ports.broker}`;
  const configurations = {
    'rackwatt.publisher.mqtt': { url },
    'rackwatt.ingest': { url },
    ...(await generatedPdu('a')),
  };
  for (const [pid, values] of Object.entries(configurations)) {
    const set = await node.cli('config', 'set', pid, JSON.stringify(values));
    assert.equal(set.status, 0, set.stderr);
  }
  await until('the device is stored', async () => (await storedDevices(node))['a']);
  assert.equal((await fetch(`${node.url}/console/`)).status, 200);
  const bundles = await node.json<{ name: string; state: string; location: string }[]>('bundle', 'list');
  assert.ok(
    bundles.every(({ state, location }) => state === 'ACTIVE' && location.startsWith('store:')),
    JSON.stringify(bundles),
  );
  assert.equal(await node.stop(), 0);
  await node.start();
  await until('it comes back from its store', async () => (await storedDevices(node))['a']);

  const uninstalled = await node.cli('bundle', 'uninstall', '@rackwatt/console');
  assert.equal(uninstalled.status, 0, uninstalled.stderr);
  assert.equal((await fetch(`${node.url}/console/`)).status, 404);
  assert.equal((await fetch(`${node.url}/api/v1/devices`)).status, 404);
  assert.equal(await node.stop(), 0);
});
