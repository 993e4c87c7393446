import type { Item } from '../item.js';

export const LIFE_CYCLE: readonly Item[] = [
  {
    number: 1,
    mark: 'CORE',
    behaviour:
      'install by location returns a bundle in INSTALLED with a new id greater than every id given out before; ids are never reused, even after uninstall and across restarts of the same storage',
  },
  {
    number: 2,
    mark: 'CORE',
    behaviour:
      'installing a location already installed returns the same bundle object and does not read the content again',
  },
  {
    number: 3,
    mark: 'CORE',
    behaviour:
      'install of an unreachable or broken source rejects with a BundleException and leaves nothing behind (no bundle, no INSTALLED event, no files)',
  },
  {
    number: 4,
    mark: 'CORE',
    behaviour:
      'symbolic name + version must be unique by default: a second install of the same pair under another location fails with DUPLICATE_BUNDLE_ERROR (policy org.osgi.framework.bsnversion=managed|multiple|single can relax it)',
  },
  {
    number: 5,
    mark: 'CORE',
    behaviour:
      'a malformed manifest (no symbolic name, bad version, duplicate import, unknown manifest version, invalid directive) makes install reject with MANIFEST_ERROR',
  },
  {
    number: 6,
    mark: 'CORE',
    behaviour:
      'install writes the bundle to persistent storage: after framework restart it is still installed with the same id, location and start setting',
  },
  {
    number: 7,
    mark: 'CORE',
    behaviour:
      "states are exactly INSTALLED, RESOLVED, STARTING, ACTIVE, STOPPING, UNINSTALLED and only the spec's transitions occur",
  },
  {
    number: 8,
    mark: 'CORE',
    behaviour:
      'start() on an unresolved bundle first resolves it; if resolve fails, start rejects with RESOLVE_ERROR naming the missing requirement, the state stays INSTALLED, yet the autostart setting stays set',
  },
  {
    number: 9,
    mark: 'CORE',
    behaviour:
      'start order: state STARTING → STARTING event (sync listeners only) → activator.start(context) → state ACTIVE → STARTED event',
  },
  {
    number: 10,
    mark: 'CORE',
    behaviour: 'start() of an ACTIVE bundle is a no-op; start() of an UNINSTALLED bundle throws IllegalState',
  },
  {
    number: 11,
    mark: 'CORE',
    behaviour:
      'start() sets the persistent autostart setting ("eager" or "declared activation policy"); START_TRANSIENT does not touch it',
  },
  {
    number: 12,
    mark: 'CORE',
    behaviour:
      'if activator.start throws: state becomes STOPPING, STOPPING event, then all its services, listeners, trackers and used services are cleaned up, state RESOLVED, STOPPED event; start() rejects with BundleException(ACTIVATOR_ERROR) carrying the cause; the autostart setting remains set',
  },
  {
    number: 13,
    mark: 'CORE',
    behaviour: 'an activator that cannot be loaded or constructed is treated exactly as one whose start threw',
  },
  {
    number: 14,
    mark: 'CORE',
    behaviour:
      'Node: start/stop may be async; the container awaits them. While start is pending the state is STARTING; a concurrent start/stop/update on that bundle waits up to a stated time, then rejects with STATECHANGE_ERROR (spec: "in a reasonable time"); a bundle that tries to change its own state from inside start/stop gets an error at once, no deadlock',
  },
  {
    number: 15,
    mark: 'CORE',
    behaviour:
      'activator.start sees a valid context; the context is usable from STARTING until the end of STOPPING and throws IllegalState afterwards, for ever: restarting the bundle makes a new context and does not revive the old one',
  },
  {
    number: 16,
    mark: 'CORE',
    behaviour:
      'stop order: autostart setting cleared (unless STOP_TRANSIENT) → STOPPING event (sync) → if it was ACTIVE, activator.stop → services unregistered, used services released, listeners removed → RESOLVED → STOPPED event',
  },
  {
    number: 17,
    mark: 'CORE',
    behaviour:
      'if activator.stop throws, cleanup completes all the same, the state is RESOLVED, and stop() rejects with BundleException(ACTIVATOR_ERROR)',
  },
  {
    number: 18,
    mark: 'CORE',
    behaviour: 'stop() of a bundle not ACTIVE/STARTING is a no-op apart from the setting; stop() of UNINSTALLED throws',
  },
  {
    number: 19,
    mark: 'CORE',
    behaviour:
      'the bundle-level guarantee on stop: every service it registered is unregistered, every service it got is released, every listener removed, even when it forgot to',
  },
  {
    number: 20,
    mark: 'CORE',
    behaviour:
      'uninstall of an ACTIVE bundle stops it first; errors in stop are reported as FrameworkEvent ERROR, uninstall goes on',
  },
  {
    number: 21,
    mark: 'CORE',
    behaviour:
      'uninstall: UNRESOLVED event if it was resolved, state UNINSTALLED, UNINSTALLED event, persistent area deleted; the Bundle object stays usable for id/headers/location but every life-cycle method throws IllegalState',
  },
  {
    number: 22,
    mark: 'CORE',
    behaviour:
      'after uninstall the exported contracts stay available to bundles already wired to them until refresh ("zombie" exporter) or until the framework restarts',
  },
  {
    number: 23,
    mark: 'CORE',
    behaviour:
      'update keeps id, location, autostart and start level; new revision replaces the old; UNRESOLVED (if resolved) and UPDATED events',
  },
  {
    number: 24,
    mark: 'CORE',
    behaviour:
      'update of an ACTIVE bundle: stop → swap content → UPDATED → start; the event order seen is STOPPED, UPDATED, STARTED',
  },
  {
    number: 25,
    mark: 'CORE',
    behaviour:
      'a failing update (content unreadable, bad manifest) leaves the old revision in place and, if it was ACTIVE, running again; update() rejects',
  },
  {
    number: 26,
    mark: 'CORE',
    behaviour:
      'if the stop step of an update throws, update rejects and nothing was changed; if the restart step throws, update is still done and the failure is a FrameworkEvent ERROR',
  },
  {
    number: 27,
    mark: 'CORE',
    behaviour:
      "the old revision's module scope stays alive for importers still wired to it; only after refresh (or when nothing is wired to it) may it be garbage collected",
  },
  {
    number: 28,
    mark: 'CORE',
    behaviour:
      'Node: an update really loads the new code (a path- or URL-keyed module cache must not hand back the old module) and 1000 updates must not grow the heap',
  },
  {
    number: 29,
    mark: 'USEFUL',
    behaviour: 'update with no argument re-reads from Bundle-UpdateLocation or else the original location',
  },
  {
    number: 30,
    mark: 'CORE',
    behaviour:
      'getHeaders returns the manifest of the current revision; before an uninstalled bundle is dropped, of the last one',
  },
  { number: 31, mark: 'USEFUL', behaviour: 'header values are localized through %key and OSGI-INF/l10n' },
  {
    number: 32,
    mark: 'CORE',
    behaviour: 'getDataFile/persistent area: private per bundle, survives update and restart, removed at uninstall',
  },
  {
    number: 33,
    mark: 'CORE',
    behaviour:
      'context.getProperty falls back from framework properties to system properties (Node: launch config, then process.env is not implied)',
  },
  {
    number: 34,
    mark: 'USEFUL',
    behaviour:
      'Bundle-ActivationPolicy lazy is honoured only for start(START_ACTIVATION_POLICY): the bundle stays in STARTING with a LAZY_ACTIVATION event and the activator runs on the first module load from the bundle; plain start() activates eagerly',
  },
  {
    number: 35,
    mark: 'USEFUL',
    behaviour:
      'lazy activation that throws on the trigger: the load that triggered it fails, bundle goes back to RESOLVED',
  },
  {
    number: 36,
    mark: 'JAVA-ONLY',
    behaviour: 'include/exclude package lists on the lazy policy, activation ordering across class-load chains',
    leftOut: 'Java only',
  },
  {
    number: 37,
    mark: 'CORE',
    behaviour:
      'system bundle has id 0, location "System Bundle", always answers getBundle(0); stop on it shuts the framework down asynchronously, update on it restarts, uninstall throws',
  },
  {
    number: 38,
    mark: 'CORE',
    behaviour:
      'framework init → STARTING with a valid context but no bundle started; start → bundles up to the beginning start level started → ACTIVE → FrameworkEvent STARTED',
  },
  {
    number: 39,
    mark: 'CORE',
    behaviour:
      'framework stop: start level goes down to 0 (every active bundle stopped, autostart untouched), state RESOLVED; waitForStop resolves with STOPPED, STOPPED_UPDATE or WAIT_TIMEDOUT',
  },
  { number: 40, mark: 'CORE', behaviour: 'storage clean option onFirstInit wipes installed bundles at first init' },
  {
    number: 41,
    mark: 'CORE',
    behaviour:
      'a framework can be started twice in one process as two separate instances without sharing registry state',
  },
  {
    number: 42,
    mark: 'USEFUL',
    behaviour: 'adapt(): bundle → BundleWiring, BundleRevision(s), BundleStartLevel, BundleContext, DTOs',
  },
  {
    number: 43,
    mark: 'CORE',
    behaviour: 'bundle equality/order: bundles compare by id; same id from the same framework is the same bundle',
  },
  {
    number: 44,
    mark: 'CORE',
    behaviour:
      'getEntry/findEntries read content of the bundle (and its fragments) without resolving for getEntry, with  patterns and recursion for findEntries',
  },
  {
    number: 45,
    mark: 'JAVA-ONLY',
    behaviour:
      'native code (Bundle-NativeCode), execution environments by class format, signed JAR certificates, boot delegation',
    leftOut: 'Java only',
  },
  {
    number: 46,
    mark: 'USEFUL',
    behaviour:
      'Node stand-in for execution environment: requirement on osgi.ee;(&(osgi.ee=Node)(version>=20)) and on engines.node fails the resolve, not the install',
  },
];
