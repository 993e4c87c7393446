import type { Item } from '../item.js';

export const EVENT_ADMIN: readonly Item[] = [
  {
    number: 283,
    mark: 'CORE',
    behaviour: 'A topic is words with slashes between them, and case counts; anything else is refused with EVENT_TOPIC',
  },
  {
    number: 284,
    mark: 'CORE',
    behaviour:
      'An event is plain data that nobody can change; `event.topics` is its topic; filters match it, and events of the same topic and properties are equal',
  },
  {
    number: 285,
    mark: 'CORE',
    behaviour: 'A handler is a service EventHandler with `event.topics`, a text or several; without it no event comes',
  },
  {
    number: 286,
    mark: 'CORE',
    behaviour: '`*` stands alone or as the last word: `a/b/*` takes a/b/c and a/b/c/d, neither a/b nor a/bc',
  },
  {
    number: 287,
    mark: 'CORE',
    behaviour:
      '`event.filter` is compared with the properties of the event; a broken one is warned of, and no event comes until it changes',
  },
  { number: 288, mark: 'CORE', behaviour: '`send` resolves after all handlers answered, `post` before any is called' },
  {
    number: 289,
    mark: 'CORE',
    behaviour:
      'Posted events reach a handler one by one in the order of posting, unless its `event.delivery` is async.unordered',
  },
  {
    number: 290,
    mark: 'CORE',
    behaviour:
      'Only handlers that are registered when an event is published get it, and none that is unregistered before its turn',
  },
  {
    number: 291,
    mark: 'CORE',
    behaviour:
      'What a handler throws or rejects with is logged; the others are called, and the publisher does not notice',
  },
  {
    number: 292,
    mark: 'CORE',
    behaviour:
      'A handler that does not answer in time, or holds the thread, holds nobody up and gets no more events, the reason logged; it comes back by a new registration, changed properties, or after a pause once its call has ended',
  },
  { number: 293, mark: 'CORE', behaviour: 'A handler may send from within, to itself too, as deep as it likes' },
  {
    number: 294,
    mark: 'CORE',
    behaviour: 'A change of `event.topics` or `event.filter` holds from the next event on',
  },
  {
    number: 295,
    mark: 'USEFUL',
    behaviour:
      'Events of the container, its bundles and its services are published below rackwatt/framework, with bundle.id, bundle.name, bundle.version, exception, service.id and service.objectClass',
  },
  {
    number: 296,
    mark: 'USEFUL',
    behaviour: 'Log entries and changes of configurations are published as events',
    leftOut:
      'A handler that logs would feed itself; LogReader gives the log as a stream, and components are given their configuration',
  },
  { number: 297, mark: 'USEFUL', behaviour: 'Of several Event Admins each tells all handlers' },
  {
    number: 298,
    mark: 'CORE',
    behaviour: 'A handler gets an event once, however many of its patterns match',
  },
  { number: 299, mark: 'JAVA-ONLY', behaviour: 'TopicPermission', leftOut: 'Java only' },
];
