import { BerReader, BerWriter, Tag } from './ber.js';
import { type Pdu, PduType, readPdu, type Request, writeRequest } from './pdu.js';

/** Why an agent will not answer, however often it is asked. */
export type Refusal = 'unknown-user' | 'wrong-digest' | 'decryption' | 'level' | 'context';

/** What a packet means to the request in flight. */
export type Outcome =
  | { kind: 'answer'; pdu: Pdu }
  /** No answer to this request; `malformed` unless it is the answer to another. */
  | { kind: 'ignored'; malformed: boolean }
  /** The agent's engine told what the request has to say: send it again. */
  | { kind: 'again' }
  | { kind: 'refused'; refusal: Refusal };

/** How requests become packets and packets answers, for one agent. */
export interface Wire {
  /** A v3 engine told who it is. */
  readonly discovered: boolean;
  encode(request: Request): Buffer;
  decode(packet: Buffer, request: Request): Outcome;
  /** What was known of the agent counts no more. */
  forget(): void;
}

export const MALFORMED: Outcome = { kind: 'ignored', malformed: true };
export const STRAY: Outcome = { kind: 'ignored', malformed: false };

/** SNMPv1 and v2c. */
export class CommunityWire implements Wire {
  readonly discovered = false;
  readonly #version: number;
  readonly #community: Buffer;

  constructor(version: 1 | 2, community: string) {
    this.#version = version - 1;
    this.#community = Buffer.from(community, 'utf8');
  }

  encode(request: Request): Buffer {
    const writer = new BerWriter();
    writeRequest(writer, request);
    writer.octets(this.#community);
    writer.integer(this.#version);
    writer.wrap(Tag.Sequence);
    return writer.finish();
  }

  decode(packet: Buffer, request: Request): Outcome {
    const reader = new BerReader(packet);
    reader.enter(Tag.Sequence);
    if (reader.integer() !== this.#version || !reader.octets().equals(this.#community)) return MALFORMED;
    const pdu = readPdu(reader, request.expected ?? request.names);
    if (reader.at !== reader.end) reader.fail();
    return reader.ok ? answerOf(pdu, request) : MALFORMED;
  }

  forget(): void {
    // Nothing is known.
  }
}

/** A response as what it means to the request in flight. */
export function answerOf(pdu: Pdu, request: Request): Outcome {
  if (pdu.type !== PduType.Response) return MALFORMED;
  if (pdu.id !== request.id) return STRAY;
  if (pdu.status !== 0) return pdu.status > 0 && pdu.index >= 0 ? { kind: 'answer', pdu } : MALFORMED;
  const asked = request.names.oids.length;
  const isBulk = request.type === PduType.GetBulk;
  const fits = isBulk ? pdu.varbinds.length <= asked * request.repetitions! : pdu.varbinds.length === asked;
  return fits ? { kind: 'answer', pdu } : MALFORMED;
}
