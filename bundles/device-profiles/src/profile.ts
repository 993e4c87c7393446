import { isMetric, METRICS, type MetricName, STATES } from '@rackwatt/telemetry';
import { errorMessage, RackwattError } from 'rackwatt';
import { Value } from 'typebox/value';
import {
  type ProfileDocument,
  type ProfileGuard,
  type ProfilePartDocument,
  type ProfilePointDocument,
  type ProfileRecognition,
  ProfileSchema,
  type ProfileThreshold,
} from './schema.js';

/** A point of a profile with the defaults of its group and its constant arcs filled in. */
export type ProfilePoint = Omit<ProfilePointDocument, 'metric' | 'oid' | 'with' | 'lenient'> & {
  metric: MetricName;
  oid: string;
};

export interface ProfilePart extends Omit<ProfilePartDocument, 'defaults' | 'use' | 'points'> {
  points: ProfilePoint[];
}

/** A checked profile: sets and defaults are expanded, every template is complete. */
export interface Profile extends Omit<ProfileDocument, 'parts' | 'sets' | '$schema'> {
  parts: ProfilePart[];
}

/**
 * Checks a profile and expands its sets and defaults.
 * @throws RackwattError `PROFILE_INVALID`: names the profile, the place and what is wrong there.
 */
export function loadProfile(document: unknown, origin = 'profile'): Profile {
  if (!Value.Check(ProfileSchema, document)) {
    const [first] = Value.Errors(ProfileSchema, document);
    throw invalid(nameOf(document, origin), first?.instancePath || '/', first?.message ?? 'does not fit the schema');
  }
  const { parts, sets, $schema: _schema, ...rest } = document;
  for (const pattern of patternsOf(document)) checkPattern(document.name, pattern);
  for (const template of templatesOf(document)) checkTemplate(document.name, template);
  for (const recognition of rest.recognise) checkRecognition(document.name, recognition, document.base);
  return {
    ...rest,
    parts: parts.map((part, index) => expandPart(document.name, part, sets ?? {}, `/parts/${index}`)),
  };
}

function expandPart(
  profile: string,
  group: ProfilePartDocument,
  sets: Record<string, ProfilePointDocument[]>,
  place: string,
): ProfilePart {
  const { defaults, use, points, ...rest } = group;
  const all: ProfilePointDocument[] = [];
  for (const name of use ?? []) {
    const set = sets[name];
    if (!set) throw invalid(profile, `${place}/use`, `there is no set '${name}'`);
    all.push(...set);
  }
  all.push(...(points ?? []));
  const expanded = { ...rest, points: all.map((point) => expandPoint(profile, { ...defaults, ...point }, place)) };
  checkNames(profile, expanded, place);
  return expanded;
}

function expandPoint(profile: string, point: ProfilePointDocument, place: string): ProfilePoint {
  const { metric, oid, with: constants = {}, scaleFrom, guards, thresholds, lenient, ...rest } = point;
  const where = `${place} (${metric})`;
  if (!isMetric(metric)) throw invalid(profile, where, `'${metric}' is no metric`);
  if (oid === undefined) throw invalid(profile, where, 'it has no oid');
  checkStates(profile, where, metric, rest);
  if (scaleFrom?.some(({ as, words }) => (as === 'words') !== (words !== undefined)))
    throw invalid(profile, where, '"words" of scaleFrom belong to "as": "words"');
  const fill = (template: string): string =>
    template.replace(/\{([a-z]+)\}/g, (whole, name: string) => String(constants[name] ?? whole));
  return {
    ...rest,
    metric,
    oid: fill(oid),
    ...(scaleFrom === undefined ? {} : { scaleFrom: scaleFrom.map((from) => ({ ...from, oid: fill(from.oid) })) }),
    ...(guards === undefined ? {} : { guards: guards.map((guard) => expandGuard(guard, fill, lenient)) }),
    ...(thresholds === undefined ? {} : { thresholds: expandThresholds(thresholds, fill) }),
  };
}

function checkStates(
  profile: string,
  where: string,
  metric: MetricName,
  { states, threshold, thresholds }: Pick<ProfilePointDocument, 'states' | 'threshold' | 'thresholds'>,
): void {
  const isState = METRICS[metric].kind === 'state';
  if (isState !== (states !== undefined)) {
    throw invalid(
      profile,
      where,
      isState ? 'a state needs the words of its values in "states"' : 'only a state has "states"',
    );
  }
  if (isState && (threshold ?? thresholds) !== undefined) throw invalid(profile, where, 'a state has no thresholds');
  const words: readonly string[] = STATES;
  for (const word of Object.values(states ?? {})) {
    if (!words.includes(word) || word === '') throw invalid(profile, where, `'${word}' is no state word`);
  }
}

function expandGuard(guard: ProfileGuard, fill: (template: string) => string, lenient = false): ProfileGuard {
  const bad = lenient ? Object.fromEntries(Object.keys(guard.bad).map((value) => [value, 'bad' as const])) : guard.bad;
  return { ...guard, oid: fill(guard.oid), bad };
}

function expandThresholds(
  thresholds: NonNullable<ProfilePointDocument['thresholds']>,
  fill: (template: string) => string,
): NonNullable<ProfilePointDocument['thresholds']> {
  return Object.fromEntries(
    Object.entries(thresholds).map(([level, threshold]: [string, ProfileThreshold]) => {
      const { enabled } = threshold;
      const filled = enabled === undefined ? {} : { enabled: { ...enabled, oid: fill(enabled.oid) } };
      return [level, { ...threshold, oid: fill(threshold.oid), ...filled }];
    }),
  );
}

/** What `when` may name besides attributes and arcs. */
const ALWAYS_KNOWN = ['sysDescr'];
const MOST_ARC = 2 ** 32;

/** Names in the paths and templates of a group that nothing binds, and patterns that are none. */
function checkNames(profile: string, group: ProfilePart, place: string): void {
  const attributes = Object.keys(group.attributes ?? {});
  for (const point of group.points) {
    const where = `${place} (${point.metric})`;
    const arcs = new Set(['unit', ...arcsOf(point.oid), ...(point.list === undefined ? [] : ['item'])]);
    const whens = [...Object.entries(group.when ?? {}), ...Object.entries(point.when ?? {})];
    const patterns = whens.flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
    for (const pattern of patterns) checkPattern(profile, pattern);
    const groups = patterns.flatMap((pattern) => [...pattern.matchAll(/\(\?<([a-z]+)>/g)].map((match) => match[1]!));
    for (const [name] of whens)
      if (![...attributes, ...arcs, ...ALWAYS_KNOWN].includes(name))
        throw invalid(profile, where, `"when" names '${name}', which is neither an attribute nor an arc`);
    for (const name of arcsOf(group.part))
      if (![...attributes, ...arcs, ...groups].includes(name))
        throw invalid(profile, where, `the path ${group.part} names '${name}', which nothing binds`);
    const columns = [
      ...(point.scaleFrom ?? []),
      ...(point.guards ?? []),
      ...Object.values(point.thresholds ?? {}),
      ...Object.values(group.attributes ?? {}).flatMap((attribute) => ('oid' in attribute ? [attribute] : [])),
    ];
    for (const { oid } of columns)
      for (const name of arcsOf(oid))
        if (!arcs.has(name) && !attributes.includes(name))
          throw invalid(profile, where, `${oid} names '${name}', which is no arc of ${point.oid}`);
  }
}

/** Names of the arcs of a template. */
function arcsOf(template: string): string[] {
  return [...template.matchAll(/\{([a-z]+)(?:\*|[+-]\d+)?\}/g)].map((match) => match[1]!);
}

function checkRecognition(profile: string, recognition: ProfileRecognition, base: string): void {
  const { sysObjectId = [], sysDescr, probe } = recognition;
  if (sysObjectId.length === 0 && sysDescr === undefined && probe === undefined)
    throw invalid(profile, '/recognise', 'it holds for every device');
  const names = sysObjectId.flatMap(arcsOf);
  for (const name of arcsOf(recognition.base ?? base))
    if (!names.includes(name)) throw invalid(profile, '/recognise', `no sysObjectId binds '${name}' of the base`);
}

function* patternsOf(document: ProfileDocument): Generator<string> {
  for (const { sysDescr, probe = [] } of document.recognise) {
    if (sysDescr !== undefined) yield sysDescr;
    for (const condition of probe)
      if (typeof condition === 'object' && condition.pattern !== undefined) yield condition.pattern;
  }
  for (const sources of Object.values(document.identity)) {
    if (!Array.isArray(sources)) continue;
    for (const source of sources)
      if (typeof source === 'object') yield 'sysDescr' in source ? source.sysDescr : source.pattern;
  }
}

function* templatesOf(document: ProfileDocument): Generator<string> {
  yield document.base;
  for (const group of document.parts) for (const point of group.points ?? []) if (point.oid) yield point.oid;
}

function checkTemplate(profile: string, template: string): void {
  if (template.split('.').some((arc) => Number(arc) >= MOST_ARC))
    throw invalid(profile, template, 'an arc has 32 bits');
  if (template.split('*').length > 2) throw invalid(profile, template, 'only one name may stand for several arcs');
}

function checkPattern(profile: string, pattern: string): void {
  try {
    new RegExp(pattern);
  } catch (error) {
    throw invalid(profile, pattern, errorMessage(error));
  }
}

function nameOf(document: unknown, origin: string): string {
  const name = typeof document === 'object' && document !== null ? (document as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : origin;
}

function invalid(profile: string, place: string, problem: string): RackwattError {
  return new RackwattError('PROFILE_INVALID', `Profile '${profile}' is wrong at ${place}: ${problem}.`, {
    context: { profile, place },
  });
}
