import { simulatorError } from '../errors.js';
import { Load } from './load.js';
import { between, fraction, hash, pick } from './random.js';

/** What is measured at a place of a PDU. */
export interface Measure {
  /** V, line to neutral. */
  voltage: number;
  /** A */
  current: number;
  /** W */
  power: number;
  /** V.A */
  apparent: number;
  powerFactor: number;
  /** Wh */
  energy: number;
}

export interface OutletDescription {
  /** From 1. */
  number: number;
  name: string;
  /** Numbers of its branch and phase, from 1. */
  branch: number;
  phase: number;
}

/** All values of a moment; sums are exact, so that whatever is rounded afterwards still adds up. */
export interface Snapshot {
  /** Seconds since 1970. */
  time: number;
  outlets: (Measure & { on: boolean })[];
  branches: Measure[];
  phases: Measure[];
  inlet: Measure;
  /** V between L1 and L2, L2 and L3, L3 and L1; none with one phase. */
  lineVoltages: number[];
  /** Hz */
  frequency: number;
  /** Cel and % */
  temperature: number;
  humidity: number;
}

/** What outlets remember over restarts. */
export interface OutletMemory {
  on: boolean;
  /** Wh that its load would have drawn in the times that it was off, up to the last one. */
  missed: number;
  /** When it was switched off last; of an outlet that is off. */
  offSince: number;
}

export interface PduOptions {
  seed: string;
  outlets: number;
  phases: 1 | 3;
  /** One for twelve outlets unless given; as many on each phase. */
  branches?: number;
  load: keyof typeof LOADS;
  /** How outlets were left. */
  memory?: readonly OutletMemory[];
}

/** Mean W of an outlet that is in use. */
export const LOADS = { light: 60, typical: 130, heavy: 220 } as const;

/** A, of a branch's breaker and of an outlet. */
export const BRANCH_RATING = 16;
export const OUTLET_RATING = 10;
const OUTLETS_OF_A_BRANCH = 12;
const NOMINAL_VOLTAGE = 230;
/** Seconds for which a cycled outlet is off. */
const CYCLE_TIME = 5;
const ROLES = ['web', 'db', 'app', 'storage', 'switch', 'backup', 'cache', 'build', 'kvm', 'firewall'];

interface Outlet extends OutletDescription {
  load: Load | undefined;
  on: boolean;
  missed: number;
  offSince: number;
  /** Set while it is cycled. */
  onAgainAt: number | undefined;
  /** What is told of it, where its relay does not do what it was told. */
  shown: boolean | undefined;
}

/** A relay that takes commands and does nothing, or tells that it is off while the load goes on. */
export type RelayFault = 'stuck' | 'welded';

/** A rack PDU that never was: believable loads, physically consistent at each moment. Times are seconds since 1970. */
export class GeneratedPdu {
  readonly seed: string;
  readonly phases: 1 | 3;
  readonly branches: number;
  readonly #outlets: Outlet[];
  readonly #powerFactor: number;
  #snapshot: Snapshot | undefined;
  #relays: RelayFault | undefined;

  constructor({ seed, outlets, phases, branches, load, memory = [] }: PduOptions, now: number) {
    this.seed = seed;
    this.phases = phases;
    this.branches = Math.ceil((branches ?? outlets / OUTLETS_OF_A_BRANCH) / phases) * phases;
    this.#powerFactor = Math.round(between(93, 98, seed, 'power factor')) / 100;
    this.#outlets = Array.from({ length: outlets }, (_, i) =>
      this.#outlet(i + 1, outlets, LOADS[load], memory[i], now),
    );
  }

  get outlets(): readonly OutletDescription[] {
    return this.#outlets;
  }

  /** Outlets as they are to be remembered; one that is being cycled comes back on. */
  memory(now: number): OutletMemory[] {
    return this.#outlets.map((outlet) => {
      settle(outlet, now);
      const back = { ...outlet };
      if (back.onAgainAt !== undefined) switchOn(back, now);
      return { on: back.on, missed: back.missed, offSince: back.offSince };
    });
  }

  switch(number: number, command: 'on' | 'off' | 'cycle', now: number): void {
    const outlet = this.#outlets[number - 1];
    if (!outlet) throw simulatorError('SIMULATOR_OPTION_INVALID', `The PDU has no outlet ${number}.`);
    settle(outlet, now);
    this.#snapshot = undefined;
    if (this.#relays !== undefined) {
      if (this.#relays === 'welded') outlet.shown = command !== 'off';
      return;
    }
    if (command === 'on') {
      switchOn(outlet, now);
      return;
    }
    if (outlet.on) outlet.offSince = now;
    outlet.on = false;
    outlet.onAgainAt = command === 'cycle' ? now + CYCLE_TIME : undefined;
  }

  /** How all relays are from now on; healed ones are as they tell. */
  breakRelays(fault: RelayFault | undefined, now: number): void {
    if (fault === this.#relays) return;
    this.#relays = undefined;
    for (const outlet of this.#outlets) {
      const { shown } = outlet;
      outlet.shown = undefined;
      if (shown !== undefined && shown !== outlet.on) this.switch(outlet.number, shown ? 'on' : 'off', now);
    }
    this.#relays = fault;
  }

  /** Values as first asked for in the second of `now`: a real PDU measures about once a second too. */
  at(now: number): Snapshot {
    const came = this.#outlets.some(({ onAgainAt }) => onAgainAt !== undefined && onAgainAt <= now);
    if (!this.#snapshot || came || Math.floor(this.#snapshot.time) !== Math.floor(now))
      this.#snapshot = this.#measure(now);
    return this.#snapshot;
  }

  #measure(time: number): Snapshot {
    const voltages = Array.from({ length: this.phases }, (_, phase) => this.#voltage(phase, time));
    const outlets = this.#outlets.map((outlet) => {
      settle(outlet, time);
      const { load, on, offSince, missed } = outlet;
      const power = on && load ? load.power(time) : 0;
      const energy = load ? load.energy(on ? time : offSince) - missed : 0;
      return { ...this.#measureOf(power, voltages[outlet.phase - 1]!, energy), on: outlet.shown ?? on };
    });
    const sum = (voltage: number, of: (outlet: Outlet) => boolean) => {
      const chosen = outlets.filter((_, i) => of(this.#outlets[i]!));
      const total = (key: 'power' | 'energy') => chosen.reduce((all, measure) => all + measure[key], 0);
      return this.#measureOf(total('power'), voltage, total('energy'));
    };
    const branches = Array.from({ length: this.branches }, (_, i) =>
      sum(voltages[i % this.phases]!, ({ branch }) => branch === i + 1),
    );
    const phases = voltages.map((voltage, i) => sum(voltage, ({ phase }) => phase === i + 1));
    const inlet = sum(voltages.reduce((all, voltage) => all + voltage, 0) / voltages.length, () => true);
    const day = Math.sin((2 * Math.PI * time) / 86_400);
    return {
      time,
      outlets,
      branches,
      phases,
      inlet,
      lineVoltages: this.phases === 3 ? voltages.map((u, i) => lineToLine(u, voltages[(i + 1) % 3]!)) : [],
      frequency: 50 + 0.02 * Math.sin(time / 97),
      temperature: between(21, 24, this.seed, 'room') + day + inlet.power / 1500,
      humidity: between(38, 52, this.seed, 'humidity') - 3 * day,
    };
  }

  /** One power factor for all: then currents add up as powers do. */
  #measureOf(power: number, voltage: number, energy: number): Measure {
    const apparent = power / this.#powerFactor;
    return {
      voltage,
      current: apparent / voltage,
      power,
      apparent,
      powerFactor: power > 0 ? this.#powerFactor : 1,
      energy,
    };
  }

  #voltage(phase: number, time: number): number {
    const slow = Math.sin((2 * Math.PI * time) / 43_200 + phase);
    const fast = Math.sin(time / between(11, 17, this.seed, 'voltage', phase));
    return NOMINAL_VOLTAGE + between(-3, 3, this.seed, 'offset', phase) + 1.5 * slow + 0.4 * fast;
  }

  #outlet(number: number, outlets: number, mean: number, memory: OutletMemory | undefined, now: number): Outlet {
    const { seed } = this;
    const branch = Math.floor(((number - 1) * this.branches) / outlets) + 1;
    const empty = fraction(seed, 'empty', number) < 0.15;
    // Many small loads and a few large ones, as in a rack.
    const base = mean * (0.3 + 1.6 * fraction(seed, 'base', number) ** 1.5);
    const load = empty ? undefined : new Load(base, `${seed}/${number}`);
    const on = memory?.on ?? (empty || fraction(seed, 'off', number) >= 0.06);
    const missed = memory?.missed ?? (on ? 0 : (load?.energy(now) ?? 0));
    const offSince = memory?.offSince ?? now;
    const name = empty
      ? `Outlet ${number}`
      : `${pick(ROLES, seed, 'role', number)}-${1 + (hash(`${seed}/${number}`) % 40)}`;
    return {
      number,
      name,
      branch,
      phase: ((branch - 1) % this.phases) + 1,
      load,
      on,
      missed,
      offSince,
      onAgainAt: undefined,
      shown: undefined,
    };
  }
}

/** Brings a cycled outlet back when its time has come. */
function settle(outlet: Outlet, now: number): void {
  if (outlet.onAgainAt !== undefined && outlet.onAgainAt <= now) switchOn(outlet, outlet.onAgainAt);
}

function switchOn(outlet: Outlet, time: number): void {
  if (!outlet.on && outlet.load) outlet.missed += outlet.load.energy(time) - outlet.load.energy(outlet.offSince);
  outlet.on = true;
  outlet.onAgainAt = undefined;
}

/** Of two line-to-neutral voltages 120 degrees apart. */
const lineToLine = (a: number, b: number): number => Math.sqrt(a * a + b * b + a * b);
