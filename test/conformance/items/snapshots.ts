import type { Item } from '../item.js';

export const SNAPSHOTS: readonly Item[] = [
  {
    number: 167,
    mark: 'USEFUL',
    behaviour:
      'snapshots for framework, bundle, wiring, start level, service references as plain JSON-able objects; no live references',
  },
];
