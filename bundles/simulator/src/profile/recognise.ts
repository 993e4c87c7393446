import { type Profile, type ProfileRecognition, profiles } from '@rackwatt/device-profiles';
import type { Objects } from './readings.js';
import { fillTemplate, matchTemplate } from './template.js';

/** A profile that fits a device, and what its OIDs stand under there. */
export interface Fitting {
  profile: Profile;
  base: string;
}

/** Profiles that fit what a device says of itself, the most particular first. */
export function fittingProfiles(objects: Objects): Fitting[] {
  const fitting = profiles().flatMap((profile) =>
    profile.recognise.flatMap((recognition) => {
      const arcs = arcsOf(recognition, objects);
      if (!arcs || !fitsOtherwise(recognition, objects)) return [];
      const template = recognition.base ?? profile.base;
      return [{ profile, base: fillTemplate(template, arcs.names) ?? template, rank: arcs.count }];
    }),
  );
  return fitting.toSorted((a, b) => b.rank - a.rank);
}

/** How many arcs of the sysObjectID fit, and what the names among them stand for; undefined when it is another device's. */
function arcsOf(
  { sysObjectId = [], exact }: ProfileRecognition,
  objects: Objects,
): { count: number; names: Record<string, string> } | undefined {
  const told = objects.text('1.3.6.1.2.1.1.2.0')?.split('.') ?? [];
  const fits = sysObjectId.flatMap((prefix) => {
    const count = prefix === 'none' ? 0 : prefix.split('.').length;
    if (count === 0 ? told.length > 2 : exact && told.length !== count) return [];
    const names = count === 0 ? {} : matchTemplate(prefix, told.slice(0, count).join('.'));
    return names ? [{ count, names }] : [];
  });
  if (sysObjectId.length === 0) return { count: 0, names: {} };
  return fits.toSorted((a, b) => b.count - a.count)[0];
}

function fitsOtherwise({ sysDescr, probe = [] }: ProfileRecognition, objects: Objects): boolean {
  if (sysDescr !== undefined && !new RegExp(sysDescr).test(objects.text('1.3.6.1.2.1.1.1.0') ?? '')) return false;
  return probe.every((condition) => {
    const { oid, values, above, pattern } = typeof condition === 'string' ? { oid: condition } : condition;
    const text = objects.text(oid);
    if (text === undefined) {
      const isTree = values === undefined && above === undefined && pattern === undefined;
      return isTree && [...objects.oids()].some((each) => each.startsWith(`${oid}.`));
    }
    if (values !== undefined && !values.includes(Number(text))) return false;
    return !(Number(text) <= (above ?? -Infinity)) && (pattern === undefined || new RegExp(pattern).test(text));
  });
}
