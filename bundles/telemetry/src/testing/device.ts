import type { DeviceTarget } from '../device.js';
import type { MetricName } from '../metrics.js';

/** A point that the test device has. */
export interface TestPoint {
  part: string;
  metric: MetricName;
  /** What it measures now, in the metric's unit; absent where it is not known. */
  value?: number;
}

/**
 * A device that the tests may treat badly: a simulator, or a real one behind a proxy. It speaks the driver's protocol. What it
 * cannot do is left out, and the tests that need it are skipped by name.
 */
export interface TestDevice {
  /** With a short `timeout`, so that silence is noticed soon. */
  target: DeviceTarget;
  /** Points that the driver must find; it may find more. */
  points: readonly TestPoint[];
  /** Gives a point another value, in the metric's unit. */
  set?(point: TestPoint, value: number): void | Promise<void>;
  /** Takes requests and never answers, until `heal`. */
  silent?(): void | Promise<void>;
  /** Answers each request so many ms late, until `heal`; what is on its way then still comes. */
  late?(milliseconds: number): void | Promise<void>;
  /** Answers what the protocol does not know, until `heal`. */
  rubbish?(): void | Promise<void>;
  /** Says of a point, in the vendor's way, that it has no value: a sentinel such as -1, an empty text, a flag; until `heal`. */
  noValue?(point: TestPoint): void | Promise<void>;
  /** The rows of a part are gone, as when an outlet module is pulled, until `heal`. */
  missing?(part: string): void | Promise<void>;
  /** Starts anew: sessions, counters of the protocol and its clock are gone, values are as before. */
  reboot?(): void | Promise<void>;
  heal?(): void | Promise<void>;
}
