import { randomInt } from 'node:crypto';
import { BerReader, BerWriter, Tag } from './ber.js';
import { namesOf } from './names.js';
import { type Pdu, PduType, readPdu, type Request, writeRequest } from './pdu.js';
import { type EngineClock, Flag, levelOf, LocalUser, type User } from './usm.js';
import { encodeMessage, type Header, isEngineId, readContext, readHeader } from './v3.js';
import { answerOf, MALFORMED, type Outcome, type Refusal, STRAY, type Wire } from './wire.js';

/** An agent's engine as it was last heard of. */
interface Engine {
  id: Buffer;
  clock: EngineClock;
  /** When that was, reading of `performance.now()`. */
  at: number;
  user: LocalUser;
}

/** What is asked of an engine that is not known yet: nothing, for the report that it sends. */
const NO_NAMES = namesOf([]);
const NO_ENGINE = Buffer.alloc(0);
const NO_CLOCK: EngineClock = { boots: 0, time: 0 };
const MOST_IDS = 2 ** 31 - 1;

/** Counters that reports hold (RFC 3414 section 5, RFC 3412 section 5). */
const USM_STATS = '1.3.6.1.6.3.15.1.1.';
const UNKNOWN_CONTEXTS = '1.3.6.1.6.3.12.1.5.0';
const NOT_IN_TIME_WINDOW = '2.0';
const UNKNOWN_ENGINE = '4.0';
const REFUSALS: Readonly<Record<string, Refusal>> = {
  '1.0': 'level',
  '3.0': 'unknown-user',
  '5.0': 'wrong-digest',
  '6.0': 'decryption',
};

/**
 * SNMPv3 with the user-based security model. Finds out who the engine is and what time it has, and does so again whenever the
 * engine says that it is another one or has another time: an agent that restarted costs a round trip, no read.
 *
 * That a message is of now is known by its id, which is random and within what is signed: a clock that went back, of an agent
 * that lost count of its restarts, is believed when its message is authentic.
 */
export class UsmWire implements Wire {
  readonly #user: User;
  readonly #level: number;
  readonly #context: string;
  #engine: Engine | undefined;
  #discovered = false;
  #messageId = 0;

  constructor(user: User, context: string) {
    this.#user = user;
    this.#level = levelOf(user);
    this.#context = context;
  }

  get discovered(): boolean {
    return this.#discovered;
  }

  encode(request: Request): Buffer {
    const engine = this.#engine;
    this.#messageId = randomInt(1, MOST_IDS);
    const asked = engine ? request : { type: PduType.Get, id: request.id, names: NO_NAMES };
    return encodeMessage({
      id: this.#messageId,
      flags: (engine ? this.#level : 0) | Flag.reportable,
      engineId: engine?.id ?? NO_ENGINE,
      clock: engine ? clockNow(engine) : NO_CLOCK,
      userName: engine ? this.#user.name : '',
      user: engine?.user,
      context: engine ? this.#context : '',
      writePdu: (writer: BerWriter) => writeRequest(writer, asked),
    });
  }

  decode(packet: Buffer, request: Request): Outcome {
    const reader = new BerReader(packet);
    reader.enter(Tag.Sequence);
    if (reader.integer() !== 3) return MALFORMED;
    const header = readHeader(reader);
    if (!reader.ok) return MALFORMED;
    if (header.id !== this.#messageId) return STRAY;
    const level = header.flags & (Flag.authentication | Flag.privacy);
    const plain = level === 0 ? reader : this.#open(packet, reader, header, level);
    if (!plain) return MALFORMED;
    const context = readContext(plain);
    const pdu = readPdu(plain, request.expected ?? request.names);
    if (!plain.ok) return MALFORMED;
    if (pdu.type === PduType.Report) return this.#report(pdu, header, level);
    // What is not protected as it was asked for is not the agent's, or not only the agent's.
    if (level !== this.#level || !this.#engine?.id.equals(header.engineId) || context !== this.#context)
      return MALFORMED;
    return answerOf(pdu, request);
  }

  forget(): void {
    this.#engine = undefined;
  }

  /** A reader of the scoped PDU of a message that is authentic; its clock counts from now on. */
  #open(packet: Buffer, reader: BerReader, header: Header, level: number): BerReader | undefined {
    const engine = this.#engine;
    if (!engine?.id.equals(header.engineId) || (level & ~this.#level) !== 0 || !(level & Flag.authentication))
      return undefined;
    if (!engine.user.isAuthentic(packet, header.digestAt, header.digestLength)) return undefined;
    engine.clock = header.clock;
    engine.at = performance.now();
    if (!(level & Flag.privacy)) return reader;
    const data = reader.octets();
    const plain = reader.ok && engine.user.decrypt(data, header.salt, header.clock);
    return plain ? new BerReader(plain) : undefined;
  }

  #report({ varbinds: [counter] }: Pdu, { engineId, clock }: Header, level: number): Outcome {
    if (counter?.oid === UNKNOWN_CONTEXTS) return { kind: 'refused', refusal: 'context' };
    if (!counter?.oid.startsWith(USM_STATS)) return MALFORMED;
    const reason = counter.oid.slice(USM_STATS.length);
    const refusal = REFUSALS[reason];
    if (refusal) return { kind: 'refused', refusal };
    if (!isEngineId(engineId)) return MALFORMED;
    if (reason === NOT_IN_TIME_WINDOW && this.#engine?.id.equals(engineId)) {
      // Some agents do not sign it.
      if (level === 0) Object.assign(this.#engine, { clock, at: performance.now() });
      return { kind: 'again' };
    }
    if (reason !== UNKNOWN_ENGINE && reason !== NOT_IN_TIME_WINDOW) return MALFORMED;
    this.#discovered = true;
    const id = Buffer.from(engineId);
    this.#engine = { id, clock, at: performance.now(), user: new LocalUser(this.#user, id) };
    return { kind: 'again' };
  }
}

function clockNow({ clock, at }: Engine): EngineClock {
  return { boots: clock.boots, time: clock.time + Math.floor((performance.now() - at) / 1000) };
}
