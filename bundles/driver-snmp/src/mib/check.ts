import type { Profile, ProfilePart, ProfilePoint, ProfileProblem } from '@rackwatt/device-profiles';
import { METRICS } from '@rackwatt/telemetry';
import type { Mib, MibObject } from './module.js';
import { parseUnits } from './units.js';

/** Compares a profile with the maker's MIB: objects, enumerations, units, and what may be written. */
export function checkAgainst(mib: Mib, profile: Profile): ProfileProblem[] {
  return profile.parts.flatMap((part, i) => {
    const place = `/parts/${i}`;
    return [
      ...part.points.flatMap((point) => problemsOfPoint(mib, profile, place, point)),
      ...problemsOfSwitch(mib, profile, place, part),
    ];
  });
}

function problemsOfPoint(mib: Mib, profile: Profile, place: string, point: ProfilePoint): ProfileProblem[] {
  const at = `${place} (${point.metric})`;
  const others = [
    ...(point.scaleFrom ?? []),
    ...(point.guards ?? []),
    ...Object.values(point.thresholds ?? {}),
  ].flatMap(({ oid }) => (objectOf(mib, profile, oid) ? [] : error(at, `${oid} is no object of the MIB`)));
  const object = objectOf(mib, profile, point.oid);
  if (!object) return [...others, error(at, `${point.oid} is no object of the MIB`)];
  return [...others, ...problemsOfStates(at, point, object), ...problemsOfScale(at, point, object)];
}

function problemsOfStates(at: string, { states, noValue }: ProfilePoint, { name, enums }: MibObject): ProfileProblem[] {
  if (!states) return [];
  const none = Array.isArray(noValue) ? noValue : [];
  const without = [...enums].filter(
    ([value]) => !(String(value) in states) && !none.includes(value) && !(noValue === 'negative' && value < 0),
  );
  return without.map(([value, word]) => error(at, `${name} may be ${word}(${value}), for which there is no word`));
}

const NEAR = 1e-6;

function problemsOfScale(at: string, point: ProfilePoint, { name, units }: MibObject): ProfileProblem[] {
  const told = parseUnits(units);
  if (!told || point.states || point.scaleFrom || point.units || point.list) return [];
  const { unit } = METRICS[point.metric];
  const scale = point.scale ?? 1;
  // A power factor is told as a ratio or in percent.
  const factor = unit === '1' && told.unit === '%' ? told.factor / 100 : told.factor;
  if (told.unit !== unit && !(unit === '1' && told.unit === '%'))
    return [{ severity: 'warning', place: at, problem: `${name} is in "${units}", the metric in ${unit}` }];
  if (Math.abs(scale / factor - 1) < NEAR) return [];
  return [
    {
      severity: 'warning',
      place: at,
      problem: `${name} is in "${units}", which is a scale of ${factor}, not ${scale}`,
    },
  ];
}

function problemsOfSwitch(
  mib: Mib,
  profile: Profile,
  place: string,
  { switch: commands }: ProfilePart,
): ProfileProblem[] {
  const writes = [commands?.on, commands?.off, commands?.cycle].flatMap((write) =>
    write ? [write, ...(write.first ?? [])] : [],
  );
  return writes.flatMap(({ oid }) => {
    const object = objectOf(mib, profile, oid);
    if (!object) return error(`${place}/switch`, `${oid} is no object of the MIB`);
    return /write|create/.test(object.access) ? [] : error(`${place}/switch`, `${object.name} is ${object.access}`);
  });
}

/** The object that a template is an instance of: the index is left off, from the first name on and then arc by arc. */
function objectOf(mib: Mib, { base }: Profile, template: string): MibObject | undefined {
  const arcs = `${base}.${template}`.replace(/\.\{.*/, '').split('.');
  for (let length = arcs.length; length > base.split('.').length; length--) {
    const object = mib.objects.get(arcs.slice(0, length).join('.'));
    if (object) return object;
  }
  return undefined;
}

const error = (place: string, problem: string): ProfileProblem => ({ severity: 'error', place, problem });
