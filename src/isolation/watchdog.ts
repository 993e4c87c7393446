/** Looks at a child this often in the time of one heartbeat; a child beats as often. */
export const BEATS = 5;
/** Looks without a beat after which a child that uses the processor counts as hung: with the beat before, one heartbeat. */
const SILENT_LOOKS = BEATS - 1;
/** Heartbeats that a child may be silent which does not use the processor: it waits for a disk, or for a busy machine. */
const WAITING = 5;

export interface WatchdogOptions {
  /** ms. */
  heartbeat: number;
  /** Beats of the child so far. */
  beats(): number;
  /** Milliseconds of processor time that the child has used so far; undefined where nobody can tell. */
  processorTime(): Promise<number | undefined>;
  /** Called once, with how it was silent. */
  onSilent(how: string): void;
}

/**
 * Finds a child whose event loop no longer turns.
 *
 * Silence is counted in looks, not in time: when this side was blocked, or the machine was suspended, it was one look
 * only. A silent child that used the processor meanwhile is in a loop; one that did not may only have had no turn.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  #seen: number;
  #silent = 0;
  #usedBefore: number | undefined;
  #stopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#seen = options.beats();
    this.#timer = setInterval(() => this.#look(), options.heartbeat / BEATS);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #look(): void {
    const beats = this.#options.beats();
    if (beats !== this.#seen) {
      this.#seen = beats;
      this.#silent = 0;
      return;
    }
    this.#silent++;
    if (this.#silent === 1) void this.#options.processorTime().then((used) => (this.#usedBefore = used));
    else if (this.#silent >= SILENT_LOOKS) void this.#judge(beats, this.#silent);
  }

  async #judge(beats: number, silent: number): Promise<void> {
    const { heartbeat, processorTime, onSilent } = this.#options;
    const used = await processorTime();
    if (this.#stopped || this.#options.beats() !== beats || this.#silent < silent) return;
    const seconds = (heartbeat * (silent + 1)) / BEATS / 1000;
    const known = used !== undefined && this.#usedBefore !== undefined;
    const busy = known ? used - this.#usedBefore! : Infinity;
    if (busy >= heartbeat / 4) {
      this.stop();
      onSilent(`its event loop did not turn for ${seconds} s${known ? ' while it used the processor' : ''}`);
    } else if (silent >= WAITING * BEATS - 1) {
      this.stop();
      onSilent(`its event loop did not turn for ${seconds} s; it waits in a call that blocks`);
    }
  }
}
