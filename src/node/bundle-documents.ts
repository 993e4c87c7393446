import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { errorMessage } from '../errors.js';

/** A JSON file of a bundle, or why it cannot be read. */
export type BundleDocument = { path: string; content: Buffer } | { path: string; problem: string };

const MOST_BYTES = 8 * 1024 * 1024;

/**
 * JSON files that a manifest names: files, and folders whose `*.json` count, in the order of their paths. At once, as the
 * manifest is read: they are small, and have to be in force before the bundle starts.
 */
export function bundleDocuments(root: string, named: readonly string[]): BundleDocument[] {
  return [...new Set(named.flatMap((path) => files(root, path)))].sort().map((path) => {
    try {
      const real = realpathSync(join(root, path));
      if (!real.startsWith(realpathSync(root) + sep)) return { path, problem: 'it leads out of the bundle' };
      const { size } = statSync(real);
      if (size > MOST_BYTES) return { path, problem: `it has ${size} bytes, more than the ${MOST_BYTES} allowed` };
      return { path, content: readFileSync(real) };
    } catch (error) {
      return { path, problem: errorMessage(error) };
    }
  });
}

/** Paths in the bundle; one that is not there stays, so that it is told. */
function files(root: string, path: string): string[] {
  const inside = path.replace(/^\.\//, '').replace(/\/$/, '');
  try {
    if (!statSync(join(root, inside)).isDirectory()) return [inside];
    return readdirSync(join(root, inside))
      .filter((name) => name.endsWith('.json'))
      .map((name) => `${inside}/${name}`);
  } catch (error) {
    void errorMessage(error);
    return [inside];
  }
}
