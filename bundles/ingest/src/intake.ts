import {
  type BatchBody,
  type BatchMessage,
  decodeBatch,
  decodeBody,
  decodeSchema,
  decodeState,
  parseTopic,
  type SchemaMessage,
  type StateMessage,
} from '@rackwatt/telemetry/wire';
import type { BatchClass } from '@rackwatt/telemetry';
import { ingestError } from './errors.js';

/** From whom a message came. */
export interface Sender {
  readonly tenant: string;
  readonly gateway: string;
  /** Name for journal and store: the gateway, with its tenant before it when several tenants are taken. */
  readonly key: string;
}

export type Arrival =
  | { readonly kind: BatchClass; readonly sender: Sender; readonly message: BatchMessage; readonly payload: Uint8Array }
  | { readonly kind: 'schema'; readonly sender: Sender; readonly message: SchemaMessage; readonly payload: Uint8Array }
  | { readonly kind: 'state'; readonly sender: Sender; readonly message: StateMessage };

/**
 * What a message is, after its topic. Bodies of batches stay encoded.
 * @throws INGEST_MESSAGE_INVALID, WIRE_INVALID
 */
export function arrivalOf(topic: string, payload: Uint8Array, severalTenants: boolean): Arrival {
  const parsed = parseTopic(topic);
  if (!parsed || parsed.kind === 'ack')
    throw ingestError('INGEST_MESSAGE_INVALID', "A message came under a topic that is no gateway's.", {
      topic: topic.slice(0, 256),
    });
  const { tenant, gateway, kind } = parsed;
  const sender = { tenant, gateway, key: severalTenants ? `${tenant}/${gateway}` : gateway };
  const arrival = { sender, payload, ...contentOf(kind, payload) } as Arrival;
  // Rights are given by topic: what the message says of itself must be the same.
  if (arrival.message.gateway !== gateway) {
    throw ingestError(
      'INGEST_MESSAGE_INVALID',
      `A message of gateway ${gateway} says that it is of ${arrival.message.gateway}.`,
      { topic },
    );
  }
  if ('class' in arrival.message && arrival.message.class !== kind) {
    throw ingestError(
      'INGEST_MESSAGE_INVALID',
      `A batch of gateway ${gateway} under ${kind} says that it is ${arrival.message.class}.`,
      { topic },
    );
  }
  return arrival;
}

function contentOf(kind: Arrival['kind'], payload: Uint8Array): Pick<Arrival, 'kind' | 'message'> {
  if (kind === 'schema') return { kind, message: decodeSchema(payload) };
  if (kind === 'state') return { kind, message: decodeState(payload) };
  return { kind, message: decodeBatch(payload) };
}

export function bodyOf(message: BatchMessage): BatchBody {
  return decodeBody(message.body);
}
