export { readArchive, sha256, writeArchive, type ArchiveFile, type Budget } from './archive.js';
export { DropInFolder, type DropInOptions } from './dropins.js';
export { DEPLOYMENT_ERRORS } from './errors.js';
export { keyId, makeKey, readPrivateKey, readTrustedKeys, type TrustedKey } from './keys.js';
export { addSignature, checkSeal, SEAL_FILE, sealOf } from './seal.js';
export { findSource, platformBundles, runtimeFolder } from './sources.js';
export { BundleStore, entryFiles, verifyArchive, type InstalledArchive } from './store.js';
export { archiveName, packBundle, type Packed } from './pack.js';
export { newBundle } from './template.js';
