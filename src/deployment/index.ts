export { ArchiveReader, type ArchiveFacts } from './archive-reader.js';
export { acquireArchive, type AcquireOptions, type Acquired } from './acquire/acquire.js';
export type { Progress } from './acquire/download.js';
export {
  BUDGET,
  MANIFEST_FILE,
  RUNTIME_NAME,
  SBOM_FILE,
  sha256,
  type Budget,
  type BundleFile,
  type FileMode,
} from './archive/format.js';
export type { ArchiveManifest, BundleFacts, ListedFile } from './archive/manifest.js';
export { signArchive } from './archive/sign.js';
export { joinArchive, makeArchive, manifestBeside, type ArchiveParts } from './archive/write.js';
export { ContentStore } from './content.js';
export * from './contract.js';
export { DropInFolder, type DropInOptions } from './dropins.js';
export type { DropInInfo } from './dropin-entry.js';
export { DROP_INS_FILE, DropInRecords } from './dropin-records.js';
export { DEPLOYMENT_ERRORS } from './errors.js';
export { archiveName, packBundle, type Packed } from './pack.js';
export { sbomOf, type SbomSummary } from './sbom.js';
export { findSource, platformBundles } from './sources.js';
export { BundleStore, type InstalledArchive, type InstallOptions } from './store.js';
export { newBundle, templateKinds } from './template.js';
export { signEnvelope, writeEnvelope } from './trust/envelope.js';
export {
  isEncrypted,
  keyId,
  makeKey,
  readPrivateKey,
  readPublicKey,
  readPublicKeys,
  type PublicKey,
} from './trust/keys.js';
export { changeRoot, firstRoot, signRoot, type RootChange } from './trust/edit.js';
export { followRoots, missingSignatures, parseRoots, TRUST_FILE, writeRoots, type Root } from './trust/root.js';
export { TrustStore, type TrustPlaces } from './trust/store.js';
export { Trust, plainRules, type Role, type TrustRules } from './trust/trust.js';
export { entryFiles, verifyArchive, type VerifiedArchive, type VerifyOptions } from './verify.js';
export { launcher, RESTART } from './runtime/face.cjs';
export { packRuntime } from './runtime/pack.js';
export { lackOfRuntime, runtimeFolderOf } from './runtime/sound.cjs';
export { relaunch } from './transaction/launch.cjs';
export { boot, decide } from './transaction/boot.cjs';
export { collect, type Collected } from './transaction/collect.js';
export { lackOf, readGeneration, type Lock } from './transaction/generation.cjs';
export {
  Journal,
  type JournalRecord,
  type Look,
  type TransactionRecord,
  type TransactionState,
} from './transaction/journal.cjs';
export { GenerationLedger, type Prover } from './transaction/ledger.js';
export { Transactions, type Transaction } from './transaction/transactions.js';
