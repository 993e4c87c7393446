import type { MetricName } from './metrics.js';

/**
 * A place in a PDU, by the device's own index: `inlet/1`, `inlet/1/phase/L1`, `inlet/1/pair/L1-L2`, `branch/1`,
 * `outlet/1`, `sensor/1`, `unit` for the device as a whole. The printed name is a label, never part of the path.
 */
export type PartPath = string;

/** The level at which a part measures; adding across levels is wrong. */
export type Level = 'unit' | 'inlet' | 'phase' | 'branch' | 'outlet' | 'pole' | 'sensor';

/** `inlet/1/phase/L1` -> `phase`; a phase of a branch or an outlet, such as `outlet/1/phase/L1`, is a `pole`. */
export function levelOf(part: PartPath): Level {
  if (part === 'unit') return 'unit';
  if (/\/(phase|pair|line)\//.test(part)) return part.startsWith('inlet/') ? 'phase' : 'pole';
  return part.slice(0, part.indexOf('/')) as Level;
}

/** Who a device is. What the device does not tell is absent. */
export interface DeviceIdentity {
  vendor?: string;
  model?: string;
  serial?: string;
  firmware?: string;
  /** Name that the device gives itself. */
  name?: string;
  /** Profile that reads it. */
  profile?: string;
}

/** Where a device hangs. Apart from identity: a move changes this alone. */
export interface DeviceLocation {
  site?: string;
  room?: string;
  row?: string;
  rack?: string;
  unit?: string;
  /** Power feed, such as `A` or `B`. */
  feed?: string;
}

export interface Part {
  path: PartPath;
  /** Name printed on the device or given by its users. */
  label?: string;
  /** Rated current in A, where the device tells. */
  ratedCurrent?: number;
  /** An outlet that can be switched. */
  switchable?: boolean;
}

/** What one point measures. */
export interface PointDescription {
  part: PartPath;
  metric: MetricName;
  /** UCUM. */
  unit: string;
  /** Basis of a voltage. */
  basis?: 'LN' | 'LL';
  /** Limits that are set on the device itself. */
  thresholds?: Thresholds;
}

/** Limits in the unit of the metric, after Redfish's Thresholds; those that are in force. */
export interface Thresholds {
  lowerCritical?: number;
  lowerCaution?: number;
  upperCaution?: number;
  upperCritical?: number;
}

/** Everything about a device but its values. */
export interface DeviceDescription {
  identity: DeviceIdentity;
  parts: Part[];
  points: PointDescription[];
}

/** How to reach a device, as configuration says it. */
export interface DeviceTarget {
  /** URL whose scheme picks the driver: `snmp://192.0.2.7:161`. */
  address: string;
  /** Profile name, or `auto`. */
  profile: string;
  /** Secrets of the protocol, resolved: for SNMP a community string or a v3 user. */
  credentials?: SnmpCredentials | Record<string, unknown> | string;
  /** Milliseconds for one request, and further tries after the first. */
  timeout?: number;
  retries?: number;
}

/** SNMP v1 and v2c: `community`; v3: `user` with optional keys (RFC 3414, RFC 3826, RFC 7860). */
export interface SnmpCredentials {
  version?: '1' | '2c' | '3';
  community?: string;
  user?: string;
  authProtocol?: 'md5' | 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  authKey?: string;
  privProtocol?: 'des' | 'aes' | 'aes256b' | 'aes256r';
  privKey?: string;
  context?: string;
}
