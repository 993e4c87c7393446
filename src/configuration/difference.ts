import { isDeepStrictEqual } from 'node:util';
import type { BundleEntry, RuntimeDocument } from './document.js';

/** What has to be done to come from one document to another. The order of bundles has no meaning. */
export interface ConfigurationDifference {
  bundlesAdded: BundleEntry[];
  bundlesRemoved: BundleEntry[];
  bundlesChanged: { previous: BundleEntry; next: BundleEntry }[];
  /** PIDs. */
  configurationsAdded: string[];
  configurationsChanged: string[];
  configurationsRemoved: string[];
  /** Keys of `framework` that changed, and `id` when the name of the node did. */
  frameworkChanged: string[];
}

export const NO_DIFFERENCE: Readonly<ConfigurationDifference> = {
  bundlesAdded: [],
  bundlesRemoved: [],
  bundlesChanged: [],
  configurationsAdded: [],
  configurationsChanged: [],
  configurationsRemoved: [],
  frameworkChanged: [],
};

export function difference(previous: RuntimeDocument, next: RuntimeDocument): ConfigurationDifference {
  const [oldBundles, newBundles] = [byId(previous), byId(next)];
  const [oldConfigurations, newConfigurations] = [previous.configurations, next.configurations];
  const settings = { ...previous.framework, ...next.framework };
  return {
    bundlesAdded: next.bundles.filter((bundle) => !oldBundles.has(bundle.id)),
    bundlesRemoved: previous.bundles.filter((bundle) => !newBundles.has(bundle.id)),
    bundlesChanged: next.bundles.flatMap((bundle) => {
      const old = oldBundles.get(bundle.id);
      return old === undefined || isDeepStrictEqual(old, bundle) ? [] : [{ previous: old, next: bundle }];
    }),
    configurationsAdded: Object.keys(newConfigurations).filter((pid) => !Object.hasOwn(oldConfigurations, pid)),
    configurationsChanged: Object.keys(newConfigurations).filter(
      (pid) =>
        Object.hasOwn(oldConfigurations, pid) && !isDeepStrictEqual(oldConfigurations[pid], newConfigurations[pid]),
    ),
    configurationsRemoved: Object.keys(oldConfigurations).filter((pid) => !Object.hasOwn(newConfigurations, pid)),
    frameworkChanged: [
      ...(previous.id === next.id ? [] : ['id']),
      ...Object.keys(settings).filter(
        (key) => !isDeepStrictEqual(Reflect.get(previous.framework, key), Reflect.get(next.framework, key)),
      ),
    ],
  };
}

export function isEmpty(change: ConfigurationDifference): boolean {
  return Object.values(change).every((part: unknown[]) => part.length === 0);
}

function byId(document: RuntimeDocument): Map<string, BundleEntry> {
  return new Map(document.bundles.map((bundle) => [bundle.id, bundle]));
}
