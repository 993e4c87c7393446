import type { Item } from '../item.js';

export const SERVICES: readonly Item[] = [
  {
    number: 97,
    mark: 'CORE',
    behaviour:
      "register under one or several interface names (non-empty); properties copied at registration, later changes to the caller's object have no effect",
  },
  {
    number: 98,
    mark: 'CORE',
    behaviour:
      "objectClass, service.id, service.bundleid, service.scope are set by the framework and a caller's values for them are ignored",
  },
  { number: 99, mark: 'CORE', behaviour: 'service.id is unique, rising, never reused while the framework is up' },
  {
    number: 100,
    mark: 'CORE',
    behaviour:
      'property keys are case-insensitive: two keys that differ by case throw; lookup ignores case; original case kept',
  },
  {
    number: 101,
    mark: 'CORE',
    behaviour:
      'registering a null/undefined service or an empty name list throws; Java: object must be an instance of each named class. Node: names are strings, an optional contract check may be offered',
  },
  { number: 102, mark: 'CORE', behaviour: 'duplicate names in the list are tolerated' },
  {
    number: 103,
    mark: 'CORE',
    behaviour:
      'register returns a ServiceRegistration held by the registrant only; unregister() by anyone holding it works once, second call throws IllegalState',
  },
  {
    number: 104,
    mark: 'CORE',
    behaviour:
      'order: highest service.ranking first; tie → lowest service.id; ranking that is not an integer counts as 0',
  },
  { number: 105, mark: 'CORE', behaviour: 'changing ranking by setProperties reorders at once' },
  { number: 106, mark: 'CORE', behaviour: 'getServiceReference(name) = first of that order, or undefined' },
  {
    number: 107,
    mark: 'CORE',
    behaviour:
      'getServiceReferences(name, filter): both optional; invalid filter throws InvalidSyntax; none → null in Java, Node: empty array',
  },
  {
    number: 108,
    mark: 'CORE',
    behaviour:
      'getServiceReferences hides services whose named interfaces come from a different wire for the asking bundle; getAllServiceReferences does not. Node: contract-version check by isAssignableTo',
  },
  {
    number: 109,
    mark: 'CORE',
    behaviour:
      "getService raises the bundle's use count, ungetService lowers it, returns false at 0; the same bundle gets the same object",
  },
  { number: 110, mark: 'CORE', behaviour: 'getService on a reference whose service is gone gives null, no throw' },
  {
    number: 111,
    mark: 'CORE',
    behaviour:
      'getUsingBundles lists bundles with use count > 0; bundle.getServicesInUse and getRegisteredServices agree',
  },
  {
    number: 112,
    mark: 'CORE',
    behaviour: 'reference.getProperty after unregister still answers with the last values; getBundle becomes null',
  },
  { number: 113, mark: 'CORE', behaviour: 'reference compare/equals/hash: same registration ⇒ equal; order is stable' },
  {
    number: 114,
    mark: 'CORE',
    behaviour:
      'setProperties replaces the whole property set (framework-owned keys kept) and fires MODIFIED; on an unregistered service throws',
  },
  {
    number: 115,
    mark: 'CORE',
    behaviour:
      "unregister order: UNREGISTERING event while the service is still gettable → removed from the registry → every using bundle's count dropped and, for factories, ungetService called",
  },
  {
    number: 116,
    mark: 'CORE',
    behaviour:
      'listener filter + properties change: was match and still match → MODIFIED; was match, now not → MODIFIED_ENDMATCH; was not, now match → MODIFIED; neither → nothing',
  },
  {
    number: 117,
    mark: 'CORE',
    behaviour:
      'a listener gets no event for a service its bundle cannot see as assignable, unless it is an AllServiceListener',
  },
  { number: 118, mark: 'USEFUL', behaviour: 'UnfilteredServiceListener gets all events whatever its filter' },
  {
    number: 119,
    mark: 'CORE',
    behaviour:
      'bundle scope (ServiceFactory): one object per using bundle, made on first get, ungetService called when the count goes to 0 or the service goes away',
  },
  {
    number: 120,
    mark: 'CORE',
    behaviour:
      'prototype scope (PrototypeServiceFactory + ServiceObjects): each ServiceObjects.getService makes a new object; ungetService(obj) returns it; ServiceObjects on a singleton/bundle service hands out the one object',
  },
  { number: 121, mark: 'CORE', behaviour: 'getService on a prototype service acts like bundle scope' },
  {
    number: 122,
    mark: 'CORE',
    behaviour:
      'releasing an object through ServiceObjects that it did not hand out throws IllegalArgument; a gone service throws IllegalState',
  },
  {
    number: 123,
    mark: 'CORE',
    behaviour:
      'a factory that returns null, throws, or (Java) returns a wrong type: getService gives null and FrameworkEvent ERROR with ServiceException FACTORY_ERROR / FACTORY_EXCEPTION',
  },
  {
    number: 124,
    mark: 'CORE',
    behaviour:
      'a factory whose getService asks for the same service again gets null and a FACTORY_RECURSION ServiceException (Framework ERROR), no endless loop',
  },
  {
    number: 125,
    mark: 'CORE',
    behaviour:
      'stopping a bundle unregisters its services in a way that listeners see UNREGISTERING for each and any bundle still holding the object is told by its listener/tracker',
  },
  {
    number: 126,
    mark: 'USEFUL',
    behaviour:
      'ServiceReference.adapt / getProperties copy; property values that are arrays or collections come back as copies',
  },
  {
    number: 127,
    mark: 'USEFUL',
    behaviour:
      'service hooks: FindHook shrinks results, EventListenerHook shrinks listeners, ListenerHook is told about added/removed listeners (incl. all existing at registration), system bundle not affected for FindHook results',
  },
  {
    number: 128,
    mark: 'USEFUL',
    behaviour: 'hooks run in ranking order, cannot add elements (Unsupported), exceptions are contained',
  },
  {
    number: 129,
    mark: 'USEFUL',
    behaviour:
      'condition service: a Condition with osgi.condition.id=true is registered by the framework before any bundle starts',
  },
];
