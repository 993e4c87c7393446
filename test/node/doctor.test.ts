import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestNode, until } from '../support/node.js';

const VERSIONS = ['1.0.0', '1.1.0', '1.2.0'];

/** A bundle that adds a listener past the container each time it comes up. */
function place(node: TestNode, name: string, version: string, code: string): void {
  const folder = join(node.home, 'aside', `${name}-${version}`);
  mkdirSync(folder, { recursive: true });
  const manifest = { name, version, main: './index.js', peerDependencies: { rackwatt: '*' }, rackwatt: {} };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'index.js'),
    `const big = new Array(30_000).fill(1.5);
     exports.x = require('rackwatt').component({ name: '${name}.x', activate({ scope }) { setInterval(() => big, 60_000); ${code} } });`,
  );
  renameSync(folder, join(node.home, 'dropins', `${name}-${version}`));
}

interface Diagnosis {
  version: string;
  live: { components: Record<string, number>; effects: Record<string, number> };
  held: { revision: string; since: string; kilobytes: number; holders: { kind: string; by: string; held: string }[] }[];
  pauses: { collection: number; snapshot: number };
}

test('the doctor names what holds old revisions of a bundle, and what it costs; a clean bundle is called clean', {
  timeout: 120_000,
}, async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry', 'http'] });
  await node.start();
  for (const version of VERSIONS) {
    place(node, 'leaky', version, `globalThis.process.on('SIGUSR2', function onSignal() { big; });`);
    place(node, 'clean', version, `process.on('SIGUSR2', function onSignal() { big; });`);
    await until(`${version} runs`, () =>
      ['leaky', 'clean'].every((name) => node.output.includes(`drop-in ${name}-${version} runs`)),
    );
  }
  const found = await node.json<Diagnosis>('bundle', 'doctor', 'leaky');
  assert.equal(found.version, '1.2.0');
  assert.deepEqual(found.live.components, { active: 1 });
  assert.deepEqual(found.live.effects, { 'interval 60000 ms': 1 });
  assert.deepEqual(
    found.held.map(({ revision }) => revision.replace(/#.*/, '')),
    ['leaky@1.0.0', 'leaky@1.1.0'],
  );
  for (const { holders, kilobytes, since } of found.held) {
    assert.deepEqual(
      holders.map(({ kind, by, held }) => [kind, by, held]),
      [['listener', `a listener of process 'SIGUSR2'`, 'onSignal']],
    );
    assert.ok(kilobytes > 200 && kilobytes < 400, `${kilobytes} kB for 30,000 numbers`);
    assert.ok(Date.now() - Date.parse(since) < 120_000);
  }
  t.diagnostic(`pauses: ${JSON.stringify(found.pauses)}`);
  const { stdout } = await node.cli('bundle', 'doctor', 'leaky');
  assert.match(
    stdout,
    /^leaky 1\.2\.0 is ACTIVE\n {2}runs now: components: active; services: 0; open: interval 60000 ms\n/,
  );
  assert.match(stdout, /2 old revisions are still in memory, \d+ kB in all:/);
  assert.match(
    stdout,
    /leaky@1\.0\.0#\d+, dropped \d+ s ago, about \d+ kB\n {4}a listener of process 'SIGUSR2' holds onSignal\n {6}-> take it off/,
  );
  assert.match(
    stdout,
    /the node stood still for \d+ ms for the collection of garbage and \d+ ms for the snapshot of \d+ MB/,
  );
  assert.match((await node.cli('bundle', 'doctor', 'leaky', '--quick')).stdout, /2 old revisions are still in memory:/);
  assert.match((await node.cli('bundle', 'doctor', 'clean')).stdout, /no old revision is in memory/);
  assert.match((await node.cli('bundle', 'doctor', 'http')).stdout, /no old revision is in memory/);
  const unknown = await node.cli('bundle', 'doctor', 'nothing');
  assert.deepEqual([unknown.status, /there is no bundle nothing/.test(unknown.stderr)], [1, true]);
  assert.equal(await node.stop(), 0);
});
