/**
 * All values of one read of one device. Columns of equal length: value `i` belongs to point `points[i]`.
 *
 * Handing a sample over moves its ownership: the giver no longer touches the arrays, which may be transferred to
 * another thread.
 */
export interface Sample {
  device: string;
  /**
   * Number of the read, given when it is *due*, rising by one for each due read of the device: a number that is in
   * neither a sample nor a gap is a lost read.
   */
  number: number;
  /** Wall time of the read in ms since 1970 (UTC): anchor of the boot plus monotonic time, never backwards within a boot. */
  time: number;
  /** From a driver: indexes into its description. From the outbox on: point numbers, append-only for an outbox. */
  points: Uint32Array;
  /** NaN where there is no number (a state, or no value): null is never zero. */
  values: Float64Array;
  /** `Quality` masks. */
  quality: Uint16Array;
  /** Codes of `STATES`; 0 where the point is no state. */
  states: Uint8Array;
}

/** Due reads that gave no sample: counted, so that nothing is missing unnoticed. */
export interface Gap {
  device: string;
  /** First and last due number, both included. */
  from: number;
  to: number;
  reason: GapReason;
  /** Wall time when the gap was noticed, ms. */
  time: number;
}

export type GapReason = 'no-answer' | 'refused' | 'error' | 'overrun' | 'no-driver' | 'outbox-full' | 'stopped';

/** State of a device as its gateway sees it. */
export interface DeviceStatus {
  device: string;
  state: 'ok' | 'connecting' | 'no-answer' | 'refused' | 'error' | 'no-driver' | 'removed';
  /** One sentence: what is wrong as far as can be known, and what to check. */
  detail?: string;
  /** ms since 1970. */
  since: number;
}

/** Something that happened, after Redfish's LogEntry. */
export interface EventRecord {
  id: string;
  time: number;
  /** `device.status`, `outlet.switched`, ... */
  type: string;
  severity: 'ok' | 'warning' | 'critical';
  device?: string;
  part?: string;
  message: string;
  data?: Record<string, unknown>;
}

/** A condition that lasts, after ISA-18.2; raised and cleared by the concentrator. */
export interface AlarmRecord {
  id: string;
  rule: string;
  severity: 'warning' | 'critical';
  device?: string;
  part?: string;
  raised: number;
  cleared?: number;
  acknowledged?: { by: string; time: number };
  message: string;
}
