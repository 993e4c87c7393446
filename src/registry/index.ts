/** The services of a container: registering, finding, listening, tracking. */
export { ALWAYS, Condition } from './condition.js';
export { EventListenerHook, FindHook, ListenerHook, type ListenerInfo, type Shrinkable } from './hooks.js';
export { contract, type Contract, type ContractOptions } from './contract.js';
export type * from './types.js';
export type { RegistryErrorCode } from './errors.js';
export { Filter, parseFilter, type PropertyView } from './filter.js';
export { escapeFilterValue } from './filter-term.js';
export { isComparable, isPropertyValue } from './properties.js';
export { inTurn } from './in-turn.js';
export { ServiceGroup, ServiceStage } from './group.js';
export { compareReferences, declaredContracts, isFound } from './record.js';
export { isStubbable, stubOf, type StubTarget } from './stub.js';
export { ServiceRegistry, type ContractKey, type RegistryOptions } from './registry.js';
export { ServiceTracker, type TrackedServices, type TrackerCustomizer, type TrackerTarget } from './tracker.js';
export type { ErrorReport } from './uses.js';
