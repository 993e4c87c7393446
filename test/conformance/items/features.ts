import type { Item } from '../item.js';

export const FEATURES: readonly Item[] = [
  {
    number: 314,
    mark: 'USEFUL',
    behaviour: 'Ids are group:artifact[:type[:classifier]]:version',
    leftOut:
      'Those are Maven coordinates: bundles are named by where they come from (link:, store:), a node by a name of its own',
  },
  {
    number: 315,
    mark: 'USEFUL',
    behaviour: 'Keys: id, name, categories, license, vendor, bundles, configurations, variables, extensions and others',
    leftOut:
      'runtime.config.json says what one node runs; what describes a product for a catalogue stands in the package.json of its bundles',
  },
  {
    number: 316,
    mark: 'USEFUL',
    behaviour: '`bundles` is a list of objects with an id and metadata',
    differs: 'The metadata are the settings that the schema knows: a free key would let a misspelt one pass in silence',
  },
  {
    number: 317,
    mark: 'USEFUL',
    behaviour: 'The order of bundles is kept, and a bundle may be there in several versions',
    differs: 'One version of a bundle at a time: an update swaps it, and a second one under its name is refused',
  },
  { number: 318, mark: 'USEFUL', behaviour: 'The same PID twice is an error' },
  {
    number: 319,
    mark: 'USEFUL',
    behaviour: 'Variables in values, with defaults, filled in by the launcher',
    leftOut: 'Secrets are references, and what else differs from node to node is what its file is for',
  },
  {
    number: 320,
    mark: 'USEFUL',
    behaviour: 'Extensions of kinds mandatory, optional and transient',
    leftOut: 'Whatever extends a node is a bundle with a configuration; an unknown key of the document is an error',
  },
  {
    number: 321,
    mark: 'USEFUL',
    behaviour: 'The launcher applies framework-launching-properties or fails',
    leftOut: 'The settings of the framework are a part of the document, checked by its schema',
  },
  {
    number: 322,
    mark: 'USEFUL',
    behaviour: 'Comments as in the Configurator; what is written reads back equal',
    leftOut: 'The file is JSON as every tool reads it, and is edited in place, never written anew',
  },
  {
    number: 323,
    mark: 'USEFUL',
    behaviour: 'A Feature is immutable, its builders are used once',
    leftOut: 'There is no object to build: the document is data, and changes are edits of the file',
  },
  {
    number: 324,
    mark: 'USEFUL',
    behaviour: 'A launcher installs in order, at the start levels of the metadata, with handlers of extensions',
    differs: 'There are no extensions to handle (320); order and start levels are as stated',
  },
];
