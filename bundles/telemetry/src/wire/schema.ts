import type { DeviceDescription, DeviceLocation, Part, PointDescription } from '../device.js';
import { isMetric, type MetricName } from '../metrics.js';
import type { SchemaEntry } from '../outbox.js';
import { compress, decompress } from './body.js';
import { wireInvalid } from './errors.js';
import { bytes, flag, id, nested, number, text, whole, word } from './kinds.js';
import { LIMITS } from './limits.js';
import { field, list, message, option, type Kind } from './message.js';
import { epochName, gatewayName } from './messages.js';

/** What the point numbers of batches mean; may come more than once. */
export interface SchemaMessage {
  gateway: string;
  epoch: string;
  /** In the order of their versions. */
  entries: SchemaEntry[];
}

const metricText = id(64);

/** A metric that this version does not know is refused: concentrators are updated before their gateways. */
const metric: Kind<MetricName> = {
  wire: metricText.wire,
  write: (writer, value) => metricText.write(writer, value),
  read(reader) {
    const name = metricText.read(reader);
    if (!isMetric(name))
      throw wireInvalid(`the metric ${JSON.stringify(name)} is not known here; update the receiver first`);
    return name;
  },
};

const label = text(LIMITS.label);

const identityCodec = message<DeviceDescription['identity']>('Identity', {
  vendor: option(1, label),
  model: option(2, label),
  serial: option(3, label),
  firmware: option(4, label),
  name: option(5, label),
  profile: option(6, label),
});

const locationCodec = message<DeviceLocation>('Location', {
  site: option(1, label),
  room: option(2, label),
  row: option(3, label),
  rack: option(4, label),
  unit: option(5, label),
  feed: option(6, label),
});

const partCodec = message<Part>('Part', {
  path: field(1, id(LIMITS.id)),
  label: option(2, label),
  ratedCurrent: option(3, number),
  switchable: option(4, flag),
});

// Limits that are set on a device change without a new point, so a description that travels once cannot carry them.
const pointCodec = message<Omit<PointDescription, 'thresholds'>>('Point', {
  part: field(1, id(LIMITS.id)),
  metric: field(2, metric),
  unit: field(3, id(32)),
  basis: option(4, word(['LN', 'LL'])),
});

const entryCodec = message<SchemaEntry>('SchemaEntry', {
  version: field(1, whole(1)),
  device: field(2, id(LIMITS.id)),
  identity: field(3, nested(identityCodec)),
  location: field(4, nested(locationCodec)),
  parts: list(5, nested(partCodec), LIMITS.parts),
  firstPoint: field(6, whole(0, 0xffffffff)),
  points: list(7, nested(pointCodec), LIMITS.points),
  interval: field(8, number),
});

const entriesCodec = message<{ entries: SchemaEntry[] }>('SchemaEntries', {
  entries: list(1, nested(entryCodec), LIMITS.entries),
});

const schemaCodec = message<{ gateway: string; epoch: string; entries: Uint8Array }>('SchemaMessage', {
  gateway: field(1, gatewayName),
  epoch: field(2, epochName),
  entries: field(3, bytes(LIMITS.body)),
});

/** One entry in protobuf, not compressed: what an outbox keeps. @throws WIRE_INVALID when a decoder would refuse it. */
export const encodeEntry = (entry: SchemaEntry): Uint8Array<ArrayBuffer> => entryCodec.encode(entry);
/** @throws WIRE_INVALID */
export const decodeEntry = (entry: Uint8Array): SchemaEntry => checked(entryCodec.decode(entry));

function checked(entry: SchemaEntry): SchemaEntry {
  if (entry.firstPoint + entry.points.length > 2 ** 32) throw wireInvalid('a point number is over 32 bits');
  return entry;
}

/** @throws WIRE_INVALID when a decoder would refuse it. */
export function encodeSchema({ gateway, epoch, entries }: SchemaMessage): Uint8Array<ArrayBuffer> {
  return schemaCodec.encode({ gateway, epoch, entries: compress(entriesCodec.encode({ entries })) });
}

/** @throws WIRE_INVALID */
export function decodeSchema(message: Uint8Array): SchemaMessage {
  const { gateway, epoch, entries } = schemaCodec.decode(message);
  return { gateway, epoch, entries: entriesCodec.decode(decompress(entries)).entries.map(checked) };
}
