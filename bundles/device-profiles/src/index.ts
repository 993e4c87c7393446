import { DOCUMENTS } from './documents.js';
import { loadProfile, type Profile } from './profile.js';

export { lintProfile, type ProfileProblem } from './lint.js';
export { loadProfile, type Profile, type ProfilePart, type ProfilePoint } from './profile.js';
export {
  type ProfileAttribute,
  type ProfileDocument,
  type ProfileGuard,
  type ProfileIdentitySource,
  type ProfileNotification,
  type ProfileRecognition,
  type ProfileScaleFrom,
  ProfileSchema,
  type ProfileSwitch,
  type ProfileThreshold,
  type ProfileWhen,
  type ProfileWrite,
} from './schema.js';

let loaded: Profile[] | undefined;

/** All profiles that come with Rackwatt, checked once. */
export function profiles(): Profile[] {
  loaded ??= DOCUMENTS.map((document) => loadProfile(document));
  return loaded;
}
