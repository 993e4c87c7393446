import type { Item } from '../item.js';

export const EVENT_ADMIN: readonly Item[] = [
  {
    number: 283,
    mark: 'CORE',
    behaviour: 'topic grammar token(/token); bad topic throws at Event creation; case-sensitive',
  },
  {
    number: 284,
    mark: 'CORE',
    behaviour:
      'Event immutable; property event.topics = topic; containsProperty, matches(filter), equals/hash by topic+properties',
  },
  {
    number: 285,
    mark: 'CORE',
    behaviour: 'handler = service EventHandler with event.topics (string, array, collection); without it no event',
  },
  {
    number: 286,
    mark: 'CORE',
    behaviour: 'wildcard  alone or as last token: a/b/ matches a/b/c and a/b/c/d, not a/b, not a/bc',
  },
  {
    number: 287,
    mark: 'CORE',
    behaviour:
      'event.filter checked on event properties; broken filter: warned and the handler ignored until it changes',
  },
  { number: 288, mark: 'CORE', behaviour: 'sendEvent returns after all handlers ran; postEvent returns at once' },
  {
    number: 289,
    mark: 'CORE',
    behaviour: 'posted events reach one handler in posting order, unless it registered event.delivery=async.unordered',
  },
  {
    number: 290,
    mark: 'CORE',
    behaviour:
      'only handlers registered when the event is sent/posted get it; a handler unregistered in between is not called',
  },
  {
    number: 291,
    mark: 'CORE',
    behaviour: 'handler exception: caught, logged, other handlers still called, sender unaffected',
  },
  {
    number: 292,
    mark: 'CORE',
    behaviour:
      "a stalled handler must not stop delivery to the others; the implementation may deny-list it, then it must get no event at all and the reason should be logged; how it comes back is the implementation's choice (a new registration surely). Node: time-out on async handlers, plus event-loop-stall measure for sync ones",
  },
  {
    number: 293,
    mark: 'CORE',
    behaviour: 'sendEvent from inside a handler is allowed (reentrant) and does not deadlock',
  },
  { number: 294, mark: 'CORE', behaviour: 'changing event.topics/event.filter of a handler takes effect at once' },
  {
    number: 295,
    mark: 'USEFUL',
    behaviour:
      'framework, bundle, service events republished as org/osgi/framework/{FrameworkEvent,BundleEvent,ServiceEvent}/TYPE with bundle.id, bundle.symbolicName, bundle.version, event, (exception., service.)',
  },
  {
    number: 296,
    mark: 'USEFUL',
    behaviour:
      'log entries as org/osgi/service/log/LogEntry/LEVEL, config events as org/osgi/service/cm/ConfigurationEvent/TYPE',
  },
  { number: 297, mark: 'USEFUL', behaviour: 'several Event Admins: each sends to all handlers' },
  {
    number: 298,
    mark: 'CORE',
    behaviour: 'Node: handlers get each event exactly once even when two of their patterns match',
  },
  { number: 299, mark: 'JAVA-ONLY', behaviour: 'TopicPermission', leftOut: 'Java only' },
];
