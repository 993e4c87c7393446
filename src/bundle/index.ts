export { Bundle, type Change } from './bundle.js';
export { BundleContext, type Activator } from './context.js';
export * from './contract.js';
export type { BundleEvent, BundleEventType, FrameworkEvent, FrameworkEventType } from './events.js';
export { Framework, type FrameworkOptions } from './framework.js';
export {
  contractFile,
  parseManifest,
  readManifest,
  type Manifest,
  type StaticComponent,
  type UpdatePolicy,
} from './manifest.js';
export type { Configurations, Migrate, Migration, MigrationHost } from './migration.js';
export { type Clock, Recovery, type Recoverable, uncaught } from './recovery.js';
export { componentOf, Revision, type RevisionSource } from './revision.js';
export { containerModules } from './shared.js';
export type { Run, RunComponent, RunMaker, RunParts, StartOptions, StopOptions } from './run.js';
export { SpaceRun } from './space-run.js';
export type { BundleWiring, Wire } from './wiring.js';
export type { SharedVersions } from './wirings.js';
