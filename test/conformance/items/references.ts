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
    behaviour:
      'field-option replace/update for dynamic collections: replace sets a new collection, update mutates the existing one',
  },
  {
    number: 219,
    mark: 'CORE',
    behaviour:
      'constructor injection of references, activation objects (context, props); only static references (a constructor argument cannot be dynamic)',
  },
  { number: 220, mark: 'USEFUL', behaviour: 'Optional-typed 0..1 constructor/field injection' },
  {
    number: 221,
    mark: 'USEFUL',
    behaviour:
      'AnyService: reference to any interface; needs a target, without one it is never satisfied if mandatory and empty if optional',
  },
  {
    number: 222,
    mark: 'USEFUL',
    behaviour:
      'satisfying condition: each component has an implicit static 1..1 reference osgi.ds.satisfying.condition with target (osgi.condition.id=true) unless declared; its target can be configured',
  },
  {
    number: 223,
    mark: 'CORE',
    behaviour:
      'circular references: detected; cycle of only mandatory immediate-or-needed references is not satisfied and logged; a cycle with an optional reference is broken by binding that one to none, later bound dynamically if the policy allows',
  },
  {
    number: 224,
    mark: 'CORE',
    behaviour:
      "a delayed-service cycle where A's activation asks for B, whose activation asks for A: the inner get yields null + log, no endless recursion",
  },
  {
    number: 225,
    mark: 'CORE',
    behaviour:
      "disabling/losing one provider used by many: each dependent is handled exactly once, dependents' dependents in turn (no double deactivate)",
  },
];
