import type { Item } from '../item.js';

export const INTROSPECTION: readonly Item[] = [
  {
    number: 246,
    mark: 'USEFUL',
    behaviour:
      'descriptions, instances with their states and references, and enabling and disabling are plain data and promises of the Runtime service',
  },
  {
    number: 247,
    mark: 'USEFUL',
    behaviour: 'service.changecount of the Runtime service rises with every change of a component',
  },
];
