import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { readManifest, type RevisionSource } from '../bundle/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { runtimeFolder } from '../runtime-folder.js';

/**
 * Finds what a bundle entry of the configuration names:
 *
 * - `link:PATH`: a folder run in place, relative to the configuration file; for development;
 * - `platform:NAME`: a bundle that came with the installed runtime, as trusted as the runtime itself;
 * - `store:NAME@VERSION`: an installed archive, in the content-addressed store.
 */
export type SourceKind = 'link' | 'platform' | 'store';

export interface SourceOptions {
  /** Folder of the configuration file. */
  home: string;
  /** Folder of another runtime whose bundles count as those that came with this one. */
  factory?: string | undefined;
  /** Finds an installed archive. */
  store?(name: string, version: string, digest: string | undefined): Promise<RevisionSource>;
}

/** @throws `BUNDLE_NOT_FOUND`, `BUNDLE_MANIFEST` */
export async function findSource(
  id: string,
  digest: string | undefined,
  options: SourceOptions,
): Promise<RevisionSource> {
  const colon = id.indexOf(':');
  const [kind, rest] = [id.slice(0, colon), id.slice(colon + 1)];
  if (kind === 'link') return folderSource(id, resolve(options.home, rest));
  if (kind === 'platform') return folderSource(id, platformFolder(rest, options));
  if (kind === 'store' && options.store) {
    const at = rest.lastIndexOf('@');
    if (at > 0) return options.store(rest.slice(0, at), rest.slice(at + 1), digest);
  }
  throw new RackwattError(
    'BUNDLE_NOT_FOUND',
    `the bundle id "${id}" is none of link:PATH, platform:NAME and store:NAME@VERSION`,
  );
}

async function folderSource(location: string, folder: string): Promise<RevisionSource> {
  let root: string;
  try {
    root = realpathSync(folder);
  } catch (error) {
    throw new RackwattError('BUNDLE_NOT_FOUND', `there is no bundle folder ${folder} (${location})`, { cause: error });
  }
  return { location, root, manifest: await readManifest(root) };
}

function platformFolder(name: string, { home, factory }: SourceOptions): string {
  for (const folder of [runtimeFolder, ...(factory === undefined ? [] : [factory]), home]) {
    try {
      return dirname(createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`));
    } catch (error) {
      void errorMessage(error);
    }
  }
  throw new RackwattError(
    'BUNDLE_NOT_FOUND',
    `the bundle ${name} did not come with this runtime (looked beside ${runtimeFolder} and in ${home})`,
  );
}

/** Folders of all bundles of the `@rackwatt` scope that can be reached from the runtime or a project. */
export function platformBundles(home: string): string[] {
  const found = new Map<string, string>();
  for (let folder of [runtimeFolder, resolve(home)]) {
    for (; ; folder = dirname(folder)) {
      const scope = join(folder, 'node_modules', '@rackwatt');
      if (existsSync(scope))
        for (const name of readdirSync(scope)) if (!found.has(name)) found.set(name, realpathSync(join(scope, name)));
      if (folder === dirname(folder)) break;
    }
  }
  return [...found.values()];
}
