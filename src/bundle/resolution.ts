import { errorMessage, RackwattError } from '../errors.js';
import type { Manifest } from './manifest.js';
import {
  CONTRACT,
  ENGINE,
  type Capability,
  PLATFORM,
  type Requirement,
  wordsOf,
  wordsOfCapability,
} from './requirement.js';
import type { Revision } from './revision.js';
import type { Lack, Wirings } from './wirings.js';

/**
 * Resolves revisions with all that they need, or changes nothing: finds their wires, then evaluates the contracts that they
 * import, those first that others import.
 * @returns those that were not resolved before
 * @throws `BUNDLE_RESOLVE` that says who lacks what, and the chain that led there
 */
export async function resolveRevisions(revisions: readonly Revision[], wirings: Wirings): Promise<Revision[]> {
  const { wires, failure } = wirings.find(revisions);
  if (failure) throw refusal(failure, wirings);
  const resolved = wirings.connect(wires);
  const evaluated = evaluate(resolved);
  for (const revision of resolved) revision.ready = evaluated;
  try {
    await evaluated;
    // Those that another operation wires just now are as far when that is.
    for (const revision of revisions) await revision.ready;
  } catch (error) {
    for (const revision of resolved) wirings.unresolve(revision);
    const [first] = revisions;
    throw error instanceof RackwattError && error.code === 'BUNDLE_RESOLVE'
      ? error
      : notResolved(first!.manifest, errorMessage(error), [], error);
  }
  return resolved;
}

/** Evaluates the contracts that revisions import. Of bundles in a circle, those first whose contracts import none of the others'. */
async function evaluate(resolved: readonly Revision[]): Promise<void> {
  const ours = new Set(resolved);
  const providers = new Set(resolved.flatMap((revision) => [...revision.providers]));
  for (const provider of providers) if (!ours.has(provider)) await provider.ready;
  let open = inOrder(resolved).filter((revision) => providers.has(revision));
  for (const provider of providers) if (!ours.has(provider)) await provider.loadContracts();
  while (open.length > 0) {
    const waiting: Revision[] = [];
    let failure: unknown;
    for (const provider of open) {
      try {
        await provider.loadContracts();
      } catch (error) {
        if (!isCycle(error)) throw error;
        failure = error;
        waiting.push(provider);
      }
    }
    if (waiting.length === open.length) throw failure;
    open = waiting;
  }
}

interface Caused {
  code?: unknown;
  cause?: Caused;
}

function isCycle(error: unknown): boolean {
  for (let each = error as Caused | undefined; each; each = each.cause) if (each.code === 'BUNDLE_CYCLE') return true;
  return false;
}

/** Providers before those who import from them, without recursion; a circle is cut where it was entered. */
function inOrder(resolved: readonly Revision[]): Revision[] {
  const ours = new Set(resolved);
  const ordered = new Set<Revision>();
  const entered = new Set<Revision>();
  const open = resolved.toReversed();
  for (let next = open.at(-1); next; next = open.at(-1)) {
    if (entered.has(next)) {
      open.pop();
      ordered.add(next);
      continue;
    }
    entered.add(next);
    for (const provider of next.providers) if (ours.has(provider) && !entered.has(provider)) open.push(provider);
  }
  return [...ordered];
}

/** Why a bundle does not resolve, from it to what nobody has, a sentence each. */
export function reasonsOf(chain: readonly Lack[], wirings: Wirings): string[] {
  return chain.map(({ requirement, candidates }) => {
    const [candidate] = candidates;
    if (!candidate) return `it needs ${wanted(requirement)}, ${lacking(requirement, wirings.near(requirement))}`;
    const { manifest } = candidate.resource as Revision;
    return `it needs ${wanted(requirement)}, and ${manifest.name} ${manifest.version} does not resolve`;
  });
}

/** What a requirement asks for, in words. */
export function wanted(requirement: Requirement): string {
  if (requirement.namespace !== PLATFORM) return wordsOf(requirement);
  const terms = requirement.filter?.terms ?? [];
  const text = requirement.filter?.toString() ?? '';
  const list = (name: string): string[] => {
    const own = terms.filter((term) => term.name === name);
    const isRefused = (term: (typeof own)[number]): boolean => text.includes(`(!${term.toString()})`);
    const named = own.filter((term) => !isRefused(term)).map((term) => term.text);
    const refused = own.filter(isRefused).map((term) => `not ${term.text}`);
    const all = [...(named.length > 0 ? [named.join(' or ')] : []), ...refused];
    return all.length > 0 ? [`${name} ${all.join(', ')}`] : [];
  };
  return [...list('os'), ...list('cpu')].join(', ');
}

/** What is there instead of what a requirement asks for, in words. @param near whatever has its name */
export function lacking({ namespace, name }: Requirement, near: readonly Capability[]): string {
  if (namespace === ENGINE) return `this is ${String(near[0]?.attributes['version'] ?? 'none')}`;
  if (namespace === PLATFORM) return `this is os ${process.platform}, cpu ${process.arch}`;
  if (near.length === 0)
    return namespace === CONTRACT ? 'which is not installed' : 'which no installed bundle provides';
  const shared = near.find(({ attributes }) => attributes['bundle'] === undefined);
  if (namespace === CONTRACT && shared) return `the container shares ${String(shared.attributes['version'])}`;
  const known = near.map((each) => (name === undefined ? wordsOfCapability(each) : String(each.attributes['version'])));
  return `${namespace === CONTRACT ? 'installed' : 'provided'} is ${known.join(', ')}`;
}

function refusal(chain: readonly Lack[], wirings: Wirings): RackwattError {
  const [first] = chain;
  const reasons = reasonsOf(chain, wirings);
  const { manifest } = first!.resource as Revision;
  const why = reasons
    .map((reason, at) => {
      if (at === 0) return reason;
      const { name, version } = (chain[at]!.resource as Revision).manifest;
      return `${name} ${version}: ${reason}`;
    })
    .join('; ');
  const links = chain.map(({ resource, requirement }) => {
    const { name, version } = (resource as Revision).manifest;
    return { bundle: name, version, needs: wanted(requirement) };
  });
  return notResolved(manifest, why, links);
}

function notResolved(
  { name, version }: Manifest,
  why: string,
  chain: readonly object[],
  cause?: unknown,
): RackwattError {
  return new RackwattError('BUNDLE_RESOLVE', `bundle ${name} ${version} does not resolve: ${why}`, {
    cause,
    context: { bundle: name, chain },
  });
}
