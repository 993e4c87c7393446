import { type Capability, CONTRACT, type Requirement } from './requirement.js';

/** What can be resolved: a bundle's revision, or anything with requirements and capabilities. */
export interface Resource {
  readonly requirements: readonly Requirement[];
}

/** A capability and who has it. */
export interface Candidate<R> {
  readonly resource: R;
  readonly capability: Capability;
}

export interface ResolveContext<R> {
  /** Who has what the requirement asks for, those preferred first; resources that are resolved are asked for what they offer. */
  candidates(requirement: Requirement, resource: R): readonly Candidate<R>[];
  isResolved(resource: R): boolean;
}

/** What a requirement was wired to. */
export interface ResolvedWire<R> extends Candidate<R> {
  readonly requirement: Requirement;
}

/** A requirement that nobody fulfils who could himself be resolved. */
export interface Unresolved<R> {
  readonly resource: R;
  readonly requirement: Requirement;
  /** Whom it would have been wired to, had they been resolved; those preferred first. */
  readonly candidates: readonly Candidate<R>[];
}

export type Resolution<R> =
  /** Wires of each resource that is resolved now, in the order of its requirements. */
  | { readonly wires: ReadonlyMap<R, readonly ResolvedWire<R>[]>; readonly failure?: undefined }
  /** From the resource that was wanted to the requirement that nobody fulfils. */
  | { readonly failure: readonly Unresolved<R>[]; readonly wires?: undefined };

interface Slot<R> {
  readonly node: Node<R>;
  readonly requirement: Requirement;
  readonly all: readonly Candidate<R>[];
  live: Candidate<R>[];
}

interface Node<R> {
  readonly resource: R;
  readonly slots: Slot<R>[];
  /** Slots of which this resource is a candidate. */
  readonly users: Slot<R>[];
  dead: Slot<R> | undefined;
}

/**
 * Wires resources, all of those wanted or none: each mandatory requirement to somebody who is resolved or can be, those preferred
 * first (OSGi Core, "Resolving Process"). Needs no framework.
 *
 * Everything that could take part is looked at once; then whoever lacks something goes, and with it what relied on it, until
 * nobody is left who lacks anything. What remains can be resolved, circles included, so that nothing is tried and taken back.
 */
export function resolve<R extends Resource>(wanted: readonly R[], context: ResolveContext<R>): Resolution<R> {
  const nodes = explore(wanted, context);
  eliminate(nodes);
  const failed = wanted.find((resource) => nodes.get(resource)?.dead);
  if (failed) return { failure: chainOf(failed, nodes) };
  substitute(nodes);
  return { wires: wiresOf(wanted, nodes) };
}

function explore<R extends Resource>(wanted: readonly R[], context: ResolveContext<R>): Map<R, Node<R>> {
  const nodes = new Map<R, Node<R>>();
  const open: Node<R>[] = [];
  const nodeOf = (resource: R): Node<R> => {
    let node = nodes.get(resource);
    if (!node) {
      node = { resource, slots: [], users: [], dead: undefined };
      nodes.set(resource, node);
      open.push(node);
    }
    return node;
  };
  for (const resource of wanted) if (!context.isResolved(resource)) nodeOf(resource);
  for (let node = open.pop(); node; node = open.pop()) {
    for (const requirement of node.resource.requirements) {
      if (requirement.effective !== 'resolve') continue;
      const all = context.candidates(requirement, node.resource);
      const slot: Slot<R> = { node, requirement, all, live: [...all] };
      node.slots.push(slot);
      for (const { resource } of all) if (!context.isResolved(resource)) nodeOf(resource).users.push(slot);
    }
  }
  return nodes;
}

function eliminate<R>(nodes: ReadonlyMap<R, Node<R>>): void {
  const dying: Node<R>[] = [];
  const look = (slot: Slot<R>): void => {
    if (slot.requirement.optional || slot.live.length > 0 || slot.node.dead) return;
    slot.node.dead = slot;
    dying.push(slot.node);
  };
  for (const { slots } of nodes.values()) slots.forEach(look);
  for (let node = dying.pop(); node; node = dying.pop()) {
    const { resource } = node;
    for (const slot of node.users) {
      slot.live = slot.live.filter((candidate) => candidate.resource !== resource);
      look(slot);
    }
  }
}

/**
 * Who imports a contract that it also has takes another's where that one is preferred, and then offers its own to nobody, unless
 * somebody can do with no other (OSGi Core, "Substitutable Exports").
 */
function substitute<R>(nodes: ReadonlyMap<R, Node<R>>): void {
  for (const node of nodes.values()) {
    if (node.dead) continue;
    for (const slot of node.slots) {
      const own = slot.live.findIndex(({ resource }) => resource === node.resource);
      if (own < 0 || slot.requirement.namespace !== CONTRACT) continue;
      const { capability } = slot.live[own]!;
      const isNeeded = node.users.some(
        (user) =>
          !user.node.dead &&
          !user.requirement.optional &&
          user.live.length === 1 &&
          user.live[0]!.capability === capability,
      );
      if (own === 0 || isNeeded) {
        slot.live = [slot.live[own]!];
        continue;
      }
      for (const user of node.users) user.live = user.live.filter((candidate) => candidate.capability !== capability);
    }
  }
}

/** Of what could be resolved, what those wanted need. */
function wiresOf<R>(wanted: readonly R[], nodes: ReadonlyMap<R, Node<R>>): Map<R, ResolvedWire<R>[]> {
  const wires = new Map<R, ResolvedWire<R>[]>();
  const open = wanted.toReversed();
  for (let resource = open.pop(); resource !== undefined; resource = open.pop()) {
    const node = nodes.get(resource);
    if (!node || wires.has(resource)) continue;
    const own: ResolvedWire<R>[] = [];
    wires.set(resource, own);
    for (const { requirement, live } of node.slots) {
      const [chosen] = live;
      if (!chosen) continue;
      own.push({ requirement, ...chosen });
      open.push(chosen.resource);
    }
  }
  return wires;
}

/** Each link died before the one that relied on it, so that the chain ends. */
function chainOf<R>(failed: R, nodes: ReadonlyMap<R, Node<R>>): Unresolved<R>[] {
  const chain: Unresolved<R>[] = [];
  let slot = nodes.get(failed)?.dead;
  while (slot) {
    const { node, requirement, all } = slot;
    chain.push({ resource: node.resource, requirement, candidates: all });
    const [first] = all;
    slot = first && nodes.get(first.resource)?.dead;
  }
  return chain;
}
