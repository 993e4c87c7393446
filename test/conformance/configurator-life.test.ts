import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ManagedService } from 'rackwatt';
import { rackwatt } from '../support/node.js';
import { RunningNode, turns } from '../support/running-node.js';
import { item } from './item.js';

const PID = 'acme.meter';
const VARIABLE = 'RACKWATT_CONFIGURATIONS';

const brings = (configurations: object, version = '1.0.0') => ({ version, rackwatt: { configurations } });

async function valuesOf(node: RunningNode): Promise<unknown> {
  return (await node.admin.configuration(PID)).properties;
}

/** A node that finds something in its environment. */
async function withInitial(t: TestContext, text: string, configurations = {}): Promise<RunningNode> {
  const node = RunningNode.home(t, configurations);
  node.environment = { [VARIABLE]: text };
  await node.start();
  return node;
}

item(303, async (t) => {
  const whose = { ':configurator:symbolicname': 'site', ':configurator:version': '1.0.0' };
  const node = await withInitial(t, JSON.stringify({ ...whose, [PID]: { a: 1 } }));
  const { properties, broughtBy } = await node.admin.configuration(PID);
  assert.deepEqual([properties, broughtBy], [{ a: 1 }, 'site']);
  for (const key of Object.keys(whose)) {
    const lacking = await withInitial(t, JSON.stringify({ ...whose, [key]: undefined, [PID]: { a: 1 } }));
    assert.equal(await valuesOf(lacking), undefined);
    assert.match(lacking.lines.join('\n'), /:configurator:symbolicname and :configurator:version must say/);
  }
});

item(308, async (t) => {
  const node = await RunningNode.start(t);
  const seen: unknown[] = [];
  const manifest = brings({ [PID]: { a: 1, b: 1 } });
  const bundle = node.readerBundle('reader', PID, { seen, manifest });
  await node.install(bundle);
  await node.admin.update(PID, { a: 2 });
  assert.deepEqual(seen.splice(0), [{ a: 1, b: 1 }, { a: 2 }]);
  assert.equal((await node.admin.configuration(PID)).broughtBy, undefined);
  await node.install(node.bundle('other', {}, brings({ [PID]: { a: 9, ':configurator:ranking': 9 } })));
  assert.deepEqual(await valuesOf(node), { a: 2 }, 'not overwritten');
  await node.uninstall(bundle);
  assert.deepEqual(await valuesOf(node), { a: 2 }, 'not removed');
  await node.admin.delete(PID);
  assert.deepEqual(await valuesOf(node), { a: 9 }, 'what is brought is there again');
  await assert.rejects(node.admin.delete(PID), { code: 'CONFIG_UNKNOWN', message: /bundle other brings it/ });
});

item(308, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 2 } });
  const seen: unknown[] = [];
  const manifest = brings({ [PID]: { a: 1, b: 1, ':configurator:policy': 'force' } });
  const bundle = node.readerBundle('reader', PID, { seen, manifest });
  await node.install(bundle);
  assert.deepEqual(seen, [{ a: 2, b: 1 }]);
  assert.deepEqual(node.document.configurations[PID], { a: 2 });
  assert.equal((await node.admin.configuration(PID)).broughtBy, 'reader');
  await node.uninstall(bundle);
  assert.deepEqual(await valuesOf(node), { a: 2 });
});

item(309, async (t) => {
  const node = await RunningNode.start(t);
  const one = node.bundle('one', {}, brings({ [PID]: { a: 1, b: { c: 1 } } }));
  await node.install(one);
  // One value is set: the others that the bundle brought stay, and all of it is the file's from now on.
  await node.admin.edit([{ path: ['configurations', PID, 'b', 'c'], value: 2 }]);
  assert.deepEqual(node.document.configurations[PID], { a: 1, b: { c: 2 } });
  await node.restart();
  assert.deepEqual(await valuesOf(node), { a: 1, b: { c: 2 } });
  await node.uninstall(one);
  assert.deepEqual(await valuesOf(node), { a: 1, b: { c: 2 } }, 'it is somebody else’s');
});

item(310, async (t) => {
  const node = await RunningNode.start(t);
  const told: unknown[] = [];
  const service: ManagedService = { updated: async (given) => void told.push(given?.['from']) };
  node.register(ManagedService, service, { 'service.pid': PID });
  const low = node.bundle('low', {}, brings({ [PID]: { from: 'low' } }));
  const high = node.bundle('high', {}, brings({ [PID]: { from: 'high', ':configurator:ranking': 1 } }));
  await node.install(low, high);
  const installed = node.node.framework.bundle('high')!;
  await installed.stop();
  assert.deepEqual(await valuesOf(node), { from: 'high' }, 'it stays while the bundle is stopped');
  await installed.start();
  const newer = node.bundle('newer', {}, brings({ [PID]: { from: 'newer', ':configurator:ranking': 1 } }, '2.0.0'));
  writeFileSync(
    join(newer.root, 'package.json'),
    JSON.stringify({ ...brings({ [PID]: { from: 'newer', ':configurator:ranking': 1 } }, '2.0.0'), name: 'high' }),
  );
  const index = node.document.bundles.findIndex(({ id }) => id.endsWith('/high'));
  await node.node.configuration.edit([{ path: ['bundles', index, 'id'], value: `link:${newer.root}` }]);
  assert.deepEqual(await valuesOf(node), { from: 'newer' });
  await node.uninstall(newer);
  assert.deepEqual(await valuesOf(node), { from: 'low' });
  await node.uninstall(low);
  assert.equal(await valuesOf(node), undefined);
  await turns();
  assert.deepEqual(told, [undefined, 'high', 'newer', 'low', undefined]);
  assert.deepEqual(node.document.configurations, {});
});

item(310, async (t) => {
  const node = await RunningNode.start(t);
  await node.install(node.bundle('one', {}, brings({ [PID]: { from: 'one' } })));
  const failing = node.bundle(
    'failing',
    { 'index.js': `exports.activator = { start() { throw new RangeError('not today'); } };` },
    brings({ [PID]: { from: 'failing', ':configurator:ranking': 9 } }),
  );
  const outcome = await node.install(failing);
  assert.equal(outcome.applied, false);
  assert.deepEqual(await valuesOf(node), { from: 'one' }, 'what did not come in brings nothing');
});

item(310, async (t) => {
  const node = await RunningNode.start(t);
  const seen: unknown[] = [];
  await node.reader('reader', PID, { seen });
  const brought = node.bundle('one', {}, brings({ [PID]: { from: 'one' } }));
  await node.install(brought);
  await node.uninstall(brought);
  assert.deepEqual(seen, [{}, { from: 'one' }, {}], 'components of other bundles are told');
});

item(310, async (t) => {
  const node = await RunningNode.start(t);
  const one = node.bundle('one', {}, brings({ [PID]: { from: 'one' } }));
  await node.install(one);
  const code = `exports.activator = { start() { throw new RangeError('not today'); } };`;
  const failing = node.bundle('failing', { 'index.js': code });
  const content = { name: 'one', main: './index.js', ...brings({ [PID]: { from: 'two' }, 'acme.more': {} }, '2.0.0') };
  writeFileSync(join(failing.root, 'package.json'), JSON.stringify(content));
  const path = ['bundles', 0, 'id'];
  const outcome = await node.node.configuration.edit([{ path, value: `link:${failing.root}` }]);
  assert.equal(outcome.applied, false);
  assert.deepEqual(
    (await node.admin.list()).map(({ pid, properties }) => [pid, properties]),
    [[PID, { from: 'one' }]],
    'an update that failed brings nothing',
  );
});

item(311, async (t) => {
  const whose = { ':configurator:symbolicname': 'site', ':configurator:version': '1.0.0' };
  const node = RunningNode.home(t, { 'acme.file': { a: 'file' } });
  writeFileSync(join(node.home, 'one.json'), JSON.stringify({ ...whose, [PID]: { a: 1 }, 'acme.file': { a: 'one' } }));
  writeFileSync(join(node.home, 'two.json'), `/* another */ ${JSON.stringify({ ...whose, 'acme.two': { b: 2 } })}`);
  node.environment = { [VARIABLE]: `one.json, file://${node.home}/two.json,missing.json,https://example.org/x.json` };
  await node.start();
  const found = (await node.admin.list()).map(({ pid, properties }) => [pid, properties]);
  assert.deepEqual(Object.fromEntries(found), { 'acme.file': { a: 'file' }, [PID]: { a: 1 }, 'acme.two': { b: 2 } });
  const log = node.lines.join('\n');
  assert.match(log, /RACKWATT_CONFIGURATIONS, missing\.json: .*; it is left out/);
  assert.match(log, /RACKWATT_CONFIGURATIONS, https:\/\/example\.org\/x\.json: .*; it is left out/);
  await node.stop();
  node.environment = { [VARIABLE]: ' { torn' };
  await node.start();
  assert.deepEqual(
    (await node.admin.list()).map(({ pid }) => pid),
    ['acme.file'],
  );
  assert.match(node.lines.join('\n'), /RACKWATT_CONFIGURATIONS, the text: 1:\d+: /);
});

item(313, async (t) => {
  const node = await RunningNode.start(t, { 'acme.file': { a: 1 } });
  await node.install(node.bundle('one', {}, brings({ [PID]: { a: 1, b: 'x' } })));
  const cli = (...args: string[]) => rackwatt(['config', ...args, '--home', node.home]);
  await node.stop();
  const listed = await cli('list');
  assert.match(listed.stdout, /acme\.file +1 +runtime\.config\.json/);
  assert.match(listed.stdout, /acme\.meter +2 +one/);
  const got = await cli('get', PID, 'b');
  assert.deepEqual([JSON.parse(got.stdout), got.status], ['x', 0]);
  assert.match(got.stderr, /acme\.meter comes from one/);
  assert.equal((await cli('set', PID, 'b', 'y')).status, 0);
  assert.deepEqual(node.document.configurations[PID], { a: 1, b: 'y' });
});
