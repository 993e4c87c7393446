import type { ComponentDefinition } from './define.js';
import { pidOf } from './engine.js';

/** A component as plain data, for manifests, schemas and views. */
export interface ComponentDescription {
  name: string;
  provides: string[];
  references: Record<string, { contract: string; cardinality: string; policy: string; target?: string }>;
  configuration: { pid: string; policy: 'optional' | 'require' | 'ignore'; schema?: object };
}

export function describeComponent(definition: ComponentDefinition): ComponentDescription {
  const { name, provides, references, configuration } = definition.options;
  const contracts = provides === undefined ? [] : 'id' in provides ? [provides] : provides;
  return {
    name,
    provides: contracts.map((contract) => contract.id),
    references: Object.fromEntries(
      Object.entries(references ?? {}).map(([key, { contract, cardinality, policy, target }]) => [
        key,
        { contract: contract.id, cardinality, policy, ...(target === undefined ? {} : { target }) },
      ]),
    ),
    configuration: {
      pid: pidOf(definition),
      policy: configuration?.policy ?? 'optional',
      ...(configuration?.schema ? { schema: configuration.schema } : {}),
    },
  };
}
