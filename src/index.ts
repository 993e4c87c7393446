/** All that a bundle may import as `rackwatt`. */
export { Condition } from './registry/condition.js';
export { EventListenerHook, FindHook, ListenerHook, type ListenerInfo, type Shrinkable } from './registry/hooks.js';
export { contract, type Contract, type ContractOptions } from './registry/contract.js';
export type * from './registry/types.js';
export { Scope, type Disposer } from './scope/index.js';
export { RackwattError, errorMessage, errorRecord, type ErrorRecord } from './errors.js';
export { component, type ComponentDefinition } from './component/define.js';
export { AnyService, many, one, optional } from './component/references.js';
export { ComponentFactory, type FactoryInstance } from './component/factory.js';
export type * from './component/types.js';
export * from './configuration/contract.js';
export * from './configuration/managed-service.js';
export { ArchiveReader, type ArchiveFacts } from './deployment/archive-reader.js';
export { EventAdmin, EventHandler, type TopicEvent } from './event/contract.js';
export * from './configuration/metatype.js';
export { isDuration, parseDuration } from './configuration/duration.js';
export { escapeFilterValue } from './registry/filter-term.js';
export { parseFilter, type Filter } from './registry/filter.js';
export { isOfSmallOrder } from './ed25519.js';
export { quoted } from './quoted.js';
export { parseStrictly } from './strict-json.js';
export { compareReferences } from './registry/record.js';
export type { ServiceTracker, TrackerCustomizer, TrackerTarget } from './registry/tracker.js';
export { redact } from './configuration/redact.js';
export type { Activator, BundleContext } from './bundle/context.js';
export type { EntrySearch } from './bundle/entries.js';
export type {
  BundleEvent,
  BundleEventType,
  FrameworkEvent,
  FrameworkEventType,
  ListenerOptions,
} from './bundle/events.js';
export type { Manifest, StaticComponent, UpdatePolicy } from './bundle/manifest.js';
export type { BundleTracker, BundleTrackerCustomizer } from './bundle/tracker.js';
export type { BundleView } from './bundle/view.js';
export * from './bundle/contract.js';
export * from './deployment/contract.js';
export { Version, VersionRange } from './bundle/version-range.js';
export type { Configurations, Migrate, Migration } from './bundle/migration.js';
export { AdminMethod, type Command, type CommandInput } from './cli/contract.js';
