export {
  readArchive,
  readArchiveFile,
  SEAL_FILE,
  sha256,
  writeArchive,
  type ArchiveFile,
  type Budget,
} from './archive.js';
export { DropInFolder, type DropInOptions } from './dropins.js';
export { DEPLOYMENT_ERRORS } from './errors.js';
export { keyId, makeKey, readPrivateKey, readTrustedKeys, type TrustedKey } from './keys.js';
export { checkSeal, sealOf, signFiles } from './seal.js';
export { findSource, platformBundles, runtimeFolder } from './sources.js';
export { BundleStore, type InstalledArchive } from './store.js';
export { entryFiles, verifyArchive, type Trust, type VerifiedArchive } from './verify.js';
export { archiveName, packBundle, type Packed } from './pack.js';
export { newBundle, templateKinds } from './template.js';
