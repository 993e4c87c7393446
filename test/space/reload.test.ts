import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary.js';
import { ModuleSpace, RevisionTokens, TransformCache } from './built.js';
import { bundleFolder, collectGarbage, host, spaceOf } from './support.js';

/** Loads a bundle again and again, a new revision beside the old one before that goes. */
async function reload(
  root: string,
  entry: string,
  times: number,
  transforms?: TransformCache,
): Promise<{ tokens: RevisionTokens; kept: number }> {
  const tokens = new RevisionTokens();
  let current: ModuleSpace | undefined;
  const swap = async (): Promise<void> => {
    const next = new ModuleSpace({ root, label: 'bundle@1.0.0', host, transforms });
    tokens.track(next.token);
    await next.load(entry);
    current?.dispose();
    current = next;
  };
  for (let warm = 0; warm < 20; warm++) await swap();
  await collectGarbage(() => tokens.live().length === 1);
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < times; count++) await swap();
  await collectGarbage(() => tokens.live().length === 1);
  const kept = process.memoryUsage().heapUsed - before;
  current?.dispose();
  return { tokens, kept };
}

const MEGABYTE = 'Array.from({ length: 131072 }, (_, index) => index + 0.5)';

test('1,000 reloads of a bundle that holds 1 MB keep less than 1 MB, and every token but the live one is collected', async (t) => {
  const root = bundleFolder(t, {
    'index.js': `const inner = require('./inner.js'); exports.held = ${MEGABYTE}; exports.read = () => inner.read(exports.held);`,
    'inner.js':
      'const { readFileSync } = require("node:fs"); exports.read = (held) => [held.length, readFileSync, process.pid];',
  });
  const { tokens, kept } = await reload(root, 'index.js', 1000);
  assert.deepEqual([tokens.live().length, tokens.collected], [1, 1019]);
  assert.ok(kept < 2 ** 20, `kept ${kept} bytes`);
});

test('code of updates, each in a folder of its own, is freed with them', async (t) => {
  const functions = Array.from(
    { length: 2000 },
    (_, i) => `exports.f${i} = (a, b) => [a + ${i}, b, 'text ${i} of a large bundle'];`,
  );
  const text = `${functions.join('\n')}\nfor (const run of Object.values(exports)) run(1, 2);`;
  const roots = Array.from({ length: 60 }, () => bundleFolder(t, { 'index.js': text }));
  const load = async (root: string): Promise<void> => {
    const space = new ModuleSpace({ root, label: 'bundle', host });
    await space.load('index.js');
    space.dispose();
  };
  const measure = async (some: string[]): Promise<number> => {
    for (const root of some) await load(root);
    await collectGarbage(() => false, 5);
    return process.memoryUsage().heapUsed;
  };
  const before = await measure(roots.slice(0, 10));
  const kept = ((await measure(roots.slice(10))) - before) / 50;
  assert.ok(kept < text.length / 10, `each update of ${text.length} bytes of code keeps ${Math.round(kept)}`);
});

test('100 reloads in TypeScript with decorators are freed too, and transformed once', async (t) => {
  const root = bundleFolder(
    t,
    {
      'index.ts': `import 'reflect-metadata';\nimport { container, singleton } from 'tsyringe';\nimport { Held } from './held.js';
        @singleton() export class Top { constructor(readonly held: Held) {} }\nexport const top = container.resolve(Top);`,
      'held.ts': `import { injectable } from 'tsyringe';\n@injectable() export class Held { readonly numbers: number[] = ${MEGABYTE}; }`,
    },
    { node_modules: true },
  );
  const { tokens, kept } = await reload(
    root,
    'index.ts',
    100,
    new TransformCache(join(temporaryFolder(t), 'transforms')),
  );
  assert.deepEqual([tokens.live().length, tokens.collected], [1, 119]);
  assert.ok(kept < 2 ** 20, `kept ${kept} bytes`);
});

test('ES modules, with a wait at the top level, are freed as well', async (t) => {
  const root = bundleFolder(t, {
    'index.mjs': `import { held } from './held.mjs'; await null; export const first = held[0]; export default () => import('./late.mjs');`,
    'held.mjs': `export const held = ${MEGABYTE};`,
    'late.mjs': 'export const late = 1;',
  });
  const { tokens } = await reload(root, 'index.mjs', 50);
  assert.equal(tokens.live().length, 1);
});

test('a token stays as long as one function of the revision is held', async (t) => {
  const root = bundleFolder(t, { 'index.js': 'exports.make = () => () => 1;' });
  const tokens = new RevisionTokens();
  let held: unknown;
  await (async () => {
    const space = spaceOf(t, root);
    tokens.track(space.token);
    const { make } = (await space.load('index.js')) as { make: () => unknown };
    held = make();
    space.dispose();
  })();
  await collectGarbage(() => false, 5);
  assert.deepEqual(tokens.live(), ['bundle@1.0.0']);
  assert.equal((held as () => number)(), 1);
  held = undefined;
  await collectGarbage(() => tokens.live().length === 0);
  assert.deepEqual(tokens.live(), []);
});

test('the transform cache serves a second process from its folder', async (t) => {
  const folder = temporaryFolder(t);
  const root = bundleFolder(t, { 'index.ts': 'export const answer: number = 42;' });
  const load = async (transforms: TransformCache): Promise<unknown> =>
    (await spaceOf(t, root, { transforms }).load('index.ts'))['answer'];
  assert.equal(await load(new TransformCache(folder)), 42);
  const second = new TransformCache(folder);
  assert.equal(await load(second), 42);
  let made = 0;
  second.get(['another'], () => ++made);
  assert.equal(
    second.get(['another'], () => ++made),
    1,
  );
});
