import type { Item } from '../item.js';

export const TRACKERS: readonly Item[] = [
  {
    number: 155,
    mark: 'CORE',
    behaviour: 'a tracker tracks what is there when it opens and what comes, each once',
  },
  {
    number: 156,
    mark: 'CORE',
    behaviour: 'what `adding` gives nothing for is not tracked, and asked again after a change',
  },
  {
    number: 157,
    mark: 'CORE',
    behaviour: '`modified` and `removed` get what `adding` gave; a service that no longer matches is removed',
  },
  {
    number: 158,
    mark: 'CORE',
    behaviour: '`service` is what is kept for the best service, `services` and `tracked` are in that order',
  },
  {
    number: 159,
    mark: 'CORE',
    behaviour:
      '`waitForService` gives the service as soon as there is one, undefined after the time; 0 waits for ever, a negative time is refused',
  },
  {
    number: 160,
    mark: 'CORE',
    behaviour: '`close` calls `removed` for each service and hears no more; a tracker can be opened again',
  },
  { number: 161, mark: 'CORE', behaviour: '`trackingCount` rises as services come, change and go; -1 when closed' },
  {
    number: 162,
    mark: 'CORE',
    behaviour: 'a tracker follows a contract, a filter or one reference; by a filter alone, all versions of a contract',
  },
  {
    number: 163,
    mark: 'CORE',
    behaviour:
      'what a customizer throws on an event is an ERROR of its bundle, in `open` it reaches the caller; other services stay tracked',
  },
  {
    number: 164,
    mark: 'CORE',
    behaviour:
      'a bundle tracker: `adding` when a bundle enters the states, `modified` on changes within, `removed` on leaving',
  },
  {
    number: 165,
    mark: 'CORE',
    behaviour: 'a bundle tracker is synchronous and sees STARTING and STOPPING, so that an extender acts in time',
  },
  { number: 166, mark: 'CORE', behaviour: 'what `adding` gave is handed to `removed`; `close` removes all' },
];
