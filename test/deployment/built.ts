import type * as ExtractFace from '../../src/deployment/archive/extract.js';
import type * as FreshFolderFace from '../../src/deployment/archive/fresh-folder.js';
import type * as OpenFace from '../../src/deployment/archive/open.js';
import type * as AddressFace from '../../src/deployment/acquire/address.js';
import type * as WatchedFolderFace from '../../src/deployment/watched-folder.js';
import type * as Face from '../../src/deployment/index.js';
import type * as NodeFace from '../../src/node/index.js';
import type * as ScopeFace from '../../src/scope/index.js';
import type * as SpaceFace from '../../src/space/index.js';

/** The inside of the container, which the package does not export: found from `test/dist`, typed from its source. */
const built = (place: string): string => new URL(`../../../src/dist/${place}.js`, import.meta.url).href;

export const {
  acquireArchive,
  archiveName,
  boot,
  BUDGET,
  BundleStore,
  changeRoot,
  firstRoot,
  parseRoots,
  readPublicKey,
  signRoot,
  TRUST_FILE,
  writeRoots,
  collect,
  ContentStore,
  DropInFolder,
  GenerationLedger,
  isEncrypted,
  joinArchive,
  Journal,
  makeArchive,
  makeKey,
  manifestBeside,
  MANIFEST_FILE,
  newBundle,
  packBundle,
  packRuntime,
  readPrivateKey,
  readPublicKeys,
  SBOM_FILE,
  sbomOf,
  sha256,
  signArchive,
  signEnvelope,
  templateKinds,
  Transactions,
  TrustStore,
  verifyArchive,
  writeEnvelope,
} = (await import(built('deployment/index'))) as typeof Face;
export const { extractArchive } = (await import(built('deployment/archive/extract'))) as typeof ExtractFace;
export const { FreshFolder } = (await import(built('deployment/archive/fresh-folder'))) as typeof FreshFolderFace;
export const { checkContent, withArchive } = (await import(built('deployment/archive/open'))) as typeof OpenFace;
export const { nearnessOf } = (await import(built('deployment/acquire/address'))) as typeof AddressFace;
export const { WatchedFolder } = (await import(built('deployment/watched-folder'))) as typeof WatchedFolderFace;
export const { Scope } = (await import(built('scope/index'))) as typeof ScopeFace;
export const { hostModules, ModuleSpace } = (await import(built('space/index'))) as typeof SpaceFace;
/** Loaded when asked for: it brings the whole container along. */
export const describeBundle: typeof NodeFace.describeBundle = async (root, manifest) =>
  ((await import(built('node/index'))) as typeof NodeFace).describeBundle(root, manifest);
export type { PublicKey, RootChange } from '../../src/deployment/index.js';
export type TrustStore = Face.TrustStore;
export type {
  ArchiveManifest,
  ArchiveParts,
  BundleFile,
  DropInOptions,
  InstalledArchive,
} from '../../src/deployment/index.js';
export type BundleStore = Face.BundleStore;
export type { Change } from '../../src/configuration/index.js';
export type Transactions = Face.Transactions;
export type { Prover, Transaction } from '../../src/deployment/index.js';
export type DropInFolder = Face.DropInFolder;
