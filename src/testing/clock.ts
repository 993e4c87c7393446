import { install } from '@sinonjs/fake-timers';
import type { Ending } from './trial.js';

/** Time that stands still until it is told to go on. */
export interface Clock {
  /** Wall time, ms since 1970. */
  now(): number;
  /** Lets so many ms pass: timers that are due run in their order, and what they began settles before the next. */
  advance(milliseconds: number): Promise<void>;
  /** Timers that wait. */
  readonly pending: number;
}

const MILLENNIUM = Date.UTC(2000, 0, 1);
/** Left alone are `nextTick` and microtasks, so that promises settle as ever. */
const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] as const;

/**
 * Replaces timers, `Date` and `performance.now()` until the test ends. Make it before the component is activated.
 * @param start wall time to begin with, ms since 1970
 */
export function fakeClock(t: Ending, start = MILLENNIUM): Clock {
  const clock = install({ now: start, toFake: [...FAKED] });
  t.after(() => clock.uninstall());
  return {
    now: () => clock.now,
    advance: async (milliseconds) => void (await clock.tickAsync(milliseconds)),
    get pending() {
      return clock.countTimers();
    },
  };
}
