import type { ComponentDefinition } from './define.js';

/** What components use that will go: by the component that is the first to use it, a sentence for each contract. */
export function deprecations(definitions: readonly ComponentDefinition[]): [component: string, sentence: string][] {
  let said: Map<string, [string, string]> | undefined;
  for (const { options } of definitions)
    for (const { contract } of Object.values(options.references ?? {}))
      if (contract.deprecated !== undefined && !said?.has(contract.id))
        (said ??= new Map()).set(contract.id, [
          options.name,
          `uses ${contract.id}, which is deprecated: ${contract.deprecated}`,
        ]);
  return said ? [...said.values()] : [];
}
