import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { spaces } from './built.js';
import { bundleFolder, loadFiles, spaceOf } from './support.js';

function stackOf(run: unknown): string {
  try {
    (run as () => void)();
  } catch (error) {
    return (error as Error).stack ?? '';
  }
  return '';
}

test('a syntax error names file, line and column, in every kind of source', async (t) => {
  const cases: Record<string, [string, number, number | undefined]> = {
    'index.js': ['exports.a = 1;\nexports.b = ;\n', 2, 13],
    'index.cjs': ['foo(\n', 2, undefined],
    'index.mjs': ['export const a = 1;\n\nexport const b = = 2;', 3, 18],
    'index.ts': ['export const a: number = 1;\nexport const b: = 2;', 2, 17],
    'index.json': ['{\n"a": 1,, }', 2, 8],
  };
  for (const [name, [source, line, column]] of Object.entries(cases)) {
    const root = bundleFolder(t, { [name]: source });
    await assert.rejects(spaceOf(t, root).load(name), (error: Error & { code: string; context: object }) => {
      assert.equal(error.code, 'MODULE_SYNTAX');
      assert.deepEqual(error.context, { file: join(root, name), line, column });
      assert.ok(error.message.includes(`${join(root, name)}:${line}${column ? `:${column}` : ''}`), error.message);
      return true;
    });
  }
});

test('a missing dependency names what was asked for and who asked', async (t) => {
  const cases = ['require("absent/sub");', 'require("./absent");', 'require("@scope/absent");'];
  for (const source of cases) {
    const root = bundleFolder(t, { 'index.js': 'require("./importer.js");', 'importer.js': source });
    const specifier = /"(.*)"/.exec(source)?.[1];
    await assert.rejects(spaceOf(t, root).load('index.js'), {
      code: 'MODULE_NOT_FOUND',
      context: { specifier, from: join(root, 'importer.js') },
    });
  }
  const root = bundleFolder(t, {});
  await assert.rejects(spaceOf(t, root).load('dist/index.js'), { code: 'MODULE_NOT_FOUND' });
  assert.throws(() => spaceOf(t, root).resolve('absent'), { code: 'MODULE_NOT_FOUND' });
});

test('what a module throws while it is loaded is told as plain data', async (t) => {
  await assert.rejects(
    loadFiles(t, { 'index.js': `\nthrow new TypeError('no luck');` }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'MODULE_EVALUATION');
      assert.match(error.message, /bundle@1\.0\.0: index\.js threw while it was loaded: no luck/);
      const cause = error.cause as { name: string; stack: string };
      assert.ok(!(cause instanceof Error));
      assert.match(cause.stack, /^TypeError: no luck\n {4}at .*index\.js:2:7/);
      return true;
    },
  );
  await assert.rejects(loadFiles(t, { 'index.js': 'throw null;' }), { code: 'MODULE_EVALUATION' });
});

test('stacks of TypeScript and ES modules show the source', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `exports.typed = require('./typed.ts').fail; exports.module = require('./module.mjs').fail;`,
    'typed.ts': `interface Unused { a: number }\ntype Text = string;\n\nexport function fail(): never {\n  const text: Text = 'typed';\n    throw new Error(text);\n}`,
    'module.mjs': `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n\n\nexport function fail() {\n throw new Error('module'); }`,
  });
  const exports = await spaceOf(t, root).load('index.js');
  assert.match(stackOf(exports['typed']), new RegExp(`${join(root, 'typed.ts')}:6:11`));
  assert.match(stackOf(exports['module']), new RegExp(`${join(root, 'module.mjs')}:6:8`));
});

test('stacks of packed code show the source that its map names', async (t) => {
  // Line 3, column 3 of the packed file is line 12, column 5 of src/original.ts.
  const map = JSON.stringify({ version: 3, sources: ['../src/original.ts'], names: [], mappings: ';;EAWI' });
  const text = `exports.fail = function fail() {\n\n  throw new Error('packed');\n};\n`;
  const root = bundleFolder(t, {
    'dist/index.js': `${text}//# sourceMappingURL=index.js.map\n`,
    'dist/index.js.map': map,
    'dist/inline.js': `${text}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`,
    'dist/broken.js': `${text}//# sourceMappingURL=absent.map\n`,
  });
  const space = spaceOf(t, root);
  const original = new RegExp(`fail \\(${join(root, 'src/original.ts')}:12:5\\)`);
  assert.match(stackOf((await space.load('dist/index.js'))['fail']), original);
  assert.match(stackOf((await space.load('dist/inline.js'))['fail']), original);
  assert.match(stackOf((await space.load('dist/broken.js'))['fail']), /dist\/broken\.js:3:9/);
});

test('an error is attributed to the space of its topmost frame, also in a dependency that both use', async (t) => {
  const shared = bundleFolder(t, {
    'a/index.js': `exports.fail = require('dependency'); exports.call = (run) => run();`,
    'b/index.js': `exports.fail = require('dependency');`,
    'node_modules/dependency/index.js': `module.exports = () => { throw new Error('dependency'); };`,
  });
  const a = spaceOf(t, join(shared, 'a'), { label: 'a@1' });
  const b = spaceOf(t, join(shared, 'b'), { label: 'b@1' });
  const { call } = (await a.load('index.js')) as { call: (run: unknown) => void };
  const failures = [(await a.load('index.js'))['fail'], (await b.load('index.js'))['fail']] as (() => void)[];
  const errors = failures.map((fail) => {
    try {
      fail();
    } catch (error) {
      return error as Error;
    }
    return undefined;
  });
  assert.deepEqual(
    errors.map((error) => spaces.attribute(error)),
    ['a@1', 'b@1'],
  );
  assert.deepEqual([a.owns(errors[0]), a.owns(errors[1]), b.owns(errors[1])], [true, false, true]);
  assert.doesNotMatch(errors[1]?.stack ?? '', /space=/);
  let through: unknown;
  try {
    call(failures[1]);
  } catch (error) {
    through = error;
  }
  assert.equal(spaces.attribute(through), 'b@1');
  assert.equal(spaces.attribute(new Error('host')), undefined);
  assert.equal(spaces.attribute('text'), undefined);
  assert.ok(a.owns(`Error: x\n    at run (${join(a.root, 'index.js')}:1:1)`));
});

test('two revisions of one folder are told apart, also after the old one is gone', async (t) => {
  const root = bundleFolder(t, { 'index.js': `exports.make = () => new Error('made');` });
  const old = spaceOf(t, root, { label: 'bundle@1#1' });
  const makeOld = (await old.load('index.js'))['make'] as () => Error;
  const next = spaceOf(t, root, { label: 'bundle@1#2' });
  const makeNext = (await next.load('index.js'))['make'] as () => Error;
  assert.deepEqual([spaces.attribute(makeOld()), spaces.attribute(makeNext())], ['bundle@1#1', 'bundle@1#2']);
  old.dispose();
  assert.deepEqual([spaces.attribute(makeOld()), spaces.attribute(makeNext())], ['bundle@1#1', 'bundle@1#2']);
});

test('an unheard error event of a socket, which has no frame of the bundle, is attributed', async (t) => {
  const root = bundleFolder(t, { 'index.js': `exports.connect = () => require('net').connect(1, '127.0.0.1');` });
  const space = spaceOf(t, root, { label: 'socket@1' });
  const socket = ((await space.load('index.js'))['connect'] as () => NodeJS.EventEmitter)();
  const [error] = (await once(socket, 'error')) as [Error];
  assert.equal(spaces.attribute(error), 'socket@1');
});
