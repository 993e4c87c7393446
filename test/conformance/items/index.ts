import { LIFE_CYCLE } from './life-cycle.js';
import { FRAMEWORK_EVENTS } from './framework-events.js';
import { VERSIONS } from './versions.js';
import { WIRING } from './wiring.js';
import { SERVICES } from './services.js';
import { FILTERS } from './filters.js';
import { START_LEVELS } from './start-levels.js';
import { TRACKERS } from './trackers.js';
import { SNAPSHOTS } from './snapshots.js';
import { COMPONENTS } from './components.js';
import { REFERENCES } from './references.js';
import { COMPONENT_CONFIGURATION } from './component-configuration.js';
import { FACTORY_COMPONENTS } from './factory-components.js';
import { INTROSPECTION } from './introspection.js';
import { CONFIGURATION } from './configuration.js';
import { METATYPE } from './metatype.js';
import { EVENT_ADMIN } from './event-admin.js';
import { CONFIGURATOR } from './configurator.js';
import { FEATURES } from './features.js';
import { LOG } from './log.js';
import { COORDINATOR } from './coordinator.js';
import type { Item } from '../item.js';

/** Areas in the order of their numbers. */
export const AREAS: Readonly<Record<string, readonly Item[]>> = {
  'Bundle life cycle': LIFE_CYCLE,
  'Events of the framework': FRAMEWORK_EVENTS,
  'Versions, ranges': VERSIONS,
  'Resolving and wiring': WIRING,
  'Service registry': SERVICES,
  Filters: FILTERS,
  'Start levels': START_LEVELS,
  Trackers: TRACKERS,
  DTOs: SNAPSHOTS,
  'Declarative Services': COMPONENTS,
  References: REFERENCES,
  'Configuration of components': COMPONENT_CONFIGURATION,
  'Factory components': FACTORY_COMPONENTS,
  Introspection: INTROSPECTION,
  'Configuration Admin': CONFIGURATION,
  Metatype: METATYPE,
  'Event Admin': EVENT_ADMIN,
  Configurator: CONFIGURATOR,
  'Feature service': FEATURES,
  'Log service': LOG,
  Coordinator: COORDINATOR,
};
