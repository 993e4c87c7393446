import type { DeviceStatus, EventRecord, Gap, GapReason, Outbox, Sample } from '@rackwatt/telemetry';
import { errorMessage, type Logger } from 'rackwatt';
import type { TimeSource } from './time.js';

/** Gaps wait at most this long for others that they can be joined with, ms. */
const FLUSH_AFTER = 10_000;
/** Samples of a device that may wait for the outbox; beyond it reads become gaps, so that memory stays bounded. */
const MOST_WAITING = 16;

/** Writes to the outbox what came of each due number, consecutive gaps joined. */
export class Recorder {
  readonly #outbox: Pick<Outbox, 'append'>;
  readonly #time: TimeSource;
  readonly #log: Logger;
  readonly #gaps = new Map<string, Gap[]>();
  readonly #waiting = new Map<string, number>();
  readonly #highest = new Map<string, number>();
  readonly #appends = new Set<Promise<unknown>>();
  #cancelFlush: (() => void) | undefined;

  constructor(outbox: Pick<Outbox, 'append'>, time: TimeSource, log: Logger) {
    this.#outbox = outbox;
    this.#time = time;
    this.#log = log;
  }

  /** Highest number accounted for in this process, whether the outbox has it yet or not; 0 before the first. */
  highest(device: string): number {
    return this.#highest.get(device) ?? 0;
  }

  /** Whether the outbox is so far behind that a further sample had better not be read. */
  congested(device: string): boolean {
    return (this.#waiting.get(device) ?? 0) >= MOST_WAITING;
  }

  sample(sample: Sample): void {
    const { device, number } = sample;
    this.#account(device, number);
    this.#waiting.set(device, (this.#waiting.get(device) ?? 0) + 1);
    const gaps = this.#take(device);
    const written = this.#outbox.append({ samples: [sample], ...(gaps.length > 0 ? { gaps } : {}) }).then(
      () => undefined,
      (error: unknown) => {
        this.#putBack(gaps);
        this.gap(device, number, number, 'error');
        this.#log.error({ device, number }, `a sample of ${device} could not be written: ${errorMessage(error)}`);
      },
    );
    this.#track(written.finally(() => this.#waiting.set(device, this.#waiting.get(device)! - 1)));
  }

  gap(device: string, from: number, to: number, reason: GapReason): void {
    this.#account(device, to);
    const gaps = this.#gaps.get(device) ?? [];
    this.#gaps.set(device, gaps);
    const last = gaps.at(-1);
    if (last && last.reason === reason && last.to + 1 === from) last.to = to;
    else gaps.push({ device, from, to, reason, time: this.#time.wall() });
    this.#cancelFlush ??= this.#time.at(this.#time.now() + FLUSH_AFTER, () => void this.flush());
  }

  status(status: DeviceStatus, event?: EventRecord): void {
    this.#append({ statuses: [status], ...(event ? { events: [event] } : {}) }, `the status of ${status.device}`);
  }

  event(event: EventRecord): void {
    this.#append({ events: [event] }, `event ${event.type}`);
  }

  /** Writes the gaps that wait, of one device or all; settles when everything handed over so far was written. */
  async flush(device?: string): Promise<void> {
    if (device === undefined) {
      this.#cancelFlush?.();
      this.#cancelFlush = undefined;
    }
    const gaps = device === undefined ? [...this.#gaps.keys()].flatMap((each) => this.#take(each)) : this.#take(device);
    if (gaps.length > 0)
      this.#track(
        this.#outbox.append({ gaps }).then(
          () => undefined,
          (error: unknown) => {
            this.#putBack(gaps);
            this.#log.error({ gaps: gaps.length }, `gaps could not be written and are kept: ${errorMessage(error)}`);
          },
        ),
      );
    await Promise.allSettled(this.#appends);
  }

  /** Stops waiting for the next flush. */
  close(): void {
    this.#cancelFlush?.();
  }

  #append(records: Parameters<Outbox['append']>[0], what: string): void {
    const written = this.#outbox.append(records).catch((error: unknown) => {
      this.#log.error(`${what} could not be written: ${errorMessage(error)}`);
    });
    this.#track(written);
  }

  #account(device: string, number: number): void {
    if (number > this.highest(device)) this.#highest.set(device, number);
  }

  #take(device: string): Gap[] {
    const gaps = this.#gaps.get(device) ?? [];
    this.#gaps.delete(device);
    return gaps;
  }

  #putBack(gaps: readonly Gap[]): void {
    for (const gap of gaps) {
      const waiting = this.#gaps.get(gap.device) ?? [];
      this.#gaps.set(
        gap.device,
        [...waiting, gap].sort((a, b) => a.from - b.from),
      );
    }
    if (gaps.length > 0) this.#cancelFlush ??= this.#time.at(this.#time.now() + FLUSH_AFTER, () => void this.flush());
  }

  #track(written: Promise<unknown>): void {
    this.#appends.add(written);
    void written.finally(() => this.#appends.delete(written));
  }
}
