import type { Item } from '../item.js';

export const FRAMEWORK_EVENTS: readonly Item[] = [
  {
    number: 47,
    mark: 'CORE',
    behaviour:
      'ordinary bundle listeners hear of INSTALLED, RESOLVED, STARTED, STOPPED, UPDATED, UNRESOLVED, UNINSTALLED; synchronous ones of STARTING and STOPPING too (nothing is lazy: 34)',
  },
  {
    number: 48,
    mark: 'CORE',
    behaviour: 'synchronous listeners hear before the call goes on, others afterwards, in order',
  },
  {
    number: 49,
    mark: 'CORE',
    behaviour:
      'late delivery keeps one order of all events of the container, to those who listened when they were fired',
  },
  { number: 50, mark: 'CORE', behaviour: 'the same listener of the same bundle is one' },
  {
    number: 51,
    mark: 'CORE',
    behaviour:
      'a listener that throws or rejects hurts nobody; an ERROR names its bundle, but for one that fails on an ERROR',
  },
  { number: 52, mark: 'CORE', behaviour: 'listeners of a stopped bundle are gone and hear nothing late' },
  {
    number: 53,
    mark: 'CORE',
    behaviour: 'the origin of INSTALLED is who installed it, the container; else the bundle itself',
  },
  {
    number: 54,
    mark: 'CORE',
    behaviour:
      'framework events are STARTED, ERROR, WARNING, INFO, PACKAGES_REFRESHED, STARTLEVEL_CHANGED, STOPPED, STOPPED_UPDATE, WAIT_TIMEDOUT',
  },
  { number: 55, mark: 'CORE', behaviour: 'when `register` returns, all service listeners have heard' },
  { number: 56, mark: 'CORE', behaviour: 'cascades of events are of any depth' },
  {
    number: 57,
    mark: 'CORE',
    behaviour: 'a listener sees no half-made state: what is registered can be got, what goes is no longer found',
  },
];
