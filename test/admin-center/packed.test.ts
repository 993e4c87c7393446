import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout, rackwatt, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';
import { TestCenter } from './support/center.js';

test('a center from an archive is one as from its folder: thread, certificates, command', async (t) => {
  const folder = temporaryFolder(t);
  const packed = await rackwatt(['bundle', 'pack', join(checkout, 'bundles/admin-center')], { cwd: folder });
  assert.equal(packed.status, 0, packed.stderr);
  const [archive = ''] = readdirSync(folder);
  const center = TestCenter.home(t);
  const { bundles, ...rest } = center.node.document;
  center.node.write({ ...rest, bundles: bundles.filter(({ id }) => !id.endsWith('/admin-center')) });
  await center.node.start();
  const installed = await rackwatt(['bundle', 'install', join(folder, archive), '--home', center.node.home]);
  assert.equal(installed.status, 0, installed.stderr);
  await until('the center is there', () => center.know().then(() => true));
  const gateway = await center.gateway('one');
  await center.set('one', { configurations: { 'acme.driver': {} } });
  assert.equal((await gateway.desired()).status, 200);
  const list = await rackwatt(['fleet', 'list', '--home', center.node.home]);
  assert.match(list.stdout, /one +one +online/);
});
