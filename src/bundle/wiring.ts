import { RackwattError } from '../errors.js';
import type { Manifest } from './manifest.js';
import { isAtLeast, satisfies } from './versions.js';

/** What can be imported: a bundle's contracts, or a module that the container shares. */
export interface Provider<R> {
  readonly manifest: Manifest;
  readonly revision: R;
}

/** Wires of a revision: import name to the revision whose contract it gets. */
export type Wires<R> = ReadonlyMap<string, R>;

/** Versions of the modules that the container shares, by name. */
export interface SharedVersions {
  get(name: string): string | undefined;
}

/**
 * Finds a provider for every import of a bundle: the highest version in range, the one installed first among equals
 * (OSGi Core, "Provider Selection").
 *
 * @param providersOf the installed bundles of a name, the first one first
 * @param shared modules of the container by name, with their versions
 * @throws `BUNDLE_RESOLVE` that names what is missing, what was wanted and what was found
 */
export function wire<R>(
  manifest: Manifest,
  providersOf: (name: string) => readonly Provider<R>[],
  shared: SharedVersions,
  runtimeVersion: string,
): Map<string, R> {
  if (!satisfies(runtimeVersion, manifest.runtime)) {
    throw unresolved(manifest, `it needs rackwatt ${manifest.runtime}, this is ${runtimeVersion}`);
  }
  const wires = new Map<string, R>();
  for (const [name, range] of Object.entries(manifest.imports)) {
    const host = shared.get(name);
    if (host !== undefined) {
      if (!satisfies(host, range))
        throw unresolved(manifest, `it needs ${name} ${range}, the container shares ${host}`);
      continue;
    }
    const found = providersOf(name).filter((provider) => provider.manifest.contracts.length > 0);
    const best = found
      .filter((provider) => satisfies(provider.manifest.version, range))
      .reduce<Provider<R> | undefined>(
        (a, b) => (a && isAtLeast(a.manifest.version, b.manifest.version) ? a : b),
        undefined,
      );
    if (best) wires.set(name, best.revision);
    else {
      const versions = found.map((provider) => provider.manifest.version).join(', ');
      throw unresolved(
        manifest,
        versions
          ? `it needs ${name} ${range}, installed is ${versions}`
          : `it needs ${name} ${range}, which is not installed`,
      );
    }
  }
  return wires;
}

function unresolved(manifest: Manifest, why: string): RackwattError {
  return new RackwattError('BUNDLE_RESOLVE', `bundle ${manifest.name} ${manifest.version} does not resolve: ${why}`, {
    context: { bundle: manifest.name },
  });
}
