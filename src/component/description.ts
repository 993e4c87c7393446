import { pidsOf } from './configuration.js';
import type { ComponentDefinition } from './define.js';

/** A component as plain data, for manifests, schemas and views: with the defaults of what its author left out. */
export interface ComponentDescription {
  name: string;
  provides: string[];
  /** Whether it may come up without being enabled. */
  enabled: boolean;
  /** Whether it is activated as soon as it is satisfied; else when somebody uses its service. */
  immediate: boolean;
  serviceScope: 'singleton' | 'bundle' | 'prototype';
  /** `component.factory` of a factory component. */
  factory?: string;
  references: Record<
    string,
    { contract: string; cardinality: string; policy: string; greedy: boolean; scope: string; target?: string }
  >;
  /** `pids` where there are several, `pid` being the first of them. */
  configuration: { pid: string; pids?: string[]; policy: 'optional' | 'require' | 'ignore'; schema?: object };
}

export function describeComponent(definition: ComponentDefinition): ComponentDescription {
  const { name, provides, references, configuration, enabled, immediate, serviceScope, factory } = definition.options;
  const contracts = provides === undefined ? [] : 'id' in provides ? [provides] : provides;
  const isShared = serviceScope === undefined || serviceScope === 'singleton';
  const pids = pidsOf(definition);
  return {
    name,
    provides: contracts.map((contract) => contract.id),
    enabled: enabled ?? true,
    immediate: factory === undefined && isShared && immediate !== false,
    serviceScope: serviceScope ?? 'singleton',
    ...(factory === undefined ? {} : { factory }),
    references: Object.fromEntries(
      Object.entries(references ?? {}).map(([key, { contract, cardinality, policy, greedy, scope, target }]) => [
        key,
        {
          contract: contract.id,
          cardinality,
          policy,
          greedy,
          scope: scope ?? 'bundle',
          ...(target === undefined ? {} : { target }),
        },
      ]),
    ),
    configuration: {
      pid: pids[0]!,
      ...(pids.length > 1 ? { pids } : {}),
      policy: configuration?.policy ?? 'optional',
      ...(configuration?.schema ? { schema: configuration.schema } : {}),
    },
  };
}
