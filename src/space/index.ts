/** The modules of one bundle revision: resolve, evaluate, free, prove freed. */
export { ModuleSpace, type ModuleSpaceOptions } from './space.js';
export { collectGarbage, whoHolds, type WhoHolds } from './heap/take.js';
export type { HeldRevision, Holder } from './heap/holders.js';
export { RevisionTokens, type LiveRevision, type RevisionToken } from './token.js';
export { TransformCache } from './transform-cache.js';
export {
  hostModules,
  NATIVE_PACKAGES,
  type HostModule,
  type HostModules,
  type HostModulesOptions,
  type PerSpaceModule,
  type SharedModule,
} from './host.js';
export { activityOf, attributeError } from './origin.js';
export { keepStackTraces, SpaceDirectory, spaces } from './stack.js';
