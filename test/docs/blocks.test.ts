import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { tmpdir } from 'node:os';
import { checkout } from '../support/node.js';
import { GIVEN } from './given.js';

const FENCE = /^( *)```ts\n([\s\S]*?)^ *```$/gm;

interface Block {
  key: string;
  /** Its file, below the folder of all blocks. */
  file: string;
  code: string;
}

const pages = [...globSync('docs/**/*.md', { cwd: checkout }), ...globSync('bundles/*/README.md', { cwd: checkout })];
const blocks = pages.sort().flatMap((page): Block[] =>
  [...readFileSync(join(checkout, page), 'utf8').matchAll(FENCE)].map(([, , code], index) => ({
    key: `${page}: ${code!.split('\n', 1)[0]!}`,
    file: `${page.replaceAll(/[^a-z]+/gi, '-')}${index}/test/block.ts`,
    code: code!,
  })),
);

/** A project like that of `bundle new`, for all blocks: each lies in `test/`, with the service of the template in `dist/`. */
let project: string;
const out = (file: string): string => join(project, 'out', file);

function run(command: string, args: string[], cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((done) => {
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    execFile(command, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) =>
      done({ status: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const TEMPLATES = { service: 'src/templates/service/src', driver: 'bundles/telemetry/templates/driver/src' };
const COMPILER = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    rootDir: '.',
    outDir: 'out',
  },
  include: ['*/test/*.ts', '*/dist/**/*.ts'],
};

before(() => {
  project = mkdtempSync(join(tmpdir(), 'rackwatt-blocks-'));
  symlinkSync(join(checkout, 'node_modules'), join(project, 'node_modules'));
  write(join(project, 'package.json'), '{ "type": "module" }');
  write(join(project, 'tsconfig.json'), JSON.stringify(COMPILER));
  for (const { key, file, code } of blocks) {
    const given = Object.entries(GIVEN).find(([start]) => key.startsWith(start))?.[1] ?? {};
    const folder = join(project, dirname(file));
    mkdirSync(folder, { recursive: true });
    cpSync(join(checkout, TEMPLATES.service), join(folder, '../dist'), { recursive: true });
    cpSync(join(checkout, TEMPLATES.driver), join(folder, '../dist/driver'), { recursive: true });
    for (const [path, text] of Object.entries(given.beside ?? {})) {
      write(join(folder, path), text);
      // The compiler takes no JavaScript along.
      if (path.startsWith('node_modules/')) write(join(dirname(out(file)), path), text);
    }
    write(join(project, file), `${given.before ?? ''}${code}${given.after ?? ''}\nexport {};\n`);
  }
});
after(() => rmSync(project, { recursive: true, force: true }));

test('every block of TypeScript on the pages compiles', { timeout: 120_000 }, async () => {
  assert.ok(blocks.length > 15);
  const { output } = await run(
    process.execPath,
    [join(checkout, 'node_modules/typescript/bin/tsc'), '-p', '.'],
    project,
  );
  const said = blocks
    .map(({ file, key }) => [file, key] as const)
    .reduce((text, [file, key]) => text.replaceAll(file, `${key}\n   `), output);
  assert.equal(said, '');
});

test('every block of TypeScript on the pages runs', { timeout: 180_000 }, async () => {
  const failed: string[] = [];
  for (const { key, file } of blocks) {
    const { status, output } = await run(process.execPath, [out(file.replace(/ts$/, 'js'))], dirname(out(file)));
    if (status !== 0) failed.push(`${key}\n${output}`);
  }
  assert.deepEqual(failed, []);
});

test('what is taken for granted is taken by a block that is there', () => {
  const unused = Object.keys(GIVEN).filter((start) => !blocks.some(({ key }) => key.startsWith(start)));
  assert.deepEqual(unused, []);
});
