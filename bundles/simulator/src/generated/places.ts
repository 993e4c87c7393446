import type { ProfilePart, ProfilePoint } from '@rackwatt/device-profiles';
import { wordsOf } from '../profile/readings.js';
import { namesOf } from '../profile/template.js';
import type { Shape } from './quantity.js';

/** A part's path and what its names stand for in it. */
export interface NamedPath {
  path: string;
  texts: Readonly<Record<string, string>>;
}

/** Sensors of one kind that a device may need until each metric has one that fits. */
const MOST_SENSORS = 12;
const LEVEL =
  /(unit|inlet|branch|outlet|sensor|phase|line|pair)(?!.*(?:unit|inlet|branch|outlet|sensor|phase|line|pair))/;

/** How many numbers a name stands for, by what it numbers. */
const COUNTS: Readonly<Record<string, (shape: Shape) => number>> = {
  inlet: () => 1,
  branch: ({ branches }) => branches,
  outlet: ({ outlets }) => outlets,
  phase: ({ phases }) => phases,
  line: ({ phases }) => phases,
  pair: ({ phases }) => (phases === 3 ? 3 : 0),
  sensor: () => MOST_SENSORS,
};

/** What stands in place of a whole name of a phase, a line or a pair of phases. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  phase: ['L1', 'L2', 'L3'],
  line: ['L1', 'L2', 'L3', 'N'],
  pair: ['L1-L2', 'L2-L3', 'L3-L1'],
};

/** Paths that a group may have on a PDU of this shape, in their order. */
export function pathsOf(group: ProfilePart, point: ProfilePoint, shape: Shape): NamedPath[] {
  const names = namesOf(group.part);
  let all: NamedPath[] = [{ path: group.part, texts: {} }];
  for (const name of names) {
    const choices = textsOf(name, group, point, shape);
    all = all.flatMap(({ path, texts }) =>
      choices.map((text) => ({ path: path.replaceAll(`{${name}}`, text), texts: { ...texts, [name]: text } })),
    );
  }
  return all;
}

function textsOf(name: string, group: ProfilePart, point: ProfilePoint, shape: Shape): readonly string[] {
  const before = group.part.slice(0, group.part.indexOf(`{${name}}`));
  const behind = group.part.slice(before.length + name.length + 2);
  const level = LEVEL.exec(before)?.[0] ?? 'unit';
  /** The last name within a segment numbers the places; the ones before stay with their first. */
  const isLast = !/^[^/]*\{/.test(behind);
  const words = wordsOf(group.attributes?.[name]);
  if (words) {
    const distinct = [...new Set(Object.values(words))];
    return isLast || level === 'sensor' ? distinct : distinct.slice(0, 1);
  }
  const isCaptured = [group.when, point.when].some((when) =>
    Object.values(when ?? {}).some((condition) => typeof condition === 'string' && condition.includes(`(?<${name}>`)),
  );
  if (isCaptured && before.endsWith('/') && NAMED[level]) return NAMED[level];
  const count = isLast ? (COUNTS[level]?.(shape) ?? 1) : 1;
  return Array.from({ length: count }, (_, i) => String(i + 1));
}
