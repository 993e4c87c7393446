import { RackwattError } from 'rackwatt';
import { Value } from 'typebox/value';
import { loadProfile } from './profile.js';
import { type ProfileDocument, ProfileSchema } from './schema.js';

/** Something that is wrong with a profile, or odd. */
export interface ProfileProblem {
  /** `error`: the profile cannot be used. */
  severity: 'error' | 'warning';
  /** JSON pointer into the document, where it is known. */
  place: string;
  problem: string;
}

/** Everything that is wrong with a profile, not only the first, and what looks like a slip. */
export function lintProfile(document: unknown): ProfileProblem[] {
  if (!Value.Check(ProfileSchema, document)) return schemaProblems(document);
  try {
    loadProfile(document);
  } catch (error) {
    if (!(error instanceof RackwattError)) throw error;
    return [{ severity: 'error', place: placeOf(error), problem: error.message }];
  }
  return [...slips(document)].map(([place, problem]) => ({ severity: 'warning', place, problem }));
}

/** One problem a place: of a value that fits none of several schemas only that is told, not how it fails each. */
function schemaProblems(document: unknown): ProfileProblem[] {
  const byPlace = new Map<string, string>();
  for (const { instancePath, message, params } of Value.Errors(ProfileSchema, document)) {
    const allowed = 'allowedValues' in params ? `: ${params.allowedValues.join(', ')}` : '';
    byPlace.set(instancePath || '/', message + allowed);
  }
  return [...byPlace].map(([place, problem]) => ({ severity: 'error', place, problem }));
}

const placeOf = ({ context: { place } }: RackwattError): string => (typeof place === 'string' ? place : '/');

/** `1.3.6.1.4.1.318` is a maker's own tree. */
const ENTERPRISE_ARCS = 7;

function* slips({ parts, sets = {}, recognise }: ProfileDocument): Generator<[place: string, problem: string]> {
  const used = new Set(parts.flatMap(({ use }) => use ?? []));
  for (const name of Object.keys(sets)) if (!used.has(name)) yield [`/sets/${name}`, 'no part uses this set'];
  for (const [i, { sysObjectId }] of recognise.entries())
    if (sysObjectId?.some((prefix) => prefix.split('.').length < ENTERPRISE_ARCS && prefix !== 'none'))
      yield [`/recognise/${i}/sysObjectId`, 'a prefix that holds the devices of all makers'];
  for (const [i, group] of parts.entries()) {
    const place = `/parts/${i}`;
    if ((group.points ?? []).length === 0 && (group.use ?? []).length === 0) yield [place, 'it has no points'];
    const text = JSON.stringify([group.part, group.when, group.points, group.switch, group.label, group.attributes]);
    for (const name of Object.keys(group.attributes ?? {})) {
      const named = text.split(new RegExp(`[{"]${name}[}"]`)).length - 1;
      // Once where it stands itself.
      if (named < 2 && name !== 'unit' && !('words' in group.attributes![name]!))
        yield [`${place}/attributes/${name}`, 'nothing uses this attribute'];
    }
  }
}
