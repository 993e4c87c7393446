import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManagedService } from 'rackwatt';
import { partsOf, signed } from '../support/archives.js';
import { until } from '../support/node.js';
import { RunningNode } from '../support/running-node.js';

const SCHEMA = `{ type: 'object', properties: { interval: { type: 'integer', minimum: 1 } } }`;

/** A component that tells the test its interval. */
const component = (name: string): string => `const { component } = require('rackwatt');
  exports.it = component({
    name: '${name}',
    configuration: { schema: ${SCHEMA} },
    activate: ({ config }) => void handed('${name}')(config.interval),
  });`;

test('what a schema forbids reaches no component, and others run: from the file at the start, or brought by a bundle', async (t) => {
  const node = RunningNode.home(t, { fine: { interval: 5 }, wrong: { interval: 0 } });
  const seen: unknown[] = [];
  for (const name of ['fine', 'wrong', 'brought'])
    node.hand(name, (interval: unknown) => void seen.push([name, interval]));
  const brings = { rackwatt: { configurations: { brought: { interval: 'often' } } } };
  const bundles = [
    node.bundle('one', { 'index.js': component('fine') }),
    node.bundle('two', { 'index.js': component('wrong') }),
    node.bundle('three', { 'index.js': component('brought') }, brings),
  ];
  node.write({ ...node.document, bundles: bundles.map(({ root }) => ({ id: `link:${root}` })) });
  await node.start();
  assert.deepEqual(seen, [['fine', 5]]);
  const why = (name: string): string => {
    const found = node.node.framework.components.instances().find((instance) => instance.name === name)!;
    return `${found.state} ${found.configuration?.problem}`;
  };
  assert.match(why('wrong'), /^unsatisfied configuration wrong: interval must be at least 1$/);
  assert.match(why('brought'), /configuration brought, which three brings: interval must be a whole number$/);
  await node.admin.update('wrong', { interval: 3 });
  await node.admin.update('brought', { interval: 4 });
  assert.deepEqual(seen.slice(1), [
    ['wrong', 3],
    ['brought', 4],
  ]);
  await node.admin.delete('brought');
  assert.match(why('brought'), /^unsatisfied /, 'what the bundle brings is there again');
});

test('a bundle in a worker takes configurations, changes them, and brings some along, as one in a space does', async (t) => {
  const node = await RunningNode.start(t);
  const code = `const { component, one, ConfigurationAdmin, ManagedService } = require('rackwatt');
    exports.reader = component({
      name: 'acme.reader',
      activate: ({ config, log }) => log.info('reads ' + JSON.stringify(config)),
    });
    exports.user = component({
      name: 'acme.user',
      provides: ManagedService,
      properties: { 'service.pid': 'acme.meter' },
      references: { admin: one(ConfigurationAdmin) },
      activate: ({ admin, log }) => ({
        async updated(properties) {
          log.info('is told ' + JSON.stringify(properties ?? null));
          if (properties) return;
          const { changeCount } = await admin.configuration('acme.meter');
          await admin.update('acme.meter', { from: 'worker' }, { changeCount });
        },
      }),
    });`;
  const manifest = { rackwatt: { configurations: { 'acme.reader': { n: 1 }, 'acme.reader|outside': { n: 9 } } } };
  const bundle = node.bundle('outside', { 'index.js': code }, manifest);
  const path = ['bundles', 0];
  const entry = { id: `link:${bundle.root}`, isolation: 'worker' };
  const outcome = await node.node.configuration.edit([{ path, value: entry }]);
  assert.deepEqual(outcome.problems, []);
  const lines = (): string => node.lines.join('\n');
  await until('it is told what it wrote', () => /is told {"from":"worker","service.pid":"acme.meter"}/.test(lines()));
  assert.match(lines(), /is told null/);
  assert.deepEqual(node.document.configurations, { 'acme.meter': { from: 'worker' } });
  assert.match(lines(), /reads {"n":9}/);
  await node.admin.update('acme.reader|outside|1.0.0', { n: 10 });
  await until('it reads the most specific one', () => /reads {"n":10}/.test(lines()));
});

test('a drop-in brings configurations along as long as it lies in its folder', async (t) => {
  const node = RunningNode.home(t);
  const { framework, ...document } = node.document;
  node.write({ ...document, framework: { ...framework, dropins: './dropins' } });
  mkdirSync(join(node.home, 'dropins'));
  await node.start();
  const told: unknown[] = [];
  node.register(
    ManagedService,
    { updated: async (properties) => void told.push(properties?.['n']) },
    { 'service.pid': 'acme.meter' },
  );
  const manifest = {
    name: 'dropped',
    version: '1.0.0',
    rackwatt: { components: [], configurations: { 'acme.meter': { n: 1 } } },
  };
  const content = Buffer.from(JSON.stringify(manifest));
  const archive = signed(partsOf(manifest, [{ path: 'package.json', content }]));
  writeFileSync(join(node.home, 'dropped.tgz'), archive);
  renameSync(join(node.home, 'dropped.tgz'), join(node.home, 'dropins/dropped.tgz'));
  await until('it is told', () => told.includes(1));
  assert.equal((await node.admin.configuration('acme.meter')).broughtBy, 'dropped');
  rmSync(join(node.home, 'dropins/dropped.tgz'));
  await until('it is told that it is gone', () => told.length === 3);
  assert.deepEqual(told, [undefined, 1, undefined]);
});
