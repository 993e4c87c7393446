import { crc32 } from 'node:zlib';
import { corrupt, readColumn, writeColumn } from './column.js';
import { RangeDecoder, RangeEncoder } from './range-coder.js';

/** What a point has in one row of a block. -0 is told apart, since one of it would keep a column from being scaled integers. */
const KIND = { value: 0, none: 1, absent: 2, negativeZero: 3 } as const;
/** First byte: which columns follow. */
const HAS = { kinds: 1, values: 2, quality: 4, states: 8 } as const;

/** Most rows of a block; a reader takes no more, whatever the bytes say. */
export const MOST_ROWS = 65_536;

/** One point over the rows of a block: columns of equal length. */
export interface PointColumns {
  /** 1 where the point has no reading in that row; absent altogether when it has one in every row. */
  absent?: Uint8Array;
  /** NaN: no value. */
  values: Float64Array;
  quality: Uint16Array;
  states: Uint8Array;
}

const encoder = new RangeEncoder();

/** Columns of a point in their smallest form. Columns that are 0 all over take nothing. */
export function encodeChunk(columns: PointColumns): Uint8Array {
  const { values, quality, states, absent } = columns;
  const rows = values.length;
  const kinds = new Float64Array(rows);
  const numbers = new Float64Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    if (absent?.[i]) kinds[i] = KIND.absent;
    else if (Number.isNaN(values[i])) kinds[i] = KIND.none;
    else if (Object.is(values[i], -0)) kinds[i] = KIND.negativeZero;
    else numbers[count++] = values[i]!;
  }
  let flags = 0;
  if (count < rows) {
    flags |= HAS.kinds;
    writeColumn(encoder, kinds);
  }
  if (count > 0) {
    flags |= HAS.values;
    writeColumn(encoder, numbers.subarray(0, count));
  }
  if (quality.some((mask) => mask !== 0)) {
    flags |= HAS.quality;
    writeColumn(encoder, Float64Array.from(quality));
  }
  if (states.some((code) => code !== 0)) {
    flags |= HAS.states;
    writeColumn(encoder, Float64Array.from(states));
  }
  return seal(flags);
}

/** @throws STORE_CHUNK_CORRUPT */
export function decodeChunk(bytes: Uint8Array, rows: number): PointColumns {
  const { flags, decoder } = open(bytes, rows);
  const columns: PointColumns = {
    values: new Float64Array(rows).fill(Number.NaN),
    quality: new Uint16Array(rows),
    states: new Uint8Array(rows),
  };
  const kinds = (flags & HAS.kinds) !== 0 ? readColumn(decoder, rows) : undefined;
  let count = rows;
  if (kinds) {
    count = 0;
    for (const kind of kinds) if (kind === KIND.value) count++;
    if (kinds.includes(KIND.absent)) columns.absent = Uint8Array.from(kinds, (kind) => (kind === KIND.absent ? 1 : 0));
  }
  if ((flags & HAS.values) !== 0) {
    const numbers = readColumn(decoder, count);
    if (!kinds) columns.values = numbers;
    else for (let i = 0, at = 0; i < rows; i++) if (kinds[i] === KIND.value) columns.values[i] = numbers[at++]!;
  } else if (count > 0) {
    throw corrupt('it lacks its values');
  }
  kinds?.forEach((kind, i) => {
    if (kind === KIND.negativeZero) columns.values[i] = -0;
  });
  if ((flags & HAS.quality) !== 0) columns.quality = Uint16Array.from(readColumn(decoder, rows));
  if ((flags & HAS.states) !== 0) columns.states = Uint8Array.from(readColumn(decoder, rows));
  return columns;
}

/** Any numbers, such as the times of a block's rows. */
export function encodeNumbers(numbers: Float64Array): Uint8Array {
  writeColumn(encoder, numbers);
  return seal(HAS.values);
}

/** @throws STORE_CHUNK_CORRUPT */
export function decodeNumbers(bytes: Uint8Array, count: number): Float64Array {
  return readColumn(open(bytes, count).decoder, count);
}

/** Flags, code, and a checksum over both: SQLite has none of its own. */
function seal(flags: number): Uint8Array {
  const code = encoder.finish();
  const bytes = new Uint8Array(code.length + 5);
  bytes[0] = flags;
  bytes.set(code, 1);
  new DataView(bytes.buffer).setUint32(code.length + 1, crc32(bytes.subarray(0, code.length + 1)));
  return bytes;
}

function open(bytes: Uint8Array, rows: number): { flags: number; decoder: RangeDecoder } {
  if (!Number.isInteger(rows) || rows < 0 || rows > MOST_ROWS) throw corrupt(`it cannot have ${rows} rows`);
  const end = bytes.length - 4;
  if (end < 1) throw corrupt('it is cut short');
  const checksum = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(end);
  if (crc32(bytes.subarray(0, end)) !== checksum) throw corrupt('its checksum is wrong');
  return { flags: bytes[0]!, decoder: new RangeDecoder(bytes.subarray(1, end)) };
}
