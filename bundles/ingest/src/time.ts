import { Quality, type Sample } from '@rackwatt/telemetry';
import { type Anchor, type BatchBody, type BatchMessage, rebase } from '@rackwatt/telemetry/wire';

const MINUTE = 60_000;
/** A gateway's clock may be so far ahead, ms: more is corrected. */
const AHEAD = 1000;
/** So far behind: one way, a slow clock and a slow line look the same, and lines are slow for seconds. */
const BEHIND = MINUTE / 2;
/** Beyond it no correction is to be believed. */
const WRONG = 5 * MINUTE;
/** A rebase smaller than this is the clock slewing. */
const REBASED = 1000;
/** Before it no reading was made: a clock without a battery begins in 1970. */
const EARLIEST = Date.UTC(2020, 0, 1);
/** How many messages the best is taken of: the least delayed one tells most about the clock. */
const WINDOW = 8;
/** A change of wall against monotonic time that is a step, ms. */
const STEP = 500;

interface Observed {
  boot: string;
  /** Wall time where the monotonic counter was 0, ms. */
  base: number;
  offsets: number[];
}

/** How far the clocks of gateways are ahead of this one, ms, by when messages say that they were sent. */
export class ClockOffsets {
  readonly #gateways = new Map<string, Observed>();

  observe(gateway: string, anchor: Anchor, sent: number, received: number): number {
    const base = anchor.wall - Number(anchor.monotonic) / 1e6;
    let seen = this.#gateways.get(gateway);
    if (!seen || seen.boot !== anchor.boot || Math.abs(seen.base - base) > STEP) {
      this.#gateways.set(gateway, (seen = { boot: anchor.boot, base, offsets: [] }));
    }
    seen.offsets.push(sent - received);
    if (seen.offsets.length > WINDOW) seen.offsets.shift();
    const offset = Math.max(...seen.offsets);
    return offset < 0 && seen.offsets.length < WINDOW ? 0 : offset;
  }
}

/** What a batch's times need: ms to add, and quality that all its values get. Nothing is refused for its time. */
export function correctionOf(
  message: BatchMessage,
  body: BatchBody,
  offset: number,
): { shift: number; quality: number } {
  let shift = 0;
  let quality: number = message.class === 'replay' ? Quality.HISTORICAL : Quality.GOOD;
  const moved = body.anchor ? rebase(0, body.anchor, message.anchor) : 0;
  if (Math.abs(moved) > REBASED) {
    shift += moved;
    quality |= Quality.TIME_ADJUSTED;
  }
  if (Math.abs(offset) > WRONG) {
    quality |= Quality.TIME_BAD;
  } else if (offset > AHEAD || offset < -BEHIND) {
    shift -= offset;
    quality |= Quality.TIME_ADJUSTED;
  }
  return { shift, quality };
}

/** Corrects a body in place. */
export function correct(message: BatchMessage, body: BatchBody, offset: number, received: number): void {
  const { shift, quality } = correctionOf(message, body, offset);
  for (const sample of body.samples) {
    sample.time += shift;
    const implausible = sample.time > received + WRONG || sample.time < EARLIEST;
    flag(sample, implausible ? quality | Quality.TIME_BAD : quality);
  }
  if (shift === 0) return;
  for (const gap of body.gaps) gap.time += shift;
  for (const event of body.events) event.time += shift;
  for (const status of body.statuses) status.since += shift;
}

function flag({ quality }: Sample, mask: number): void {
  if (mask === 0) return;
  for (let i = 0; i < quality.length; i++) quality[i]! |= mask;
}
