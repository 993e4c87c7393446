import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { collectGarbage, TestContainer } from '../support/container.js';
import { BROKEN, GOOD, type VaultBundle } from './bundles.js';

/** A container in which another bundle runs, which notices when something happens to it. */
async function besideNeighbour(t: TestContext) {
  const c = new TestContainer(t, { patience: 300 });
  const neighbour = await c.start(
    'neighbour',
    `const { component, contract } = require('rackwatt');
     const Neighbour = contract('vault/Neighbour', { major: 1, methods: ['ask'] });
     exports.c = component({ name: 'neighbour.c', provides: Neighbour, activate: () => ({ ask: async () => 'here' }) });`,
    { exports: { './contract': './index.js', './secret': './index.js' }, rackwatt: { contracts: ['./contract'] } },
  );
  await c.settled();
  const shape = (): unknown => ({
    bundles: c.framework.bundles().map(({ name, state }) => `${name} ${state}`),
    services: c.framework.registry.references(undefined).map(({ id, contracts }) => `${id} ${contracts.join()}`),
    neighbour: neighbour.state,
  });
  return { c, neighbour, shape };
}

function write(c: TestContainer, { files, manifest = {}, prepare }: VaultBundle): string {
  const folder = c.write('vault', { ...files }, { ...manifest });
  prepare?.(folder);
  return folder;
}

/** In a function of its own: what a suspended one looked at last, it holds. */
const down = (c: TestContainer): string[] =>
  c.framework.components
    .instances()
    .filter(({ state }) => state !== 'active')
    .map(({ label, failure }) => `${label}: ${failure?.message}`);

for (const [name, bundle] of Object.entries(GOOD))
  test(`runs, and leaves nothing behind: ${name}`, async (t) => {
    const { c, shape } = await besideNeighbour(t);
    const before = shape();
    const installed = c.framework.install(await c.source(write(c, bundle)), { startLevel: 1 });
    await installed.start();
    await c.settled();
    assert.equal(installed.state, 'ACTIVE');
    assert.deepEqual(down(c), []);
    await installed.stop();
    await installed.uninstall();
    assert.deepEqual(shape(), before);
    assert.deepEqual(c.errors, []);
    const mine = (): string[] => c.tokens.live().filter((label) => label.startsWith('vault@'));
    await collectGarbage(() => mine().length === 0, 40);
    assert.deepEqual(mine(), [], 'its revision is free');
  });

for (const [name, { code, sentence, ...bundle }] of Object.entries(BROKEN))
  test(`is refused with one sentence, and changes nothing: ${name}`, async (t) => {
    const { c, neighbour, shape } = await besideNeighbour(t);
    const before = shape();
    const ran = async (): Promise<void> => {
      const source = await c.source(write(c, bundle));
      const installed = c.framework.install(source, { startLevel: 1 });
      try {
        await installed.start();
      } catch (error) {
        assert.notEqual(installed.state, 'ACTIVE');
        await installed.uninstall();
        throw error;
      }
    };
    await assert.rejects(ran(), (error: { code?: string; message: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, sentence);
      assert.ok(!error.message.includes('\n'), `one line: ${error.message}`);
      return true;
    });
    assert.deepEqual(shape(), before);
    assert.equal(neighbour.state, 'ACTIVE');
    const mine = (): string[] => c.tokens.live().filter((label) => label.startsWith('vault@'));
    await collectGarbage(() => mine().length === 0, 40);
    assert.deepEqual(mine(), [], 'its revision is free');
  });
