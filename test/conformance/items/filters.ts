import type { Item } from '../item.js';

export const FILTERS: readonly Item[] = [
  {
    number: 130,
    mark: 'CORE',
    behaviour:
      'grammar: and, or, not, =, ~=, >=, <=, presence =, substring with any number of ; blanks allowed around parens and before/after the attribute name but kept in the value',
  },
  { number: 131, mark: 'CORE', behaviour: 'attribute names compare without case; values with case' },
  { number: 132, mark: 'CORE', behaviour: 'a backslash escapes a parenthesis, an asterisk and a backslash in values' },
  {
    number: 133,
    mark: 'CORE',
    behaviour:
      'syntax errors throw with the filter text: "", "()", "(=foo)", "(", "(abc = ))", "(&(abc=xyz)(&(345))" …',
  },
  {
    number: 134,
    mark: 'CORE',
    behaviour: 'operators inside names are legal where the grammar allows: "(!ab=x)", "(&=c)", "(|=c)", "(=foo)"',
  },
  { number: 135, mark: 'CORE', behaviour: 'multi-valued properties (array/collection): true if any element matches' },
  {
    number: 136,
    mark: 'CORE',
    behaviour:
      "the filter value is converted to the property's type: numbers numerically, booleans case-insensitively, versions as versions; unparsable value = no match, never an error",
  },
  { number: 137, mark: 'CORE', behaviour: 'empty value: (empty=) matches the empty string; on a number it is false' },
  { number: 138, mark: 'CORE', behaviour: 'substring on non-string scalars is false' },
  { number: 139, mark: 'CORE', behaviour: '~= ignores case and white space at least' },
  {
    number: 140,
    mark: 'CORE',
    behaviour: '>= on strings is lexicographic; on a missing attribute every operator but not is false',
  },
  {
    number: 141,
    mark: 'CORE',
    behaviour:
      'toString is normalized: no outer/inner white space where meaningless, and parsing it again gives an equal filter',
  },
  {
    number: 142,
    mark: 'CORE',
    behaviour: 'match(map/dictionary), matchCase (case-sensitive names), match(reference) agree',
  },
  {
    number: 143,
    mark: 'USEFUL',
    behaviour:
      'values with compareTo/valueOf-like construction (Java Comparable + String constructor) compare by it; Node: Version, Date, BigInt',
  },
  {
    number: 144,
    mark: 'CORE',
    behaviour:
      'createFilter from an untrusted string is linear in time and bounded in depth (Node; no regex backtracking, no recursion overflow on 10 000 nested parens)',
  },
];
