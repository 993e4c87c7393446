import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadProfile, type Profile } from '@rackwatt/device-profiles';
import { errorMessage, parseStrictly, RackwattError } from 'rackwatt';

/** The JSON document of a file. @throws RackwattError `PROFILE_INVALID` */
export function readDocument(path: string): unknown {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (cause) {
    throw new RackwattError('PROFILE_INVALID', `The profile ${path} cannot be read: ${errorMessage(cause)}.`, {
      cause,
    });
  }
  return parseStrictly(content, `The profile ${path}`, 'PROFILE_INVALID');
}

/** A checked profile from a file. @throws RackwattError `PROFILE_INVALID`: names the file, the place and the reason */
export function readProfile(path: string): Profile {
  const document = readDocument(path);
  try {
    return loadProfile(document, path);
  } catch (error) {
    if (!(error instanceof RackwattError)) throw error;
    throw new RackwattError(error.code, `${path}: ${error.message}`, { cause: error, context: error.context });
  }
}

/** All profiles (`*.json`) of a folder, in the order of their names. @throws RackwattError `PROFILE_INVALID` */
export function readProfiles(folder: string): Profile[] {
  const home = resolve(folder);
  return globSync('*.json', { cwd: home })
    .filter((name) => name !== 'profile.schema.json')
    .toSorted()
    .map((name) => readProfile(join(home, name)));
}
