import { systemClock } from '@rackwatt/telemetry/wire';

/** Where acquisition takes time from; tests own it. */
export interface TimeSource {
  /** Monotonic, ms. */
  now(): number;
  /** Wall time, ms since 1970; never backwards within a boot. */
  wall(): number;
  /** Calls `run` once, at a monotonic time or as soon as possible after it. @returns undoes it. */
  at(time: number, run: () => void): () => void;
}

/** setTimeout takes no longer delay. */
const LONGEST_DELAY = 2 ** 31 - 1;

export function systemTime(): TimeSource {
  const clock = systemClock();
  return {
    now: () => performance.now(),
    wall: () => clock.now(),
    at(time, run) {
      let timer: NodeJS.Timeout;
      const arm = () => {
        const delay = time - performance.now();
        timer = setTimeout(
          () => (performance.now() < time ? arm() : run()),
          Math.min(Math.max(0, delay), LONGEST_DELAY),
        );
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
