import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestContainer } from '../support/container.js';

test('what goes wrong while the leftover resources of a bundle are closed is an error of the bundle, and it stops all the same', async (t) => {
  const c = new TestContainer(t);
  const events: (string | undefined)[] = [];
  c.framework.onFrameworkEvent(({ type, bundle }) => {
    if (type === 'ERROR') events.push(bundle?.name);
  });
  const bundle = await c.start(
    'clumsy',
    `const { Agent } = require('node:http');
    exports.activator = { start() {
      exports.kept = new Agent();
      exports.kept.destroy = () => { throw new Error('it does not close'); };
    } };`,
  );
  await bundle.stop();
  assert.equal(bundle.state, 'RESOLVED');
  assert.deepEqual([c.errors, events], [['it does not close'], ['clumsy']]);
});
