import { BerReader, type BerWriter, Tag } from '../snmp/ber.js';
import { namesOf } from '../snmp/names.js';
import { PduType, readPdu, type Request, writeRequest } from '../snmp/pdu.js';
import { Flag } from '../snmp/usm.js';
import { encodeMessage, isEngineId, readContext, readHeader } from '../snmp/v3.js';
import { CommunityWire } from '../snmp/wire.js';

/** Something that is asked at a door, and how its answer is known. */
export interface Question<T> {
  packet: Buffer;
  /** Undefined for what is no answer to it. */
  answerIn(packet: Buffer): T | undefined;
}

const SYS_OBJECT_ID = namesOf(['1.3.6.1.2.1.1.2.0']);
const NOTHING = namesOf([]);
const NO_ENGINE = new Uint8Array();

/** An engine that told who it is, with IANA's number of its maker where its id has one (RFC 3411 section 5). */
export interface Engine {
  enterprise: number | undefined;
}

/** Whether an agent takes a community: whatever it answers, it does. @param id 1 to 2^31 - 1 */
export function communityQuestion(version: 1 | 2, community: string, id: number): Question<true> {
  const wire = new CommunityWire(version, community);
  const request: Request = { type: PduType.Get, id, names: SYS_OBJECT_ID };
  return {
    packet: wire.encode(request),
    answerIn: (packet) => (wire.decode(packet, request).kind === 'answer' ? true : undefined),
  };
}

/** Which engine of SNMPv3 is there (RFC 3414 section 4): nobody is named, so that nobody is refused. */
export function engineQuestion(id: number): Question<Engine> {
  return {
    packet: encodeMessage({
      id,
      flags: Flag.reportable,
      engineId: NO_ENGINE,
      clock: { boots: 0, time: 0 },
      userName: '',
      user: undefined,
      context: '',
      writePdu: (writer: BerWriter) => writeRequest(writer, { type: PduType.Get, id, names: NOTHING }),
    }),
    answerIn: (packet) => engineIn(packet, id),
  };
}

function engineIn(packet: Buffer, id: number): Engine | undefined {
  const reader = new BerReader(packet);
  reader.enter(Tag.Sequence);
  if (reader.integer() !== 3) return undefined;
  const { id: answered, engineId } = readHeader(reader);
  readContext(reader);
  const { type } = readPdu(reader);
  if (!reader.ok || answered !== id || type !== PduType.Report) return undefined;
  return { enterprise: isEngineId(engineId) ? engineId.readUInt32BE(0) % 2 ** 31 : undefined };
}
