import { errorMessage, errorRecord, type ErrorRecord } from '../errors.js';
import type { BundleState, RecoveryInfo } from './contract.js';

/** Monotonic time and timers; given so that a test need not wait. */
export interface Clock {
  /** ms */
  now(): number;
  /** @returns cancels it */
  after(milliseconds: number, run: () => void): () => void;
}

/** What recovery does with a bundle. */
export interface Recoverable {
  readonly name: string;
  readonly version: string;
  readonly state: BundleState;
  /** What runs now: another one after each start and update. */
  readonly run: unknown;
  /** Starts what ran before, where the start level still allows it. */
  resume(): Promise<void>;
  /** @param options.run nothing is stopped when something else runs meanwhile */
  stop(options: { transient: true; run: unknown }): Promise<void>;
}

export interface RecoveryLog<B> {
  info(bundle: B, message: string): void;
  error(bundle: B, message: string, error: ErrorRecord): void;
}

/** ms before a failed bundle is started again: doubled from one failure to the next. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** So many failures within so many ms, and it is not started again by itself. */
const LIMIT = 5;
const WINDOW = 600_000;
/** ms after which a bundle that runs counts as well again. */
const WELL = 600_000;

/** What a bundle went through since it was last well. */
interface Course {
  state: 'stopping' | 'waiting' | 'starting' | 'running' | 'open';
  /** When it failed, within the window; at most as many as open the circuit. */
  failures: number[];
  pause: number;
  last: ErrorRecord;
  /** Errors that came while it was already being stopped. */
  further: number;
  /** When the state began. */
  since: number;
  cancel: (() => void) | undefined;
}

const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Bundles that failed by themselves, by an error that nobody caught or because their worker ended, are stopped and
 * started again: after 1 s, 2 s, 4 s ... 60 s, from the beginning once they ran well for 10 minutes. A bundle that
 * fails five times within 10 minutes stays stopped until somebody starts or updates it.
 */
export class Recovery<B extends Recoverable> {
  readonly #courses = new Map<B, Course>();
  readonly #log: RecoveryLog<B>;
  readonly #clock: Clock;
  #acting = false;
  #closed = false;

  constructor(log: RecoveryLog<B>, clock: Clock = REAL_CLOCK) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * A bundle failed by itself. However many errors come until it is stopped, it is stopped once and said once.
   * @param error of any kind; its message completes the sentence "it failed: ..."
   */
  failed(bundle: B, error: unknown): void {
    if (this.#closed) return;
    const known = this.#courses.get(bundle);
    if (known && (known.state === 'stopping' || known.state === 'open')) {
      known.further++;
      return;
    }
    known?.cancel?.();
    const now = this.#clock.now();
    const wasWell = known?.state === 'running' && now - known.since >= WELL;
    const before = known && !wasWell ? known : undefined;
    const course: Course = {
      state: 'stopping',
      failures: [...(before?.failures ?? []).filter((time) => now - time < WINDOW), now].slice(-LIMIT),
      pause: before ? Math.min(before.pause * 2, LONGEST_PAUSE) : FIRST_PAUSE,
      last: errorRecord(error),
      further: 0,
      since: now,
      cancel: undefined,
    };
    this.#courses.set(bundle, course);
    this.#log.error(bundle, `failed and is stopped: ${course.last.message}`, course.last);
    void this.#stop(bundle, course, bundle.run);
  }

  async #stop(bundle: B, course: Course, run: unknown): Promise<void> {
    await this.#act(() => bundle.stop({ transient: true, run })).catch((failure: unknown) =>
      this.#log.error(bundle, `failed, and stopping it did, too: ${errorMessage(failure)}`, errorRecord(failure)),
    );
    if (course.further > 0) this.#log.info(bundle, `${course.further} further errors until it was stopped`);
    if (this.#courses.get(bundle) !== course) return;
    course.since = this.#clock.now();
    if (bundle.state === 'ACTIVE' && bundle.run !== run) {
      course.state = 'running';
      return;
    }
    if (course.failures.length >= LIMIT) {
      course.state = 'open';
      this.#log.error(bundle, `stays ${this.reason(bundle)}`, course.last);
      return;
    }
    course.state = 'waiting';
    course.cancel = this.#clock.after(course.pause, () => void this.#start(bundle, course));
  }

  async #start(bundle: B, course: Course): Promise<void> {
    course.state = 'starting';
    course.cancel = undefined;
    try {
      if (bundle.state === 'ACTIVE') await this.#act(() => bundle.stop({ transient: true, run: bundle.run }));
      await this.#act(() => bundle.resume());
    } catch (error) {
      if (this.#courses.get(bundle) === course) this.failed(bundle, error);
      return;
    }
    if (this.#courses.get(bundle) !== course || course.state !== 'starting') return;
    course.state = 'running';
    course.since = this.#clock.now();
    this.#log.info(bundle, `${bundle.version} runs again after it failed: ${course.last.message}`);
  }

  /** What recovery itself asks of a bundle is not what somebody else asks of it. */
  #act(operation: () => Promise<void>): Promise<void> {
    this.#acting = true;
    try {
      return operation();
    } finally {
      this.#acting = false;
    }
  }

  /** Somebody asked the bundle to start, stop, update or go: what it went through counts no more. */
  asked(bundle: B): void {
    if (this.#acting) return;
    this.#courses.get(bundle)?.cancel?.();
    this.#courses.delete(bundle);
  }

  /** Undefined for a bundle that never failed, or has been well again for long. */
  info(bundle: B): RecoveryInfo | undefined {
    const course = this.#courses.get(bundle);
    if (!course) return undefined;
    const now = this.#clock.now();
    if (course.state === 'running' && now - course.since >= WELL) {
      this.#courses.delete(bundle);
      return undefined;
    }
    const { state, failures, last, pause, since } = course;
    return {
      state,
      failures: failures.filter((time) => now - time < WINDOW).length,
      last: last.message,
      ...(state === 'waiting' ? { startsIn: Math.max(0, Math.ceil((since + pause - now) / 1000)) } : {}),
    };
  }

  /** Why the bundle is not active, when that is because it failed. */
  reason(bundle: B): string | undefined {
    const course = this.#courses.get(bundle);
    const info = this.info(bundle);
    if (!course || !info || info.state === 'running') return undefined;
    const { last, failures, startsIn } = info;
    const often = failures > 1 ? ` (${failures} times in ${WINDOW / 60_000} minutes)` : '';
    if (info.state === 'open')
      return `stopped: failed ${course.failures.length} times in ${WINDOW / 60_000} minutes, last: ${last}; start it with \`rackwatt bundle start ${bundle.name}\``;
    if (info.state === 'waiting') return `failed${often}: ${last}; starts again in ${startsIn} s`;
    return `failed${often}: ${last}; is being ${info.state === 'stopping' ? 'stopped' : 'started again'}`;
  }

  /** Starts what fails from now on. */
  open(): void {
    this.#closed = false;
  }

  /** Starts nothing any more. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#courses.values()) cancel?.();
    this.#courses.clear();
  }
}

/** An error that nobody caught, as the failure of its bundle. */
export function uncaught(error: unknown): ErrorRecord {
  const record = errorRecord(error);
  return { ...record, message: `it threw an error that nobody caught: ${record.message}` };
}
