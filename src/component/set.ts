import type { ServiceGroup } from '../registry/index.js';
import type { ServiceOwner } from '../registry/types.js';
import type { ComponentDefinition } from './define.js';
import type { Handover } from './handover.js';
import type { ComponentInstance } from './instance.js';

/** What the engine needs to know of a bundle. */
export interface ComponentBundle {
  readonly owner: ServiceOwner;
  readonly version: string;
  /** Where its content came from. */
  readonly location?: string | undefined;
  dataFolder(): string;
  resolve(specifier: string): string;
}

/** What a configuration can be meant for. */
export interface ConfiguredBundle {
  readonly name: string;
  readonly version: string;
  readonly location?: string | undefined;
}

/** The components of one started revision. */
export interface ComponentSet {
  readonly bundle: ComponentBundle;
  readonly definitions: readonly ComponentDefinition[];
  /** Names of the components that are not to come up. */
  disabled: Set<string> | undefined;
  /** Those with a configuration, also without any, and those that a factory made. */
  readonly instances: Set<ComponentInstance>;
  /** What its components provide, and what they see. */
  readonly services: ServiceGroup;
  /** Whether the group was made for this set alone. */
  readonly ownServices: boolean;
  /** On its way out: its components hold what they hold, and do not come up again. */
  leaving: boolean;
  /** Until when calls under way are waited for, ms of `performance.now()`; undefined while the set is to stay. */
  drainUntil: number | undefined;
  /** What its components get from those before. */
  inherits: Handover | undefined;
  /** Where its components put what they hand over as they go down. */
  bequeaths: Handover | undefined;
}

export interface AddOptions {
  /** The services of the run; without it the set makes its own. */
  services?: ServiceGroup;
  inherits?: Handover | undefined;
}

export interface RemoveOptions {
  /** ms for calls under way on its services, in all. */
  drain?: number | undefined;
  bequeaths?: Handover | undefined;
}
