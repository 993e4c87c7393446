import type { Item } from '../item.js';

export const FRAMEWORK_EVENTS: readonly Item[] = [
  {
    number: 47,
    mark: 'CORE',
    behaviour:
      'BundleEvent types: INSTALLED, RESOLVED, LAZY_ACTIVATION, STARTING, STARTED, STOPPING, STOPPED, UPDATED, UNRESOLVED, UNINSTALLED; normal BundleListener does not get STARTING, STOPPING, LAZY_ACTIVATION',
  },
  {
    number: 48,
    mark: 'CORE',
    behaviour:
      'SynchronousBundleListener is called before the state-changing call returns; others are delivered asynchronously in order',
  },
  {
    number: 49,
    mark: 'CORE',
    behaviour:
      'asynchronous delivery is ordered per framework and uses the listener list as of the time the event was fired',
  },
  {
    number: 50,
    mark: 'CORE',
    behaviour:
      'adding the same listener twice (same context, same object) keeps one; for service listeners it replaces the filter',
  },
  {
    number: 51,
    mark: 'CORE',
    behaviour:
      "a listener that throws never breaks the operation or the other listeners; a FrameworkEvent ERROR is fired with the listener's bundle and the error (no ERROR for an error in a framework listener's own handling of ERROR)",
  },
  { number: 52, mark: 'CORE', behaviour: 'listeners of a stopped bundle are removed and get no late event' },
  {
    number: 53,
    mark: 'CORE',
    behaviour: 'BundleEvent.getOrigin is the installing bundle for INSTALLED, else the bundle itself',
  },
  {
    number: 54,
    mark: 'CORE',
    behaviour:
      'FrameworkEvent types STARTED, ERROR, WARNING, INFO, PACKAGES_REFRESHED, STARTLEVEL_CHANGED, STOPPED, STOPPED_UPDATE, WAIT_TIMEDOUT (and STOPPED_SYSTEM_REFRESHED)',
  },
  {
    number: 55,
    mark: 'CORE',
    behaviour: 'ServiceEvents are synchronous: when register() returns, all listeners have seen REGISTERED',
  },
  {
    number: 56,
    mark: 'CORE',
    behaviour:
      'deep cascades: dispatch inside dispatch (a listener that registers a service whose listener registers …) must work to any depth. Not stated by the spec but every peer measured breaks at 90–660 levels by stack overflow (see peer report); Node: use a queue and keep rule 55 for the outermost caller',
  },
  {
    number: 57,
    mark: 'CORE',
    behaviour:
      'no container lock is held while user code is called (Node: no half-made registry state is visible to a listener)',
  },
];
