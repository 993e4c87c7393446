/** What ties a boot's monotonic counter to wall time. */
export interface Anchor {
  /** Names the boot: within it the monotonic counter never goes back. */
  boot: string;
  /** Nanoseconds of the monotonic counter. */
  monotonic: bigint;
  /** Wall time at that moment, ms since 1970. */
  wall: number;
}

/** Where a clock reads; injected, so that tests own time. */
export interface ClockSources {
  readonly boot: string;
  /** Nanoseconds, never backwards. */
  monotonic(): bigint;
  /** The system's wall clock, ms; may step either way. */
  wall(): number;
}

/** Differences between wall and monotonic time up to this are drift, not steps, ms. */
export const STEP = 100;

/**
 * A clock between two looks at the wall clock: from `anchor` on it runs with the monotonic counter, at half its speed
 * for the first `slew` nanoseconds.
 */
export interface ClockState {
  readonly anchor: Anchor;
  readonly slew: bigint;
}

const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;

/** Wall time of a moment of the same boot by an anchor, ms. */
export function wallAt(anchor: Anchor, monotonic: bigint): number {
  return anchor.wall + milliseconds(monotonic - anchor.monotonic);
}

/** Time that a clock gives at a moment, ms; rises with `monotonic`. */
export function timeAt({ anchor, slew }: ClockState, monotonic: bigint): number {
  const elapsed = monotonic - anchor.monotonic;
  const lost = elapsed < slew ? elapsed / 2n : slew / 2n;
  return anchor.wall + milliseconds(elapsed - lost);
}

/**
 * The clock after a look at the wall clock. A step forward is followed at once (the first synchronisation of a machine
 * without a battery-backed clock). After a step back the clock runs at half speed until the wall clock has caught up,
 * so that no time is given twice and none goes back.
 */
export function observe(state: ClockState, monotonic: bigint, wall: number): ClockState {
  const { boot } = state.anchor;
  const now = timeAt(state, monotonic);
  const ahead = now - wall;
  const left = state.slew - (monotonic - state.anchor.monotonic);
  const expected = left > 0n ? milliseconds(left) / 2 : 0;
  if (Math.abs(ahead - expected) <= STEP) return state;
  if (ahead <= 0) return { anchor: { boot, monotonic, wall }, slew: 0n };
  return { anchor: { boot, monotonic, wall: now }, slew: BigInt(Math.round(ahead * 2e6)) };
}

/**
 * Moves a time that was given by one anchor to a better one of the same boot: what a concentrator does with times that
 * a gateway gave before its clock was right. Other boots cannot be compared: the time stays.
 */
export function rebase(time: number, given: Anchor, better: Anchor): number {
  if (given.boot !== better.boot) return time;
  return time + (wallAt(better, given.monotonic) - given.wall);
}

/** A clock that never goes back within a boot. */
export class Clock {
  readonly #sources: ClockSources;
  #state: ClockState;

  constructor(sources: ClockSources) {
    this.#sources = sources;
    this.#state = { anchor: { boot: sources.boot, monotonic: sources.monotonic(), wall: sources.wall() }, slew: 0n };
  }

  /** Time of a sample, ms since 1970. */
  now(): number {
    return this.stamp().wall;
  }

  /** The clock as it is given to samples now; travels in the body of a batch. */
  stamp(): Anchor {
    const monotonic = this.#sources.monotonic();
    this.#state = observe(this.#state, monotonic, this.#sources.wall());
    return { boot: this.#sources.boot, monotonic, wall: timeAt(this.#state, monotonic) };
  }

  /** The wall clock as the system has it now, right or not; travels in the envelope of a batch. */
  anchor(): Anchor {
    return { boot: this.#sources.boot, monotonic: this.#sources.monotonic(), wall: this.#sources.wall() };
  }
}
