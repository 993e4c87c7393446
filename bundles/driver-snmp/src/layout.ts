import type { DeviceDescription } from '@rackwatt/telemetry';
import type { Derivation } from './derive.js';
import type { ReadPlan } from './plan.js';

/** An object that a point needs, in the order of the plan's arrays. */
export type Slot = number;

/** How a point's value comes about from slots. */
export interface PointRule {
  slot: Slot;
  /** The slot that is asked for: `slot` itself unless that one is derived. */
  asked: Slot;
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
export type Commands = Record<'on' | 'off', Command> & { cycle?: Command };

export interface Command extends WriteStep {
  first: WriteStep[];
  /** The object is a list with this between its items, of which the one at `item` (from 1) is replaced. */
  list?: { separator: string; item: number };
}

export interface WriteStep {
  oid: string;
  value: number | string;
  type: 'integer' | 'unsigned' | 'text';
}

/** What devices of one model have in common: what they measure, where, and how to ask for it. Never changed once made. */
export interface Shape {
  points: DeviceDescription['points'];
  rules: PointRule[];
  /** OIDs by slot; of derived ones that of the object they come from. */
  oids: string[];
  /** Slots that come from the text of another one, by that one. */
  derivations: Map<Slot, Derivation[]>;
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
  /** `Presence` by slot; nothing of derived ones. */
  presence: Uint8Array;
}

/** Slots that are made from what another one brings. */
export function derivedSlots(shape: Pick<Shape, 'derivations'>): Set<Slot> {
  return new Set([...shape.derivations.values()].flatMap((made) => made.map(({ slot }) => slot)));
}

export const Presence = { ABSENT: 0, PRESENT: 1, NOT_ASKED: 2 } as const;
