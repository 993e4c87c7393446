import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareText } from '../archive/format.js';
import { dependenciesOf } from '../folder.js';

/** A package that a runtime needs to run, and where it is to lie in it. */
export interface PlacedPackage {
  /** `node_modules/pino`. */
  at: string;
  /** Where it lies now. */
  folder: string;
}

/**
 * The packages that a package needs to run, each once at the top, and beside its user where versions differ: found as Node finds
 * them, laid so that Node finds them again.
 * @param except of its own dependencies
 */
export async function productionPackages(root: string, except: (name: string) => boolean): Promise<PlacedPackage[]> {
  const placed = new Map<string, string>();
  const open: { at: string; folder: string; names: string[] }[] = [
    { at: '', folder: root, names: (await dependenciesOf(root)).filter((name) => !except(name)) },
  ];
  for (let next = open.shift(); next; next = open.shift()) {
    for (const name of next.names.sort(compareText)) {
      const folder = resolved(name, next.folder);
      // An optional one that is not for this machine.
      if (folder === undefined) continue;
      const at = placeFor(name, folder, next.at, placed);
      if (at === undefined) continue;
      placed.set(at, folder);
      open.push({ at, folder, names: await dependenciesOf(folder) });
    }
  }
  return [...placed].map(([at, folder]) => ({ at, folder }));
}

/** @returns undefined where its user finds it already */
function placeFor(name: string, folder: string, user: string, placed: ReadonlyMap<string, string>): string | undefined {
  const top = `node_modules/${name}`;
  for (let at = user; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const found = placed.get(at === '' ? top : `${at}/${top}`);
    if (found === folder) return undefined;
    if (found !== undefined) return user === '' ? top : `${user}/${top}`;
    if (at === '') return top;
  }
}

function resolved(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (folder === dirname(folder)) return undefined;
  }
}
