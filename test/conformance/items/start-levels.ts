import type { Item } from '../item.js';

export const START_LEVELS: readonly Item[] = [
  {
    number: 145,
    mark: 'CORE',
    behaviour:
      'the framework has an active start level; a bundle runs when its autostart is set and its level ≤ the active level',
  },
  {
    number: 146,
    mark: 'CORE',
    behaviour:
      "raising: one level at a time; order inside a level is the framework's choice (bundle id or dependency order), stop order may be its reverse: a Node container should fix it as ascending id / descending id and document it; lowering stops the higher levels first",
  },
  {
    number: 147,
    mark: 'CORE',
    behaviour:
      'setStartLevel returns at once, works in the background, ends with STARTLEVEL_CHANGED to framework listeners and to listeners passed in the call',
  },
  {
    number: 148,
    mark: 'CORE',
    behaviour:
      'start() on a bundle above the active level only records autostart; START_TRANSIENT there throws START_TRANSIENT_ERROR',
  },
  { number: 149, mark: 'CORE', behaviour: 'lowering the level stops bundles without clearing autostart' },
  {
    number: 150,
    mark: 'CORE',
    behaviour:
      "setting a bundle's level above/below the active one stops/starts it in the background; level ≤ 0 is refused (IllegalArgument), as is changing that of the system bundle",
  },
  {
    number: 151,
    mark: 'CORE',
    behaviour:
      'initial bundle start level (for new installs) is settable and persistent; beginning level from org.osgi.framework.startlevel.beginning (default 1)',
  },
  {
    number: 152,
    mark: 'CORE',
    behaviour: 'a bundle that throws while the level rises gives FrameworkEvent ERROR and does not stop the climb',
  },
  { number: 153, mark: 'USEFUL', behaviour: 'isPersistentlyStarted and isActivationPolicyUsed tell the settings' },
  { number: 154, mark: 'CORE', behaviour: 'a bundle-level change requested from inside start() does not deadlock' },
];
