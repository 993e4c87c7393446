import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';
import { temporaryFolder } from '../support/temporary.js';

interface Tally {
  count(): Promise<number>;
}
const Tally = rackwatt.contract<Tally>('test/Tally', { major: 1, methods: ['count'] });

/** Counts in a file: version 1 in plain text, version 2 in JSON, which it refuses to find otherwise. */
const first = `const { component, contract } = require('rackwatt'); const fs = require('node:fs'); const path = require('node:path');
  exports.tally = component({ name: 'tally', provides: contract('test/Tally', { major: 1, methods: ['count'] }), activate({ context }) {
    const file = path.join(context.dataFolder(), 'count.txt');
    return { count: async () => { const next = Number(fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : 0) + 1; fs.writeFileSync(file, String(next)); return next; } };
  } });`;
const second = (
  broken = '',
) => `const { component, contract } = require('rackwatt'); const fs = require('node:fs'); const path = require('node:path');
  exports.tally = component({ name: 'tally', provides: contract('test/Tally', { major: 1, methods: ['count'] }), activate({ context }) {
    ${broken}
    const file = path.join(context.dataFolder(), 'count.json');
    return { count: async () => { const { count } = JSON.parse(fs.readFileSync(file, 'utf8')); fs.writeFileSync(file, JSON.stringify({ count: count + 1 })); return count + 1; } };
  } });`;
const migrate = (more = '') => `const fs = require('node:fs'); const path = require('node:path');
  exports.migrate = ({ from, to, dataFolder, dryRun, configuration, log }) => {
    const old = path.join(dataFolder, 'count.txt');
    const count = fs.existsSync(old) ? Number(fs.readFileSync(old, 'utf8')) : 0;
    fs.writeFileSync(path.join(dataFolder, 'count.json'), JSON.stringify({ count, from, to }));
    fs.rmSync(old, { force: true });
    ${more}
  };`;

type Bundle = Awaited<ReturnType<TestContainer['start']>>;

async function update(
  c: TestContainer,
  bundle: Bundle,
  code: string,
  migration?: string,
  version = '2.0.0',
): Promise<void> {
  const files = { 'index.js': code, ...(migration === undefined ? {} : { 'migrate.js': migration }) };
  const rackwattKey = migration === undefined ? {} : { migrate: './migrate.js' };
  await bundle.update(await c.source(c.write('a', files, { version, rackwatt: rackwattKey })));
}

const count = (c: TestContainer): Promise<number> => {
  const { registry } = c.framework;
  return (registry.get({ id: 9, name: 'outside' }, registry.reference(Tally)!) as Tally).count();
};
const data = (c: TestContainer, ...path: string[]): string => join(c.folder, 'var', 'data', ...path);
const folders = (c: TestContainer): string[] => readdirSync(data(c)).sort();

async function started(t: Parameters<Parameters<typeof test>[0] & object>[0]) {
  const c = new TestContainer(t as never);
  const bundle = await c.start('a', first);
  for (let i = 1; i <= 3; i++) assert.equal(await count(c), i);
  return { c, bundle };
}

test('data are migrated when the new revision starts; those of before stay beside them', async (t) => {
  const { c, bundle } = await started(t);
  await update(c, bundle, second(), migrate());
  assert.equal(await count(c), 4);
  assert.deepEqual(folders(c), ['a', 'a~before-1.0.0']);
  assert.equal(readFileSync(data(c, 'a~before-1.0.0', 'count.txt'), 'utf8'), '3');
  await bundle.stop();
  await bundle.start();
  assert.equal(await count(c), 5, 'once');
});

for (const [what, more, why] of [
  ['throws', `throw new Error('no room');`, /migration of a from 1\.0\.0 to 2\.0\.0 failed: no room/],
  ['rejects', `return Promise.reject(new Error('no room'));`, /failed: no room/],
  [
    'gives a configuration of others',
    `return { other: {} };`,
    /gives a configuration other, which the bundle does not have/,
  ],
] as const)
  test(`a migration that ${what} in its dry run refuses the update, and nothing was touched`, async (t) => {
    const { c, bundle } = await started(t);
    const events: string[] = [];
    c.framework.onBundleEvent(({ type }) => events.push(type), { synchronous: true });
    await assert.rejects(update(c, bundle, second(), migrate(more)), { code: 'BUNDLE_UPDATE', message: why });
    assert.deepEqual(events, [], 'the old revision did not stop');
    assert.equal(await count(c), 4);
    assert.deepEqual(folders(c), ['a']);
  });

for (const [what, code, migration] of [
  ['does not come up', second(`throw new Error('no port');`), migrate()],
  ['fails to migrate what the dry run could', second(), migrate(`if (!dryRun) throw new Error('disk full');`)],
] as const)
  test(`a new revision that ${what} leaves the old one with its data`, async (t) => {
    const { c, bundle } = await started(t);
    await assert.rejects(update(c, bundle, code, migration), { code: 'BUNDLE_UPDATE' });
    assert.equal(await count(c), 4);
    assert.deepEqual(folders(c), ['a']);
    await update(c, bundle, second(), migrate());
    assert.equal(await count(c), 5);
  });

test('an older version runs on the data that it left; those of the newer one are kept aside', async (t) => {
  const { c, bundle } = await started(t);
  await update(c, bundle, second(), migrate());
  assert.equal(await count(c), 4);
  await update(c, bundle, first, undefined, '1.0.0');
  assert.equal(await count(c), 4);
  assert.equal(readFileSync(data(c, 'a~after-2.0.0', 'count.json'), 'utf8').includes('"count":4'), true);
  assert.match(c.log.map(({ message }) => message).join(), /what 2\.0\.0 wrote is kept in/);
});

test('going back to an older version that does not come up leaves the newer one with its data', async (t) => {
  const { c, bundle } = await started(t);
  await update(c, bundle, second(), migrate());
  assert.equal(await count(c), 4);
  const broken = first.replace('activate({ context }) {', `activate({ context }) { throw new Error('no port');`);
  await assert.rejects(update(c, bundle, broken, undefined, '1.0.0'), { code: 'BUNDLE_UPDATE' });
  assert.equal(await count(c), 5);
  assert.deepEqual(folders(c), ['a', 'a~before-1.0.0']);
});

test('going back does not migrate: the data of the version are there, however its own migration would take those of a newer one', async (t) => {
  const { c, bundle } = await started(t);
  const refuses = migrate(`if (from !== '1.0.0') throw new Error('never heard of ' + from);`);
  await update(c, bundle, second(), refuses, '1.5.0');
  assert.equal(await count(c), 4);
  await update(c, bundle, second(), migrate(), '2.0.0');
  await update(c, bundle, second(), refuses, '1.5.0');
  assert.equal(await count(c), 5);
  assert.deepEqual(folders(c), ['a', 'a~after-2.0.0']);
});

test('a new revision that is not taken leaves the data of the present one, not those of an earlier time', async (t) => {
  const { c, bundle } = await started(t);
  await update(c, bundle, second(), migrate());
  await update(c, bundle, first, undefined, '1.0.0');
  assert.equal(await count(c), 4);
  await update(c, bundle, second(), migrate());
  for (let i = 5; i < 10; i++) assert.equal(await count(c), i);
  await assert.rejects(update(c, bundle, second(`throw new Error('no port');`), migrate(), '3.0.0'));
  assert.equal(await count(c), 10);
  await assert.rejects(update(c, bundle, second(`throw new Error('no port');`), undefined, '3.0.0'));
  assert.equal(await count(c), 11);
});

test('a version without a migration in between is the one that the data go back to', async (t) => {
  const { c, bundle } = await started(t);
  await assert.rejects(update(c, bundle, second(`throw new Error('no port');`), migrate()));
  await update(c, bundle, first, undefined, '1.0.1');
  assert.equal(await count(c), 4);
  await assert.rejects(update(c, bundle, second(`throw new Error('no port');`), migrate()));
  assert.equal(await count(c), 5);
  await update(c, bundle, second(), migrate());
  assert.equal(await count(c), 6);
  await update(c, bundle, first, undefined, '1.0.1');
  assert.equal(await count(c), 6);
  assert.deepEqual(folders(c), ['a', 'a~after-2.0.0']);
});

test('data are migrated also when the bundle was updated while it did not run', async (t) => {
  const { c, bundle } = await started(t);
  await bundle.stop();
  await update(c, bundle, second(), migrate());
  await bundle.start();
  assert.equal(await count(c), 4);
  const broken = second(`throw new Error('no port');`);
  await assert.rejects(update(c, bundle, broken, undefined, '2.0.1'), { code: 'BUNDLE_UPDATE' });
  assert.equal(await count(c), 5, 'what a start migrated is not taken back by an update that fails');
});

test('links in the data folder lead nowhere out of the copy', async (t) => {
  const { c, bundle } = await started(t);
  symlinkSync('count.txt', data(c, 'a', 'current'));
  const through = `if (dryRun) { fs.writeFileSync(path.join(dataFolder, 'count.txt'), '0'); fs.writeFileSync(path.join(dataFolder, 'current'), '100'); }`;
  await update(c, bundle, second(), migrate(through));
  assert.equal(await count(c), 4);
});

test('after a crash the next start finds the data whole, and migrates them if that was not done', async (t) => {
  for (const crash of ['before the first rename', 'between the renames', 'after the renames']) {
    const folder = temporaryFolder(t);
    const path = (...more: string[]): string => join(folder, 'var', 'data', ...more);
    const write = (name: string, files: Record<string, string>): void => {
      mkdirSync(path(name), { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(path(name, file), text);
    };
    write('a', { 'count.txt': '3', '.rackwatt-version': '1.0.0' });
    write('a~next', { 'count.json': '{"count":3}', '.rackwatt-version': '2.0.0' });
    if (crash !== 'before the first rename') renameSync(path('a'), path('a~before-1.0.0'));
    if (crash === 'after the renames') renameSync(path('a~next'), path('a'));
    const c = new TestContainer(t, { folder });
    const source = await c.source(
      c.write(
        'a',
        { 'index.js': second(), 'migrate.js': migrate() },
        { version: '2.0.0', rackwatt: { migrate: './migrate.js' } },
      ),
    );
    const bundle = c.framework.install(source, { startLevel: 1 });
    await c.framework.setStartLevel(1);
    await bundle.start();
    assert.equal(await count(c), 4, crash);
    assert.equal(existsSync(path('a~next')), false, crash);
  }
});

test('configurations are migrated with the data: checked in the dry run, in force when the new revision starts, and put back', async (t) => {
  const asked: string[] = [];
  const c: TestContainer = new TestContainer(t, {
    migration: {
      configurations: (bundle, pids) => {
        asked.push(`${bundle}: ${[...pids].join()}`);
        return { tally: { step: 5 } };
      },
      check: async (definitions, migrated) => {
        asked.push(`check ${definitions.length} ${JSON.stringify(migrated)}`);
      },
      take: async (migrated) => {
        asked.push(`take ${JSON.stringify(migrated)}`);
        return async () => void asked.push('undone');
      },
    },
  });
  const bundle = await c.start('a', first);
  const more = `if (configuration.tally.step !== 5) throw new Error('not its configuration'); return { tally: { by: configuration.tally.step } };`;
  await assert.rejects(update(c, bundle, second(`throw new Error('no port');`), migrate(more)));
  const migrated = '{"tally":{"by":5}}';
  assert.deepEqual(asked, ['a: tally', `check 1 ${migrated}`, 'a: tally', `take ${migrated}`, 'undone']);
  asked.length = 0;
  await update(c, bundle, second(), migrate(more));
  assert.deepEqual(asked, ['a: tally', `check 1 ${migrated}`, 'a: tally', `take ${migrated}`]);
});
