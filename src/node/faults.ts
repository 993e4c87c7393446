import { uncaught, type Framework } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { errorRecord } from '../errors.js';
import type { Scope } from '../scope/index.js';
import { activityOf, keepStackTraces, spaces } from '../space/index.js';

export interface FaultOptions {
  framework: Framework;
  log: Logger;
  scope: Scope;
  fatal: (error: unknown) => void;
}

/** ms at a time for looking at errors, so that a storm of them holds nobody else up. */
const SLICE = 5;
/** Errors that wait to be looked at; further ones are looked at at once. */
const MOST_WAITING = 20_000;
/** ms between lines on errors of one revision that is gone. */
const LINE_EVERY = 1_000;

interface Fault {
  error: unknown;
  /** Label on whose behalf the code ran; known only at the moment of the error. */
  activity: string | undefined;
}

/**
 * Errors that nobody caught. Each is attributed to a bundle, by its frames or else by on whose behalf the code ran, and
 * fails that bundle alone, which is stopped and started again; only what cannot be attributed ends the process.
 */
class Faults {
  readonly #options: FaultOptions;
  readonly #waiting: Fault[] = [];
  /** Errors of revisions that are gone, by label: how many were not logged, and when the next line is due. */
  readonly #late = new Map<string, { untold: number; due: number }>();
  #isLooking = false;

  constructor(options: FaultOptions) {
    this.#options = options;
  }

  readonly note = (error: unknown): void => {
    keepStackTraces();
    const fault = { error, activity: activityOf(error) };
    if (this.#waiting.length >= MOST_WAITING) return this.#judge(fault);
    this.#waiting.push(fault);
    if (this.#isLooking) return;
    this.#isLooking = true;
    setImmediate(() => this.#look());
  };

  #look(): void {
    const until = performance.now() + SLICE;
    let at = 0;
    while (at < this.#waiting.length && performance.now() < until) this.#judge(this.#waiting[at++]!);
    this.#waiting.splice(0, at);
    this.#isLooking = this.#waiting.length > 0;
    if (this.#isLooking) setImmediate(() => this.#look());
  }

  #judge(fault: Fault): void {
    try {
      this.#attribute(fault);
    } catch (error) {
      // Thrown from here, it would come back here.
      this.#options.fatal(error);
    }
  }

  #attribute({ error, activity }: Fault): void {
    const label = this.#answerable(spaces.attribute(error), activity);
    if (label === undefined) this.#options.fatal(error);
    else if (!spaces.fail(label, uncaught(error))) this.#sayLate(label, error);
  }

  /** Code of a contract runs on behalf of whoever called it; its own bundle answers only where nobody did. */
  #answerable(origin: string | undefined, activity: string | undefined): string | undefined {
    if (!origin?.endsWith(CONTRACTS)) return origin ?? activity;
    if (activity !== undefined && !activity.endsWith(CONTRACTS)) return activity;
    const label = origin.slice(0, -CONTRACTS.length);
    return this.#options.framework.bundle(bundleOf(label))?.revision.space?.label ?? label;
  }

  #sayLate(label: string, error: unknown): void {
    const record = errorRecord(error);
    const now = performance.now();
    for (const [other, { due }] of this.#late) if (now > due + LINE_EVERY && other !== label) this.#late.delete(other);
    const late = this.#late.get(label) ?? { untold: 0, due: 0 };
    this.#late.set(label, late);
    if (now < late.due) {
      late.untold++;
      return;
    }
    const further = late.untold > 0 ? ` (and ${late.untold} others since the last line)` : '';
    this.#options.log.warn(
      { error: record },
      `an error of a revision that is already gone (${label}): ${record.message}${further}`,
    );
    late.untold = 0;
    late.due = now + LINE_EVERY;
  }
}

const CONTRACTS = ' contracts';

/** Name of the bundle in the label of a revision, `name@version#number`. */
function bundleOf(label: string): string {
  return label.slice(0, label.lastIndexOf('@'));
}

/** From now on, and until the scope closes, no error of a bundle ends the process. */
export function containFaults(options: FaultOptions): void {
  const { note } = new Faults(options);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  options.scope.add('uncaught errors', () => {
    process.removeListener('uncaughtException', note);
    process.removeListener('unhandledRejection', note);
  });
}
