import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RevisionSource } from '../bundle/index.js';
import { runtimeFolder } from '../runtime-folder.js';
import type { OwnFolders } from './capabilities.js';
import { isFolder } from './content.js';

/**
 * What a process reads to run a bundle: the runtime, the bundle and the contracts that it imports, each, unless
 * packed, with the `node_modules` in which their packages are found, and what was transformed before.
 */
export function ownFolders(sources: readonly RevisionSource[], storage: { cache: string; data: string }): OwnFolders {
  const places = [
    { root: runtimeFolder, isFolder: true },
    ...sources.map((source) => ({ root: source.root, isFolder: isFolder(source) })),
  ];
  const read = places.flatMap(({ root, isFolder: hasModules }) => {
    const real = realpathSync.native(root);
    return [root, real, ...(hasModules ? modulesAbove(real) : [])];
  });
  return { read: [...new Set([...read, storage.cache])], write: [storage.data] };
}

/** Every `node_modules` in which a file of this folder looks for packages, and the manifests beside them. */
function modulesAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = dirname(folder); ; at = dirname(at)) {
    for (const candidate of [join(at, 'node_modules'), join(at, 'package.json')])
      if (existsSync(candidate)) found.push(realpathSync.native(candidate), candidate);
    if (at === dirname(at)) return found;
  }
}
