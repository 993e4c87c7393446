import assert from 'node:assert/strict';
import { RunningNode, type RunningBundle } from '../support/running-node.js';
import { item } from './item.js';

const framework = { storage: './var', trust: { unsigned: ['link'] } };

/** A bundle that writes down that it was started. */
function started(node: RunningNode, name: string, version = '1.0.0'): RunningBundle {
  return node.bundle(
    name,
    { 'index.js': `exports.activator = { start() { handed('started')('${name}'); } };` },
    { version },
  );
}

item(316, async (t) => {
  const node = await RunningNode.start(t);
  const { root } = node.bundle('meter');
  const bundle = { id: `link:${root}`, startLevel: 3, isolation: 'space', start: false };
  const edit = (value: unknown) => node.node.configuration.edit([{ path: ['bundles', 0], value }]);
  for (const [wrong, said] of [
    [{ ...bundle, startlevel: 4 }, /startLevel/],
    [{ startLevel: 3 }, /id/],
    [bundle.id, /object/],
  ] as const) {
    const { applied, problems } = await edit(wrong);
    assert.equal(applied, false);
    assert.match(problems[0]!.message, said);
  }
  assert.equal((await edit(bundle)).applied, true);
  const { startLevel, autostart } = node.node.framework.bundle('meter')!;
  assert.deepEqual([startLevel, autostart, node.document.bundles], [3, false, [bundle]]);
});

item(317, async (t) => {
  const node = RunningNode.home(t);
  const names = ['delta', 'alpha', 'charlie', 'bravo'];
  const order: string[] = [];
  node.hand('started', (name: string) => void order.push(name));
  const bundles = names.map((name) => ({ id: `link:${started(node, name).root}` }));
  node.write({ id: 'test', framework, bundles });
  await node.start();
  const ids = node.node.framework.bundles().toSorted((a, b) => a.id - b.id);
  assert.deepEqual([ids.map(({ name }) => name), order, node.document.bundles], [names, names, bundles]);
  // The same bundle from another place, as another version.
  const other = RunningNode.home(t);
  const { root } = started(other, 'alpha', '2.0.0');
  const { applied, problems } = await node.node.configuration.edit([
    { path: ['bundles', names.length], value: { id: `link:${root}` } },
  ]);
  assert.deepEqual([applied, node.document.bundles], [false, bundles]);
  assert.match(problems[0]!.message, /alpha/);
  assert.equal(node.node.framework.bundle('alpha')!.version, '1.0.0');
});

item(318, async (t) => {
  const node = await RunningNode.start(t, { 'acme.meter': { a: 1 } });
  node.write(node.text.replace('"acme.meter"', '"acme.meter": {}, "acme.meter"'));
  const { problems } = await node.node.configuration.check();
  assert.match(problems[0]?.message ?? '', /"acme\.meter" stands here a second time/);
  const other = RunningNode.home(t);
  other.write(node.text);
  await assert.rejects(other.start(), /"acme\.meter" stands here a second time/);
});

item(324, async (t) => {
  const node = RunningNode.home(t);
  const order: string[] = [];
  node.hand('started', (name: string) => void order.push(name));
  const levels = { late: 4, first: 2, second: 2, never: 9, plain: undefined };
  const bundles = Object.entries(levels).map(([name, startLevel]) => ({
    id: `link:${started(node, name).root}`,
    startLevel,
  }));
  node.write({ id: 'test', framework: { ...framework, startLevel: 5 }, bundles });
  await node.start();
  const { framework: running } = node.node;
  const ids = running.bundles().toSorted((a, b) => a.id - b.id);
  assert.deepEqual(
    ids.map(({ name }) => name),
    Object.keys(levels),
  );
  assert.deepEqual([running.startLevel, order], [5, ['plain', 'first', 'second', 'late']]);
  assert.deepEqual(
    ids.map(({ startLevel, state }) => [startLevel, state === 'ACTIVE']),
    [
      [4, true],
      [2, true],
      [2, true],
      [9, false],
      [1, true],
    ],
  );
});
