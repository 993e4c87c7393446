import { type BerReader, BerWriter, Tag } from './ber.js';
import type { Names } from './names.js';
import { readVarbind, type Varbind } from './varbind.js';

/** Tags of PDUs (RFC 3416 section 3; RFC 1157 section 4.1.6 for the old trap). */
export const PduType = {
  Get: 0xa0,
  GetNext: 0xa1,
  Response: 0xa2,
  Set: 0xa3,
  TrapV1: 0xa4,
  GetBulk: 0xa5,
  Inform: 0xa6,
  Trap: 0xa7,
  Report: 0xa8,
} as const;

/** What is asked of an agent. */
export interface Request {
  type: number;
  /** Number of 31 bits that the response has to repeat. */
  id: number;
  names: Names;
  /** Varbinds with values, of a SET; else those of `names`. */
  varbinds?: Buffer;
  /** Of a GETBULK. */
  repetitions?: number;
  /** Names that the response most likely has, in its order; else those asked for. */
  expected?: Names | undefined;
}

/** Any PDU but the trap of SNMPv1. */
export interface Pdu {
  type: number;
  id: number;
  status: number;
  /** Place of the varbind that the status is about, from 1; 0: none. */
  index: number;
  varbinds: Varbind[];
}

export function writeRequest(writer: BerWriter, { type, id, names, varbinds, repetitions = 0 }: Request): void {
  writePdu(writer, type, id, 0, repetitions, varbinds ?? names.varbinds);
}

export function writePdu(
  writer: BerWriter,
  type: number,
  id: number,
  status: number,
  index: number,
  varbinds: Uint8Array,
): void {
  const mark = writer.length;
  writer.octets(varbinds, Tag.Sequence);
  writer.integer(index);
  writer.integer(status);
  writer.integer(id);
  writer.wrap(type, mark);
}

/** A varbind with a value that is written. */
export function writeVarbind(writer: BerWriter, name: Uint8Array, write: (writer: BerWriter) => void): void {
  const mark = writer.length;
  write(writer);
  writer.octets(name, Tag.ObjectIdentifier);
  writer.wrap(Tag.Sequence, mark);
}

/** Reads the PDU that comes next; it means nothing unless the reader is `ok` afterwards. */
export function readPdu(reader: BerReader, expected?: Names): Pdu {
  const outer = reader.end;
  const end = reader.next();
  const type = reader.tag;
  if (reader.ok) reader.end = end;
  const id = reader.integer();
  const status = reader.integer();
  const index = reader.integer();
  const varbinds = readVarbinds(reader, expected);
  reader.leave(outer);
  return { type, id, status, index, varbinds };
}

export function readVarbinds(reader: BerReader, expected?: Names): Varbind[] {
  const outer = reader.enter(Tag.Sequence);
  const varbinds: Varbind[] = [];
  while (reader.ok && reader.at < reader.end) varbinds.push(readVarbind(reader, expected, varbinds.length));
  reader.leave(outer);
  return varbinds;
}
