import type { Item } from '../item.js';

export const COMPONENT_CONFIGURATION: readonly Item[] = [
  { number: 226, mark: 'CORE', behaviour: 'with policy ignore no configuration is used' },
  {
    number: 227,
    mark: 'CORE',
    behaviour:
      'with policy optional a component is there with and without; that a configuration comes or goes is a change of it',
  },
  {
    number: 228,
    mark: 'CORE',
    behaviour:
      'with policy require a component needs a configuration for each of its PIDs; when one goes, it goes down',
  },
  { number: 229, mark: 'CORE', behaviour: 'one configuration of a PID makes one instance' },
  {
    number: 230,
    mark: 'CORE',
    behaviour: 'each configuration pid~name makes an instance, which without any is one without a configuration',
  },
  {
    number: 231,
    mark: 'CORE',
    behaviour:
      'instances of several PIDs are a mistake, logged: without them where configuration is optional, none where it is required',
  },
  {
    number: 232,
    mark: 'CORE',
    behaviour:
      'modified takes a change alive: the configuration is another, dynamic references are bound anew, the service is MODIFIED',
  },
  { number: 233, mark: 'CORE', behaviour: 'without modified any change restarts the component' },
  {
    number: 234,
    mark: 'CORE',
    behaviour: 'a target that a statically bound service no longer matches restarts the component, modified or not',
  },
  {
    number: 235,
    mark: 'CORE',
    behaviour: 'a change for a delayed component that nobody used yet changes the properties of its service only',
  },
  { number: 236, mark: 'CORE', behaviour: 'a modified that throws is logged' },
  {
    number: 237,
    mark: 'CORE',
    behaviour: 'a configuration for pid|bundle|version|location is taken before one that is less exact',
  },
  { number: 238, mark: 'CORE', behaviour: 'several changes of one turn are one to a component' },
  {
    number: 239,
    mark: 'USEFUL',
    behaviour: 'a component gets its configuration typed by the schema, with the defaults filled in',
  },
];
