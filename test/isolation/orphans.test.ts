import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestNode, until } from '../support/node.js';

const guarded = spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0;

for (const [what, code, skip] of [
  ['that waits', '', false],
  ['that hangs', 'setTimeout(() => { for (;;); }, 500);', guarded ? false : 'setpriv (util-linux) is not installed'],
] as const)
  test(`a process ${what} does not outlive its node, which was killed`, { skip }, async (t) => {
    const node = await TestNode.site(t, { bundles: ['telemetry'] });
    const root = join(node.home, 'lonely');
    mkdirSync(root);
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ name: 'lonely', version: '1.0.0', main: './index.js', rackwatt: {} }),
    );
    writeFileSync(
      join(root, 'index.js'),
      `exports.lonely = require('rackwatt').component({ name: 'lonely', activate() { ${code} } });`,
    );
    const document = node.readConfiguration();
    // So patient that nobody but the kernel ends it.
    const isolation = { kind: 'process', heartbeat: '10 min' };
    node.writeConfiguration({ ...document, bundles: [...document.bundles, { id: `link:${root}`, isolation }] });
    await node.start();
    const { host } = await node.json<{ host: { place: string } }>('bundle', 'info', 'lonely');
    const pid = Number(/^process (\d+)$/.exec(host.place)![1]);
    await new Promise((done) => setTimeout(done, 700));
    assert.ok(isAlive(pid));
    await node.kill();
    await until('it is gone', () => !isAlive(pid));
  });

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
