import { createRequire } from 'node:module';
import type semver from 'semver';

const require = createRequire(import.meta.url);

/** npm's own reading of versions, function by function, each loaded when it is first called: an empty container has nothing to compare. */
function late<F>(file: string): () => F {
  let loaded: F | undefined;
  return () => (loaded ??= require(`semver/${file}.js`) as F);
}

const valid = late<typeof semver.valid>('functions/valid');
const validRange = late<typeof semver.validRange>('ranges/valid');
const inRange = late<typeof semver.satisfies>('functions/satisfies');
const gte = late<typeof semver.gte>('functions/gte');

const ANY = '*';

export function isVersion(text: string): boolean {
  return valid()(text) !== null;
}

export function isRange(text: string): boolean {
  return text === ANY || validRange()(text) !== null;
}

/** Whether a version is in range; a pre-release counts as what it is before. */
export function satisfies(version: string, range: string): boolean {
  return range === ANY || inRange()(version, range, { includePrerelease: true });
}

export function isAtLeast(version: string, other: string): boolean {
  return gte()(version, other);
}
