import type { Item } from '../item.js';

export const COORDINATOR: readonly Item[] = [
  {
    number: 331,
    mark: 'USEFUL',
    behaviour:
      "begin/create (named, time-out), addParticipant, end → participants' ended() in adding order; fail → failed(); end on failed throws FAILED, on partial error PARTIALLY_ENDED",
  },
  {
    number: 332,
    mark: 'USEFUL',
    behaviour:
      'nesting on one flow of control: ending an outer one ends inner ones first (Node: AsyncLocalStorage is the stand-in for the thread)',
  },
  { number: 333, mark: 'USEFUL', behaviour: 'time-out fails it; orphan (unreferenced) is failed' },
  { number: 334, mark: 'USEFUL', behaviour: 'participant in two coordinations waits/throws on deadlock' },
];
