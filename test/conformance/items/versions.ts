import type { Item } from '../item.js';

export const VERSIONS: readonly Item[] = [
  {
    number: 58,
    mark: 'CORE',
    behaviour:
      'version = major[.minor[.micro[.qualifier]]], missing parts 0/""; compare numerically then qualifier as a string; qualifier chars [A-Za-z0-9_-]',
  },
  {
    number: 59,
    mark: 'CORE',
    behaviour:
      'no qualifier sorts before any qualifier: 1.0.0 < 1.0.0.beta. The opposite of semver prerelease (1.0.0-beta < 1.0.0): a Node container must say which rule it follows where',
  },
  {
    number: 60,
    mark: 'CORE',
    behaviour: 'range "[a,b)" forms, "(a,b)", "[a,b]", and bare "a" = [a, ∞); default = [0.0.0, ∞)',
  },
  {
    number: 61,
    mark: 'CORE',
    behaviour:
      'malformed version/range throws at parse time; empty ranges ([2,1], (1,1)) parse and match nothing (isEmpty), [1,1] is exact',
  },
  { number: 62, mark: 'CORE', behaviour: 'range intersection and toFilterString give the same answers as includes()' },
  {
    number: 63,
    mark: 'USEFUL',
    behaviour:
      'npm-style ranges (^1.2, ~1.2, ||) translate loss-free to one or more OSGi ranges; a prerelease never satisfies a range without naming one',
  },
];
