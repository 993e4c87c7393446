import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { TestNode, until } from '../support/node.js';

/** Writes a bundle's folder beside the drop-in folder, and moves it in, over what is there. */
function place(
  node: TestNode,
  name: string,
  version: string,
  files: Record<string, string>,
  main = './index.js',
): void {
  const folder = join(node.home, 'aside', `${name}-${version}`);
  const peerDependencies = { rackwatt: '*', '@rackwatt/http': '*' };
  const manifest = JSON.stringify({ name, version, main, peerDependencies, rackwatt: {} });
  for (const [path, text] of Object.entries({ 'package.json': manifest, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  rmSync(join(node.home, 'dropins', name), { recursive: true, force: true });
  renameSync(folder, join(node.home, 'dropins', name));
}

const answering = (answer: string, more = ''): string =>
  `${more}; const { component } = require('rackwatt'); const { Route } = require('@rackwatt/http/contract');
   exports.hello = component({ name: 'acme.hello', provides: Route, activate: () => ({ method: 'GET', path: '/hello', summary: 'says', handle: async () => ({ json: { hello: '${answer}' } }) }) });`;

async function hello(node: TestNode): Promise<string | number> {
  const response = await fetch(`${node.url}/api/v1/hello`);
  return response.ok ? ((await response.json()) as { hello: string }).hello : response.status;
}

interface Listed {
  name: string;
  version: string;
  state: string;
  location: string;
  reason?: string;
}

test('a drop-in that kills the node each time it is started is quarantined, and what ran before it runs', {
  timeout: 150_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  await node.start();
  place(node, 'acme-hello', '1.0.0', { 'index.js': answering('one') });
  await until('1.0.0 runs', async () => (await hello(node)) === 'one');
  const first = once(node.child!, 'close');
  place(node, 'acme-hello', '2.0.0', {
    'index.js': answering('two', `globalThis.process.kill(process.pid, 'SIGKILL')`),
  });
  await first;
  node.child = undefined;
  // The second time nobody knows yet.
  await assert.rejects(node.start(), /the node ended/);
  await node.kill();
  // Long ago: whatever nobody names is collected when the node is started.
  const store = join(node.home, 'var/store');
  const past = new Date(Date.now() - 86_400_000);
  for (const entry of readdirSync(store, { recursive: true, encoding: 'utf8' }))
    utimesSync(join(store, entry), past, past);
  await node.start();
  await until('1.0.0 runs again', async () => (await hello(node)) === 'one');
  await until('what nobody needs was collected', () =>
    /removed from the storage: \S*acme-hello\/2\.0\.0-/.test(node.output),
  );
  assert.doesNotMatch(node.output, /removed from the storage: .*acme-hello\/1\.0\.0-/);
  const listed = await node.json<Listed[]>('bundle', 'list');
  const [quarantined] = listed.filter(({ state }) => state === 'QUARANTINED');
  assert.equal(quarantined?.location, 'dropins:acme-hello');
  assert.equal(quarantined.reason, 'the node ended 2 times while it was being started');
  assert.match(
    (await node.cli('bundle', 'why', 'acme-hello')).stdout,
    /^ACTIVE: it is active; drop-in acme-hello is quarantined since \d{4}-.*: the node ended 2 times/,
  );
  place(node, 'acme-hello', '2.0.1', { 'index.js': answering('better') });
  await until('the repaired one runs', async () => (await hello(node)) === 'better');
  assert.equal(await node.stop(), 0);
});

test('a quarantined drop-in is listed with its reason, also after a restart, and started by hand', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  await node.start();
  const missing = join(node.home, 'licence');
  place(node, 'acme-hello', '1.0.0', {
    'index.js': answering(
      'one',
      `if (!require('fs').existsSync(${JSON.stringify(missing)})) throw new Error('no licence')`,
    ),
  });
  const listed = async (): Promise<Listed | undefined> =>
    (await node.json<Listed[]>('bundle', 'list')).find(({ state }) => state === 'QUARANTINED');
  const before = await until('it is quarantined', listed);
  assert.deepEqual([before.name, before.version, before.location], ['acme-hello', '1.0.0', 'dropins:acme-hello']);
  assert.match(before.reason ?? '', /no licence/);
  assert.match((await node.cli('bundle', 'list')).stdout, /acme-hello +1\.0\.0 +QUARANTINED .*no licence/);
  assert.equal(await node.stop(), 0);
  await node.start();
  assert.match((await listed())?.reason ?? '', /no licence/);
  assert.match(
    (await node.cli('bundle', 'why', 'acme-hello')).stdout,
    /^QUARANTINED: drop-in acme-hello is quarantined since .*no licence/,
  );
  const refused = await node.cli('bundle', 'start', 'acme-hello');
  assert.deepEqual([refused.status, /no licence/.test(refused.stderr)], [1, true], refused.stderr);
  writeFileSync(missing, '');
  assert.equal((await node.cli('bundle', 'start', 'acme-hello')).stdout, 'acme-hello is ACTIVE\n');
  assert.equal(await hello(node), 'one');
  assert.equal(await listed(), undefined);
  assert.equal(await node.stop(), 0);
});

const typescript = (answer: string): string => `import { Activate, Component } from 'rackwatt/decorators';
import { Route } from '@rackwatt/http/contract';

@Component({ name: 'acme.hello', provides: Route })
export class Hello {
  readonly method = 'GET' as const;
  readonly path: string = '/hello';
  readonly summary = 'says hello';

  @Activate()
  up(): void {}

  async handle(): Promise<{ json: { hello: string } }> {
    return { json: { hello: '${answer}' } };
  }
}
`;

test('a folder of TypeScript with decorators is edited in place: each save is live, and one that does not compile names the place', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  await node.start();
  place(node, 'acme-hello', '1.0.0', { 'src/index.ts': typescript('one') }, './src/index.ts');
  await until('it runs', async () => (await hello(node)) === 'one');
  const file = join(node.home, 'dropins/acme-hello/src/index.ts');
  writeFileSync(file, typescript('two'));
  await until('the edit is live', async () => (await hello(node)) === 'two');
  writeFileSync(file, typescript('three').replace('summary =', 'summary = ='));
  const place_ = `${file}:8:22`;
  await until('the place is named', () => node.output.includes(place_), 10_000);
  assert.match(node.output, /drop-in acme-hello as it is now does not run, what ran goes on: .*is not valid/);
  assert.equal(await hello(node), 'two');
  writeFileSync(file, typescript('four'));
  await until('the next edit is live', async () => (await hello(node)) === 'four');
  assert.equal(await node.stop(), 0);
});
