import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { filesOfArchive } from '../support/archives.js';
import { describeBundle, joinArchive, packBundle } from './built.js';
import { REPOSITORY, writeFiles } from './support.js';
import type { BundleFile } from './built.js';

/** A bundle's folder of these files; the checkout's packages are at hand. */
function bundle(t: TestContext, manifest: object, files: Record<string, string>, name = '@example/acme'): string {
  const root = temporaryFolder(t);
  const all = {
    'package.json': JSON.stringify({ name, version: '1.0.0', main: 'dist/index.js', rackwatt: {}, ...manifest }),
    ...files,
  };
  writeFiles(
    root,
    Object.entries(all).map(([path, content]) => ({ path, content: Buffer.from(content) })),
  );
  return root;
}

/** The files that a folder is packed to. */
async function packedFiles(
  t: TestContext,
  root: string,
  describe: Parameters<typeof packBundle>[1] = async () => [],
): Promise<BundleFile[]> {
  const file = join(temporaryFolder(t), 'packed.tgz');
  writeFileSync(file, joinArchive((await packBundle(root, describe)).parts));
  return filesOfArchive(file);
}

async function packed(t: TestContext, root: string): Promise<Map<string, string>> {
  return new Map((await packedFiles(t, root)).map(({ path, content }) => [path, content.toString()]));
}

/** Evaluates the modules of a packed bundle in a space, in a process of its own. @returns what each exports, and which transformers were loaded */
function evaluate(root: string): { exports: Record<string, string[]>; transformers: string[]; effects: string[] } {
  return JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'evaluate-child.js'), root], { encoding: 'utf8' }),
  ) as ReturnType<typeof evaluate>;
}

function unpack(t: TestContext, files: readonly { path: string; content: Buffer }[]): string {
  const root = temporaryFolder(t);
  writeFiles(root, files);
  return root;
}

const BUNDLES = readdirSync(join(REPOSITORY, 'bundles')).filter((name) =>
  existsSync(join(REPOSITORY, 'bundles', name, 'dist', 'index.js')),
);

for (const name of BUNDLES) {
  test(`packs bundles/${name}: the same twice, verified, evaluated in a space without a transformer`, async (t) => {
    const root = join(REPOSITORY, 'bundles', name);
    const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name: string;
      rackwatt: { assets?: string[] };
      dependencies?: object;
    };
    const lacking = source.rackwatt.assets?.find((asset) => !existsSync(join(root, asset)));
    if (lacking) return t.skip(`${lacking} is not built`);
    const first = await packBundle(root, describeBundle);
    const second = await packBundle(root, describeBundle);
    assert.deepEqual(joinArchive(first.parts), joinArchive(second.parts));
    assert.equal(first.manifest.name, source.name);
    const files = await packedFiles(t, root, describeBundle);
    assert.ok(!files.some(({ path }) => path.startsWith('src/')));
    const { exports, transformers } = evaluate(unpack(t, files));
    assert.deepEqual(transformers, []);
    for (const [file, names] of Object.entries(exports)) {
      assert.ok(
        !names.some((each) => each.startsWith('__')),
        `${file} exports nothing of the packer: ${names.join(' ')}`,
      );
    }
    for (const asset of source.rackwatt.assets ?? [])
      assert.ok(files.some(({ path }) => path.startsWith(asset.replace(/^\.\//, ''))));
  });
}

test('the bytes do not depend on where the folder lies', async (t) => {
  const [one, other] = [join(temporaryFolder(t), 'a'), join(temporaryFolder(t), 'deeper', 'than', 'that', 'b')];
  for (const root of [one, other]) {
    mkdirSync(root, { recursive: true });
    cpSync(join(REPOSITORY, 'bundles/driver-snmp'), root, {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
    symlinkSync(join(REPOSITORY, 'node_modules'), join(root, '..', 'node_modules'));
  }
  const digests = await Promise.all([one, other].map(async (root) => (await packBundle(root, async () => [])).digest));
  assert.equal(digests[0], digests[1]);
});

test('private dependencies are inlined, contracts, shared modules and native packages are not', async (t) => {
  const root = bundle(
    t,
    {
      peerDependencies: { rackwatt: '*', '@example/contract': '^1' },
      dependencies: { used: '1.2.3', 'better-sqlite3': '*' },
    },
    {
      'dist/index.js': `
      exports.used = require('used');
      exports.late = () => [require('@example/contract'), require('@example/contract/sub'), require('rackwatt'), require('typebox'), require('better-sqlite3'), require('node:fs'), require('fs/promises')];`,
      'node_modules/used/package.json': '{"name":"used","version":"1.2.3","license":"MIT"}',
      'node_modules/used/index.js':
        "try { exports.colour = require('not-installed'); } catch (error) { exports.code = error.code; }",
      'node_modules/used/LICENSE': 'Permission is hereby granted',
    },
  );
  const files = await packed(t, root);
  const code = files.get('dist/index.js')!;
  const required = [...code.matchAll(/require\("([^"]+)"\)/g)]
    .map((match) => match[1]!)
    .sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(required, [
    '@example/contract',
    '@example/contract/sub',
    'better-sqlite3',
    'fs/promises',
    'node:fs',
    'rackwatt',
    'typebox',
  ]);
  const folder = unpack(
    t,
    [...files].map(([path, content]) => ({ path, content: Buffer.from(content) })),
  );
  const loaded = execFileSync(
    process.execPath,
    ['-p', `JSON.stringify(require(${JSON.stringify(join(folder, 'dist/index.js'))}).used)`],
    { encoding: 'utf8' },
  );
  assert.equal(loaded.trim(), '{"code":"MODULE_NOT_FOUND"}', 'what a library may do without stays absent');
  assert.match(files.get('THIRD-PARTY.md')!, /## used 1\.2\.3 \(MIT\)\n\nPermission is hereby granted/);
  assert.deepEqual((JSON.parse(files.get('package.json')!) as { rackwatt: { inlined: string[] } }).rackwatt.inlined, [
    'used@1.2.3',
  ]);
});

test('the list of what a bundle is made of names the bundle and each inlined package once', async (t) => {
  const other = (name: string, version: string, more: object = {}): Record<string, string> => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name: name.split('/node_modules/').at(-1),
      version,
      ...more,
    }),
    [`node_modules/${name}/index.js`]: `exports.name = ${JSON.stringify(`${name} ${version}`)};`,
  });
  const sum = Buffer.alloc(64, 7);
  const root = bundle(
    t,
    { license: 'Apache-2.0', description: 'reads acme', dependencies: { one: '1', two: '2', unused: '1' } },
    {
      'dist/index.js': "exports.all = [require('one'), require('two')];",
      ...other('one', '1.0.0', { license: 'MIT', dependencies: { shared: '1' } }),
      'node_modules/one/index.js': "exports.shared = require('shared');",
      ...other('one/node_modules/shared', '1.0.0', { license: '(MIT OR Apache-2.0)' }),
      ...other('two', '2.0.0', { license: 'SEE LICENSE IN LICENSE.txt', dependencies: { shared: '1' } }),
      'node_modules/two/index.js': "exports.shared = require('shared');",
      ...other('shared', '1.0.0', { license: '(MIT OR Apache-2.0)' }),
      ...other('unused', '1.0.0'),
      'node_modules/.package-lock.json': JSON.stringify({
        packages: { 'node_modules/one': { integrity: `sha512-${sum.toString('base64')}` } },
      }),
    },
  );
  const bom = JSON.parse((await packed(t, root)).get('sbom.cdx.json')!) as {
    bomFormat: string;
    specVersion: string;
    serialNumber: string;
    metadata: { timestamp?: string; component: Record<string, unknown> };
    components: Record<string, unknown>[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  assert.deepEqual([bom.bomFormat, bom.specVersion, bom.metadata.timestamp], ['CycloneDX', '1.6', undefined]);
  assert.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const { group, name, version, purl, licenses } = bom.metadata.component;
  assert.deepEqual(
    [group, name, version, purl, licenses],
    ['@example', 'acme', '1.0.0', 'pkg:npm/%40example/acme@1.0.0', [{ expression: 'Apache-2.0' }]],
  );
  assert.deepEqual(
    bom.components.map((component) => [component['purl'], component['licenses']]),
    [
      ['pkg:npm/one@1.0.0', [{ expression: 'MIT' }]],
      ['pkg:npm/shared@1.0.0', [{ expression: '(MIT OR Apache-2.0)' }]],
      ['pkg:npm/two@2.0.0', [{ license: { name: 'SEE LICENSE IN LICENSE.txt' } }]],
    ],
  );
  assert.deepEqual(bom.components[0]!['hashes'], [{ alg: 'SHA-512', content: sum.toString('hex') }]);
  assert.deepEqual(bom.dependencies, [
    { ref: 'pkg:npm/%40example/acme@1.0.0', dependsOn: ['pkg:npm/one@1.0.0', 'pkg:npm/two@2.0.0'] },
    { ref: 'pkg:npm/one@1.0.0', dependsOn: ['pkg:npm/shared@1.0.0'] },
    { ref: 'pkg:npm/shared@1.0.0', dependsOn: [] },
    { ref: 'pkg:npm/two@2.0.0', dependsOn: ['pkg:npm/shared@1.0.0'] },
  ]);
});

test('modules that several entries use are there once; a worker, which shares nothing, has its own', async (t) => {
  const root = bundle(
    t,
    {
      exports: { './contract': './dist/contract.js' },
      rackwatt: {
        contracts: ['./contract'],
        entries: ['./dist/worker.js'],
        commands: { acme: './dist/commands/acme.js' },
      },
    },
    {
      'dist/index.js': "exports.contract = require('./contract.js'); exports.state = require('./state.js');",
      'dist/contract.js': "exports.name = 'contract'; exports.state = require('./state.js');",
      'dist/worker.js': "exports.state = require('./state.js');",
      'dist/state.js': 'exports.marker = { only: "once" };',
      'dist/commands/acme.js': "exports.default = { summary: 'x', state: require('../state.js') };",
    },
  );
  const files = await packed(t, root);
  const holders = [...files].filter(([path, text]) => path.endsWith('.js') && text.includes('only: "once"'));
  assert.equal(holders.filter(([path]) => path !== 'dist/worker.js').length, 1);
  assert.ok(holders.some(([path]) => path === 'dist/worker.js'));
  const folder = unpack(
    t,
    [...files].map(([path, content]) => ({ path, content: Buffer.from(content) })),
  );
  const script = `const i = require('./dist/index.js'), c = require('./dist/contract.js'), w = require('./dist/worker.js'), k = require('./dist/commands/acme.js');
    console.log(i.contract === c && c.state === i.state && w.state.marker.only === 'once' && k.default.state === i.state, Object.keys(c).join(), Object.keys(k).join())`;
  assert.equal(
    execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: folder }).trim(),
    'true name,state default',
  );
});

test('an error of packed code names its source', async (t) => {
  const root = bundle(
    t,
    {},
    {
      'src/index.ts': '// The source.\n\nexport function fail(): never {\n  throw new RangeError("x");\n}\n',
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2024',
          module: 'nodenext',
          types: [],
          sourceMap: true,
          rootDir: 'src',
          outDir: 'dist',
        },
        include: ['src'],
      }),
    },
  );
  execFileSync(process.execPath, [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), '-p', root]);
  const files = await packed(t, root);
  const folder = unpack(
    t,
    [...files].map(([path, content]) => ({ path, content: Buffer.from(content) })),
  );
  const stack = execFileSync(
    process.execPath,
    [
      '--enable-source-maps',
      '-e',
      "try { require('./dist/index.js').fail() } catch (error) { console.log(error.stack) }",
    ],
    { encoding: 'utf8', cwd: folder },
  );
  assert.match(stack, /src\/index\.ts:4:9/);
  const map = JSON.parse(files.get('dist/index.js.map')!) as { sources: string[]; sourcesContent: string[] };
  assert.deepEqual(map.sources, ['../src/index.ts']);
  assert.match(map.sourcesContent[0]!, /^\/\/ The source\./);
});

test('ES modules become CommonJS', async (t) => {
  const root = bundle(
    t,
    { type: 'module' },
    {
      'dist/index.js': "export { default as late } from './other.js';\nexport const name = 'x';\n",
      'dist/other.js': 'export default 7;\n',
    },
  );
  const folder = unpack(
    t,
    [...(await packed(t, root))].map(([path, content]) => ({ path, content: Buffer.from(content) })),
  );
  assert.deepEqual(evaluate(folder).exports, { './dist/index.js': ['late', 'name'] });
});

test('assets are packed as they are, beside the modules', async (t) => {
  const root = bundle(
    t,
    { rackwatt: { assets: ['./dist/web', './logo.svg'] } },
    { 'dist/index.js': '', 'dist/web/index.html': '<p>', 'dist/web/js/app.js': 'app()', 'logo.svg': '<svg/>' },
  );
  const files = await packed(t, root);
  assert.deepEqual([...files.keys()].filter((path) => !/^dist\/index|json$/.test(path)).sort(), [
    'dist/web/index.html',
    'dist/web/js/app.js',
    'logo.svg',
  ]);
  assert.equal(files.get('dist/web/js/app.js'), 'app()');
});

const REFUSALS: [what: string, manifest: object, files: Record<string, string>, sentence: RegExp][] = [
  ['is not built', {}, {}, /@example\/acme: there is no \.\/dist\/index\.js; build the bundle first/],
  ['lacks an asset', { rackwatt: { assets: ['./dist/web'] } }, { 'dist/index.js': '' }, /there is no \.\/dist\/web/],
  [
    'imports what is not there',
    {},
    { 'dist/index.js': "require('@example/none');" },
    /dist\/index\.js imports "@example\/none", which is neither installed nor a contract in peerDependencies$/,
  ],
  [
    'has native code',
    { dependencies: { native: '1' } },
    {
      'dist/index.js': "require('native');",
      'node_modules/native/package.json': '{"name":"native","version":"1.0.0","main":"x.node"}',
      'node_modules/native/x.node': 'ELF',
    },
    /node_modules\/native\/x\.node is native code/,
  ],
  ['does not parse', {}, { 'dist/index.js': 'function (' }, /@example\/acme cannot be packed/],
  [
    'has a file that archives cannot hold',
    { rackwatt: { assets: ['./web'] } },
    { 'dist/index.js': '', 'web/a b.html': '' },
    /would be refused where it is installed: .*"web\/a b\.html"/,
  ],
  [
    'has two files of one name',
    { rackwatt: { assets: ['./web'] } },
    { 'dist/index.js': '', 'web/a.html': '', 'web/A.html': '' },
    /which is there twice/,
  ],
];

for (const [what, manifest, files, sentence] of REFUSALS) {
  test(`a bundle that ${what} is not packed`, async (t) => {
    await assert.rejects(
      packBundle(bundle(t, manifest, files), async () => []),
      { name: 'RackwattError', code: 'PACK_FAILED', message: sentence },
    );
  });
}

test('no file of the developer’s goes along unasked', async (t) => {
  const root = bundle(
    t,
    { scripts: { postinstall: 'evil' }, devDependencies: { typescript: '7' } },
    { 'dist/index.js': '', '.env': 'SECRET=1', 'release.key': 'secret', 'src/index.ts': '', 'README.md': '# acme' },
  );
  writeFileSync(join(root, 'dist', 'other.js'), '');
  const files = await packed(t, root);
  assert.deepEqual([...files.keys()].sort(), [
    'README.md',
    'dist/index.js',
    'dist/index.js.map',
    'package.json',
    'sbom.cdx.json',
  ]);
  assert.doesNotMatch(files.get('package.json')!, /evil|typescript/);
});

test('the configurations and definitions that a manifest names go along', async (t) => {
  const named = { configurations: ['./settings'], metatype: ['./metatype/meter.json'] };
  const settings = '// the usual ones\n{ "acme.meter": { "a": 1 } }';
  const root = bundle(
    t,
    { rackwatt: named },
    {
      'dist/index.js': '',
      'settings/a.json': settings,
      'metatype/meter.json': '{ "definitions": [] }',
      'metatype/other.json': '{}',
    },
  );
  const files = await packed(t, root);
  assert.equal(files.get('settings/a.json'), settings);
  assert.equal(files.get('metatype/meter.json'), '{ "definitions": [] }');
  assert.equal(files.has('metatype/other.json'), false);
  const { rackwatt } = JSON.parse(files.get('package.json')!) as { rackwatt: typeof named };
  assert.deepEqual([rackwatt.configurations, rackwatt.metatype], [named.configurations, named.metatype]);
});
