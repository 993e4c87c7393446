import { contract } from 'rackwatt';
import type { DeviceIdentity, DeviceTarget } from './device.js';

/** Where to look, and with what. Plain data. */
export interface DiscoveryRequest {
  /**
   * IPv4 networks (`192.0.2.0/24`), ranges (`192.0.2.10-192.0.2.50`, `192.0.2.10-50`) and hosts, `[IPv6]` hosts; `:port`
   * behind any of them.
   */
  ranges: string[];
  /** The same, left out. */
  exclude?: string[];
  /** Tried at each host in this order, secrets resolved; the driver's default when there are none. */
  credentials?: NonNullable<DeviceTarget['credentials']>[];
  /** Hosts that are begun in a second. */
  rate?: number;
  /** Hosts that are looked at at the same time. */
  inFlight?: number;
  /** ms of one try. */
  timeout?: number;
  /** Tries after the first. */
  retries?: number;
}

/**
 * A device that answered; each unit of a chain is one. `recognised`: a profile reads it. `refused`: there is an agent, but it
 * takes none of the credentials, or shows nothing to them. `unknown`: it answers, but no profile reads it.
 */
export interface DiscoveredDevice {
  /** As the configuration of a device takes it. */
  address: string;
  state: 'recognised' | 'refused' | 'unknown';
  /** Which of the request's credentials it took; absent where it took none. */
  credentials?: number;
  identity: DeviceIdentity;
  sysObjectId?: string;
  sysDescr?: string;
  /** One sentence on what is wrong, unless it is recognised. */
  detail?: string;
}

/** Devices by their state, and hosts at which there is none. */
export interface DiscoveryCounts extends Record<DiscoveredDevice['state'], number> {
  /** No answer at all: nobody is there, or it takes another community. */
  silent: number;
  /** The host says that nothing listens. */
  closed: number;
  /** The network says that there is no way or no such host. */
  unreachable: number;
}

export interface DiscoveryStatus {
  id: string;
  state: 'running' | 'finished' | 'cancelled' | 'failed';
  /** One sentence, where it failed. */
  detail?: string;
  /** Hosts to look at, and those that were. */
  hosts: number;
  looked: number;
  counts: DiscoveryCounts;
  /** ms since 1970. */
  started: number;
  ended?: number;
}

export interface DiscoveryReport extends DiscoveryStatus {
  /** In the order in which they were found. */
  devices: DiscoveredDevice[];
}

/**
 * Looks for devices of one protocol; one discovery at a time. Service property `scheme` is that of the addresses found.
 *
 * Errors: `DISCOVERY_RANGE_INVALID`, `DISCOVERY_TOO_LARGE`, `DISCOVERY_RUNNING`, `DISCOVERY_UNKNOWN`, and those of
 * credentials.
 */
export interface Discovery {
  start(request: DiscoveryRequest): Promise<DiscoveryStatus>;
  /** The one that runs or ran last, with what was found; undefined before the first. */
  report(): Promise<DiscoveryReport | undefined>;
  /** Begins nothing more; what was found stays. */
  cancel(id: string): Promise<DiscoveryStatus>;
}

export const Discovery = contract<Discovery>('rackwatt.telemetry/Discovery', {
  major: 1,
  methods: ['start', 'report', 'cancel'],
});

/** `796 found, 781 recognised, 9 refused, 6 unknown` */
export function countsText({ recognised, refused, unknown }: Record<DiscoveredDevice['state'], number>): string {
  return `${recognised + refused + unknown} found, ${recognised} recognised, ${refused} refused, ${unknown} unknown`;
}
