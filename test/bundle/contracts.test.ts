import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestContainer } from '../support/container.js';

test('76 77 importers share a contract, what is not offered stays private', async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const api = c.framework.install(
    await c.source(
      c.write('api', { 'index.js': 'exports.token = {};', 'private.js': '' }, { rackwatt: { contracts: ['.'] } }),
    ),
    { startLevel: 1 },
  );
  await api.start();
  const probe = (name: string) =>
    c.start(name, `globalThis.__tokens = [...(globalThis.__tokens ?? []), require('api').token];`, {
      peerDependencies: { api: '*' },
    });
  await probe('one');
  await probe('two');
  const tokens = Reflect.get(globalThis, '__tokens') as object[];
  Reflect.deleteProperty(globalThis, '__tokens');
  assert.equal(tokens.length, 2);
  assert.equal(tokens[0], tokens[1]);
  await assert.rejects(c.start('nosy', `require('api/private.js')`, { peerDependencies: { api: '*' } }), {
    message: /offers only \./,
  });
});
