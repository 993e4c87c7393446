import type {
  DeviceIdentity,
  DeviceInspection,
  DeviceLocation,
  DeviceStatus,
  DiscoveryStatus,
  Explanation,
  KnownIdentity,
  Level,
  MetricName,
  Part,
  Proposal,
} from '@rackwatt/telemetry';

/** What the API answers, as JSON. Times are ms since 1970; a value that is not known is null, never zero. */
export interface DeviceView {
  /** The store's id; the configured name while nothing was ever read. */
  id: string;
  gateway: string;
  /** Name in the configuration of its gateway. */
  device: string;
  identity: DeviceIdentity;
  location: DeviceLocation;
  /** Poll interval, ms. */
  interval: number;
  /** `disabled`: configured, but not to be read. */
  status: { state: DeviceStatus['state'] | 'disabled'; detail?: string; since: number };
  lastSample: number | null;
  /** ms since the last sample. */
  age: number | null;
  /** Sum of the inlets that are current; null where none is. */
  kW: number | null;
  /** Whether every metered inlet is current, so that the device counts in totals. */
  complete: boolean;
  /** PID in this node's configuration file, where it is there. */
  pid: string | null;
}

export interface ValueView {
  point: number;
  device: string;
  part: string;
  level: Level;
  metric: MetricName;
  unit: string;
  value: number | null;
  state: string | null;
  /** `good`, or names joined by `|`. */
  quality: string;
  time: number;
}

export interface DeviceList {
  time: number;
  devices: DeviceView[];
}

export interface DeviceDetail extends DeviceView {
  time: number;
  parts: Part[];
  values: ValueView[];
}

export interface ValueList {
  time: number;
  values: ValueView[];
}

/** Columns of one point, oldest first. */
export interface SeriesView {
  point: number;
  from: number;
  to: number;
  times: number[];
  values: (number | null)[];
  quality: string[];
  /** Only of state metrics. */
  states?: (string | null)[];
  /** Whether points were left out: then the least and the greatest of each step of time are here. */
  reduced: boolean;
}

export interface RackView {
  site: string | null;
  room: string | null;
  row: string | null;
  /** null: devices without a rack. */
  rack: string | null;
  /** Sum of the devices that count; null when none does. */
  kW: number | null;
  /** The same by feed; the key is empty where a device has none. */
  feeds: Record<string, number>;
  devices: number;
  counted: number;
  /** Ids of those that do not count. */
  missing: string[];
}

export interface RackList {
  time: number;
  /** Level at which power was added up. */
  level: 'inlet';
  total: { kW: number | null; devices: number; counted: number };
  racks: RackView[];
}

/** As `rackwatt probe --json`. */
export interface PreviewView {
  device: DeviceIdentity;
  readings: {
    part: string;
    metric: MetricName;
    value: number | null;
    state: string | null;
    unit: string;
    quality: string;
    label?: string;
  }[];
  cost: { requests: number; milliseconds: number };
}

/** How reading a device goes, as its gateway tells it. */
export type InspectionView = DeviceInspection;

/** As `rackwatt probe --explain --json`. */
export interface ExplanationView extends Omit<PreviewView, 'readings'> {
  /** When the gateway read it, and for how long the device says that it runs, ms. */
  time: number;
  deviceUpTime: number | null;
  readings: (PreviewView['readings'][number] & Partial<Omit<Explanation, 'point'>>)[];
}

/** A found device, and what could become of it. */
export interface FoundView extends Omit<Proposal, 'credentials'> {
  /** Secret whose credentials it took; null: none, or those that go without saying. */
  credentialsSecret: string | null;
}

export interface DiscoveryView extends DiscoveryStatus {
  devices: FoundView[];
}

export interface DiscoveryAnswer {
  time: number;
  /** Whether a driver that can look for devices runs. */
  available: boolean;
  /** The one that runs or ran last. */
  discovery: DiscoveryView | null;
}

/** Who devices are, and what is asked about them. */
export interface IdentityList {
  identities: KnownIdentity[];
}
