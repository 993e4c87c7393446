import { errorMessage, RackwattError } from 'rackwatt';
import type { BatchClass, DeviceStatus, EventRecord, Gap, Sample } from '@rackwatt/telemetry';
import { encodeBody, LIMITS, type Anchor, type BatchBody } from '@rackwatt/telemetry/wire';

export interface Records {
  samples?: Sample[];
  gaps?: Gap[];
  events?: EventRecord[];
  statuses?: DeviceStatus[];
}

export interface EncodedBatch {
  class: BatchClass;
  body: Uint8Array;
}

/** A body is closed when it has reached about this many bytes before compression. */
export const BODY_BYTES = 256 << 10;

const RECORD_BYTES = 200;

function dataBytes(data: EventRecord['data']): number {
  if (data === undefined) return 0;
  try {
    return JSON.stringify(data).length;
  } catch (error) {
    throw new RackwattError('WIRE_INVALID', `The data of an event is no JSON (${errorMessage(error)}).`, {
      cause: error,
    });
  }
}

/** About how many bytes records take before compression. */
export function estimate(records: Records): number {
  let bytes = 0;
  for (const sample of records.samples ?? []) bytes += 40 + sample.points.length * 4;
  bytes += (records.gaps?.length ?? 0) * 20;
  bytes += (records.statuses?.length ?? 0) * RECORD_BYTES;
  for (const { data } of records.events ?? []) bytes += RECORD_BYTES + dataBytes(data);
  return bytes;
}

type Part = { [K in keyof Records]-?: { kind: K; record: NonNullable<Records[K]>[number] } }[keyof Records];

function* parts(groups: readonly Records[], kinds: readonly (keyof Records)[]): Generator<Part> {
  for (const records of groups) {
    for (const kind of kinds) for (const record of records[kind] ?? []) yield { kind, record } as Part;
  }
}

/** Records of many appends as few bodies of bounded size, in their order. @throws WIRE_INVALID */
function encodeParts(batchClass: BatchClass, anchor: Anchor, source: Iterable<Part>): EncodedBatch[] {
  const batches: EncodedBatch[] = [];
  let body: BatchBody = { anchor, samples: [], gaps: [], events: [], statuses: [] };
  let bytes = 0;
  const close = (): void => {
    if (bytes > 0) batches.push({ class: batchClass, body: encodeBody(body) });
    body = { anchor, samples: [], gaps: [], events: [], statuses: [] };
    bytes = 0;
  };
  for (const { kind, record } of source) {
    const size = estimate({ [kind]: [record] });
    if (bytes > 0 && (bytes + size > BODY_BYTES || body[kind].length >= LIMITS[kind])) close();
    (body[kind] as (typeof record)[]).push(record);
    bytes += size;
  }
  close();
  return batches;
}

/** One lane for readings, `live` or `replay`, and one for events. @throws WIRE_INVALID when a record cannot be carried. */
export function encodeRecords(lane: 'live' | 'replay', anchor: Anchor, groups: readonly Records[]): EncodedBatch[] {
  return [
    ...encodeParts(lane, anchor, parts(groups, ['samples', 'gaps'])),
    ...encodeParts('event', anchor, parts(groups, ['events', 'statuses'])),
  ];
}
