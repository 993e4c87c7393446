import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { BundleInfo } from 'rackwatt';
import type { Status } from '@rackwatt/remote-admin';
import { partsOf, signed } from '../support/archives.js';
import { freePort, TestNode, until } from '../support/node.js';

const release = generateKeyPairSync('ed25519');
const PID = 'rackwatt.remote-admin';

interface Fleet {
  gateways: { id: string; granted?: string[] }[];
  enrolments: { id: string }[];
}

/** Center and gateway, each a process, as an administrator lays them out. */
async function sites(t: TestContext): Promise<{ center: TestNode; gateway: TestNode; address: string[] }> {
  const port = await freePort();
  const center = await TestNode.site(t, {
    bundles: ['telemetry', 'fleet', 'http', 'admin-center'],
    trust: ['link'],
    configurations: { 'rackwatt.admin-center': { port } },
  });
  const gateway = await TestNode.site(t, {
    bundles: ['fleet', 'remote-admin'],
    trust: ['link'],
    configurations: { [PID]: { probation: '2 s' } },
  });
  const document = gateway.readConfiguration();
  gateway.writeConfiguration({ ...document, framework: { ...document.framework, probation: '2 s' } });
  for (const { home } of [center, gateway])
    writeFileSync(join(home, 'keys', 'release.pub'), release.publicKey.export({ type: 'spki', format: 'pem' }));
  await center.start();
  await gateway.start();
  const { fingerprint } = await center.json<{ fingerprint: string }>('fleet', 'authority');
  return { center, gateway, address: ['--center', `https://127.0.0.1:${port}`, '--fingerprint', fingerprint] };
}

/** Writes the archive of a bundle whose component does what `activate` says. */
function driver(home: string, version: string, activate: string): string {
  const name = '@acme/driver';
  const code = `const { component } = require('rackwatt');
exports.driver = component({ name: 'acme.driver', activate: () => { ${activate} } });`;
  const files = [
    { path: 'package.json', content: Buffer.from(JSON.stringify({ name, version, main: './index.js', rackwatt: {} })) },
    { path: 'index.js', content: Buffer.from(code) },
  ];
  const file = join(home, `driver-${version}.tgz`);
  writeFileSync(file, signed(partsOf({ name, version }, files), release.privateKey));
  return file;
}

async function running(node: TestNode): Promise<string | undefined> {
  const bundles = await node.json<BundleInfo[]>('bundle', 'list');
  const found = bundles.find(({ name }) => name === '@acme/driver');
  return found && `${found.version} ${found.state}`;
}

test('claim, approve, install, a bad one that goes back, remove, and the end by the customer', {
  timeout: 240_000,
}, async (t) => {
  const { center, gateway, address } = await sites(t);
  const status = (): Promise<Status> => gateway.json<Status>('remote-admin', 'status');

  const check = await gateway.cli('remote-admin', 'check', ...address);
  assert.equal(check.status, 0, check.stdout);
  const enabled = await gateway.cli('remote-admin', 'enable', 'monitor', 'configure', 'update', ...address);
  assert.equal(enabled.status, 0, enabled.stderr);
  const claimCode = await until('it shows a claim code', async () => (await status()).claimCode);
  const { enrolments } = await center.json<Fleet>('fleet', 'list');
  const approved = await center.cli('fleet', 'approve', enrolments[0]!.id, claimCode);
  assert.equal(approved.status, 0, approved.stderr);
  await until('it is connected', async () => (await status()).state === 'connected');
  const { gateway: id } = await status();

  const install = async (file: string) => {
    const given = await center.cli('fleet', 'install', id!, file);
    assert.equal(given.status, 0, given.stderr);
    return center.cli('fleet', 'wait', id!);
  };
  const good = await install(driver(center.home, '1.0.0', ''));
  assert.equal(good.status, 0, good.stdout + good.stderr);
  assert.equal(await running(gateway), '1.0.0 ACTIVE');

  const bad = await install(driver(center.home, '1.1.0', "throw new Error('no such line');"));
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /no such line/);
  assert.equal(await running(gateway), '1.0.0 ACTIVE');

  const removed = await center.cli('fleet', 'remove', id!, '@acme/driver');
  assert.equal(removed.status, 0, removed.stderr);
  const gone = await center.cli('fleet', 'wait', id!);
  assert.equal(gone.status, 0, gone.stdout + gone.stderr);
  assert.equal(await running(gateway), undefined);

  const disabled = await gateway.cli('remote-admin', 'disable');
  assert.equal(disabled.status, 0, disabled.stderr);
  await until('the center was told', async () => {
    const shown = await center.cli('fleet', 'show', id!);
    return /granted +nothing/.test(shown.stdout);
  });
  assert.equal((await status()).state, 'off');
});
