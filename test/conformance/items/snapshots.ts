import type { Item } from '../item.js';

export const SNAPSHOTS: readonly Item[] = [
  {
    number: 167,
    mark: 'USEFUL',
    behaviour:
      '`Runtime.container()` gives start levels, bundles, wires and services as plain data that no longer changes',
  },
];
