import type { Item } from '../item.js';

export const INTROSPECTION: readonly Item[] = [
  {
    number: 246,
    mark: 'USEFUL',
    behaviour:
      'ServiceComponentRuntime: description DTOs, configuration DTOs with state (UNSATISFIED_CONFIGURATION 1, UNSATISFIED_REFERENCE 2, SATISFIED 4, ACTIVE 8, FAILED_ACTIVATION 16 with the failure text), unsatisfied/satisfied reference lists, enable/disable with a promise',
  },
  { number: 247, mark: 'USEFUL', behaviour: 'service.changecount on the runtime service rises on any change' },
];
