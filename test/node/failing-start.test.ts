import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rackwatt, TestNode } from '../support/node.js';

test('a node that fails as it comes up ends with a sentence and a status that say so', async (t) => {
  const node = await TestNode.site(t, { bundles: ['telemetry'] });
  const root = join(node.home, 'eraser');
  mkdirSync(root);
  const manifest = { name: 'eraser', version: '1.0.0', main: './index.js', rackwatt: {} };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  // Without the file there is nothing to watch.
  writeFileSync(
    join(root, 'index.js'),
    `exports.x = require('rackwatt').component({ name: 'eraser', activate() { require('fs').rmSync(${JSON.stringify(node.file)}); } });`,
  );
  const document = node.readConfiguration();
  node.writeConfiguration({ ...document, bundles: [...document.bundles, { id: `link:${root}` }] });
  const { status, stdout, stderr } = await rackwatt(['start', '--home', node.home]);
  assert.equal(status, 1, stdout + stderr);
  assert.match(stderr, /^rackwatt: there is no .*runtime\.config\.json/m);
  assert.doesNotMatch(stdout, /bundles active/);
});
