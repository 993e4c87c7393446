import { readdirSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

/** Which files of a bundle to find. */
export interface EntrySearch {
  /** Folder to look in, relative to the bundle; its root when absent. */
  folder?: string;
  /** Names of the files, where `*` stands for any characters; all when absent. */
  pattern?: string;
  /** In the folders below, too. */
  recursive?: boolean;
}

/** Where a path of a bundle's content leads, links followed; undefined when nothing is there, or it leads out of the bundle. */
export function entryOf(root: string, path: string): string | undefined {
  try {
    const real = realpathSync.native(root);
    const found = realpathSync.native(resolve(real, `./${path.replace(/^\/+/, '')}`));
    return found === real || found.startsWith(real + sep) ? found : undefined;
  } catch {
    // Nothing is there, or what nobody may look at.
    return undefined;
  }
}

/** OSGi Core 4.5.2, findEntries: files of a bundle's content, relative to it. */
export function entriesOf(root: string, { folder = '', pattern = '*', recursive = false }: EntrySearch = {}): string[] {
  const start = entryOf(root, folder);
  if (start === undefined) return [];
  const real = realpathSync.native(root);
  const name = new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
  const found: string[] = [];
  const visit = (inside: string): void => {
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      if (entry.isFile() && name.test(entry.name)) found.push(relative(real, join(inside, entry.name)));
      else if (recursive && entry.isDirectory() && entry.name !== 'node_modules') visit(join(inside, entry.name));
    }
  };
  visit(start);
  return found.map((path) => path.replaceAll('\\', '/')).sort();
}
