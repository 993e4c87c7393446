import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

interface Named {
  name(): Promise<string>;
}
const Front = rackwatt.contract<Named>('test/Front', { major: 1, methods: ['name'] });
const OUTSIDE = { id: 9, name: 'outside' };

type Bundle = Awaited<ReturnType<TestContainer['start']>>;

/** A provider whose contract has a major version, and a user of that version. */
const back = (major: number, options: { throws?: boolean } = {}) => `const { component } = require('rackwatt');
  const { Back } = require('back/contract');
  exports.back = component({ name: 'back', provides: Back, activate() { ${options.throws ? `throw new Error('no relay');` : ''} return { name: async () => 'back ${major}' }; } });`;
const contractOf = (major: number) =>
  `exports.Back = require('rackwatt').contract('test/Back', { major: ${major}, methods: ['name'] });`;
const front = (
  version: number,
  options: { throws?: boolean } = {},
) => `const { component, contract, one } = require('rackwatt');
  const { Back } = require('back/contract');
  const Front = contract('test/Front', { major: 1, methods: ['name'] });
  exports.front = component({ name: 'front', provides: Front, references: { back: one(Back) },
    activate({ back }) { ${options.throws ? `throw new Error('no page');` : ''} return { name: async () => 'front ${version} on ' + (await back.name()) }; } });`;

class Pair {
  readonly c: TestContainer;
  back!: Bundle;
  front!: Bundle;

  constructor(c: TestContainer) {
    this.c = c;
  }

  async source(name: 'back' | 'front', code: string, major: number, update = 'staged') {
    const isBack = name === 'back';
    const files = { 'index.js': code, ...(isBack ? { 'contract.js': contractOf(major) } : {}) };
    return this.c.source(
      this.c.write(name, files, {
        version: `${major}.0.0`,
        rackwatt: { update, ...(isBack ? { contracts: ['./contract'] } : {}) },
        ...(isBack ? { exports: { './contract': './contract.js' } } : {}),
        peerDependencies: { back: `^${major}`, ...(isBack ? { back: undefined } : {}) },
      }),
    );
  }

  static async start(t: Parameters<Parameters<typeof test>[0] & object>[0], update: { back: string; front: string }) {
    const pair = new Pair(new TestContainer(t as never, { patience: 400 }));
    const { framework } = pair.c;
    // A bundle may import its own contract: it is wired like any other.
    pair.back = framework.install(await pair.source('back', back(1), 1, update.back), { startLevel: 1 });
    pair.front = framework.install(await pair.source('front', front(1), 1, update.front), { startLevel: 1 });
    await framework.setStartLevel(1);
    await pair.back.start();
    await pair.front.start();
    return pair;
  }

  async update(
    to: { back: string; front: string },
    update: { back: string; front: string },
    order: readonly ('back' | 'front')[] = ['front', 'back'],
  ): Promise<void> {
    const changes = order.map(async (name) => ({
      bundle: this[name],
      source: await this.source(name, to[name], 2, update[name]),
    }));
    await this.c.framework.update(await Promise.all(changes));
  }

  async serves(): Promise<string> {
    const { registry } = this.c.framework;
    const reference = registry.reference(Front);
    return reference ? await (registry.get(OUTSIDE, reference) as Named).name() : 'nobody';
  }
}

for (const update of [
  { back: 'staged', front: 'staged' },
  { back: 'exclusive', front: 'staged' },
  { back: 'staged', front: 'exclusive' },
  { back: 'exclusive', front: 'exclusive' },
]) {
  const how = `${update.back} provider, ${update.front} user`;
  test(`a new version of a contract comes with its provider and its user: ${how}`, async (t) => {
    const pair = await Pair.start(t, update);
    assert.equal(await pair.serves(), 'front 1 on back 1');
    await pair.update({ back: back(2), front: front(2) }, update);
    assert.equal(await pair.serves(), 'front 2 on back 2');
    assert.deepEqual([pair.back.version, pair.front.version], ['2.0.0', '2.0.0']);
    await pair.c.settled();
    assert.equal(pair.c.framework.registry.references(Front).length, 1);
  });

  for (const [who, to] of [
    ['user', { back: back(2), front: front(2, { throws: true }) }],
    ['provider', { back: back(2, { throws: true }), front: front(2) }],
    ['code of the user', { back: back(2), front: 'const = 1' }],
  ] as const)
    test(`when the new ${who} fails, all the old ones serve: ${how}`, async (t) => {
      const pair = await Pair.start(t, update);
      const seen = new Set<string>();
      const stop = pair.c.framework.registry.listen(OUTSIDE, () => void seen.add('something'), {});
      await assert.rejects(pair.update(to, update), { code: 'BUNDLE_UPDATE', message: /1\.0\.0, 1\.0\.0 go on/ });
      void stop();
      if (update.back === 'staged' && update.front === 'staged')
        assert.deepEqual([...seen], [], 'nobody saw anything of it');
      assert.equal(await pair.serves(), 'front 1 on back 1');
      assert.deepEqual([pair.back.state, pair.back.version], ['ACTIVE', '1.0.0']);
      assert.deepEqual([pair.front.state, pair.front.version], ['ACTIVE', '1.0.0']);
      await collectGarbage(() => pair.c.tokens.live().length <= 2, 50);
      assert.equal(pair.c.tokens.live().length, 2, 'nothing is left but the two that run');
    });
}

test('what resolves neither with the old nor with the new ones changes nothing', async (t) => {
  const both = { back: 'staged', front: 'staged' };
  const pair = await Pair.start(t, both);
  const changes = [{ bundle: pair.front, source: await pair.source('front', front(2), 2) }];
  await assert.rejects(pair.c.framework.update(changes), {
    code: 'BUNDLE_UPDATE',
    message: /needs back \^2, installed is 1\.0\.0/,
  });
  assert.equal(await pair.serves(), 'front 1 on back 1');
});

test('bundles that do not run are updated with the others, or not at all', async (t) => {
  const both = { back: 'staged', front: 'staged' };
  const pair = await Pair.start(t, both);
  await pair.front.stop();
  await assert.rejects(pair.update({ back: back(2, { throws: true }), front: front(2) }, both));
  assert.equal(pair.front.version, '1.0.0');
  await pair.update({ back: back(2), front: front(2) }, both);
  assert.deepEqual([pair.front.version, pair.front.state], ['2.0.0', 'RESOLVED']);
  await pair.front.start();
  assert.equal(await pair.serves(), 'front 2 on back 2');
});

test('two transactions over the same bundles come one after the other', async (t) => {
  const both = { back: 'staged', front: 'staged' };
  const pair = await Pair.start(t, both);
  await Promise.all([
    pair.update({ back: back(2), front: front(2) }, both, ['back', 'front']),
    pair.update({ back: back(2), front: front(3) }, both, ['front', 'back']),
  ]);
  assert.equal(await pair.serves(), 'front 3 on back 2');
});

test('a bundle that stands twice in a transaction is refused', async (t) => {
  const both = { back: 'staged', front: 'staged' };
  const pair = await Pair.start(t, both);
  await assert.rejects(pair.update({ back: back(2), front: front(2) }, both, ['back', 'back']), {
    message: /names a bundle twice/,
  });
});
