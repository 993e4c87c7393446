import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import * as rackwatt from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { hostModules, ModuleSpace, RevisionTokens, type ModuleSpaceOptions } from './built.js';

export const REPOSITORY = resolve(import.meta.dirname, '../../..');
export const host = hostModules({ rackwatt });

/** A bundle's folder; the text of each file by its path. The checkout's packages are at hand with `node_modules: true`. */
export function bundleFolder(
  t: TestContext,
  files: Record<string, string>,
  options: { node_modules?: boolean } = {},
): string {
  const root = temporaryFolder(t);
  writeFiles(root, { 'package.json': '{}', ...files });
  if (options.node_modules) symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  return root;
}

export function writeFiles(root: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

export function spaceOf(t: TestContext, root: string, options: Partial<ModuleSpaceOptions> = {}): ModuleSpace {
  const space = new ModuleSpace({ root, label: 'bundle@1.0.0', host, ...options });
  t.after(() => space.dispose());
  return space;
}

/** Loads `index.js` (or what is named) of a bundle of these files. */
export async function loadFiles(
  t: TestContext,
  files: Record<string, string>,
  entry = 'index.js',
): Promise<Record<string, unknown>> {
  return spaceOf(t, bundleFolder(t, files)).load(entry);
}

/** Collects garbage until `done`, letting pending callbacks run in between. */
export async function collectGarbage(done: () => boolean, rounds = 30): Promise<void> {
  if (!global.gc) throw new rackwatt.RackwattError('TEST_SETUP', 'Run node with --expose-gc.');
  for (let round = 0; round < rounds && !done(); round++) {
    await immediately();
    global.gc();
    await new Promise((go) => setTimeout(go, 5));
  }
}

/** Loads a bundle, disposes it, and says whether its revision was freed. */
export async function isFreed(
  root: string,
  use: (exports: Record<string, unknown>, space: ModuleSpace) => void | Promise<void>,
  options: Partial<ModuleSpaceOptions> = {},
): Promise<boolean> {
  const tokens = new RevisionTokens();
  await (async () => {
    const space = new ModuleSpace({ root, label: 'bundle@1.0.0', host, ...options });
    tokens.track(space.token);
    await use(await space.load('index.js'), space);
    space.dispose();
  })();
  await collectGarbage(() => tokens.live().length === 0);
  return tokens.live().length === 0;
}
