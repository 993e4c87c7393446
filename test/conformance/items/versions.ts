import type { Item } from '../item.js';

export const VERSIONS: readonly Item[] = [
  {
    number: 58,
    mark: 'CORE',
    behaviour:
      'A version is major.minor.patch with an optional prerelease; parts that are missing count as 0, numbers compare as numbers, other characters are refused.',
  },
  {
    number: 59,
    mark: 'CORE',
    behaviour: 'A version with a qualifier comes after the one without.',
    differs:
      'versions are those of npm: 1.0.0-beta comes before 1.0.0, and rc.9 before rc.10, as package.json, registry and every tool of Node have it',
  },
  {
    number: 60,
    mark: 'CORE',
    behaviour:
      'Ranges are intervals with open and closed ends; a bare version is the least one; without a range any will do.',
    differs:
      'the ranges of a package.json are those of npm, where a bare version is exactly that one; intervals are read, too, and without a range any version will do',
  },
  {
    number: 61,
    mark: 'CORE',
    behaviour:
      'What is no version or range is refused when it is read; an empty range is read and holds nothing; [1,1] is exact.',
  },
  {
    number: 62,
    mark: 'CORE',
    behaviour: 'The intersection of ranges, and a range as a filter, say of each version what the ranges say.',
  },
  {
    number: 63,
    mark: 'USEFUL',
    behaviour:
      "npm's ranges (^, ~, ||) become intervals that hold the same versions; a prerelease is only in a range that names one of its release, and in *.",
  },
];
