import { between, fraction } from './random.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Energy counts from here: 2025-01-01, in seconds since 1970. */
export const ENERGY_EPOCH = Date.UTC(2025, 0, 1) / 1000;

interface Wave {
  /** Share of the base. */
  amplitude: number;
  /** Radians a second. */
  frequency: number;
  phase: number;
}

/**
 * Power of one load over time: a base, a slow daily swing and faster waves that look like noise. Being a sum of sines,
 * its integral is exact, so that an energy counter goes on where it would be after any pause.
 */
export class Load {
  readonly #base: number;
  readonly #waves: readonly Wave[];

  /** @param base W, the mean */
  constructor(base: number, seed: string) {
    this.#base = base;
    // Busiest in the early afternoon, give or take three hours.
    const busiest = between(11, 17, seed, 'busiest') * HOUR;
    const day = {
      amplitude: between(0.04, 0.2, seed, 'swing'),
      frequency: (2 * Math.PI) / DAY,
      phase: Math.PI / 2 - (2 * Math.PI * busiest) / DAY,
    };
    const faster = [37, 211, 1303, 5003].map((period, i) => ({
      amplitude: between(0.004, 0.02, seed, 'noise', i),
      frequency: (2 * Math.PI) / (period * between(0.8, 1.2, seed, 'period', i)),
      phase: 2 * Math.PI * fraction(seed, 'phase', i),
    }));
    this.#waves = [day, ...faster];
  }

  /** W at a time in seconds since 1970. */
  power(time: number): number {
    let share = 1;
    for (const { amplitude, frequency, phase } of this.#waves) share += amplitude * Math.sin(frequency * time + phase);
    return this.#base * share;
  }

  /** Wh from the epoch to a time. */
  energy(time: number): number {
    return (this.#integral(time) - this.#integral(ENERGY_EPOCH)) / HOUR;
  }

  #integral(time: number): number {
    let seconds = time;
    for (const { amplitude, frequency, phase } of this.#waves)
      seconds -= (amplitude / frequency) * Math.cos(frequency * time + phase);
    return this.#base * seconds;
  }
}
