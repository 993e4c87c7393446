import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestNode, until } from '../support/node.js';

interface Version {
  schema: string;
  /** Of the component, with `config`, `fs`, `file` in sight. */
  up?: string;
  migrate?: string;
}

/** A bundle in a folder of its own that writes its version and its configuration into its data folder. */
function write(node: TestNode, name: string, version: string, { schema, up = '', migrate }: Version): string {
  const root = join(node.home, `${name}-${version}`);
  mkdirSync(root);
  const files = {
    'package.json': JSON.stringify({
      name,
      version,
      main: './index.js',
      rackwatt: { update: 'exclusive', ...(migrate === undefined ? {} : { migrate: './migrate.js' }) },
    }),
    'index.js': `const { component } = require('rackwatt'); const fs = require('node:fs'); const path = require('node:path');
      exports.note = component({ name: '${name}.note', configuration: { schema: ${schema} }, activate({ config, context }) {
        const file = path.join(context.dataFolder(), 'note.json');
        const notes = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : [];
        ${up}
        fs.writeFileSync(file, JSON.stringify([...notes, { version: '${version}', config }]));
      } });`,
    ...(migrate === undefined ? {} : { 'migrate.js': `exports.migrate = ${migrate};` }),
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return `link:./${name}-${version}`;
}

const SECONDS = `{ type: 'object', properties: { seconds: { type: 'number' } }, required: ['seconds'], additionalProperties: false }`;
const INTERVAL = `{ type: 'object', properties: { interval: { type: 'string' } }, required: ['interval'], additionalProperties: false }`;
const TO_INTERVAL = `({ configuration }) => ({ 'acme.note': { interval: configuration['acme.note'].seconds + ' s' } })`;

test('an update migrates the configuration in the file, together with the version of the bundle, or changes nothing', async (t) => {
  const node = await TestNode.site(t, { bundles: [] });
  const first = write(node, 'acme', '1.0.0', { schema: SECONDS });
  const document = { ...node.readConfiguration(), configurations: { 'acme.note': { seconds: 10 } } };
  node.writeConfiguration({ ...document, bundles: [{ id: first }] });
  await node.start();
  const notes = (): { version: string; config: object }[] =>
    JSON.parse(readFileSync(join(node.home, 'var', 'data', 'acme', 'note.json'), 'utf8')) as never;
  await until('the first version runs', () => notes().length === 1);

  const wrong = write(node, 'acme', '2.0.0', {
    schema: INTERVAL,
    migrate: TO_INTERVAL.replace(`+ ' s'`, ''),
  });
  node.writeConfiguration({ ...document, bundles: [{ id: wrong }] });
  await until('what is wrong after the migration is said', () =>
    /migration of acme from 1\.0\.0 to 2\.0\.0 failed: configuration acme\.note is wrong after it: .*interval/.test(
      node.output,
    ),
  );
  assert.equal(notes().length, 1, 'the first version went on');

  const broken = write(node, 'acme', '2.1.0', {
    schema: INTERVAL,
    migrate: TO_INTERVAL,
    up: `throw new Error('no port');`,
  });
  node.writeConfiguration({ ...document, bundles: [{ id: broken }] });
  await until('the failure is said', () => /no port/.test(node.output));
  await until('the first version runs again', () => notes().length === 2);
  assert.deepEqual(notes().at(-1), { version: '1.0.0', config: { seconds: 10 } });

  const good = write(node, 'acme', '2.2.0', { schema: INTERVAL, migrate: TO_INTERVAL });
  node.writeConfiguration({ ...document, bundles: [{ id: good }] });
  await until('the configuration in the file is migrated', () =>
    readFileSync(node.file, 'utf8').includes('"interval": "10 s"'),
  );
  assert.deepEqual(notes().at(-1), { version: '2.2.0', config: { interval: '10 s' } });
  assert.deepEqual(node.readConfiguration().configurations, { 'acme.note': { interval: '10 s' } });
  assert.equal(await node.stop(), 0);
});

test('a node that finds another version when it starts migrates the configuration in the file, too', async (t) => {
  const node = await TestNode.site(t, { bundles: [] });
  const first = write(node, 'acme', '1.0.0', { schema: SECONDS });
  const document = { ...node.readConfiguration(), configurations: { 'acme.note': { seconds: 10 } } };
  node.writeConfiguration({ ...document, bundles: [{ id: first }] });
  await node.start();
  assert.equal(await node.stop(), 0);
  const next = write(node, 'acme', '2.0.0', { schema: INTERVAL, migrate: TO_INTERVAL });
  node.writeConfiguration({ ...document, bundles: [{ id: next }] });
  await node.start();
  const migrated = { 'acme.note': { interval: '10 s' } };
  await until('the file is migrated', () => readFileSync(node.file, 'utf8').includes('"interval": "10 s"'));
  assert.deepEqual(node.readConfiguration().configurations, migrated);
  assert.equal(await node.stop(), 0);
  await node.start();
  assert.deepEqual(node.readConfiguration().configurations, migrated);
  assert.equal(await node.stop(), 0);
});

test('a new version of a contract and its user come in one change of the file', async (t) => {
  const node = await TestNode.site(t, { bundles: [] });
  const pair = (major: number, up: string): { id: string }[] => {
    const back = join(node.home, `back-${major}${up.length}`);
    const front = join(node.home, `front-${major}${up.length}`);
    for (const root of [back, front]) mkdirSync(root);
    const contract = `exports.Back = require('rackwatt').contract('test/Back', { major: ${major}, methods: ['name'] });`;
    writeFileSync(join(back, 'contract.js'), contract);
    writeFileSync(
      join(back, 'package.json'),
      JSON.stringify({
        name: 'back',
        version: `${major}.0.0`,
        main: './index.js',
        exports: { './contract': './contract.js' },
        peerDependencies: { back: `^${major}` },
        rackwatt: { contracts: ['./contract'] },
      }),
    );
    writeFileSync(
      join(back, 'index.js'),
      `exports.back = require('rackwatt').component({ name: 'back', provides: require('back/contract').Back, activate: () => ({ name: async () => 'back' }) });`,
    );
    writeFileSync(
      join(front, 'package.json'),
      JSON.stringify({
        name: 'front',
        version: `${major}.0.0`,
        main: './index.js',
        peerDependencies: { back: `^${major}` },
        rackwatt: {},
      }),
    );
    writeFileSync(
      join(front, 'index.js'),
      `const { component, one } = require('rackwatt');
       exports.front = component({ name: 'front', references: { back: one(require('back/contract').Back) }, activate() { ${up} } });`,
    );
    return [{ id: `link:./front-${major}${up.length}` }, { id: `link:./back-${major}${up.length}` }];
  };
  const document = node.readConfiguration();
  node.writeConfiguration({ ...document, bundles: pair(1, '') });
  await node.start();
  const list = async (): Promise<string> =>
    (await node.json<{ name: string; version: string; state: string }[]>('bundle', 'list'))
      .map(({ name, version, state }) => `${name} ${version} ${state}`)
      .sort()
      .join();
  assert.equal(await list(), 'back 1.0.0 ACTIVE,front 1.0.0 ACTIVE');
  node.writeConfiguration({ ...document, bundles: pair(2, `throw new Error('no page');`) });
  await until('the failure is said', () => /front: component front failed: no page/.test(node.output));
  assert.equal(await list(), 'back 1.0.0 ACTIVE,front 1.0.0 ACTIVE');
  node.writeConfiguration({ ...document, bundles: pair(2, '') });
  await until('both are of the new version', async () => (await list()) === 'back 2.0.0 ACTIVE,front 2.0.0 ACTIVE');
  assert.equal(await node.stop(), 0);
});
