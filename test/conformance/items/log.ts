import type { Item } from '../item.js';

export const LOG: readonly Item[] = [
  {
    number: 325,
    mark: 'USEFUL',
    behaviour:
      'LoggerFactory.getLogger(name) per bundle; levels AUDIT, ERROR, WARN, INFO, DEBUG, TRACE; {} placeholders; last Error argument becomes the exception',
  },
  {
    number: 326,
    mark: 'USEFUL',
    behaviour:
      'effective level by the name hierarchy, LoggerAdmin/LoggerContext per bundle (bsn, bsn|version, bsn|version|location, root); configurable by PID org.osgi.service.log.admin(|bsn…)',
  },
  {
    number: 327,
    mark: 'USEFUL',
    behaviour:
      'LogReader/LogStream: listeners get entries asynchronously in order; listener that throws does not break the log',
  },
  {
    number: 328,
    mark: 'USEFUL',
    behaviour:
      'each LogEntry has time, level, bundle, message, exception, service reference, sequence (rising), logger name',
  },
  {
    number: 329,
    mark: 'USEFUL',
    behaviour:
      'framework/bundle/service events become log entries on loggers Events.Framework, Events.Bundle, Events.Service with set levels',
  },
  { number: 330, mark: 'USEFUL', behaviour: 'bounded history of recent entries' },
];
