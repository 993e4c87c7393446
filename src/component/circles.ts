import { parseFilter } from '../registry/index.js';
import type { ReferenceBinding } from './binding.js';
import type { ComponentInstance } from './instance.js';

/** Components of which each waits for a service that the next would provide, and the last for one of the first. */
type Circle = readonly ComponentInstance[];

/** All circles among the components that wait for a service; of several through the same components, one. */
function circlesIn(instances: Iterable<ComponentInstance>): Circle[] {
  const waiting = waitingFor(instances);
  const circles: Circle[] = [];
  for (const knot of knotsIn(waiting)) {
    const circle = around(knot[0]!, new Set(knot), waiting);
    if (circle) circles.push(circle);
  }
  return circles;
}

/** Circles in words, by each of the components that they are made of. */
export function circlesOf(instances: Iterable<ComponentInstance>): Map<ComponentInstance, string> {
  return new Map(
    circlesIn(instances).flatMap((circle) => {
      const words = circleInWords(circle);
      return circle.map((instance) => [instance, words] as const);
    }),
  );
}

/** In words, such as `a waits for acme/B@1 of b, and b for acme/A@1 of a`. */
function circleInWords(circle: Circle): string {
  const parts = circle.map((instance, i) => {
    const next = circle[(i + 1) % circle.length]!;
    const contract = missing(instance).find((binding) => couldTake(binding, next))?.target.contract?.id;
    return `${instance.label} ${i === 0 ? 'waits ' : ''}for ${contract} of ${next.label}`;
  });
  const last = parts.pop();
  return parts.length === 0 ? `${last}` : `${parts.join(', ')}, and ${last}`;
}

type Waiting = ReadonlyMap<ComponentInstance, readonly ComponentInstance[]>;

/** Each component that waits, with those that wait as well and would provide what it waits for. */
function waitingFor(instances: Iterable<ComponentInstance>): Waiting {
  const stuck = [...instances].filter((instance) => instance.state === 'unsatisfied' && instance.configured());
  const providers = new Map<string, ComponentInstance[]>();
  for (const instance of stuck)
    for (const { id } of instance.contracts) {
      const known = providers.get(id);
      if (known) known.push(instance);
      else providers.set(id, [instance]);
    }
  const nextOf = (instance: ComponentInstance): ComponentInstance[] =>
    missing(instance).flatMap((binding) =>
      (providers.get(binding.target.contract?.id ?? '') ?? []).filter((provider) => couldTake(binding, provider)),
    );
  return new Map(stuck.map((instance) => [instance, nextOf(instance)]));
}

function missing(instance: ComponentInstance): ReferenceBinding[] {
  return instance.bindings.filter((binding) => !binding.satisfied());
}

function couldTake({ target }: ReferenceBinding, provider: ComponentInstance): boolean {
  if (!provider.contracts.some(({ id }) => id === target.contract?.id) || target.problem !== undefined) return false;
  return target.text === undefined || parseFilter(target.text).matches(provider.properties);
}

/** Components that all lead to each other (Tarjan's strongly connected ones), found with a stack instead of recursion. */
function knotsIn(waiting: Waiting): ComponentInstance[][] {
  const knots: ComponentInstance[][] = [];
  const order = new Map<ComponentInstance, number>();
  const low = new Map<ComponentInstance, number>();
  const path: ComponentInstance[] = [];
  const onPath = new Set<ComponentInstance>();
  const stack: { instance: ComponentInstance; open: ComponentInstance[] }[] = [];
  const enter = (instance: ComponentInstance): void => {
    order.set(instance, order.size);
    low.set(instance, order.size - 1);
    path.push(instance);
    onPath.add(instance);
    stack.push({ instance, open: [...(waiting.get(instance) ?? [])] });
  };
  const sink = (instance: ComponentInstance, to: number): void =>
    void low.set(instance, Math.min(low.get(instance)!, to));
  for (const root of waiting.keys()) {
    if (!order.has(root)) enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.open.pop();
      if (next && !order.has(next)) enter(next);
      else if (next && onPath.has(next)) sink(top.instance, order.get(next)!);
      else if (!next) {
        stack.pop();
        const { instance } = top;
        const before = stack.at(-1);
        if (before) sink(before.instance, low.get(instance)!);
        if (low.get(instance) !== order.get(instance)) continue;
        const knot = path.splice(path.lastIndexOf(instance));
        for (const member of knot) onPath.delete(member);
        knots.push(knot);
      }
    }
  }
  return knots;
}

/** The shortest way from a component back to itself. */
function around(
  first: ComponentInstance,
  within: ReadonlySet<ComponentInstance>,
  waiting: Waiting,
): Circle | undefined {
  const before = new Map<ComponentInstance, ComponentInstance>();
  const queue = [first];
  for (const instance of queue)
    for (const next of waiting.get(instance) ?? []) {
      if (next === first) {
        const circle = [instance];
        for (let back = before.get(instance); back; back = before.get(back)) circle.unshift(back);
        return circle;
      }
      if (!within.has(next) || before.has(next)) continue;
      before.set(next, instance);
      queue.push(next);
    }
  return undefined;
}

/** ms before those that wait are looked at: what they wait for may just be starting. */
const PAUSE = 1_000;

/** Says, once, which components wait for each other: each of them alone only knows that a service is missing. */
export class CircleWatch {
  readonly #instances: () => Iterable<ComponentInstance>;
  readonly #told = new WeakMap<ComponentInstance, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(instances: () => Iterable<ComponentInstance>) {
    this.#instances = instances;
  }

  /** A component begins to wait. */
  waits(): void {
    this.#timer ??= setTimeout(() => this.#look(), PAUSE).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    for (const circle of circlesIn(this.#instances())) {
      const words = circleInWords(circle);
      if (circle.every((instance) => this.#told.get(instance) === words)) continue;
      for (const instance of circle) this.#told.set(instance, words);
      circle[0]!.log.warn(`${words}: none of them can come up`);
    }
  }
}
