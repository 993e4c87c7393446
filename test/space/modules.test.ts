import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleFolder, loadFiles, spaceOf, writeFiles } from './support.js';

test('CommonJS knows its module, folder, JSON and resolution', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `#!/usr/bin/env node
      const { setTimeout, process } = globalThis; let fetch = 1;
      exports.__esModule = true;
      exports.names = [__filename, __dirname, module.filename, module.id, require.resolve('./lib'), require.resolve('./lib/deep')];
      exports.json = require('./data.json').value;
      exports.self = this === exports && module.exports === exports;
      exports.program = [require.main === module, !module.parent];
      exports.same = require('./lib') === require('./lib/index.js');
      exports.builtin = [require('fs') === require('node:fs'), typeof require('node:fs').promises.readFile];
      exports.create = require('node:module').createRequire(__filename)('./lib') === require('./lib');
      exports.late = import('./late.mjs').then((late) => late.default);`,
    'lib/index.js': 'exports.lib = true;',
    'lib/deep.cjs': '',
    'late.mjs': 'export default "late";',
    'data.json': '\uFEFF{ "value": 7 }',
  });
  const exports = await spaceOf(t, root).load('index.js');
  const main = join(root, 'index.js');
  assert.deepEqual(exports['names'], [main, root, main, main, join(root, 'lib/index.js'), join(root, 'lib/deep.cjs')]);
  assert.deepEqual([exports['json'], exports['self'], exports['same'], exports['create']], [7, true, true, true]);
  assert.deepEqual(
    [exports['program'], exports['builtin']],
    [
      [false, false],
      [true, 'function'],
    ],
  );
  assert.equal(await exports['late'], 'late');
});

test('a circle of CommonJS modules sees what was exported so far', async (t) => {
  const exports = await loadFiles(t, {
    'index.js': 'exports.early = 1; exports.seen = require("./other.js").seen; exports.late = 2;',
    'other.js': 'exports.seen = { ...require("./index.js") };',
  });
  assert.deepEqual(exports['seen'], { early: 1 });
});

test('a module that threw is evaluated again by the next require', async (t) => {
  const exports = await loadFiles(t, {
    'index.js': `globalThis[Symbol.for('rackwatt.test.count')] = 0;
      try { require('./fails.js'); } catch {} try { require('./fails.js'); } catch {}
      exports.count = globalThis[Symbol.for('rackwatt.test.count')]; delete globalThis[Symbol.for('rackwatt.test.count')];
      try { require('absent'); } catch (error) { exports.code = error.code; }`,
    'fails.js': `globalThis[Symbol.for('rackwatt.test.count')]++; throw new Error('no');`,
  });
  assert.deepEqual([exports['count'], exports['code']], [2, 'MODULE_NOT_FOUND']);
});

test('ES modules: live bindings, circles with hoisted functions, namespaces in alphabetical order', async (t) => {
  const exports = await loadFiles(
    t,
    {
      'index.mjs': `import * as counter from './counter.mjs'; import { count, increment } from './counter.mjs';
        increment(); export const counted = count; export const names = Object.keys(counter);
        export function hoisted() { return 'hoisted'; } export { early } from './circle.mjs';
        export const tag = Object.prototype.toString.call(counter);`,
      'counter.mjs':
        'export let count = 0; export const increment = () => ++count; export default class Counter { static label = this.name; }',
      'circle.mjs': `import { hoisted } from './index.mjs'; export const early = hoisted();`,
    },
    'index.mjs',
  );
  assert.equal(exports['counted'], 1);
  assert.deepEqual(exports['names'], ['count', 'default', 'increment']);
  assert.deepEqual([exports['early'], exports['tag']], ['hoisted', '[object Module]']);
});

test('ES modules: the name that two `export *` have is left out, an own one wins, `this` is undefined', async (t) => {
  const exports = await loadFiles(
    t,
    {
      'index.mjs': `import * as all from './all.mjs'; export const names = Object.keys(all); export const own = all.own; export const self = this;`,
      'all.mjs': `export * from './one.mjs'; export * from './two.mjs'; export * from './three.cjs'; export const own = 'all';`,
      'one.mjs': `export const twice = 1; export const own = 'one'; export { shared } from './base.mjs';`,
      'two.mjs': `export const twice = 2; export { shared } from './base.mjs'; export default 3;`,
      'base.mjs': 'export const shared = 1;',
      'three.cjs': 'exports.three = 3; exports.own = "three";',
    },
    'index.mjs',
  );
  assert.deepEqual(exports['names'], ['own', 'shared', 'three']);
  assert.deepEqual([exports['own'], exports['self']], ['all', undefined]);
});

test('ES modules: an import that nobody exports fails before anything is evaluated', async (t) => {
  const marker = Symbol.for('rackwatt.test.evaluated');
  const files = {
    'index.mjs': `globalThis[Symbol.for('rackwatt.test.evaluated')] = true; import { absent } from './other.mjs'; absent;`,
    'other.mjs': `globalThis[Symbol.for('rackwatt.test.evaluated')] = true; export const there = 1;`,
  };
  await assert.rejects(loadFiles(t, files, 'index.mjs'), {
    code: 'MODULE_LINK',
    message: /index\.mjs imports 'absent' of '\.\/other\.mjs'/,
  });
  assert.ok(!(marker in globalThis));
  const cases = {
    commonJs: { 'index.mjs': `import { absent } from './other.cjs'; absent;`, 'other.cjs': 'exports.there = 1;' },
    builtin: { 'index.mjs': `import { absent } from 'node:fs'; absent;` },
    reexport: { 'index.mjs': `export { absent } from './other.mjs';`, 'other.mjs': '' },
    twice: {
      'index.mjs': `import { a } from './all.mjs'; a;`,
      'all.mjs': `export * from './x.mjs'; export * from './y.mjs';`,
      'x.mjs': 'export let a;',
      'y.mjs': 'export let a;',
    },
  };
  for (const [name, source] of Object.entries(cases))
    await assert.rejects(loadFiles(t, source, 'index.mjs'), { code: 'MODULE_LINK' }, name);
});

test('ES modules: an imported name is a constant and a namespace cannot be written', async (t) => {
  const exports = await loadFiles(
    t,
    {
      'index.mjs': `import { performance, other } from './names.mjs'; import * as all from './names.mjs';
        const failure = (run) => { try { run(); } catch (error) { return error.name + ': ' + error.message; } };
        export const assigned = failure(() => { performance = 1; }); export const destructured = failure(() => { [other] = [1]; });
        export const written = failure(() => { all.other = 1; })?.split(':')[0];`,
      'names.mjs': 'export const performance = 1; export let other = 2;',
    },
    'index.mjs',
  );
  assert.equal(exports['assigned'], 'TypeError: Assignment to constant variable.');
  assert.equal(exports['destructured'], 'TypeError: Assignment to constant variable.');
  assert.equal(exports['written'], 'TypeError');
});

test('ES modules: waits at the top level run side by side, in the order of the imports', async (t) => {
  const exports = await loadFiles(
    t,
    {
      'index.mjs': `import './a.mjs'; import './b.mjs'; import './c.mjs'; import { order } from './order.mjs'; order.push('index'); export { order };`,
      'order.mjs': 'export const order = [];',
      'a.mjs': `import { order } from './order.mjs'; order.push('a1'); await null; order.push('a2');`,
      'b.mjs': `import { order } from './order.mjs'; order.push('b1'); await null; order.push('b2');`,
      'c.mjs': `import { order } from './order.mjs'; order.push('c');`,
    },
    'index.mjs',
  );
  assert.deepEqual(exports['order'], ['a1', 'b1', 'c', 'a2', 'b2', 'index']);
});

test('import.meta, JSON and import() of ES modules and of CommonJS', async (t) => {
  const root = bundleFolder(t, {
    'index.mjs': `import data from './data.json' with { type: 'json' }; import commonJs, { named } from './common.cjs';
      export const meta = [import.meta.url, import.meta.filename, import.meta.dirname, import.meta.resolve('./data.json'), import.meta.main];
      export const values = [data.value, commonJs.named, named]; export const late = import('./common.cjs');`,
    'common.cjs': 'exports.named = 1; exports.__esModule = true; exports.default = 2;',
    'data.json': '{ "value": 7 }',
  });
  const exports = await spaceOf(t, root).load('index.mjs');
  const file = join(root, 'index.mjs');
  assert.deepEqual(exports['meta'], [`file://${file}`, file, root, `file://${join(root, 'data.json')}`, false]);
  assert.deepEqual(exports['values'], [7, 1, 1]);
  const late = (await exports['late']) as Record<string, unknown>;
  assert.deepEqual([late['named'], (late['default'] as { default: number }).default], [1, 2]);
});

test('require() of an ES module gives its namespace, unless it waits', async (t) => {
  const exports = await loadFiles(t, {
    'index.js': `const plain = require('./plain.mjs'); exports.plain = [plain.value, plain.default, plain.__esModule, require('./plain.mjs') === plain];
      exports.replaced = require('./replaced.mjs'); exports.noDefault = '__esModule' in require('./bare.mjs');
      try { require('./waits.mjs'); } catch (error) { exports.code = error.code; }
      exports.waited = import('./waits.mjs').then(({ value }) => value);
      exports.typeless = require('./typeless').value;`,
    'plain.mjs': 'export const value = 1; export default 2;',
    'bare.mjs': 'export const value = 1;',
    'replaced.mjs': 'const replaced = () => 3; export { replaced as "module.exports" };',
    'waits.mjs': 'await null; export const value = 4;',
    'typeless/index.js': 'export const value = 5;',
  });
  assert.deepEqual(exports['plain'], [1, 2, true, true]);
  assert.equal((exports['replaced'] as () => number)(), 3);
  assert.deepEqual(
    [exports['noDefault'], exports['code'], await exports['waited'], exports['typeless']],
    [false, 'ERR_REQUIRE_ASYNC_MODULE', 4, 5],
  );
});

test('TypeScript of a CommonJS package has decorators with metadata, `require` and interop', async (t) => {
  const root = bundleFolder(
    t,
    {
      'index.ts': `import 'reflect-metadata';
        import { container, inject, injectable } from 'tsyringe';
        import { Dependency, type Shape } from './dependency.js';
        import marked from './marked.cjs';
        import plain = require('./plain.cjs');
        enum Colour { Red = 3 }
        @injectable() class Top implements Shape { size = 1; constructor(readonly dependency: Dependency, @inject('name') readonly name: string) {} }
        container.registerInstance('name', 'injected');
        const top = container.resolve(Top);
        export const values: unknown[] = [top.dependency.size, top.name, Colour.Red, marked, plain.value, __dirname, require.resolve('./plain.cjs')];
        export type { Shape };`,
      'dependency.ts':
        'export interface Shape { size: number }\nexport class Dependency implements Shape { size = 5; }',
      'marked.cjs': 'exports.__esModule = true; exports.default = "default";',
      'plain.cjs': 'exports.value = 6;',
    },
    { node_modules: true },
  );
  const exports = await spaceOf(t, root).load('index.ts');
  assert.deepEqual(exports['values'], [5, 'injected', 3, 'default', 6, root, join(root, 'plain.cjs')]);
});

test('private dependencies are each their own: two versions in two spaces, exports and imports fields apply', async (t) => {
  const versions = ['1.0.0', '2.0.0'];
  const seen: unknown[] = [];
  for (const version of versions) {
    const root = bundleFolder(t, {
      'package.json': '{ "name": "bundle", "imports": { "#inside": "./inside.js" } }',
      'index.js': `exports.version = require('private/version'); exports.inside = require('#inside'); exports.kind = [require('private'), import('private').then((m) => m.default)];`,
      'inside.js': 'module.exports = "inside";',
      'node_modules/private/package.json': `{ "version": "${version}", "exports": { ".": { "import": "./i.mjs", "require": "./r.cjs" }, "./version": "./version.js" } }`,
      'node_modules/private/version.js': `module.exports = "${version}";`,
      'node_modules/private/i.mjs': 'export default "import";',
      'node_modules/private/r.cjs': 'module.exports = "require";',
    });
    const exports = await spaceOf(t, root).load('index.js');
    const [required, imported] = exports['kind'] as [string, Promise<string>];
    seen.push(exports['version'], exports['inside'], required, await imported);
  }
  assert.deepEqual(seen, ['1.0.0', 'inside', 'require', 'import', '2.0.0', 'inside', 'require', 'import']);
});

test('a package that the first look-up missed is found by a later space', async (t) => {
  const root = bundleFolder(t, { 'index.js': `exports.value = require('later');` });
  await assert.rejects(spaceOf(t, root).load('index.js'), { code: 'MODULE_NOT_FOUND' });
  writeFiles(root, { 'node_modules/later/index.js': 'module.exports = 1;' });
  assert.equal((await spaceOf(t, root).load('index.js'))['value'], 1);
});
