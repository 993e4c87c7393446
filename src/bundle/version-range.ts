import { createRequire } from 'node:module';
import type semver from 'semver';
import { RackwattError } from '../errors.js';
import { escapeFilterValue } from '../registry/index.js';

const require = createRequire(import.meta.url);

/** npm's own reading of versions and ranges, loaded with the first version that is read: an empty container has none. */
const npm = {
  get Range(): typeof semver.Range {
    return require('semver/classes/range') as typeof semver.Range;
  },
  get parse(): typeof semver.parse {
    return require('semver/functions/parse') as typeof semver.parse;
  },
};

/**
 * A semantic version. Compares by numbers, then by prerelease as semver has it: `1.0.0-beta` comes before `1.0.0`,
 * where OSGi's qualifier would come after it.
 */
export class Version {
  readonly #value: semver.SemVer;

  private constructor(value: semver.SemVer) {
    this.#value = value;
  }

  /** @param text parts that are missing are 0: `1.2` is `1.2.0`. @throws `VERSION_SYNTAX` */
  static parse(text: string): Version {
    const version = Version.read(text);
    if (version) return version;
    throw new RackwattError('VERSION_SYNTAX', `"${text.slice(0, 100)}" is not a version such as 1.2.3 or 1.2.3-rc.1`);
  }

  /** Undefined where `parse` throws. */
  static read(text: string): Version | undefined {
    const trimmed = text.trim();
    const missing = /^\d+(\.\d+)?$/.exec(trimmed);
    const value = npm.parse(missing ? `${trimmed}${missing[1] === undefined ? '.0.0' : '.0'}` : trimmed);
    return value ? new Version(value) : undefined;
  }

  static of(value: semver.SemVer): Version {
    return new Version(value);
  }

  /** Below 0 when this one comes before the other, 0 when they are equal; what follows a `+` counts for nothing. */
  compare(other: Version): number {
    return this.#value.compare(other.#value);
  }

  /** As a filter compares it; undefined with a text that is no version. */
  compareText(text: string): number | undefined {
    const other = Version.read(text);
    return other && this.compare(other);
  }

  /** `1.2.0` of `1.2.0-rc.1`, the release that it comes before; undefined of a release. */
  get prereleaseOf(): string | undefined {
    const { major, minor, patch, prerelease } = this.#value;
    return prerelease.length > 0 ? `${major}.${minor}.${patch}` : undefined;
  }

  toString(): string {
    return this.#value.version;
  }

  toJSON(): string {
    return this.toString();
  }
}

const ZERO = '0.0.0-0';

/** From the floor to the ceiling. */
interface Interval {
  floor: Version;
  floorOpen: boolean;
  ceiling?: Version;
  ceilingOpen: boolean;
  /** Releases of which it takes prereleases: those whose prerelease it names. All of them when absent. */
  previews?: ReadonlySet<string>;
}

/**
 * Which versions will do. Read from npm's syntax (`^1.2`, `~1.2`, `1.x`, `>=1 <3`, `||`), in which a bare version is exactly that
 * one, or from OSGi's intervals (`[1.2,2)`). A prerelease is in a range only when the range names one of the same release,
 * as npm has it; `*` takes every version. Kept as disjunction of intervals.
 */
export class VersionRange {
  readonly #text: string;
  readonly #intervals: readonly Interval[];

  private constructor(text: string, intervals: readonly Interval[]) {
    this.#text = text;
    this.#intervals = intervals.filter((interval) => !isVoid(interval));
  }

  /** @throws `VERSION_SYNTAX` */
  static parse(text: string): VersionRange {
    let range = known.get(text);
    if (!range) {
      range = VersionRange.#read(text);
      if (known.size >= KNOWN) known.clear();
      known.set(text, range);
    }
    return range;
  }

  static #read(text: string): VersionRange {
    const trimmed = text.trim();
    const intervals =
      trimmed === '*' || trimmed === ''
        ? [{ floor: Version.parse(ZERO), floorOpen: false, ceilingOpen: true }]
        : /^[[(]/.test(trimmed)
          ? [intervalOf(trimmed)]
          : intervalsOf(trimmed);
    return new VersionRange(trimmed === '' ? '*' : trimmed, intervals);
  }

  includes(version: Version): boolean {
    return this.#intervals.some((interval) => isInside(interval, version));
  }

  /** Whether no version at all is in it, such as `>2 <1`. */
  get isEmpty(): boolean {
    return this.#intervals.length === 0;
  }

  /** Whether exactly one version is in it. */
  get isExact(): boolean {
    const [only, ...others] = this.#intervals;
    return only?.ceiling !== undefined && others.length === 0 && only.floor.compare(only.ceiling) === 0;
  }

  /** The versions that are in both. */
  intersection(other: VersionRange): VersionRange {
    const both = this.#intervals.flatMap((one) => other.#intervals.map((two) => overlap(one, two)));
    return new VersionRange(`${this.#text} and ${other.#text}`, both);
  }

  /**
   * A filter that takes the versions that are in the range, over a capability whose attribute is a version. The
   * attribute's `.prereleaseOf` is the release before which a prerelease comes.
   */
  toFilter(attribute = 'version'): string {
    const filters = this.#intervals.map((interval) => filterOf(interval, attribute));
    if (filters.length === 0) return `(&(${attribute}=*)(!(${attribute}=*)))`;
    return filters.length === 1 ? filters[0]! : `(|${filters.join('')})`;
  }

  /** As it was written. */
  toString(): string {
    return this.#text;
  }
}

/** Many bundles have the same few ranges. */
const KNOWN = 1_000;
const known = new Map<string, VersionRange>();

function isVoid({ floor, floorOpen, ceiling, ceilingOpen }: Interval): boolean {
  if (!ceiling) return false;
  const order = floor.compare(ceiling);
  return order > 0 || (order === 0 && (floorOpen || ceilingOpen));
}

function isInside({ floor, floorOpen, ceiling, ceilingOpen, previews }: Interval, version: Version): boolean {
  const above = version.compare(floor);
  if (above < 0 || (above === 0 && floorOpen)) return false;
  const below = ceiling ? version.compare(ceiling) : -1;
  if (below > 0 || (below === 0 && ceilingOpen)) return false;
  const release = previews && version.prereleaseOf;
  return release === undefined || previews!.has(release);
}

function overlap(one: Interval, two: Interval): Interval {
  const floors = one.floor.compare(two.floor);
  const floor = floors >= 0 ? one.floor : two.floor;
  const floorOpen = floors === 0 ? one.floorOpen || two.floorOpen : floors > 0 ? one.floorOpen : two.floorOpen;
  const upper =
    !one.ceiling || (two.ceiling && two.ceiling.compare(one.ceiling) < 0)
      ? two
      : two.ceiling && two.ceiling.compare(one.ceiling) === 0 && two.ceilingOpen
        ? two
        : one;
  const previews =
    one.previews && two.previews
      ? new Set([...one.previews].filter((release) => two.previews!.has(release)))
      : (one.previews ?? two.previews);
  return {
    floor,
    floorOpen,
    ...(upper.ceiling === undefined ? {} : { ceiling: upper.ceiling }),
    ceilingOpen: upper.ceilingOpen,
    ...(previews === undefined ? {} : { previews }),
  };
}

function filterOf({ floor, floorOpen, ceiling, ceilingOpen, previews }: Interval, attribute: string): string {
  const value = (version: Version): string => escapeFilterValue(version.toString());
  const parts = [floorOpen ? `(!(${attribute}<=${value(floor)}))` : `(${attribute}>=${value(floor)})`];
  // Of what has no such attribute the negation alone would hold.
  if (floorOpen) parts.unshift(`(${attribute}=*)`);
  if (ceiling) parts.push(ceilingOpen ? `(!(${attribute}>=${value(ceiling)}))` : `(${attribute}<=${value(ceiling)})`);
  if (previews) {
    const release = `(!(${attribute}.prereleaseOf=*))`;
    const named = [...previews].map((each) => `(${attribute}.prereleaseOf=${each})`);
    parts.push(named.length === 0 ? release : `(|${release}${named.join('')})`);
  }
  return parts.length === 1 ? parts[0]! : `(&${parts.join('')})`;
}

/** OSGi's `[1.2,2)`. */
function intervalOf(text: string): Interval {
  const [, opening, from, to, closing] = /^([[(])([^,]*),([^,]*)([\])])$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw invalid(text);
  const floor = bound(from, text);
  const ceiling = bound(to, text);
  const previews = [floor.prereleaseOf, ceiling.prereleaseOf].filter((release) => release !== undefined);
  return { floor, floorOpen: opening === '(', ceiling, ceilingOpen: closing === ')', previews: new Set(previews) };
}

function bound(part: string, text: string): Version {
  const version = Version.read(part);
  if (!version) throw invalid(text);
  return version;
}

function intervalsOf(text: string): Interval[] {
  let alternatives: readonly (readonly semver.Comparator[])[];
  try {
    alternatives = new npm.Range(text).set;
  } catch (error) {
    throw invalid(text, error);
  }
  return alternatives.map((comparators) => {
    let interval: Interval = { floor: Version.parse(ZERO), floorOpen: false, ceilingOpen: true, previews: new Set() };
    for (const { operator, semver: version } of comparators) {
      // What takes all has no version.
      if (!(version instanceof Object) || typeof version.compare !== 'function') continue;
      const limit = Version.of(version);
      const release = limit.prereleaseOf;
      const previews = new Set([...interval.previews!, ...(release === undefined ? [] : [release])]);
      interval = { ...overlap(interval, bounded(operator, limit)), previews };
    }
    return interval;
  });
}

/** What a single comparison of npm leaves. */
function bounded(operator: semver.Comparator['operator'], limit: Version): Interval {
  const from = operator === '<' || operator === '<=' ? undefined : limit;
  const to = operator === '>' || operator === '>=' ? undefined : limit;
  return {
    floor: from ?? Version.parse(ZERO),
    floorOpen: operator === '>',
    ...(to === undefined ? {} : { ceiling: to }),
    ceilingOpen: operator === '<' || to === undefined,
  };
}

function invalid(text: string, cause?: unknown): RackwattError {
  return new RackwattError(
    'VERSION_SYNTAX',
    `"${text.slice(0, 100)}" is not a version range such as ^1.2.0, >=1.2 <3 or [1.2,3)`,
    { cause },
  );
}
