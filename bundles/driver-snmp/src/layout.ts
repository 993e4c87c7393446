import type { DeviceDescription } from '@rackwatt/telemetry';
import type { ReadPlan } from './plan.js';

/** An object that a point needs, in the order of the plan's arrays. */
export type Slot = number;

/** How a point's value comes about from slots. */
export interface PointRule {
  slot: Slot;
  multiply: number;
  divide: number;
  fahrenheit: boolean;
  magnitude: boolean;
  /** Negative raw values mean: no value. */
  negative: boolean;
  noValue: readonly number[];
  /** Codes of `STATES` by raw value, for a state; else undefined. */
  states: ReadonlyMap<number, number> | undefined;
  guards: readonly { slot: Slot; bad: ReadonlyMap<number, number> }[];
  slow: boolean;
  /** Where the factor stands, for explanations. */
  scaleSource: string;
}

/** What to write where to switch an outlet. */
export type Commands = Record<'on' | 'off', { oid: string; value: number }> & {
  cycle?: { oid: string; value: number };
};

/** What devices of one model have in common: what they measure, where, and how to ask for it. Never changed once made. */
export interface Shape {
  points: DeviceDescription['points'];
  rules: PointRule[];
  /** OIDs by slot. */
  oids: string[];
  /** Slots that change rarely. */
  slow: Uint8Array;
  commands: Map<string, Commands>;
  plans: { all: ReadPlan; fast: ReadPlan };
}

/** Everything that is known of an open device. Plain data: it can be handed to the next revision of the driver. */
export interface Layout {
  description: DeviceDescription;
  shape: Shape;
  /** Raw numbers by slot as they were last read; NaN where the object holds no number. */
  raw: Float64Array;
  /** `Presence` by slot. */
  presence: Uint8Array;
}

export const Presence = { ABSENT: 0, PRESENT: 1, NOT_ASKED: 2 } as const;
