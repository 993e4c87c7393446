import { errorRecord } from 'rackwatt';
import { decodeBody, RangeSet, type BatchBody } from '@rackwatt/telemetry/wire';
import type { BatchClass, Gap, GapReason } from '@rackwatt/telemetry';

/** Which lane loses its oldest batch first when the outbox is full. */
export const DROP_ORDER: readonly BatchClass[] = ['replay', 'live', 'event'];

export interface Loss {
  gaps: Gap[];
  samples: number;
  /** Events and states of devices, which have no due numbers. */
  records: number;
}

/** A body that a failing disk changed still has to make room: it counts as one lost record. */
function read(bytes: Uint8Array): BatchBody | undefined {
  try {
    return decodeBody(bytes);
  } catch (error) {
    if (errorRecord(error).code !== 'WIRE_INVALID') throw error;
    return undefined;
  }
}

/** What is missing once a batch is dropped: its samples become gaps, its gaps stay what they are. */
export function lossOf(bytes: Uint8Array, time: number): Loss {
  const body = read(bytes);
  if (!body) return { gaps: [], samples: 0, records: 1 };
  const numbers = new Map<string, RangeSet>();
  for (const { device, number } of body.samples) {
    let set = numbers.get(device);
    if (!set) numbers.set(device, (set = new RangeSet()));
    set.add(number);
  }
  const reason: GapReason = 'outbox-full';
  const gaps = [...numbers].flatMap(([device, set]) =>
    set.toArray().map(([from, to]): Gap => ({ device, from, to, reason, time })),
  );
  return {
    gaps: [...gaps, ...body.gaps],
    samples: body.samples.length,
    records: body.events.length + body.statuses.length,
  };
}
