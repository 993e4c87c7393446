import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { tmpdir } from 'node:os';
import { temporaryFolder } from '../support/temporary.js';
import { newBundle, templateKinds } from './built.js';
import { REPOSITORY } from './support.js';

const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
  npm_config_update_notifier: 'false',
  // Else the tests of the bundle would take themselves for a part of this one.
  NODE_TEST_CONTEXT: undefined,
};
const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A project as npm would lay it out, with the packages of the runtime as they are published; nothing is fetched. */
let project: string;

before(() => {
  project = mkdtempSync(join(tmpdir(), 'rackwatt-outside-'));
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '@rackwatt'), { recursive: true });
  mkdirSync(join(modules, '.bin'));
  for (const [folder, target] of [
    ['src', 'rackwatt'],
    ['bundles/telemetry', '@rackwatt/telemetry'],
  ] as const) {
    const [{ filename }] = JSON.parse(
      run(project, 'npm', 'pack', join(REPOSITORY, folder), '--json', '--offline', '--ignore-scripts'),
    ) as [{ filename: string }];
    mkdirSync(join(modules, target));
    run(project, 'tar', 'xzf', filename, '-C', join(modules, target), '--strip-components=1');
  }
  const other = join(REPOSITORY, 'node_modules');
  for (const name of readdirSync(other))
    if (!name.startsWith('.') && !existsSync(join(modules, name))) symlinkSync(join(other, name), join(modules, name));
  symlinkSync(join(modules, 'rackwatt/bin/rackwatt.cjs'), join(modules, '.bin/rackwatt'));
  symlinkSync(join(modules, 'typescript/bin/tsc'), join(modules, '.bin/tsc'));
  execFileSync('chmod', ['+x', join(modules, 'rackwatt/bin/rackwatt.cjs')]);
});

after(() => rmSync(project, { recursive: true, force: true }));

const rackwatt = (cwd: string, ...args: string[]): string =>
  run(cwd, join(project, 'node_modules/.bin/rackwatt'), ...args);

for (const [kind, name, archive] of [
  ['driver', 'acme', 'acme-0.1.0.tgz'],
  ['driver', '@example/rack-pdu', 'example-rack-pdu-0.1.0.tgz'],
  ['service', 'tally', 'tally-0.1.0.tgz'],
  ['publisher', '@example/relay', 'example-relay-0.1.0.tgz'],
] as const) {
  test(`outside the checkout, a new ${kind} ${name} builds, passes its tests, packs, is signed, verified and evaluated`, (t) => {
    const folder = join(temporaryFolder(t), 'bundle');
    rackwatt(project, 'bundle', 'new', kind, name, '--dir', folder);
    for (const file of ['package.json', 'tsconfig.json', 'README.md', '.gitignore', 'src/index.ts'])
      assert.ok(existsSync(join(folder, file)), file);
    const texts = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    if (name !== 'acme') assert.doesNotMatch(texts, /acme/i, 'nothing is left of the template’s name');
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
    const tested = run(folder, 'npm', 'test', '--offline');
    assert.match(tested, /pass [1-9]/);
    assert.match(tested, /fail 0/);
    const packed = run(folder, 'npm', 'run', 'pack', '--offline');
    assert.match(packed, new RegExp(`${name} 0\\.1\\.0, \\d+ files`));
    rackwatt(folder, 'keys', 'new', 'release.key');
    assert.match(rackwatt(folder, 'bundle', 'sign', archive, '--key', 'release.key'), /is signed/);
    assert.equal(
      rackwatt(folder, 'bundle', 'verify', archive, '--keys', '.'),
      `${name} 0.1.0 is unaltered and signed by release.key\n`,
    );
    const unpacked = temporaryFolder(t);
    run(folder, 'tar', 'xzf', archive, '-C', unpacked, '--strip-components=1');
    const { rackwatt: own } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as {
      rackwatt: { components: { name: string; provides: string[] }[] };
    };
    assert.equal(own.components.length, 1);
    const { exports, transformers } = JSON.parse(
      run(folder, process.execPath, join(import.meta.dirname, 'evaluate-child.js'), unpacked),
    ) as { exports: Record<string, string[]>; transformers: string[] };
    assert.ok(exports['./dist/index.js']!.length > 0);
    assert.deepEqual(transformers, []);
  });
}

test('versions of the runtime are asked for, not any', async (t) => {
  const folder = join(temporaryFolder(t), 'acme');
  await newBundle('driver', 'acme', folder);
  const { peerDependencies, devDependencies, engines } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  for (const [name, range] of Object.entries({ ...peerDependencies, rackwatt: engines!['rackwatt'] }))
    assert.match(String(range), /^\^\d+\.\d+\.\d+/, name);
  for (const [name, version] of Object.entries(devDependencies!))
    assert.match(
      version,
      peerDependencies![name] && name !== 'typebox' ? /^file:/ : /^\d+\.\d+\.\d+$/,
      `${name} is pinned`,
    );
});

test('a folder that holds something is left as it is', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'mine.txt'), 'mine');
  await assert.rejects(newBundle('driver', 'acme', folder), { code: 'USAGE', message: /is not an empty folder/ });
  await assert.rejects(newBundle('driver', 'acme', join(folder, 'mine.txt')), { code: 'USAGE' });
  assert.deepEqual(readdirSync(folder), ['mine.txt']);
});

test('names that are none, and kinds that are none, are refused with what to use', async (t) => {
  const folder = join(temporaryFolder(t), 'new');
  for (const name of [
    '',
    'Acme',
    'acme_pdu',
    '1acme',
    'acme-',
    'acme--pdu',
    '-acme',
    '../acme',
    'a/b',
    '@/acme',
    '@example/',
    '@example/a/b',
    'acme\n',
    'x'.repeat(101),
  ]) {
    await assert.rejects(
      newBundle('driver', name, folder),
      { code: 'USAGE', message: /is no name for a bundle; use lower-case letters/ },
      name,
    );
  }
  for (const name of ['rackwatt', '@rackwatt/acme', 'http'])
    await assert.rejects(newBundle('driver', name, folder), { code: 'USAGE', message: /is taken/ });
  for (const kind of ['..', 'constructor', 'drivers', ''])
    await assert.rejects(newBundle(kind, 'acme', folder), {
      code: 'USAGE',
      message: /choose one of driver, publisher, service/,
    });
  assert.ok(!existsSync(folder));
  assert.deepEqual(templateKinds(), ['driver', 'publisher', 'service']);
});
