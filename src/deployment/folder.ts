import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Paths of the plain files of a folder, relative to it, with forward slashes, sorted. Links are not followed. */
export async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}
