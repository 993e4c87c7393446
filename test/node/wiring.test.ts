import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BundleExplanation } from '../../src/bundle/index.js';
import { TestNode } from '../support/node.js';

/** Lays a bundle beside the home's configuration. @returns its entry */
function bundle(node: TestNode, name: string, manifest: Record<string, unknown>, code = ''): { id: string } {
  const folder = join(node.home, name);
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', main: 'index.js', rackwatt: {}, ...manifest }),
  );
  writeFileSync(join(folder, 'index.js'), code);
  return { id: `link:./${name}` };
}

test('"bundle why" tells what a bundle needs, what there is, and the chain; "bundle refresh" wires it anew', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: [] });
  const contracts = { rackwatt: { contracts: ['.'] } };
  const bundles = [
    bundle(node, 'front', { peerDependencies: { rackwatt: '^0.1.0', back: '^1.0.0' } }),
    bundle(node, 'back', { version: '1.4.0', peerDependencies: { wire: '^2.0.0' }, ...contracts }),
    bundle(node, 'wire', { version: '1.9.0', ...contracts }),
    bundle(node, 'ahead', { engines: { node: '>=99', rackwatt: '^0.1.0' } }),
    bundle(node, 'elsewhere', { os: ['aix', '!linux'] }),
    bundle(node, 'driver', {
      rackwatt: {
        requires: [
          { namespace: 'acme.bus', filter: '(kind=rs485)' },
          { namespace: 'acme.clock', optional: true },
        ],
      },
    }),
    bundle(node, 'can', { rackwatt: { provides: [{ namespace: 'acme.bus', attributes: { kind: 'can' } }] } }),
    bundle(node, 'well', { peerDependencies: { wire: '^1.0.0' } }),
  ];
  node.writeConfiguration({ ...node.readConfiguration(), bundles });
  await node.start();
  const why = async (name: string): Promise<string> => (await node.cli('bundle', 'why', name)).stdout;
  assert.equal(
    await why('front'),
    `INSTALLED: it does not resolve: it needs back ^1.0.0, and back 1.4.0 does not resolve
  - front 1.0.0: it needs back ^1.0.0, and back 1.4.0 does not resolve
  - back 1.4.0: it needs wire ^2.0.0, installed is 1.9.0
`,
  );
  assert.equal(
    await why('ahead'),
    `INSTALLED: it does not resolve: it needs node >=99, this is ${process.versions.node}\n`,
  );
  assert.match(
    await why('elsewhere'),
    /^INSTALLED: it does not resolve: it needs os aix, not linux, this is os linux, cpu \w+\n$/,
  );
  assert.equal(
    await why('driver'),
    `INSTALLED: it does not resolve: it needs acme.bus (kind=rs485), provided is acme.bus (kind: can)
  - it needs acme.bus (kind=rs485), provided is acme.bus (kind: can)
  - it would use acme.clock, which no installed bundle provides
`,
  );
  assert.equal(await why('well'), 'ACTIVE: it is active\n');
  const told = await node.json<BundleExplanation>('bundle', 'why', 'front');
  assert.deepEqual(told.requirements, [
    {
      namespace: 'rackwatt.contract',
      wanted: 'rackwatt ^0.1.0',
      optional: false,
      found: ['rackwatt 0.1.0'],
      state: 'available',
    },
    {
      namespace: 'rackwatt.contract',
      wanted: 'back ^1.0.0',
      optional: false,
      found: ['back 1.4.0'],
      state: 'unresolved',
    },
  ]);
  assert.equal(told.chain.length, 2);
  const [wired] = (await node.json<BundleExplanation>('bundle', 'why', 'well')).requirements;
  assert.deepEqual([wired?.state, wired?.provider], ['wired', 'wire 1.9.0']);
  assert.deepEqual((await node.cli('bundle', 'why', 'nobody')).status, 1);
  assert.equal((await node.cli('bundle', 'refresh')).stdout, 'nobody is wired to an old revision\n');
  assert.deepEqual((await node.cli('bundle', 'refresh', 'wire')).stdout.trim().split('\n').toSorted(), [
    'well is ACTIVE',
    'wire is ACTIVE',
  ]);
  assert.equal(await node.stop(), 0);
});
