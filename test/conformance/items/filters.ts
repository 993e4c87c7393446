import type { Item } from '../item.js';

export const FILTERS: readonly Item[] = [
  {
    number: 130,
    mark: 'CORE',
    behaviour:
      'filters are made of `&`, `|`, `!`, `=`, `~=`, `>=`, `<=`, presence and substrings; blanks count in values only',
  },
  { number: 131, mark: 'CORE', behaviour: 'names compare without case, values with case' },
  { number: 132, mark: 'CORE', behaviour: 'a backslash in a value takes the next character as it is' },
  {
    number: 133,
    mark: 'CORE',
    behaviour: 'a wrong filter is refused with its text and the place',
  },
  {
    number: 134,
    mark: 'CORE',
    behaviour: 'operators may stand in names where the grammar leaves no doubt, as in `(!ab=x)` or `(&=c)`',
  },
  { number: 135, mark: 'CORE', behaviour: 'an array matches when any of its elements does' },
  {
    number: 136,
    mark: 'CORE',
    behaviour: 'the text of a filter takes the type of the value that it meets; where it cannot, nothing matches',
  },
  { number: 137, mark: 'CORE', behaviour: 'an empty text equals the empty string, and no number' },
  { number: 138, mark: 'CORE', behaviour: 'substrings match strings only' },
  { number: 139, mark: 'CORE', behaviour: '`~=` ignores case and white space' },
  {
    number: 140,
    mark: 'CORE',
    behaviour: 'strings are in lexicographic order; what is missing satisfies `!` alone',
  },
  {
    number: 141,
    mark: 'CORE',
    behaviour: 'a filter prints itself without meaningless blanks, and reads back as an equal one',
  },
  {
    number: 142,
    mark: 'CORE',
    behaviour: '`matches`, `matchesReference` and, but for the case of names, `matchesCase` agree',
  },
  {
    number: 143,
    mark: 'USEFUL',
    behaviour: 'values with an order of their own compare by it: versions, dates, big integers',
  },
  {
    number: 144,
    mark: 'CORE',
    behaviour: 'a filter of any length and depth is read in linear time, without recursion',
  },
];
