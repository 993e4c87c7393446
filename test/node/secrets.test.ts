import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout, rackwatt, TestNode, until } from '../support/node.js';

const BUNDLE = `
  exports.door = require('rackwatt').component({
    name: 'acme.door', configuration: { policy: 'require' },
    activate({ config, log }) {
      if (config.key === 'wrong') throw new Error('it does not fit');
      log.warn('opened with ' + config.key.length + ' letters');
    },
  });`;

async function door(t: Parameters<typeof TestNode.site>[0]): Promise<TestNode> {
  const node = await TestNode.site(t, { bundles: ['telemetry'] });
  const root = join(node.home, 'door');
  mkdirSync(root);
  const manifest = { name: 'door', version: '1.0.0', main: './index.js', rackwatt: {} };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'index.js'), BUNDLE);
  const document = node.readConfiguration();
  node.writeConfiguration({
    ...document,
    bundles: [...document.bundles, { id: `link:${root}` }],
    configurations: { ...document.configurations, 'acme.door': { key: { $secret: 'key' } } },
  });
  return node;
}

test('a secret that a component does not start with is refused, and the component goes on with the one before', async (t) => {
  const node = await door(t);
  const set = (value: string) => rackwatt(['secret', 'set', 'key', '--home', node.home], { input: value });
  assert.equal((await set('right')).status, 0);
  await node.start();
  await until('it is open', () => node.output.includes('opened with 5 letters'));
  const refused = await set('wrong');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /the secret "key" stays as it was: .*it does not fit/);
  assert.doesNotMatch(node.output, /going back/);
  assert.equal((await node.json<{ state: string }>('component', 'why', 'acme.door')).state, 'active');
  assert.equal(await node.stop(), 0);
});

const terminal = spawnSync('script', ['--version']).status === 0;

test('a secret that is typed at a terminal is not shown', {
  skip: terminal ? false : 'script (util-linux) is not installed',
}, async (t) => {
  const node = await door(t);
  const command = `${process.execPath} ${join(checkout, 'src/bin/rackwatt.cjs')} secret set key --home ${node.home}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await until('it asks', () => shown.includes('value of key: '));
  child.stdin.write('opensesame\r');
  const [status] = (await once(child, 'close')) as [number | null];
  assert.equal(status, 0, shown);
  assert.match(shown, /secret key is stored/);
  assert.doesNotMatch(shown, /opensesame/);
});
