import type { Item } from '../item.js';

export const REFERENCES: readonly Item[] = [
  {
    number: 195,
    mark: 'CORE',
    behaviour: 'an `optional` reference is satisfied by none, and bound to the best service there is',
  },
  {
    number: 196,
    mark: 'CORE',
    behaviour: '`one` needs a service, and is bound to the highest ranking, then the oldest',
  },
  { number: 197, mark: 'CORE', behaviour: '`many` binds all there are, best first; with `atLeastOne` it needs one' },
  {
    number: 198,
    mark: 'CORE',
    behaviour:
      'what is bound statically stays so while the component is up; when one goes the component restarts with what is left, or stays down',
  },
  { number: 199, mark: 'CORE', behaviour: 'a static reference ignores better and further services' },
  {
    number: 200,
    mark: 'CORE',
    behaviour:
      'a static `greedy` reference restarts the component for a better service, or for any further one where it takes many',
  },
  {
    number: 201,
    mark: 'CORE',
    behaviour:
      'a dynamic reference takes a service where it has none, ignores better ones, and takes every further one where it takes many',
  },
  {
    number: 202,
    mark: 'CORE',
    behaviour: 'a dynamic `greedy` reference binds the better service before it lets the other go',
  },
  {
    number: 203,
    mark: 'CORE',
    behaviour:
      'a dynamic reference binds another service before the one that goes is let go; without another, `one` takes the component down',
  },
  {
    number: 204,
    mark: 'CORE',
    behaviour: 'a dynamic reference to many lets go what goes, and takes the component down below its minimum',
  },
  {
    number: 205,
    mark: 'CORE',
    behaviour:
      'changed properties of a bound service that still matches reach `updated`, static or dynamic, and nothing restarts',
  },
  {
    number: 206,
    mark: 'CORE',
    behaviour: 'a change that leaves the target is a loss, one that enters it an arrival',
  },
  { number: 207, mark: 'CORE', behaviour: 'a change of ranking moves `greedy` references only' },
  {
    number: 208,
    mark: 'CORE',
    behaviour:
      'configuration `<reference>.target` overrides the filter of the description, and is taken alive where the component can',
  },
  {
    number: 209,
    mark: 'CORE',
    behaviour:
      'configuration `<reference>.cardinality.minimum` raises the minimum, never lowers it; an invalid one is ignored',
  },
  {
    number: 210,
    mark: 'CORE',
    behaviour: 'with the scope `bundle`, all components of a bundle share one service object',
  },
  {
    number: 211,
    mark: 'CORE',
    behaviour:
      'with the scope `prototype`, each component has an object of its own, the same for all its references; of other services the shared one',
  },
  { number: 212, mark: 'CORE', behaviour: 'with the scope `prototype-required`, prototypes only are taken' },
  {
    number: 213,
    mark: 'CORE',
    behaviour: '`bind`, `updated` and `unbind` get one event: the service, its properties, its id and its reference',
  },
  {
    number: 214,
    mark: 'CORE',
    behaviour: '`bind` and `unbind` are called once for each service, in the order of the references and in reverse',
  },
  { number: 215, mark: 'CORE', behaviour: 'a handler that throws or rejects is logged, and everything goes on' },
  {
    number: 216,
    mark: 'CORE',
    behaviour:
      'a service whose provider fails to give it counts as not there; where that breaks the minimum, the activation fails',
  },
  {
    number: 217,
    mark: 'CORE',
    behaviour: 'a `lookup` gets the object at the first call and gives it back when the service is unbound',
  },
  {
    number: 218,
    mark: 'USEFUL',
    behaviour: 'a dynamic collection changes in place, and a copy of it does not',
    differs: 'nothing is to be chosen: the one collection is updated, and is copied where it must stay as it is',
  },
  {
    number: 219,
    mark: 'CORE',
    behaviour:
      "static references, the configuration and the context are injected where objects are constructed: a class's constructor, an object's private parts",
  },
  { number: 220, mark: 'USEFUL', behaviour: 'an `optional` reference gives the service or `undefined`' },
  {
    number: 221,
    mark: 'USEFUL',
    behaviour: 'a reference to `AnyService` takes services of any contract by its target, and none without one',
  },
  {
    number: 222,
    mark: 'USEFUL',
    behaviour:
      'every component waits for the condition `satisfying.condition`: one that always holds, unless a configuration sets its target or the component declares it',
  },
  {
    number: 223,
    mark: 'CORE',
    behaviour:
      'components that all wait for each other stay down, which is logged; an optional reference breaks the circle, and follows later where it can',
  },
  {
    number: 224,
    mark: 'CORE',
    behaviour:
      'where getting a service activates a component that asks for the first one again, the inner one gets nothing, and it is logged',
  },
  {
    number: 225,
    mark: 'CORE',
    behaviour: 'when a provider of many goes, each dependent is deactivated once, after its own dependents',
  },
];
