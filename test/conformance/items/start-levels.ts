import type { Item } from '../item.js';

export const START_LEVELS: readonly Item[] = [
  {
    number: 145,
    mark: 'CORE',
    behaviour: 'a bundle runs when `autostart` is set and its level is not above the active one',
  },
  {
    number: 146,
    mark: 'CORE',
    behaviour: 'levels are raised and lowered one by one, within one by ascending id up and descending id down',
  },
  {
    number: 147,
    mark: 'CORE',
    behaviour:
      'a change of the level works in the background; its promise settles when it is reached, and STARTLEVEL_CHANGED is fired',
  },
  {
    number: 148,
    mark: 'CORE',
    behaviour:
      '`start` above the active level only notes `autostart`; a transient start there is refused with `BUNDLE_START_LEVEL`',
  },
  { number: 149, mark: 'CORE', behaviour: 'lowering the level stops bundles and leaves `autostart`' },
  {
    number: 150,
    mark: 'CORE',
    behaviour: 'another level of a bundle starts or stops it; below 1 is refused, and the container has none',
  },
  {
    number: 151,
    mark: 'CORE',
    behaviour:
      'the level of new bundles can be set and is remembered; the container starts up to its own, 1 unless told',
  },
  {
    number: 152,
    mark: 'CORE',
    behaviour: 'a bundle that throws while the level rises is an ERROR and does not stop the climb',
  },
  { number: 153, mark: 'USEFUL', behaviour: '`autostart` tells whether a bundle is started persistently' },
  { number: 154, mark: 'CORE', behaviour: 'a change of levels asked from inside a start does not deadlock' },
];
