import type { Item } from '../item.js';

export const LIFE_CYCLE: readonly Item[] = [
  {
    number: 1,
    mark: 'CORE',
    behaviour:
      'install gives a bundle in INSTALLED whose id is above every id given out before, also after an uninstall and a restart on the same storage',
  },
  {
    number: 2,
    mark: 'CORE',
    behaviour: 'installing a location again gives the bundle that is there and reads nothing',
  },
  {
    number: 3,
    mark: 'CORE',
    behaviour: 'a source that cannot be read, or is broken, installs nothing: no bundle, no event, no file',
  },
  {
    number: 4,
    mark: 'CORE',
    behaviour:
      'a name and version are installed once: from another location they are refused with `BUNDLE_DUPLICATE`, as is another version of the name',
  },
  {
    number: 5,
    mark: 'CORE',
    behaviour: 'a malformed manifest is refused with `BUNDLE_MANIFEST`, the file and the key',
  },
  {
    number: 6,
    mark: 'CORE',
    behaviour:
      'after a restart a bundle is installed with the same id, location, start level and start setting; a crash at any byte loses no older one',
  },
  {
    number: 7,
    mark: 'CORE',
    behaviour:
      "states are INSTALLED, RESOLVED, STARTING, ACTIVE, STOPPING, UNINSTALLED, and change only as OSGi's diagram has it",
  },
  {
    number: 8,
    mark: 'CORE',
    behaviour:
      '`start` resolves first; where that fails it rejects with `BUNDLE_RESOLVE` naming what is missing, the state stays INSTALLED and `autostart` is set',
  },
  { number: 9, mark: 'CORE', behaviour: 'a start goes by STARTING with its event, the activator, ACTIVE, STARTED' },
  {
    number: 10,
    mark: 'CORE',
    behaviour: '`start` of an ACTIVE bundle does nothing, of an UNINSTALLED one it throws `BUNDLE_STATE`',
  },
  {
    number: 11,
    mark: 'CORE',
    behaviour: '`start` sets `autostart`, which is remembered; a transient start does not touch it',
  },
  {
    number: 12,
    mark: 'CORE',
    behaviour:
      'an activator that throws: STOPPING, everything of the bundle is undone, RESOLVED, STOPPED; `BUNDLE_START` with the cause; `autostart` stays',
  },
  { number: 13, mark: 'CORE', behaviour: 'an activator that cannot be loaded or made counts as one that threw' },
  {
    number: 14,
    mark: 'CORE',
    behaviour:
      'start and stop are awaited; another operation waits, then is refused with `BUNDLE_BUSY`; what a bundle asks of itself from inside them is refused at once',
  },
  {
    number: 15,
    mark: 'CORE',
    behaviour:
      'a context is good from STARTING to the end of STOPPING and throws ever after; the next start makes another',
  },
  {
    number: 16,
    mark: 'CORE',
    behaviour:
      'a stop clears `autostart` unless transient: STOPPING, the activator, everything undone, RESOLVED, STOPPED',
  },
  {
    number: 17,
    mark: 'CORE',
    behaviour:
      'an activator that throws as it stops does not keep the bundle from being cleaned up; `stop` rejects with `BUNDLE_STOP`',
  },
  {
    number: 18,
    mark: 'CORE',
    behaviour: '`stop` of a bundle that does not run changes `autostart` only; of an UNINSTALLED one it throws',
  },
  {
    number: 19,
    mark: 'CORE',
    behaviour:
      'a stop unregisters services, releases those in use and removes listeners, trackers and timers that the bundle forgot',
  },
  {
    number: 20,
    mark: 'CORE',
    behaviour:
      'uninstalling an ACTIVE bundle stops it first; what goes wrong then is an event ERROR, and the uninstall goes on',
  },
  {
    number: 21,
    mark: 'CORE',
    behaviour:
      'an uninstall fires UNRESOLVED and UNINSTALLED; the object still tells id, manifest and location, and refuses all else',
  },
  { number: 22, mark: 'CORE', behaviour: 'contracts of an uninstalled bundle stay with those who are wired to them' },
  {
    number: 23,
    mark: 'CORE',
    behaviour: 'an update keeps id, name, `autostart` and start level; UNRESOLVED where it was resolved, then UPDATED',
    differs:
      'the location says where the content comes from (`store:NAME@VERSION`), so it follows the content; the name is what stays',
  },
  { number: 24, mark: 'CORE', behaviour: 'an exclusive update of an ACTIVE bundle goes by STOPPED, UPDATED, STARTED' },
  {
    number: 25,
    mark: 'CORE',
    behaviour:
      'an update to content that cannot be read or is malformed rejects, and the old revision goes on as it was',
  },
  {
    number: 26,
    mark: 'CORE',
    behaviour:
      'an update whose stop throws changes nothing; one whose new start throws starts the old revision again and rejects',
    differs: 'OSGi leaves the bundle stopped with the new content; a gateway is to measure on, so what ran before runs',
  },
  {
    number: 27,
    mark: 'CORE',
    behaviour:
      'the contracts of an old revision live for importers still wired to it, its private code goes; all of it once nobody is wired',
  },
  { number: 28, mark: 'CORE', behaviour: 'an update runs the new code, and 1,000 updates do not grow the heap' },
  { number: 29, mark: 'USEFUL', behaviour: "an update without content takes what lies at the bundle's location now" },
  {
    number: 30,
    mark: 'CORE',
    behaviour: '`manifest` is that of the present revision; of an uninstalled bundle the last one',
  },
  {
    number: 31,
    mark: 'USEFUL',
    behaviour: 'manifest texts are localized',
    leftOut: 'texts for people are in the console, which has its own languages; a manifest has one description',
  },
  {
    number: 32,
    mark: 'CORE',
    behaviour:
      "the data folder is the bundle's own and survives updates and restarts; an uninstall removes it where it is told to",
    differs: 'an uninstall keeps the data else: an outbox may hold readings that nobody else has',
  },
  {
    number: 33,
    mark: 'CORE',
    behaviour: 'a property is what the container was given, then a fact of the platform, never the environment',
  },
  {
    number: 34,
    mark: 'USEFUL',
    behaviour: 'a lazy bundle is activated by the first load of its code',
    leftOut:
      'delayed components are what is lazy here; contracts are loaded apart from private code, so nothing would trigger it',
  },
  {
    number: 35,
    mark: 'USEFUL',
    behaviour: 'a lazy activation that throws fails the load that caused it',
    leftOut: 'no activation of a bundle is lazy, see 34',
  },
  {
    number: 36,
    mark: 'JAVA-ONLY',
    behaviour: 'activation policies with lists of packages',
    leftOut: 'there are no packages of classes',
  },
  {
    number: 37,
    mark: 'CORE',
    behaviour:
      'the container is bundle 0, `System Bundle`: stop ends it in the background, update restarts it, uninstall throws',
  },
  {
    number: 38,
    mark: 'CORE',
    behaviour:
      '`init` makes the container STARTING with nothing started; `start` starts bundles to its level, then ACTIVE and STARTED',
  },
  {
    number: 39,
    mark: 'CORE',
    behaviour:
      'a stop goes down to level 0, `autostart` untouched, to RESOLVED; `waitForStop` tells STOPPED, STOPPED_UPDATE or WAIT_TIMEDOUT',
  },
  { number: 40, mark: 'CORE', behaviour: "`clean: 'onFirstInit'` forgets at the first init what was installed" },
  {
    number: 41,
    mark: 'CORE',
    behaviour: "two containers in one process do not see each other's bundles, services or events",
  },
  {
    number: 42,
    mark: 'USEFUL',
    behaviour: 'a bundle gives its revision, its wiring, its start level and itself as plain data',
  },
  { number: 43, mark: 'CORE', behaviour: 'an id is one bundle and one object; lists are in the order of ids' },
  {
    number: 44,
    mark: 'CORE',
    behaviour:
      '`entry` and `entries` find files of a bundle without resolving it, by name with `*` and in folders below, and nothing outside it',
  },
  {
    number: 45,
    mark: 'JAVA-ONLY',
    behaviour: 'native code headers, class formats, signed JARs, boot delegation',
    leftOut: 'nothing in Node answers to them',
  },
  {
    number: 46,
    mark: 'USEFUL',
    behaviour: '`engines.node` that this Node is not in fails the resolving, not the install',
  },
];
