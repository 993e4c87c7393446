import { type BerReader, BerWriter, Tag } from './ber.js';
import { type EngineClock, Flag, type LocalUser } from './usm.js';

/** Messages of SNMPv3 (RFC 3412 section 6, RFC 3414 section 2.4). */

const USER_SECURITY_MODEL = 3;
/** The largest message that we take: what UDP carries. */
const MAX_SIZE = 65_507;
/** Bounds of an engine's id (RFC 3411 section 5). */
const ENGINE_ID = { least: 5, most: 32 };

export interface Header {
  id: number;
  /** Of `Flag`. */
  flags: number;
  engineId: Buffer;
  clock: EngineClock;
  user: string;
  digestAt: number;
  digestLength: number;
  salt: Buffer;
}

/** Reads what stands before the scoped PDU, behind the version; it means nothing unless the reader is `ok`. */
export function readHeader(reader: BerReader): Header {
  const global = reader.enter(Tag.Sequence);
  const id = reader.integer();
  reader.integer();
  const [flags = 0] = reader.octets();
  if (reader.integer() !== USER_SECURITY_MODEL) reader.fail();
  reader.leave(global);
  const security = reader.enter(Tag.OctetString);
  const inner = reader.enter(Tag.Sequence);
  const engineId = reader.octets();
  const clock = { boots: reader.integer(), time: reader.integer() };
  const user = reader.octets().toString('utf8');
  const digestEnd = reader.next();
  if (reader.tag !== Tag.OctetString) reader.fail();
  const digestAt = reader.at;
  reader.rest(digestEnd);
  const salt = reader.octets();
  reader.leave(inner);
  reader.leave(security);
  if (clock.boots < 0 || clock.time < 0) reader.fail();
  return { id, flags, engineId, clock, user, digestAt, digestLength: digestEnd - digestAt, salt };
}

export function isEngineId(octets: Buffer): boolean {
  return octets.length >= ENGINE_ID.least && octets.length <= ENGINE_ID.most;
}

/** Goes into the scoped PDU and past its engine. @returns the name of the context; next comes the PDU */
export function readContext(reader: BerReader): string {
  reader.enter(Tag.Sequence);
  reader.octets();
  return reader.octets().toString('utf8');
}

export interface Outgoing {
  id: number;
  /** Of `Flag`. */
  flags: number;
  engineId: Uint8Array;
  clock: EngineClock;
  userName: string;
  /** Keys for what the flags ask for. */
  user: LocalUser | undefined;
  context: string;
  writePdu: (writer: BerWriter) => void;
}

/** A message, encrypted and signed as its flags say. */
export function encodeMessage(message: Outgoing): Buffer {
  const { flags, engineId, clock, user } = message;
  const scoped = new BerWriter();
  message.writePdu(scoped);
  scoped.octets(Buffer.from(message.context, 'utf8'));
  scoped.octets(engineId);
  scoped.wrap(Tag.Sequence);
  const plain = scoped.finish();
  const encrypted = flags & Flag.privacy ? user!.encrypt(plain, clock) : undefined;

  const writer = new BerWriter();
  if (encrypted) writer.octets(encrypted.data);
  else writer.bytes(plain);
  const security = writer.length;
  writer.octets(encrypted?.salt ?? NOTHING);
  const behindDigest = writer.length;
  const digestLength = flags & Flag.authentication ? user!.digestLength : 0;
  writer.octets(Buffer.alloc(digestLength));
  writer.octets(Buffer.from(message.userName, 'utf8'));
  writer.integer(clock.time);
  writer.integer(clock.boots);
  writer.octets(engineId);
  writer.wrap(Tag.Sequence, security);
  writer.wrap(Tag.OctetString, security);
  const global = writer.length;
  writer.integer(USER_SECURITY_MODEL);
  writer.octets(Uint8Array.of(flags));
  writer.integer(MAX_SIZE);
  writer.integer(message.id);
  writer.wrap(Tag.Sequence, global);
  writer.integer(3);
  writer.wrap(Tag.Sequence);
  const packet = writer.finish();
  if (digestLength > 0) {
    const at = packet.length - behindDigest - digestLength;
    packet.set(user!.digest(packet, at), at);
  }
  return packet;
}

const NOTHING = new Uint8Array();
