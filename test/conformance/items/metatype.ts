import type { Item } from '../item.js';

export const METATYPE: readonly Item[] = [
  {
    number: 273,
    mark: 'CORE',
    behaviour:
      'OCDs from OSGI-INF/metatype documents of a bundle: Designate (pid or factoryPid) → OCD → ADs; getPids/getFactoryPids/getObjectClassDefinition(pid, locale)',
  },
  {
    number: 274,
    mark: 'CORE',
    behaviour:
      'AD: id, name, description, type (String, Long, Double, Float, Integer, Byte, Character, Boolean, Short, Password), cardinality (0 scalar, n array, -n collection), required, default, min, max, options',
  },
  {
    number: 275,
    mark: 'CORE',
    behaviour:
      'validate(string): "" valid, non-empty = reason, null = no validation defined; comma-separated for multi values with an escape and trim',
  },
  { number: 276, mark: 'CORE', behaviour: 'min/max mean length for String/Password, value for numbers' },
  { number: 277, mark: 'CORE', behaviour: 'if options are given only these are valid' },
  { number: 278, mark: 'CORE', behaviour: 'unknown locale → falls back (locale, language, default); %keys localized' },
  {
    number: 279,
    mark: 'USEFUL',
    behaviour: 'MetaTypeProvider services (property metatype.pid / metatype.factory.pid) add definitions at run time',
  },
  { number: 280, mark: 'USEFUL', behaviour: 'invalid document: logged, ignored, other documents kept (Bug… tests)' },
  { number: 281, mark: 'USEFUL', behaviour: 'icons, Object element, extension attributes' },
  {
    number: 282,
    mark: 'CORE',
    behaviour:
      'Node: the same definition yields a JSON Schema and is used to check configuration at update time if the operator asks (spec leaves it to tools)',
  },
];
