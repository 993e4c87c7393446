import type { ServiceReference } from '../registry/types.js';
import type { Holders } from './binding.js';
import type { ComponentInstance } from './instance.js';

/** Everything that must go down when `first` does, each before what it depends on, `first` last. */
export function dependantsFirst(first: ComponentInstance, holders: Holders): ComponentInstance[] {
  return walk([first], holders);
}

/** Whether a service goes when an instance goes down. */
export function fallsWith(instance: ComponentInstance, service: ServiceReference, holders: Holders): boolean {
  // A service that is just being registered is not among those of its component yet.
  const provider = service.property('component.id');
  return dependantsFirst(instance, holders).some(({ id }) => id === provider);
}

/** Everything that must go down when these services go, each before what it depends on. */
export function fallingWithout(services: readonly number[], holders: Holders): ComponentInstance[] {
  return walk(dependants(services, holders), holders);
}

/** A walk with its own stack instead of recursion: a chain of 100,000 is as good as one of two. */
function walk(roots: readonly ComponentInstance[], holders: Holders): ComponentInstance[] {
  const plan: ComponentInstance[] = [];
  const seen = new Set<ComponentInstance>();
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    const stack = [{ instance: root, open: dependants(root.serviceIds(), holders) }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.open.pop();
      if (!next) {
        plan.push(top.instance);
        stack.pop();
      } else if (!seen.has(next)) {
        seen.add(next);
        stack.push({ instance: next, open: dependants(next.serviceIds(), holders) });
      }
    }
  }
  return plan;
}

function dependants(services: readonly number[], holders: Holders): ComponentInstance[] {
  const found = new Set<ComponentInstance>();
  for (const id of services) {
    for (const binding of holders.get(id) ?? []) {
      if (binding.fallsWithout(id)) found.add((binding.host as ComponentInstance).whole);
    }
  }
  return [...found];
}

/** Components that are activated when this one gets their services, each behind what it needs itself. */
export function neededFirst(
  root: ComponentInstance,
  offers: ReadonlyMap<number, ComponentInstance>,
): ComponentInstance[] {
  const plan: ComponentInstance[] = [];
  const seen = new Set([root]);
  const stack = [{ instance: root, open: needed(root, offers) }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.open.pop();
    if (!next) {
      if (top.instance !== root) plan.push(top.instance);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ instance: next, open: needed(next, offers) });
    }
  }
  return plan;
}

function needed(instance: ComponentInstance, offers: ReadonlyMap<number, ComponentInstance>): ComponentInstance[] {
  return instance.bindings.flatMap((binding) =>
    binding.wanted().flatMap(({ id }) => {
      const offer = offers.get(id);
      return offer?.state === 'satisfied' ? [offer] : [];
    }),
  );
}
