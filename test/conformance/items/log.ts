import type { Item } from '../item.js';

export const LOG: readonly Item[] = [
  {
    number: 325,
    mark: 'USEFUL',
    behaviour: 'Each bundle has loggers by name and level; an error that is given comes along',
    differs:
      'Each component has one by its name, pino in shape: fields first, the error among them, then the sentence without placeholders; debug, info, warn, error',
  },
  {
    number: 326,
    mark: 'USEFUL',
    behaviour: 'Levels for each bundle, by the hierarchy of names, set by configuration',
    leftOut:
      'One level for the node, `framework.log.level`, changed while it runs; a reader chooses the least level that it wants',
  },
  {
    number: 327,
    mark: 'USEFUL',
    behaviour: 'Readers get entries afterwards and in order; one that throws, leaves or is slow does not break the log',
  },
  {
    number: 328,
    mark: 'USEFUL',
    behaviour: 'Each entry has time, level, bundle, component, message, error, fields, and a rising sequence',
  },
  {
    number: 329,
    mark: 'USEFUL',
    behaviour: 'Events of the container, its bundles and its services become log entries',
    leftOut:
      'Errors and warnings do; a line for each service that comes or goes would drown them, and whoever wants them handles rackwatt/framework/*',
  },
  { number: 330, mark: 'USEFUL', behaviour: 'The last entries are remembered, and no more than 500' },
];
