import type { Bundle } from './bundle.js';
import type { BundleHost } from './bundle-host.js';
import type { Revision } from './revision.js';
import { allExclusively } from './update.js';

/** What a refresh needs of the framework. */
export interface RefreshHost extends Pick<BundleHost, 'wirings' | 'error'> {
  readonly components: { readonly drain: number };
  bundle(name: string): Bundle | undefined;
}

/** Revisions of bundles, and of those that are wired to them, to any depth, whatever revision it is. */
export function dependents(bundles: Iterable<Bundle>, host: RefreshHost): Set<Revision> {
  return dependentsOf(
    Array.from(bundles, ({ revision }) => revision),
    host,
  );
}

/** The same of the bundles of revisions. */
export function dependentsOf(revisions: Iterable<Revision>, host: RefreshHost): Set<Revision> {
  const pending = Map.groupBy(host.wirings.removalPending(), ({ manifest }) => manifest.name);
  const found = new Set<Revision>();
  const names = new Set<string>();
  const open: Revision[] = [];
  const enter = (revision: Revision): void => {
    const { name } = revision.manifest;
    open.push(revision);
    if (names.has(name)) return;
    names.add(name);
    open.push(...(pending.get(name) ?? []));
    const current = host.bundle(name)?.revision;
    if (current) open.push(current);
  };
  for (const revision of revisions) enter(revision);
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    for (const { requirer } of next.wiring?.providedWires() ?? []) enter(requirer);
  }
  return found;
}

/**
 * Wires revisions anew (OSGi Core, "Refreshing"): stops the active bundles among them, the last started first, takes all wires from
 * them, drops what no bundle is any more, and starts again what was active. A bundle that does not start does not
 * keep others from it.
 * @returns the bundles, in the order in which they start
 */
export async function refresh(revisions: ReadonlySet<Revision>, host: RefreshHost): Promise<Bundle[]> {
  const names = new Set(Array.from(revisions, ({ manifest }) => manifest.name));
  const bundles = [...names]
    .flatMap((name) => host.bundle(name) ?? [])
    .sort((one, two) => one.startLevel - two.startLevel || one.id - two.id);
  await allExclusively(bundles, async () => {
    const active = bundles.filter(({ state }) => state === 'ACTIVE');
    const report = (bundle: Bundle) => (error: unknown) => host.error(bundle, error);
    for (const bundle of active.toReversed()) await bundle.halt({ drain: host.components.drain }).catch(report(bundle));
    for (const revision of revisions) host.wirings.unresolve(revision);
    for (const bundle of bundles) bundle.unresolved();
    for (const bundle of active) await bundle.launch().catch(report(bundle));
  });
  return bundles;
}
