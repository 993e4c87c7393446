import type { Item } from '../item.js';

export const TRACKERS: readonly Item[] = [
  {
    number: 155,
    mark: 'CORE',
    behaviour: 'ServiceTracker.open tracks all existing matches then live ones, no gap and no double adding',
  },
  {
    number: 156,
    mark: 'CORE',
    behaviour: 'addingService returning null/undefined → service not tracked (asked again after a MODIFIED)',
  },
  {
    number: 157,
    mark: 'CORE',
    behaviour:
      'modifiedService on MODIFIED, removedService on UNREGISTERING or MODIFIED_ENDMATCH, each with the object that adding gave',
  },
  {
    number: 158,
    mark: 'CORE',
    behaviour:
      'getService gives the highest ranked tracked object; cached until something changes; getServices/getTracked in ranking order',
  },
  {
    number: 159,
    mark: 'CORE',
    behaviour:
      'waitForService(timeout) resolves when one arrives, with null on time-out; negative throws; 0 waits for ever',
  },
  {
    number: 160,
    mark: 'CORE',
    behaviour: 'close calls removedService for each tracked service and stops events; can be opened again',
  },
  { number: 161, mark: 'CORE', behaviour: 'getTrackingCount rises on each add/modify/remove, -1 when closed' },
  {
    number: 162,
    mark: 'CORE',
    behaviour: 'tracker by reference, by name, by filter; open(true) tracks regardless of wires',
  },
  {
    number: 163,
    mark: 'CORE',
    behaviour:
      'an error thrown in a customizer during a live event is contained and reported as a listener error (51), other services stay tracked; thrown inside open() it reaches the caller of open',
  },
  {
    number: 164,
    mark: 'CORE',
    behaviour:
      'BundleTracker: mask of states; addingBundle when a bundle enters the mask, modifiedBundle on changes inside it, removedBundle on leaving',
  },
  {
    number: 165,
    mark: 'CORE',
    behaviour: 'bundle tracker is synchronous, sees STARTING/STOPPING (extender pattern works)',
  },
  {
    number: 166,
    mark: 'CORE',
    behaviour: 'an object returned from addingBundle is handed back in removed; close removes all',
  },
];
