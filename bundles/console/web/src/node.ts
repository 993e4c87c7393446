/** What the API gives of the container, as JSON. */
export type {
  BundleInfo,
  ComponentInfo,
  ConfigurationEdit,
  ConfigurationOutcome,
  ConfigurationProblem,
  ConfigurationSchema,
  Health,
  HealthState,
} from 'rackwatt';
export type {
  DeviceDetail,
  DiscoveryAnswer,
  DiscoveryView,
  FoundView,
  IdentityList,
  DeviceList,
  DeviceView,
  ExplanationView,
  InspectionView,
  PreviewView,
  RackView,
  SeriesView,
  ValueList,
  ValueView,
} from '../../src/api/views.js';

import type { NodeHealth } from 'rackwatt';

export interface HealthView extends NodeHealth {
  time: number;
  node: { id: string; version: string; pid: number; started: string; home: string };
}
