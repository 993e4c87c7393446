import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hostModules, type HostModules } from '../space/host.js';
import { VERSION } from '../version.js';
import type { SharedVersions } from './wirings.js';

const require = createRequire(import.meta.url);

/** Modules that every bundle may import beside its own, with the version range it may ask for in `peerDependencies`. */
const SHARED: ReadonlySet<string> = new Set(['awilix', 'pino', 'reflect-metadata', 'typebox', 'tsyringe']);

/** The shared modules and their versions. `rackwatt` is given by the caller, who alone may import the whole of it. */
export function containerModules(rackwatt: unknown): { host: HostModules; shared: SharedVersions } {
  const known = new Map<string, string>([['rackwatt', VERSION]]);
  const get = (name: string): string | undefined => {
    if (!known.has(name) && SHARED.has(name)) known.set(name, versionOf(name));
    return known.get(name);
  };
  return { host: hostModules({ rackwatt }), shared: { get } };
}

function versionOf(name: string): string {
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === name && manifest.version) return manifest.version;
    } catch (missing) {
      void missing;
    }
    if (folder === dirname(folder)) return '0.0.0';
  }
}
