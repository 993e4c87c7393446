import type { Item } from '../item.js';

const ONE_TRANSACTION =
  'What is changed together here is the configuration file: one edit is one transaction, applied, proven healthy or undone whole';

export const COORDINATOR: readonly Item[] = [
  {
    number: 331,
    mark: 'USEFUL',
    behaviour: 'A coordination has participants, which are told in order that it ended or failed',
    leftOut: ONE_TRANSACTION,
  },
  {
    number: 332,
    mark: 'USEFUL',
    behaviour: 'Coordinations nest on one flow of control, and an outer one that ends ends the inner ones first',
    leftOut: ONE_TRANSACTION,
  },
  {
    number: 333,
    mark: 'USEFUL',
    behaviour: 'A coordination fails when its time is up, or nobody refers to it any more',
    leftOut: ONE_TRANSACTION,
  },
  {
    number: 334,
    mark: 'USEFUL',
    behaviour: 'A participant of two coordinations waits, or throws where that would be for ever',
    leftOut: ONE_TRANSACTION,
  },
];
