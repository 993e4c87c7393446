export { Bundle } from './bundle.js';
export type { Change, UninstallOptions } from './bundle-host.js';
export { BundleContext, type Activator, type ContextHost } from './context.js';
export * from './contract.js';
export type { BundleEvent, BundleEventType, FrameworkEvent, FrameworkEventType, ListenerOptions } from './events.js';
export { explainBundle, type BundleExplanation, type BundleWhy, type RequirementInfo } from './explain.js';
export { Framework } from './framework.js';
export type { FrameworkOptions } from './options.js';
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
export { Revision, type RevisionSource } from './revision.js';
export { CONTRACT } from './requirement.js';
export { containerModules } from './shared.js';
export type { Run, RunComponent, RunMaker, RunParts, StartOptions, StopOptions } from './run.js';
export { SpaceRun } from './space-run.js';
export type { BundleWiring, Wire } from './wiring.js';
export type { SharedVersions } from './wirings.js';
export { SystemBundle, type StopEvent } from './system-bundle.js';
export { BundleTracker, type BundleTrackerCustomizer } from './tracker.js';
export type { BundleView } from './view.js';
export { Version, VersionRange } from './version-range.js';
export { containerInfo, serviceInfo } from './snapshot.js';
