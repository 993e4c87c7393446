/**
 * The inside of the container's configuration, which no bundle can import: loaded from the build by its place, typed by its source.
 */
const built = (name: string): string => new URL(`../../../src/dist/configuration/${name}.js`, import.meta.url).href;

export const {
  ConfigurationsInForce,
  ConfigurationStore,
  SecretStore,
  configurationAdmin,
  documentSchema,
  parseDuration,
  parseSize,
  readDocument,
  redact,
  resolveSecrets,
  validate,
  withDefaults,
  writeAtomically,
} = (await import(built('index'))) as typeof import('../../src/configuration/index.js');
export const { parseFile, revisionOf, MAX_DEPTH } = (await import(
  built('file')
)) as typeof import('../../src/configuration/file.js');
export const { editText } = (await import(built('edit'))) as typeof import('../../src/configuration/edit.js');
export const { nearest } = (await import(built('nearest'))) as typeof import('../../src/configuration/nearest.js');
export type * from '../../src/configuration/index.js';
