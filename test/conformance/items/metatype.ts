import type { Item } from '../item.js';

export const METATYPE: readonly Item[] = [
  {
    number: 273,
    mark: 'CORE',
    behaviour:
      'pids(bundle) and definition(bundle, pid, locale) give what a bundle defines under PIDs and factory PIDs, in files and by the schemas of its components',
  },
  {
    number: 274,
    mark: 'CORE',
    behaviour:
      'An attribute has id, name, description, type, one value or a list, required, default, minimum, maximum and options',
  },
  {
    number: 275,
    mark: 'CORE',
    behaviour:
      'validate gives an empty text for what is right, a sentence for what is wrong, undefined where nothing is said; each entry of a list counts',
  },
  { number: 276, mark: 'CORE', behaviour: 'Minimum and maximum are lengths of texts and passwords, values of numbers' },
  { number: 277, mark: 'CORE', behaviour: 'Where options are given, only these are right' },
  {
    number: 278,
    mark: 'CORE',
    behaviour:
      'Texts written %key come in the language asked for, else in the language without its country, else the default',
  },
  {
    number: 279,
    mark: 'USEFUL',
    behaviour: 'A MetaTypeProvider with metatype.pid or metatype.factory.pid adds definitions while it is registered',
  },
  {
    number: 280,
    mark: 'USEFUL',
    behaviour: 'A file of definitions that is wrong is logged and left out, the others count',
  },
  {
    number: 281,
    mark: 'USEFUL',
    behaviour: 'Further keywords of a schema, such as an icon, are handed on as they stand',
  },
  {
    number: 282,
    mark: 'CORE',
    behaviour: 'A definition is a JSON Schema, and configurations are checked against it when they change',
  },
];
