import type { Bundle, Framework, Revision } from '../bundle/index.js';
import { collectGarbage, whoHolds, type Holder, type RevisionTokens } from '../space/index.js';

/** An old revision that should be gone. */
export interface HeldReport {
  /** `@rackwatt/http@1.2.0#7`: the seventh revision of all that this process loaded. */
  revision: string;
  /** When it was dropped; absent for contracts, which are dropped by whoever imported them. */
  since?: string;
  /** Estimate of what would be free without it; absent when nobody looked. */
  kilobytes?: number;
  /** Absent when nobody looked. */
  holders?: Holder[];
}

/** What `rackwatt bundle doctor` tells. */
export interface Diagnosis {
  name: string;
  version: string;
  state: string;
  /** What runs now. */
  live: {
    components: Record<string, number>;
    services: number;
    /** What its modules have open, by kind: timers, sockets, servers ... */
    effects: Record<string, number>;
  };
  held: HeldReport[];
  /** Contracts of old revisions that bundles still import; they go when those are updated or stopped. */
  contracts: { revision: string; users: string[] }[];
  /** ms for which the node stood still at the longest, for the collection of garbage and for the snapshot. */
  pauses: { collection: number; snapshot?: number };
  /** MB of the heap that was looked at. */
  heap?: number;
}

const CONTRACTS = ' contracts';

/** Looks for old revisions of a bundle that are still in memory, and for what holds them. @param look take a heap snapshot when there is one */
export async function diagnose(
  framework: Framework,
  tokens: RevisionTokens,
  bundle: Bundle,
  look: boolean,
): Promise<Diagnosis> {
  const contracts = contractUsers(framework);
  const isOf = (label: string): boolean => label.slice(0, label.lastIndexOf('@')) === bundle.name;
  /** Revisions that should be gone, of all bundles: they may hold each other. */
  const old = () =>
    tokens
      .revisions()
      .filter(
        ({ label, droppedAt }) => droppedAt !== undefined || (label.endsWith(CONTRACTS) && !contracts.has(label)),
      );
  const collection = await collectGarbage(() => !old().some(({ label }) => isOf(label)));
  const left = old();
  const held: HeldReport[] = left
    .filter(({ label }) => isOf(label))
    .map(({ label, droppedAt }) => ({
      revision: label,
      ...(droppedAt === undefined ? {} : { since: new Date(droppedAt).toISOString() }),
    }));
  const diagnosis: Diagnosis = {
    name: bundle.name,
    version: bundle.version,
    state: bundle.state,
    live: live(framework, bundle),
    held,
    contracts: [...contracts]
      .filter(([label]) => isOf(label) && label !== bundle.revision.label + CONTRACTS)
      .map(([revision, users]) => ({ revision, users: [...users] })),
    pauses: { collection },
  };
  if (held.length === 0 || !look) return diagnosis;
  // The references that were looked at are weak again in the next task.
  await new Promise((go) => setTimeout(go, 0));
  const { revisions, pause, heap } = await whoHolds(left.map(({ label }) => label));
  const known = new Map(revisions.map((revision) => [revision.label, revision]));
  return {
    ...diagnosis,
    // What the snapshot no longer shows was collected while it was taken.
    held: held.flatMap((report) => {
      const found = known.get(report.revision);
      return found ? [{ ...report, kilobytes: Math.round(found.bytes / 1024), holders: found.holders }] : [];
    }),
    pauses: { collection, snapshot: pause },
    heap: Math.round(heap / 1_048_576),
  };
}

function live(framework: Framework, bundle: Bundle): Diagnosis['live'] {
  const count = (labels: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };
  const instances = framework.components.instances().filter(({ set }) => set.bundle.owner.name === bundle.name);
  const services = framework.registry.references(undefined).filter(({ owner }) => owner?.name === bundle.name);
  return {
    components: count(instances.map(({ state }) => state)),
    services: services.length,
    effects: count((bundle.revision.space?.effects() ?? []).map(kindOf)),
  };
}

/** Timers of any length are of one kind: requests under way have one each, with what was left of their time. */
function kindOf(label: string): string {
  return label.startsWith('timer ') ? 'timer' : label;
}

/** Labels of contract spaces that are in use, with the bundles that import them. */
function contractUsers(framework: Framework): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>();
  const visit = (revision: Revision, user: string, seen: Set<Revision>): void => {
    if (seen.has(revision)) return;
    seen.add(revision);
    for (const provider of revision.providers) {
      const label = provider.label + CONTRACTS;
      users.set(label, (users.get(label) ?? new Set()).add(user));
      visit(provider, user, seen);
    }
  };
  for (const bundle of framework.bundles()) {
    const own = bundle.revision.label + CONTRACTS;
    users.set(own, users.get(own) ?? new Set());
    visit(bundle.revision, bundle.name, new Set());
  }
  return users;
}
