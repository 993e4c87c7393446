import type { Item } from '../item.js';

export const CONFIGURATOR: readonly Item[] = [
  {
    number: 300,
    mark: 'CORE',
    behaviour:
      'Configurations come from the package.json of a bundle, or from the files and folders that it names: UTF-8, in lexical order, with comments; what is malformed is logged and left out',
  },
  {
    number: 301,
    mark: 'CORE',
    behaviour: 'Keys are PIDs, factoryPid~name for one of a factory, values are objects',
  },
  {
    number: 302,
    mark: 'CORE',
    behaviour:
      ':configurator:resource-version must be 1, which it is when absent; no other :configurator: key reaches a component',
  },
  {
    number: 303,
    mark: 'CORE',
    behaviour: ':configurator:symbolicname and :configurator:version must stand in a resource that lies in no bundle',
  },
  {
    number: 304,
    mark: 'CORE',
    behaviour: 'A value without a type is what JSON says: boolean, number, text, list or object',
  },
  {
    number: 305,
    mark: 'CORE',
    behaviour:
      'A key may name a type (port:Integer, racks:String[], limits:Collection<Double>): the value is brought to it, and the type cut from the key',
  },
  {
    number: 306,
    mark: 'USEFUL',
    behaviour: 'A :binary value names a file that is copied, and becomes its path',
    leftOut: 'A bundle finds its files by __dirname, and each revision has them in a folder of its own',
  },
  {
    number: 307,
    mark: 'CORE',
    behaviour:
      'The highest :configurator:ranking counts, of equal ones the lowest bundle id, within a bundle the first, in whatever order they came',
  },
  {
    number: 308,
    mark: 'CORE',
    behaviour:
      'With the policy default a configuration that somebody else set is neither overwritten nor removed; with force it is',
    differs:
      'The file is the only truth (decision 13): what it says lies over what bundles bring; force stays under it, key by key, where default steps back whole',
  },
  { number: 309, mark: 'CORE', behaviour: 'What somebody else set is known as such after a restart' },
  {
    number: 310,
    mark: 'CORE',
    behaviour:
      'What a bundle brings stays while it is stopped, changes with an update, and goes when it is uninstalled: then the next lower ranking counts',
  },
  {
    number: 311,
    mark: 'CORE',
    behaviour:
      'Initial configurations of the environment: a text that starts with { is JSON, else files with commas between; a bad one is logged and left out',
  },
  {
    number: 312,
    mark: 'CORE',
    behaviour: 'What a bundle brings comes into force at once, before its components; what is the same restarts nobody',
  },
  {
    number: 313,
    mark: 'CORE',
    behaviour: 'Whoever stops what applies them, the node, takes no configuration away',
  },
];
