import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestContainer } from '../support/container.js';
import { temporaryFolder } from '../support/temporary.js';
import { TestNode, until } from '../support/node.js';

/** A bundle that hangs in a call of the system: nobody writes into the pipe that it opens. */
const hanging = (pipe: string): string => `
  const { readFileSync } = require('node:fs');
  exports.hanging = require('rackwatt').component({
    name: 'hanging', activate() { setTimeout(() => readFileSync(${JSON.stringify(pipe)}), 10); },
  });`;

function pipeIn(folder: string): string {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  return pipe;
}

/** Lets go of whoever reads the pipe. @returns whether anybody does */
function write(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENXIO') return false;
    throw error;
  }
}

test('a worker that hangs in a call of the system is given up, said, and ends when the call returns', async (t) => {
  const pipe = pipeIn(temporaryFolder(t));
  const c = new TestContainer(t, { limits: { heartbeat: '10 min' } });
  const bundle = await c.start('hanging', hanging(pipe), {}, 'worker');
  const threads = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Worker').length;
  await new Promise((done) => setTimeout(done, 500));
  await bundle.stop().catch((error: unknown) => assert.match(String(error), /no answer|is gone/));
  assert.equal(bundle.state, 'RESOLVED');
  assert.match(c.errors.join(), /thread \d+ hangs in a call of the system that nothing can end/);
  const exits = process.listenerCount('exit');
  assert.ok(write(pipe), 'the thread still hangs');
  await until('it is gone', () => process.listenerCount('exit') === exits - 1 && threads() === 0);
});

test('a node with a worker that hangs in a call of the system ends all the same, with its status', async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry'] });
  const pipe = pipeIn(node.home);
  const root = join(node.home, 'hanging');
  mkdirSync(root);
  const manifest = { name: 'hanging', version: '1.0.0', main: './index.js', rackwatt: {} };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'index.js'), hanging(pipe));
  const document = node.readConfiguration();
  const isolation = { kind: 'worker', heartbeat: '10 min' };
  node.writeConfiguration({ ...document, bundles: [...document.bundles, { id: `link:${root}`, isolation }] });
  await node.start();
  await new Promise((done) => setTimeout(done, 500));
  assert.equal(await node.stop(), 0);
  assert.match(node.output, /hangs in a call of the system that nothing can end/);
});
