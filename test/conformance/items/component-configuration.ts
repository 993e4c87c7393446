import type { Item } from '../item.js';

export const COMPONENT_CONFIGURATION: readonly Item[] = [
  { number: 226, mark: 'CORE', behaviour: 'policy ignore: no configuration used' },
  {
    number: 227,
    mark: 'CORE',
    behaviour: 'policy optional: works with or without; creation/deletion of a configuration is a configuration change',
  },
  {
    number: 228,
    mark: 'CORE',
    behaviour: 'policy require: needs one configuration for every PID; deletion → deactivate (reason 4)',
  },
  { number: 229, mark: 'CORE', behaviour: 'singleton PID configuration → one component configuration' },
  {
    number: 230,
    mark: 'CORE',
    behaviour:
      'factory PID → one component configuration per factory configuration; with optional policy and zero of them → one unconfigured component configuration; as soon as the first appears that one is replaced',
  },
  {
    number: 231,
    mark: 'CORE',
    behaviour:
      'more than one PID that matches a factory PID is a configuration error (logged): optional → satisfied without them, require → not satisfied',
  },
  {
    number: 232,
    mark: 'CORE',
    behaviour:
      'modified method present and still satisfied after the change → context updated, modified called, dynamic references re-evaluated, service properties changed (MODIFIED), no reactivation',
  },
  { number: 233, mark: 'CORE', behaviour: 'no modified method → any configuration change reactivates (reason 3)' },
  {
    number: 234,
    mark: 'CORE',
    behaviour:
      "change of a static reference's target by configuration that unbinds a bound service → reactivation even with a modified method",
  },
  {
    number: 235,
    mark: 'CORE',
    behaviour:
      'registered but not yet activated delayed component: configuration change only updates its service properties',
  },
  { number: 236, mark: 'CORE', behaviour: 'modified method throwing: logged, processing goes on' },
  {
    number: 237,
    mark: 'CORE',
    behaviour:
      "configurations are taken through the component bundle's view: targeted PIDs (pid|bsn|version|location) are honoured, most specific wins",
  },
  {
    number: 238,
    mark: 'CORE',
    behaviour: 'several configuration updates in one Coordination (or one tick) lead to one reaction',
  },
  {
    number: 239,
    mark: 'USEFUL',
    behaviour:
      'component property types: annotation-like typed view over properties, single-element and prefix rules, name mangling (_→., $_$→-)',
  },
];
