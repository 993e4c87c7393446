import { WireType } from '@bufbuild/protobuf/wire';
import type { BatchClass } from '../outbox.js';
import { anchorCodec } from './body.js';
import type { Anchor } from './clock.js';
import { ColumnReader, ColumnWriter } from './columns.js';
import { wireInvalid } from './errors.js';
import { bytes, id, nested, text, time, whole, word } from './kinds.js';
import { LIMITS } from './limits.js';
import { field, message, option, type Kind } from './message.js';
import { RangeSet, type Range } from './ranges.js';

export const BATCH_CLASSES = ['live', 'replay', 'event'] as const satisfies readonly BatchClass[];

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
export const gatewayName = id(64, NAME);
export const epochName = id(64, NAME);

/** A batch on its way: what identifies it, and what its receiver needs beside the body. */
export interface BatchMessage {
  gateway: string;
  epoch: string;
  class: BatchClass;
  /** From 1, rising by one within the class of an epoch. */
  sequence: number;
  /** The receiver needs the schema's entries up to this version. */
  schema: number;
  /** When it was published, ms; a batch that is sent again has a later one. */
  sent: number;
  /** The gateway's clock when it was published. */
  anchor: Anchor;
  /** Topic for acknowledgements. */
  replyTo?: string;
  /** After this time the sender no longer waits for an answer, ms. */
  expires?: number;
  correlation?: string;
  /** `BatchBody`, compressed. */
  body: Uint8Array;
}

const batchCodec = message<BatchMessage>('BatchMessage', {
  gateway: field(1, gatewayName),
  epoch: field(2, epochName),
  class: field(3, word(BATCH_CLASSES)),
  sequence: field(4, whole(1)),
  schema: field(5, whole()),
  sent: field(6, time),
  anchor: field(7, nested(anchorCodec)),
  replyTo: option(8, id(LIMITS.id)),
  expires: option(9, time),
  correlation: option(10, id(LIMITS.id)),
  body: field(11, bytes(LIMITS.body)),
});

/** What a concentrator holds durably, so that the outbox may delete it. */
export interface AckMessage {
  epoch: string;
  class: BatchClass;
  ranges: Range[];
  /** The concentrator holds batches that it cannot read: send the schema's entries after this version again. */
  needSchemaAfter?: number;
}

/** Ranges as distances: first from the end of the one before, then length less one. */
const ranges: Kind<Range[]> = {
  wire: WireType.LengthDelimited,
  write(writer, value) {
    const sorted = RangeSet.fromArray(value).toArray();
    if (sorted.length > LIMITS.ranges)
      throw wireInvalid(`an acknowledgement has ${sorted.length} ranges, at most ${LIMITS.ranges} go`);
    const column = new ColumnWriter();
    let end = 0;
    for (const [from, to] of sorted) {
      column.varint(from - end);
      column.varint(to - from);
      end = to;
    }
    writer.bytes(column.taken());
  },
  read(reader) {
    const column = new ColumnReader(reader.bytes());
    const found: Range[] = [];
    let end = 0;
    while (!column.ended) {
      const from = end + column.varint();
      end = from + column.varint();
      if (end > Number.MAX_SAFE_INTEGER) throw wireInvalid('a range is over 53 bits');
      if (found.push([from, end]) > LIMITS.ranges)
        throw wireInvalid(`an acknowledgement has more than ${LIMITS.ranges} ranges`);
    }
    return RangeSet.fromArray(found).toArray();
  },
};

const ackCodec = message<AckMessage>('AckMessage', {
  epoch: field(1, epochName),
  class: field(2, word(BATCH_CLASSES)),
  ranges: field(3, ranges),
  needSchemaAfter: option(4, whole()),
});

/** Whether a gateway is there; retained, and the last will of its connection. */
export interface StateMessage {
  state: 'online' | 'offline';
  gateway: string;
  epoch: string;
  /** Version of the publisher. */
  version: string;
  /** When the state began as the gateway sees it, ms; of a last will, when the connection was made. */
  since: number;
}

const stateCodec = message<StateMessage>('StateMessage', {
  state: field(1, word(['online', 'offline'])),
  gateway: field(2, gatewayName),
  epoch: field(3, epochName),
  version: field(4, text(64)),
  since: field(5, time),
});

export const encodeBatch = (batch: BatchMessage): Uint8Array<ArrayBuffer> => batchCodec.encode(batch);
/** The body is a view of the message. @throws WIRE_INVALID */
export const decodeBatch = (message: Uint8Array): BatchMessage => batchCodec.decode(message);
export const encodeAck = (ack: AckMessage): Uint8Array<ArrayBuffer> => ackCodec.encode(ack);
/** @throws WIRE_INVALID */
export const decodeAck = (message: Uint8Array): AckMessage => ackCodec.decode(message);
export const encodeState = (state: StateMessage): Uint8Array<ArrayBuffer> => stateCodec.encode(state);
/** @throws WIRE_INVALID */
export const decodeState = (message: Uint8Array): StateMessage => stateCodec.decode(message);
