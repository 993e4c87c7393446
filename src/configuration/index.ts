/** Configuration Admin: `runtime.config.json`, schemas, secrets and generations. */
export * from './contract.js';
export * from './managed-service.js';
export * from './metatype.js';
export { localized, objectClass, type Texts } from './definitions.js';
export { parseMetatype, type MetatypeDocument, type WrittenDefinition } from './metatype-document.js';
export { configurationAdmin } from './admin.js';
export {
  ConfigurationsInForce,
  concerned,
  type BroughtConfiguration,
  type ConfigurationInForce,
} from './configurations.js';
export { bestOf, parseResource, readResource, type Bringer, type BroughtResource } from './brought.js';
export { Announcements } from './announcements.js';
export { propertiesOf } from './properties.js';
export { factoryPid, type TargetBundle } from './targeted.js';
export { withDefaults } from './defaults.js';
export type { ConfigurationDifference } from './difference.js';
export {
  documentSchema,
  type BundleEntry,
  type BundleIsolation,
  type FrameworkSettings,
  type IsolationEntry,
  type RuntimeDocument,
  type RuntimeEntry,
} from './document.js';
export { readDocument } from './disk.js';
export { isDuration, parseDuration } from './duration.js';
export { CONFIGURATION_ERRORS } from './errors.js';
export type { Change, ChangeTransaction, Generation, GenerationInfo, Generations } from './generations.js';
export { REDACTED, redact } from './redact.js';
export { isSecretReference } from './references.js';
export { loadValidation, validate, type Validation } from './schema.js';
export { SecretStore, resolveSecrets, secretValueOf, type SecretValue } from './secrets.js';
export type { Mistake } from './sentences.js';
export type * from './hooks.js';
export { isSize, parseSize } from './size.js';

export { ConfigurationStore } from './store.js';
export { changedMeanwhile, unwritable, writeAtomically } from './write.js';
