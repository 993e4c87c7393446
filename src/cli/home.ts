import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readManifest, type Manifest } from '../bundle/index.js';
import { ConfigurationStore } from '../configuration/index.js';
import { findSource, platformBundles } from '../deployment/index.js';
import { errorMessage } from '../errors.js';

export const CONFIG_FILE = 'runtime.config.json';

/** Where a command works: the folder of its `runtime.config.json`, and that file. */
export interface Home {
  folder: string;
  file: string;
}

/** `--config FILE`, else `--home DIR`, else the working folder. */
export function homeOf(options: { home?: string; config?: string }): Home {
  const file = options.config === undefined ? join(resolve(options.home ?? '.'), CONFIG_FILE) : resolve(options.config);
  return { folder: dirname(file), file };
}

/** Storage folder of a home, also where the admin socket is. */
export async function storageOf(folder: string, file = join(folder, CONFIG_FILE)): Promise<string> {
  const { framework } = await new ConfigurationStore({ file }).load();
  return resolve(folder, framework.storage);
}

/** Bundles that can add commands: those that the home's configuration names, else those that came with the runtime. */
export async function commandBundles(home: Home): Promise<{ root: string; manifest: Manifest }[]> {
  const found = new Map<string, { root: string; manifest: Manifest }>();
  const add = (root: string, manifest: Manifest): void => {
    if (Object.keys(manifest.commands).length > 0 && !found.has(manifest.name))
      found.set(manifest.name, { root, manifest });
  };
  if (existsSync(home.file)) {
    const document = await new ConfigurationStore({ file: home.file })
      .load()
      .catch((error: unknown) => void errorMessage(error));
    for (const { id } of document?.bundles ?? []) {
      const source = await findSource(id, undefined, { home: home.folder }).catch(
        (error: unknown) => void errorMessage(error),
      );
      if (source) add(source.root, source.manifest);
    }
  }
  for (const root of platformBundles(home.folder)) {
    const manifest = await readManifest(realpathSync(root)).catch((error: unknown) => void errorMessage(error));
    if (manifest) add(root, manifest);
  }
  return [...found.values()];
}
