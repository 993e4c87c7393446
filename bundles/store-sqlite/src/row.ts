import type { Sample } from '@rackwatt/telemetry';
import { corrupt } from './codec/column.js';
import { copyOf } from './database.js';
import type { Layout } from './model.js';

const HAS = { quality: 1, states: 2 } as const;
const HEADER = 8 + 8 + 4 + 1;

/** A row of table `open`: time, number, points as runs, then raw columns: what it costs to write and read counts here, not its size. */
export function encodeRow(sample: Sample, layout: Layout): Uint8Array {
  const runs = runsOf(layout.points);
  const count = layout.points.length;
  const quality = sample.quality.some((mask) => mask !== 0);
  const states = sample.states.some((code) => code !== 0);
  const bytes = new Uint8Array(HEADER + runs.length * 4 + count * (8 + (quality ? 2 : 0) + (states ? 1 : 0)));
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, sample.time, true);
  view.setFloat64(8, sample.number, true);
  view.setUint32(16, runs.length, true);
  view.setUint8(20, (quality ? HAS.quality : 0) | (states ? HAS.states : 0));
  let at = HEADER;
  for (const column of [
    Uint32Array.from(runs),
    sample.values,
    ...(quality ? [sample.quality] : []),
    ...(states ? [sample.states] : []),
  ]) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  return bytes;
}

export interface DecodedRow {
  time: number;
  number: number;
  points: Uint32Array;
  values: Float64Array;
  quality: Uint16Array | undefined;
  states: Uint8Array | undefined;
}

/** @throws STORE_CHUNK_CORRUPT */
export function decodeRow(bytes: Uint8Array): DecodedRow {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER) throw corrupt('an open row is cut short');
  const flags = view.getUint8(20);
  let at = HEADER;
  const take = (size: number): ArrayBuffer => {
    if (at + size > bytes.length) throw corrupt('an open row is cut short');
    const part = copyOf(bytes, at, at + size);
    at += size;
    return part;
  };
  const points = pointsOf(new Uint32Array(take(view.getUint32(16, true) * 4)), bytes.length >>> 3);
  const count = points.length;
  return {
    time: view.getFloat64(0, true),
    number: view.getFloat64(8, true),
    points,
    values: new Float64Array(take(count * 8)),
    quality: (flags & HAS.quality) !== 0 ? new Uint16Array(take(count * 2)) : undefined,
    states: (flags & HAS.states) !== 0 ? new Uint8Array(take(count)) : undefined,
  };
}

/** Start and length of each run of neighbouring numbers. */
function runsOf(points: Uint32Array): number[] {
  const runs: number[] = [];
  for (let i = 0; i < points.length; ) {
    let next = i + 1;
    while (next < points.length && points[next] === points[next - 1]! + 1) next++;
    runs.push(points[i]!, next - i);
    i = next;
  }
  return runs;
}

function pointsOf(runs: Uint32Array, most: number): Uint32Array {
  let count = 0;
  for (let i = 1; i < runs.length; i += 2) count += runs[i]!;
  if (count > most) throw corrupt('an open row has more points than values');
  const points = new Uint32Array(count);
  for (let at = 0, i = 0; i < runs.length; i += 2) {
    for (let offset = 0; offset < runs[i + 1]!; offset++) points[at++] = runs[i]! + offset;
  }
  return points;
}
