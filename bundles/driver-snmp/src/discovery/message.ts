import { BerReader, BerWriter, Tag } from '../snmp/ber.js';
import { namesOf } from '../snmp/names.js';
import { PduType, readPdu, writeRequest } from '../snmp/pdu.js';
import { Flag } from '../snmp/usm.js';
import { encodeMessage, isEngineId, readContext, readHeader } from '../snmp/v3.js';
import { CommunityWire } from '../snmp/wire.js';

/**
 * The two messages that knock at a host, and what is read of the answers: a GET of sysObjectID (RFC 3416), and the discovery of
 * an SNMPv3 engine (RFC 3414 section 4).
 */

const SYS_OBJECT_ID = namesOf(['1.3.6.1.2.1.1.2.0']);
const NO_NAMES = namesOf([]);

/** @param version 1 or 2 (v2c) @param id 1 to 2^31 - 1 */
export function getMessage(version: 1 | 2, community: string, id: number): Buffer {
  return new CommunityWire(version, community).encode({ type: PduType.Get, id, names: SYS_OBJECT_ID });
}

/** Asks an SNMPv3 engine who it is; nobody is named, so that nobody is refused. */
export function engineMessage(id: number): Buffer {
  return encodeMessage({
    id,
    flags: Flag.reportable,
    engineId: new Uint8Array(),
    clock: { boots: 0, time: 0 },
    userName: '',
    user: undefined,
    context: '',
    writePdu: (writer: BerWriter) => writeRequest(writer, { type: PduType.Get, id, names: NO_NAMES }),
  });
}

export type Answer =
  | { kind: 'response'; id: number }
  /** `enterprise`: IANA's number of the maker, in the engine's id (RFC 3411 section 5). */
  | { kind: 'engine'; id: number; enterprise: number | undefined };

/** Undefined for what is no answer to either message. */
export function parseAnswer(packet: Buffer): Answer | undefined {
  const reader = new BerReader(packet);
  reader.enter(Tag.Sequence);
  if (reader.integer() !== 3) {
    reader.octets();
    const { type, id } = readPdu(reader);
    return reader.ok && type === PduType.Response ? { kind: 'response', id } : undefined;
  }
  const { id, engineId } = readHeader(reader);
  readContext(reader);
  if (readPdu(reader).type !== PduType.Report || !reader.ok) return undefined;
  return { kind: 'engine', id, enterprise: isEngineId(engineId) ? engineId.readUInt32BE(0) % 2 ** 31 : undefined };
}
