import type { Item } from '../item.js';

export const REFERENCES: readonly Item[] = [
  {
    number: 195,
    mark: 'CORE',
    behaviour: 'cardinality 0..1: satisfied with none; bound to the best when there is one',
  },
  { number: 196, mark: 'CORE', behaviour: '1..1: needs one; bound to the highest ranking, tie lowest service.id' },
  { number: 197, mark: 'CORE', behaviour: '0..n: all targets bound; 1..n: at least one' },
  {
    number: 198,
    mark: 'CORE',
    behaviour:
      'static: bound set fixed for the life of the instance; loss of a bound service → deactivate, and reactivate with a replacement if still satisfied',
  },
  { number: 199, mark: 'CORE', behaviour: 'static reluctant: better or additional services ignored' },
  {
    number: 200,
    mark: 'CORE',
    behaviour: 'static greedy 0..1/1..1: higher ranked service → reactivate; 0..n/1..n: any new service → reactivate',
  },
  {
    number: 201,
    mark: 'CORE',
    behaviour: 'dynamic reluctant 0..1: bind only if nothing bound; 1..1: ignore better; n: bind every new one',
  },
  {
    number: 202,
    mark: 'CORE',
    behaviour: 'dynamic greedy 0..1/1..1: better → bind the new first, then unbind the old; n: bind new',
  },
  {
    number: 203,
    mark: 'CORE',
    behaviour:
      'dynamic 1..1 loss with replacement: bind(new) then unbind(old), same instance lives on; without replacement: deactivate',
  },
  { number: 204, mark: 'CORE', behaviour: 'dynamic n loss: unbind; falls below minimum → deactivate' },
  {
    number: 205,
    mark: 'CORE',
    behaviour:
      'property change of a bound service that still matches target → updated method (static and dynamic), no rebind',
  },
  {
    number: 206,
    mark: 'CORE',
    behaviour:
      'property change after which target no longer matches → handled as loss; a not-matching service that starts to match → handled as arrival',
  },
  { number: 207, mark: 'CORE', behaviour: 'ranking change of services: greedy reacts, reluctant does not' },
  {
    number: 208,
    mark: 'CORE',
    behaviour: 'target from description; property <ref>.target from configuration overrides it',
  },
  {
    number: 209,
    mark: 'CORE',
    behaviour:
      '<ref>.cardinality.minimum raises the minimum (0..n → 3..n; 0..1 → 1..1); it cannot lower; invalid value ignored',
  },
  {
    number: 210,
    mark: 'CORE',
    behaviour: 'reference scope bundle: all instances in one bundle share the service object',
  },
  {
    number: 211,
    mark: 'CORE',
    behaviour:
      'reference scope prototype: each component instance has its own object (same object for all references within the instance); falls back to the shared one for non-prototype services',
  },
  { number: 212, mark: 'CORE', behaviour: 'prototype_required: only prototype services are targets' },
  {
    number: 213,
    mark: 'CORE',
    behaviour:
      'bind/unbind/updated forms: service, reference, ComponentServiceObjects, property map, tuple — Node: one call bind(service, props, ref)',
  },
  { number: 214, mark: 'CORE', behaviour: 'bind called once and unbind once per bound service' },
  { number: 215, mark: 'CORE', behaviour: 'bind/unbind/updated throwing: logged; activation/deactivation goes on' },
  {
    number: 216,
    mark: 'CORE',
    behaviour:
      "getting the service during bind fails (provider's activation throws): the service counts as unbound; if that breaks the minimum, this activation fails",
  },
  {
    number: 217,
    mark: 'CORE',
    behaviour: 'lookup strategy: no bind method; service obtained at first locateService and released at unbind',
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
