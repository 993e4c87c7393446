import { isMetric, METRICS, type MetricName, STATES } from '@rackwatt/telemetry';
import { errorMessage, RackwattError } from 'rackwatt';
import { Value } from 'typebox/value';
import {
  type ProfileDocument,
  type ProfileGuard,
  type ProfilePartDocument,
  type ProfilePointDocument,
  ProfileSchema,
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
  for (const pattern of patternsOf(document)) checkPattern(document.name, pattern);
  const { parts, sets, $schema: _schema, ...rest } = document;
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
  return { ...rest, points: all.map((point) => expandPoint(profile, { ...defaults, ...point }, place)) };
}

function expandPoint(profile: string, point: ProfilePointDocument, place: string): ProfilePoint {
  const { metric, oid, with: constants = {}, decimals, guards, lenient, ...rest } = point;
  const where = `${place} (${metric})`;
  if (!isMetric(metric)) throw invalid(profile, where, `'${metric}' is no metric`);
  if (oid === undefined) throw invalid(profile, where, 'it has no oid');
  const isState = METRICS[metric].kind === 'state';
  if (isState !== (rest.states !== undefined)) {
    throw invalid(
      profile,
      where,
      isState ? 'a state needs the words of its values in "states"' : 'only a state has "states"',
    );
  }
  const words: readonly string[] = STATES;
  for (const word of Object.values(rest.states ?? {})) {
    if (!words.includes(word)) throw invalid(profile, where, `'${word}' is no state word`);
  }
  const fill = (template: string): string =>
    template.replace(/\{([a-z]+)\}/g, (whole, name: string) => String(constants[name] ?? whole));
  return {
    ...rest,
    metric,
    oid: fill(oid),
    ...(decimals === undefined ? {} : { decimals: fill(decimals) }),
    ...(guards === undefined ? {} : { guards: guards.map((guard) => expandGuard(guard, fill, lenient)) }),
  };
}

function expandGuard(guard: ProfileGuard, fill: (template: string) => string, lenient = false): ProfileGuard {
  const bad = lenient ? Object.fromEntries(Object.keys(guard.bad).map((value) => [value, 'bad' as const])) : guard.bad;
  return { ...guard, oid: fill(guard.oid), bad };
}

function* patternsOf(document: ProfileDocument): Generator<string> {
  if (document.recognise.sysDescr !== undefined) yield document.recognise.sysDescr;
  for (const sources of Object.values(document.identity)) {
    if (!Array.isArray(sources)) continue;
    for (const source of sources) if (typeof source === 'object') yield source.sysDescr;
  }
}

function checkPattern(profile: string, pattern: string): void {
  try {
    new RegExp(pattern);
  } catch (error) {
    throw invalid(profile, 'sysDescr', errorMessage(error));
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
