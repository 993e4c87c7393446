import type { Holders } from './binding.js';
import type { ComponentInstance } from './instance.js';

/**
 * Everything that must go down when `first` does, each before what it depends on, `first` last.
 *
 * A walk with its own stack instead of recursion: a chain of 100,000 is as good as one of two.
 */
export function dependantsFirst(first: ComponentInstance, holders: Holders): ComponentInstance[] {
  const plan: ComponentInstance[] = [];
  const seen = new Set<ComponentInstance>([first]);
  const stack: { instance: ComponentInstance; open: ComponentInstance[] }[] = [
    { instance: first, open: dependants(first, holders) },
  ];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.open.pop();
    if (!next) {
      plan.push(top.instance);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ instance: next, open: dependants(next, holders) });
    }
  }
  return plan;
}

function dependants(instance: ComponentInstance, holders: Holders): ComponentInstance[] {
  const found = new Set<ComponentInstance>();
  for (const id of instance.serviceIds()) {
    for (const binding of holders.get(id) ?? []) {
      if (binding.fallsWithout(id)) found.add(binding.host as ComponentInstance);
    }
  }
  return [...found];
}
