import type { ComponentDefinition } from './define.js';

const CARDINALITIES: readonly unknown[] = ['0..1', '1..1', '0..n', '1..n'];
const REFERENCE_POLICIES: readonly unknown[] = ['static', 'dynamic'];
const CONFIGURATION_POLICIES: readonly unknown[] = [undefined, 'optional', 'require', 'ignore'];
const SCOPES: readonly unknown[] = [undefined, 'singleton', 'bundle', 'prototype'];

/**
 * The components of a bundle that can be used; the others are reported and left out, so that one slip does not keep the rest
 * down (Compendium 112.4).
 */
export function usable(
  definitions: readonly ComponentDefinition[],
  report: (component: string, message: string) => void,
): ComponentDefinition[] {
  const names = definitions.length > 1 ? new Set<string>() : undefined;
  return definitions.flatMap((definition) => {
    const { name } = definition.options as { name: unknown };
    const label = typeof name === 'string' ? name : 'a component';
    const problem = names?.has(label) ? 'its bundle describes two of this name' : problemOf(definition);
    names?.add(label);
    if (problem === undefined) return [withoutIdleHooks(definition, (message) => report(label, message))];
    report(label, `the description of ${label} cannot be used: ${problem}`);
    return [];
  });
}

/** What is wrong with a description; undefined when nothing is. Code without types may have written it. */
function problemOf({ options }: ComponentDefinition): string | undefined {
  const { name, provides, factory, immediate, serviceScope, configuration } = options;
  if (typeof name !== 'string' || name === '') return 'it has no name';
  if (typeof options.activate !== 'function') return 'it has no function "activate"';
  const contracts = contractsIn(provides);
  if (contracts === undefined) return '"provides" must be a contract, or a list of contracts';
  for (const [key, reference] of Object.entries((options.references ?? {}) as Record<string, unknown>)) {
    const { contract, cardinality, policy, injected } = (reference ?? {}) as Record<string, unknown>;
    if (!isContract(contract)) return `reference "${key}" has no contract`;
    if (!CARDINALITIES.includes(cardinality)) return `reference "${key}" has the cardinality ${String(cardinality)}`;
    if (!REFERENCE_POLICIES.includes(policy)) return `reference "${key}" has the policy ${String(policy)}`;
    if (injected === true && policy === 'dynamic')
      return `reference "${key}" is a parameter of its constructor, and cannot be dynamic: put it on a property`;
  }
  if (!CONFIGURATION_POLICIES.includes(configuration?.policy))
    return `its configuration has the policy ${String(configuration?.policy)}`;
  if (!SCOPES.includes(serviceScope)) return `its service has the scope ${String(serviceScope)}`;
  const isScoped = serviceScope === 'bundle' || serviceScope === 'prototype';
  if (isScoped && factory !== undefined) return 'a factory component has no service scope';
  if (isScoped && immediate === true) return `a service of scope ${serviceScope} cannot be immediate`;
  const isUsed = isScoped || immediate === false;
  if (isUsed && factory === undefined && contracts === 0)
    return 'it provides nothing, so that nobody could ever activate it';
  if (factory !== undefined && (typeof factory !== 'string' || factory === '')) return '"factory" must name it';
  return undefined;
}

function contractsIn(provides: unknown): number | undefined {
  if (provides === undefined) return 0;
  const list: readonly unknown[] = Array.isArray(provides) ? provides : [provides];
  return list.every(isContract) ? list.length : undefined;
}

function isContract(value: unknown): boolean {
  return typeof (value as { id?: unknown } | null | undefined)?.id === 'string';
}

/** Without what is no function: `deactivate` is missed, `modified` need not be there. */
function withoutIdleHooks(definition: ComponentDefinition, report: (message: string) => void): ComponentDefinition {
  const { deactivate, modified } = definition.options as { deactivate?: unknown; modified?: unknown };
  const idle = (hook: unknown): boolean => hook !== undefined && typeof hook !== 'function';
  if (!idle(deactivate) && !idle(modified)) return definition;
  const options = { ...definition.options };
  if (idle(deactivate)) {
    report(`"deactivate" of ${options.name} is no function: it goes down without`);
    delete options.deactivate;
  }
  if (idle(modified)) delete options.modified;
  return { ...definition, options };
}
