import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { DeviceStatus, EventRecord, Gap, GapReason, Sample } from '../sample.js';
import type { Anchor } from './clock.js';
import { ColumnWriter, readRepeats, readRuns, readValues, writeRepeats, writeRuns, writeValues } from './columns.js';
import { wireInvalid } from './errors.js';
import { bytes, counter, id, json, nested, text, time, whole, word } from './kinds.js';
import { LIMITS } from './limits.js';
import { field, guarded, list, message, option, type Codec, type Kind } from './message.js';

/** What one batch carries. */
export interface BatchBody {
  /** The clock by which the times in it were given, when the batch was written. */
  anchor?: Anchor;
  samples: Sample[];
  gaps: Gap[];
  events: EventRecord[];
  statuses: DeviceStatus[];
}

/** Places are fixed: new words go to the end. */
const GAP_REASONS: readonly GapReason[] = [
  'no-answer',
  'refused',
  'error',
  'overrun',
  'no-driver',
  'outbox-full',
  'stopped',
];
const DEVICE_STATES = ['ok', 'connecting', 'no-answer', 'refused', 'error', 'no-driver', 'removed'] as const;
const SEVERITIES = ['ok', 'warning', 'critical'] as const;

export const anchorCodec: Codec<Anchor> = message<Anchor>('Anchor', {
  boot: field(1, id(64)),
  monotonic: field(2, counter),
  wall: field(3, time),
});

/** Devices travel as indexes into the body's table of their ids. */
type Indexed<T extends { device: string }> = Omit<T, 'device'> & { device: number };

const index = whole(0, LIMITS.devices - 1);

const gapCodec = message<Indexed<Gap>>('Gap', {
  device: field(1, index),
  from: field(2, whole()),
  to: field(3, whole()),
  reason: field(4, word(GAP_REASONS, 'error')),
  time: field(5, time),
});

const statusCodec = message<Indexed<DeviceStatus>>('DeviceStatus', {
  device: field(1, index),
  state: field(2, word(DEVICE_STATES, 'error')),
  detail: option(3, text(LIMITS.sentence)),
  since: field(4, time),
});

const eventCodec = message<EventRecord>('Event', {
  id: field(1, id(LIMITS.id)),
  time: field(2, time),
  type: field(3, id(LIMITS.id)),
  severity: field(4, word(SEVERITIES, 'warning')),
  device: option(5, id(LIMITS.id)),
  part: option(6, id(LIMITS.id)),
  message: field(7, text(LIMITS.sentence)),
  data: option(8, json(LIMITS.data)),
});

const columns = {
  runs: new ColumnWriter(),
  decimals: new ColumnWriter(),
  scaled: new ColumnWriter(),
  doubles: new ColumnWriter(),
  quality: new ColumnWriter(),
  states: new ColumnWriter(),
};

type ColumnName = keyof typeof columns;
type SampleColumns = { device: number; number: number; time: number } & { [name in ColumnName]?: Uint8Array };

const column = bytes(LIMITS.plain);
const columnsCodec = message<SampleColumns>('Sample', {
  device: field(1, index),
  number: field(2, whole()),
  time: field(3, time),
  runs: option(4, column),
  decimals: option(5, column),
  scaled: option(6, column),
  doubles: option(7, column),
  quality: option(8, column),
  states: option(9, column),
});

const EMPTY = new Uint8Array(0);

const sampleCodec: Kind<Indexed<Sample>> = {
  wire: WireType.LengthDelimited,
  write(writer, { device, number, time: at, points, values, quality, states }) {
    const count = points.length;
    if (count > LIMITS.points) throw wireInvalid(`a sample has ${count} points, at most ${LIMITS.points} go`);
    if (values.length !== count || quality.length !== count || states.length !== count) {
      throw wireInvalid('the columns of a sample differ in length');
    }
    for (const each of Object.values(columns)) each.reset();
    writeRuns(columns.runs, points);
    writeValues(columns, values);
    writeRepeats(columns.quality, quality);
    writeRepeats(columns.states, states);
    const content: SampleColumns = { device, number, time: at };
    for (const name of Object.keys(columns) as ColumnName[]) {
      if (columns[name].length > 0) content[name] = columns[name].taken();
    }
    columnsCodec.write(writer.fork(), content);
    writer.join();
  },
  read(reader) {
    const content = columnsCodec.read(new BinaryReader(reader.bytes()));
    const { device, number, time: at, decimals = EMPTY, scaled = EMPTY, doubles = EMPTY } = content;
    const points = readRuns(content.runs ?? EMPTY, LIMITS.points);
    const values = readValues({ decimals, scaled, doubles }, points.length);
    const quality = readRepeats(content.quality ?? EMPTY, new Uint16Array(points.length));
    const states = readRepeats(content.states ?? EMPTY, new Uint8Array(points.length));
    return { device, number, time: at, points, values, quality, states };
  },
};

/** Refuses a body as soon as its samples have too many values together, before the rest is taken apart. */
function budgeted(kind: Kind<Indexed<Sample>>): Kind<Indexed<Sample>> & { reset(): void } {
  let readings = 0;
  const spend = (count: number): void => {
    readings += count;
    if (readings > LIMITS.readings) throw wireInvalid(`a body has more than ${LIMITS.readings} values`);
  };
  return {
    wire: kind.wire,
    reset: () => void (readings = 0),
    write(writer, sample) {
      spend(sample.points.length);
      kind.write(writer, sample);
    },
    read(reader) {
      const sample = kind.read(reader);
      spend(sample.points.length);
      return sample;
    },
  };
}

interface IndexedBody {
  devices: string[];
  samples: Indexed<Sample>[];
  gaps: Indexed<Gap>[];
  events: EventRecord[];
  statuses: Indexed<DeviceStatus>[];
  anchor?: Anchor;
}

const samples = budgeted(sampleCodec);

const bodyCodec = message<IndexedBody>('BatchBody', {
  devices: list(1, id(LIMITS.id), LIMITS.devices),
  samples: list(2, samples, LIMITS.samples),
  gaps: list(3, nested(gapCodec), LIMITS.gaps),
  events: list(4, nested(eventCodec), LIMITS.events),
  statuses: list(5, nested(statusCodec), LIMITS.statuses),
  anchor: option(6, nested(anchorCodec)),
});

/** A body in protobuf, not compressed. @throws WIRE_INVALID when a decoder would refuse it. */
export function encodePlainBody(body: BatchBody): Uint8Array<ArrayBuffer> {
  const devices = new Map<string, number>();
  const indexed = <T extends { device: string }>(record: T): Indexed<T> => {
    let place = devices.get(record.device);
    if (place === undefined) devices.set(record.device, (place = devices.size));
    return { ...record, device: place };
  };
  const content = {
    samples: body.samples.map(indexed),
    gaps: body.gaps.map(indexed),
    events: body.events,
    statuses: body.statuses.map(indexed),
    ...(body.anchor ? { anchor: body.anchor } : {}),
  };
  samples.reset();
  const bytes = bodyCodec.encode({ devices: [...devices.keys()], ...content });
  if (bytes.length > LIMITS.plain) throw wireInvalid(`a body has ${bytes.length} bytes, at most ${LIMITS.plain} go`);
  return bytes;
}

/** @throws WIRE_INVALID */
export function decodePlainBody(bytes: Uint8Array): BatchBody {
  if (bytes.length > LIMITS.plain) throw wireInvalid(`a body has ${bytes.length} bytes, at most ${LIMITS.plain} go`);
  samples.reset();
  const { devices, ...content } = bodyCodec.decode(bytes);
  const named = <T extends { device: number }>(record: T): Omit<T, 'device'> & { device: string } => {
    const device = devices[record.device];
    if (device === undefined) throw wireInvalid(`a record names device ${record.device} of ${devices.length}`);
    return { ...record, device };
  };
  for (const gap of content.gaps) if (gap.from > gap.to) throw wireInvalid('a gap ends before it begins');
  return {
    ...(content.anchor ? { anchor: content.anchor } : {}),
    samples: content.samples.map(named),
    gaps: content.gaps.map(named),
    events: content.events,
    statuses: content.statuses.map(named),
  };
}

/** Compresses with zstd, as every body on the wire and in the outbox is. */
export function compress(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
}

/** @throws WIRE_INVALID when it is no zstd, or more than the limits on either side. */
export function decompress(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length > LIMITS.body) throw wireInvalid(`a body has ${bytes.length} bytes, at most ${LIMITS.body} go`);
  return guarded('a compressed body cannot be decoded', () =>
    zstdDecompressSync(bytes, {
      maxOutputLength: LIMITS.plain,
      params: { [constants.ZSTD_d_windowLogMax]: LIMITS.windowLog },
    }),
  );
}

/** @throws WIRE_INVALID when a decoder would refuse it. */
export function encodeBody(body: BatchBody): Uint8Array<ArrayBuffer> {
  const bytes = compress(encodePlainBody(body));
  if (bytes.length > LIMITS.body) throw wireInvalid(`a body has ${bytes.length} bytes, at most ${LIMITS.body} go`);
  return bytes;
}

/** @throws WIRE_INVALID */
export function decodeBody(bytes: Uint8Array): BatchBody {
  return decodePlainBody(decompress(bytes));
}
