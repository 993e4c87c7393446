import type { Item } from '../item.js';

export const SERVICES: readonly Item[] = [
  {
    number: 97,
    mark: 'CORE',
    behaviour: 'a service is registered under one or several contracts, with a copy of its properties',
  },
  {
    number: 98,
    mark: 'CORE',
    behaviour:
      "`objectClass`, `service.id`, `service.bundleid` and `service.scope` are the registry's; a caller's values are ignored",
  },
  {
    number: 99,
    mark: 'CORE',
    behaviour: '`service.id` is unique, rises, and is never reused while the container runs',
  },
  {
    number: 100,
    mark: 'CORE',
    behaviour: 'property keys compare without case and keep it; two keys that differ by case only are refused',
  },
  {
    number: 101,
    mark: 'CORE',
    behaviour: 'nothing as a service, or a service under no contract, is refused',
  },
  { number: 102, mark: 'CORE', behaviour: 'a contract named twice counts once' },
  {
    number: 103,
    mark: 'CORE',
    behaviour: 'whoever holds the registration can unregister, once; a reference gives no such power',
  },
  {
    number: 104,
    mark: 'CORE',
    behaviour:
      'services are in the order of `service.ranking`, highest first, then of their id; a ranking that is no integer counts as 0',
  },
  { number: 105, mark: 'CORE', behaviour: 'a changed ranking changes the order at once' },
  { number: 106, mark: 'CORE', behaviour: '`reference` gives the first in that order, or undefined' },
  {
    number: 107,
    mark: 'CORE',
    behaviour: 'contract and filter of `references` are optional; a wrong filter is refused; none is an empty list',
  },
  {
    number: 108,
    mark: 'CORE',
    behaviour:
      'who asks for a contract finds services of that name and major version only, who asks for none finds all; `isAssignableTo` tells',
  },
  {
    number: 109,
    mark: 'CORE',
    behaviour:
      '`get` and `release` count for each bundle, which always gets the same object; `release` gives false when nothing is held',
  },
  { number: 110, mark: 'CORE', behaviour: '`get` of a service that is gone gives undefined' },
  {
    number: 111,
    mark: 'CORE',
    behaviour: '`users` of a service, and the services that a bundle registered and holds, agree',
  },
  {
    number: 112,
    mark: 'CORE',
    behaviour: 'a reference to a service that is gone has its last properties, and no owner',
  },
  { number: 113, mark: 'CORE', behaviour: 'one registration is one reference; `compareReferences` is a stable order' },
  {
    number: 114,
    mark: 'CORE',
    behaviour:
      "`setProperties` replaces all properties but the registry's and fires MODIFIED; not on a service that is gone",
  },
  {
    number: 115,
    mark: 'CORE',
    behaviour:
      'UNREGISTERING comes while the object can still be got; then its users lose it and a factory takes it back',
  },
  {
    number: 116,
    mark: 'CORE',
    behaviour:
      'a change gives a filtered listener MODIFIED when the service matches now, MODIFIED_ENDMATCH when it did before, else nothing',
  },
  {
    number: 117,
    mark: 'CORE',
    behaviour: 'a listener for a contract hears of services of that name and major version only, one for none of all',
  },
  {
    number: 118,
    mark: 'USEFUL',
    behaviour: 'an unfiltered listener hears of all services; its filter is for hooks alone',
  },
  {
    number: 119,
    mark: 'CORE',
    behaviour:
      'scope `bundle`: a factory makes one object for each using bundle at its first `get`, and takes it back after the last `release`',
  },
  {
    number: 120,
    mark: 'CORE',
    behaviour:
      "scope `prototype`: service objects are made one by one and given back one by one; of other scopes they are the bundle's one",
  },
  { number: 121, mark: 'CORE', behaviour: '`get` of a service of scope `prototype` gives the bundle one object' },
  {
    number: 122,
    mark: 'CORE',
    behaviour: 'an object that was not handed out is not taken back, nor any of a service that is gone',
  },
  {
    number: 123,
    mark: 'CORE',
    behaviour: "a factory that throws or gives nothing: undefined for the caller, and an ERROR of the factory's bundle",
  },
  {
    number: 124,
    mark: 'CORE',
    behaviour: 'a factory that asks for the service that it is making gets undefined, and an ERROR tells',
  },
  {
    number: 125,
    mark: 'CORE',
    behaviour:
      'a bundle that stops unregisters its services, and listeners and trackers of those who hold them are told',
  },
  {
    number: 126,
    mark: 'USEFUL',
    behaviour: 'properties that are handed out are copies, or cannot be changed',
  },
  {
    number: 127,
    mark: 'USEFUL',
    behaviour:
      'hooks hide services from bundles that look, keep events from their listeners, and hear who listens to what; the container is exempt',
  },
  {
    number: 128,
    mark: 'USEFUL',
    behaviour:
      'hooks are asked in registry order, can take away and not add; what one throws is an ERROR of its bundle',
  },
  {
    number: 129,
    mark: 'USEFUL',
    behaviour: 'a `Condition` with `condition.id=true` is there before any bundle starts',
  },
];
