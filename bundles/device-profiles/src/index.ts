import { loadProfile, type Profile } from './profile.js';

export { loadProfile, type Profile, type ProfilePart, type ProfilePoint } from './profile.js';
export {
  type ProfileAttribute,
  type ProfileDocument,
  type ProfileGuard,
  type ProfileIdentitySource,
  ProfileSchema,
  type ProfileSwitch,
  type ProfileWhen,
} from './schema.js';

// Literal paths, so that packing the bundle inlines the files.
const DOCUMENTS: readonly unknown[] = [
  require('../profiles/apc-rpdu2.json'),
  require('../profiles/raritan-px.json'),
  require('../profiles/eaton-epdu.json'),
];

let loaded: Profile[] | undefined;

/** All profiles that come with Rackwatt, checked once. */
export function profiles(): Profile[] {
  loaded ??= DOCUMENTS.map((document) => loadProfile(document));
  return loaded;
}
