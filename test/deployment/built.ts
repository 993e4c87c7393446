import type * as Archive from '../../src/deployment/archive.js';
import type * as Face from '../../src/deployment/index.js';
import type * as NodeFace from '../../src/node/index.js';
import type * as ScopeFace from '../../src/scope/index.js';
import type * as SpaceFace from '../../src/space/index.js';

/** The inside of the container, which the package does not export: found from `test/dist`, typed from its source. */
const built = (place: string): string => new URL(`../../../src/dist/${place}.js`, import.meta.url).href;

export const {
  archiveName,
  BundleStore,
  DropInFolder,
  makeKey,
  newBundle,
  packBundle,
  readArchive,
  readPrivateKey,
  readTrustedKeys,
  SEAL_FILE,
  sealOf,
  sha256,
  signFiles,
  templateKinds,
  verifyArchive,
  writeArchive,
} = (await import(built('deployment/index'))) as typeof Face;
export const { BUDGET } = (await import(built('deployment/archive'))) as typeof Archive;
export const { Scope } = (await import(built('scope/index'))) as typeof ScopeFace;
export const { hostModules, ModuleSpace } = (await import(built('space/index'))) as typeof SpaceFace;
/** Loaded when asked for: it brings the whole container along. */
export const describeBundle: typeof NodeFace.describeBundle = async (root, manifest) =>
  ((await import(built('node/index'))) as typeof NodeFace).describeBundle(root, manifest);
export type { ArchiveFile, DropInOptions, InstalledArchive } from '../../src/deployment/index.js';
export type BundleStore = Face.BundleStore;
