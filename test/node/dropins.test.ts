import assert from 'node:assert/strict';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rackwatt, TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

/** A bundle with a route and an unmistakable answer. */
function writeBundle(folder: string, version: string, answer: string, broken = ''): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      name: 'acme-hello',
      version,
      main: './index.js',
      peerDependencies: { rackwatt: '*', '@rackwatt/http': '*' },
      rackwatt: {},
    }),
  );
  writeFileSync(
    join(folder, 'index.js'),
    `${broken} const { component } = require('rackwatt'); const { Route } = require('@rackwatt/http/contract');
     exports.hello = component({ name: 'acme.hello', provides: Route, activate: () => ({ method: 'GET', path: '/hello', summary: 'says ${answer}', handle: async () => ({ json: { hello: '${answer}' } }) }) });`,
  );
  return folder;
}

async function hello(node: TestNode): Promise<string | number> {
  const response = await fetch(`${node.url}/api/v1/hello`);
  return response.ok ? ((await response.json()) as { hello: string }).hello : response.status;
}

test('drop-ins: an archive by mv, an update, a broken one, a folder, removal', async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  const work = temporaryFolder(t);
  const pack = async (version: string, answer: string): Promise<string> => {
    const file = join(work, `hello-${version}.tgz`);
    const { status, stderr } = await rackwatt(
      ['bundle', 'pack', writeBundle(join(work, version), version, answer), '-o', file],
      { cwd: work },
    );
    assert.equal(status, 0, stderr);
    return file;
  };
  const archives = { one: await pack('1.0.0', 'one'), two: await pack('2.0.0', 'two') };
  await node.start();
  const dropins = join(node.home, 'dropins');
  assert.equal(await hello(node), 404);

  const dropped = performance.now();
  renameSync(archives.one, join(dropins, 'hello.tgz'));
  await until('the archive runs', async () => (await hello(node)) === 'one', 5_000);
  const took = performance.now() - dropped;
  t.diagnostic(`an archive moved in was serving after ${took.toFixed(0)} ms`);
  assert.ok(took < 2_000, `${took} ms`);

  renameSync(archives.two, join(dropins, 'hello.tgz'));
  await until('the update runs', async () => (await hello(node)) === 'two', 5_000);

  writeFileSync(join(dropins, 'broken.tgz'), 'this is no archive');
  await until('the broken archive is named', () => node.output.includes('drop-in broken.tgz is not taken'), 5_000);
  assert.equal(await hello(node), 'two');

  writeBundle(join(work, 'bad'), '3.0.0', 'three', 'throw new Error("relay board missing");');
  cpSync(join(work, 'bad'), join(dropins, 'bad'), { recursive: true });
  await until(
    'the folder that does not load is named',
    () => /drop-in bad is not taken, what ran goes on: .*relay board missing/.test(node.output),
    12_000,
  );
  assert.equal(await hello(node), 'two');
  rmSync(join(dropins, 'bad'), { recursive: true });

  cpSync(writeBundle(join(work, 'good'), '4.0.0', 'four'), join(dropins, 'good'), { recursive: true });
  await until('the folder runs', async () => (await hello(node)) === 'four', 5_000);

  rmSync(join(dropins, 'good'), { recursive: true });
  await until('the archive is back', async () => (await hello(node)) === 'two', 5_000);
  rmSync(join(dropins, 'hello.tgz'));
  await until('the bundle and its route are gone', async () => (await hello(node)) === 404, 5_000);
  const openapi = await node.get<{ paths: Record<string, unknown> }>('/api/v1/openapi.json');
  assert.equal(openapi.paths['/hello'], undefined);
  assert.equal(await node.stop(), 0);
});
