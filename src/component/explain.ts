import type { ComponentInfo, DescribedComponent } from '../bundle/contract.js';
import { pidsOf } from './configuration.js';
import { describeComponent } from './description.js';
import type { ComponentInstance } from './instance.js';
import type { ComponentSet } from './set.js';

const STATES = {
  unsatisfied: 'unsatisfied-reference',
  satisfied: 'satisfied',
  activating: 'activating',
  active: 'active',
  deactivating: 'deactivating',
  failed: 'failed',
  disposed: 'disabled',
} as const;

/** @param circle of components that wait for each other, in words, where it is in one */
export function componentInfo(instance: ComponentInstance, circle?: string): ComponentInfo {
  const pid = instance.configuration?.pid;
  return {
    name: instance.label,
    bundle: instance.set.bundle.owner.name,
    ...(pid === undefined ? {} : { pid }),
    state: stateOf(instance),
    reasons: [...explain(instance), ...(circle === undefined ? [] : [circle])],
    provides: instance.contracts.map((contract) => contract.id),
    references: instance.bindings.map((binding) => ({
      name: binding.name,
      contract: binding.description.contract.id,
      ...(binding.target.text === undefined ? {} : { target: binding.target.text }),
      minimum: binding.minimum,
      satisfied: binding.satisfied(),
      bound: binding.boundReferences().length,
    })),
  };
}

/** The components of sets, as they are described. */
export function describedComponents(sets: readonly ComponentSet[]): DescribedComponent[] {
  return sets.flatMap(({ bundle, definitions, disabled }) =>
    definitions.map((definition) => {
      const description = describeComponent(definition);
      return { ...description, bundle: bundle.owner.name, enabled: !disabled?.has(description.name) };
    }),
  );
}

function stateOf(instance: ComponentInstance): ComponentInfo['state'] {
  if (instance.state === 'satisfied' && instance.failure) return 'failed';
  if (instance.state !== 'unsatisfied') return STATES[instance.state];
  if (!instance.configured()) return 'unsatisfied-configuration';
  return instance.satisfied() ? 'satisfied' : 'unsatisfied-reference';
}

/** Why a component is not active, one sentence a reason; empty when it is. */
export function explain(instance: ComponentInstance): string[] {
  if (instance.state === 'active') return [];
  if (instance.failure) return [`activation failed: ${instance.failure.message}`];
  if (instance.state === 'satisfied' && instance.satisfied()) return [instance.waitsFor];
  if (instance.state === 'activating') return ['its activate has not settled yet'];
  const reasons: string[] = [];
  if (instance.configuration?.problem) reasons.push(instance.configuration.problem);
  else if (!instance.configured())
    reasons.push(
      `it needs a configuration: write one as "${pidsOf(instance.definition)[0]}~<name>" in runtime.config.json`,
    );
  for (const binding of instance.bindings) {
    if (binding.satisfied()) continue;
    const { text, problem } = binding.target;
    if (problem !== undefined) {
      reasons.push(`reference "${binding.name}" takes nothing: ${problem}`);
      continue;
    }
    const filter = text === undefined ? '' : ` with ${text}`;
    const near = binding.nearMisses();
    const misses = near.length === 0 ? 'nobody provides it' : `there are ${near.join('; ')}`;
    reasons.push(
      `reference "${binding.name}" needs ${binding.minimum} of ${binding.description.contract.id}${filter}; ${misses}`,
    );
  }
  return reasons;
}
