import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Manifest } from '../bundle/index.js';
import { errorMessage } from '../errors.js';

/** Bytes of a file that is read at once. */
const SMALL = 4 << 20;

/** What is never part of a bundle. */
const LEFT_OUT = new Set(['node_modules', '.git']);

/** Paths of the plain files of a folder, relative to it, with forward slashes, sorted. Links are not followed. */
export async function filesOf(root: string): Promise<string[]> {
  const found: string[] = [];
  await collect(root, root, new Set(), found);
  return found.sort();
}

/** Like `filesOf`, without what is never part of a package: it brings its own dependencies in places of their own. */
export async function packagePaths(root: string): Promise<string[]> {
  const found: string[] = [];
  await collect(root, root, LEFT_OUT, found);
  return found.sort();
}

/**
 * Files of a bundle's folder as its developer has it: without the packages that only its development needs, which are
 * most of it, and without links.
 */
export async function bundleFiles(root: string, manifest: Manifest): Promise<string[]> {
  const found: string[] = [];
  await collect(root, root, LEFT_OUT, found);
  for (const folder of await privatePackages(root, manifest)) await collect(root, folder, LEFT_OUT, found);
  return found.sort();
}

async function collect(root: string, folder: string, leftOut: ReadonlySet<string>, found: string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !leftOut.has(entry.name)) await collect(root, path, leftOut, found);
    else if (entry.isFile()) found.push(relative(root, path).replaceAll('\\', '/'));
  }
}

/** Folders of the packages that a bundle needs to run, found as Node finds them, but not above the bundle. */
async function privatePackages(root: string, manifest: Manifest): Promise<Set<string>> {
  const folders = new Set<string>();
  const open: [string, string][] = Object.keys(manifest.dependencies).map((name) => [name, root]);
  for (let next = open.pop(); next; next = open.pop()) {
    const [name, from] = next;
    const folder = packageFolder(root, name, from);
    if (folder === undefined || folders.has(folder)) continue;
    folders.add(folder);
    for (const dependency of await dependenciesOf(folder)) open.push([dependency, folder]);
  }
  return folders;
}

function packageFolder(root: string, name: string, from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (at === root || at === dirname(at)) return undefined;
  }
}

export async function dependenciesOf(folder: string): Promise<string[]> {
  try {
    const { dependencies, optionalDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: object;
      optionalDependencies?: object;
    };
    return [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {})];
  } catch (error) {
    // Half copied; what is missing shows when the bundle is loaded.
    void errorMessage(error);
    return [];
  }
}

/** Waits until the names in a folder are on the disk. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Size and digest of a file of any size. */
export async function measure(file: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let { size } = await stat(file);
  if (size <= SMALL) {
    const content = await readFile(file);
    return { size: content.length, sha256: hash.update(content).digest('hex') };
  }
  size = 0;
  for await (const part of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(part as Buffer);
    size += (part as Buffer).length;
  }
  return { size, sha256: hash.digest('hex') };
}
