export { component, componentOf, isComponentDefinition, type ComponentDefinition } from './define.js';
export { ComponentEngine, pidOf, type EngineOptions } from './engine.js';
export type { ComponentBundle, ComponentSet, ConfiguredBundle } from './set.js';
export { Handover } from './handover.js';
export type { ComponentInstance, InstanceConfiguration, InstanceState } from './instance.js';
export { componentInfo, explain } from './explain.js';
export { many, one, optional } from './references.js';
export { describeComponent, type ComponentDescription } from './description.js';
export type * from './types.js';
