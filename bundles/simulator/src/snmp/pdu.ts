import { BerReader, element, integerElement, oidElement } from './ber.js';
import type { Oid } from './oid.js';
import { decodeValue, type SnmpValue, Tag } from './value.js';

/** RFC 3416, 3. */
export const PduType = {
  Get: 0xa0,
  GetNext: 0xa1,
  Response: 0xa2,
  Set: 0xa3,
  /** Of SNMP v1 (RFC 1157, 4.1.6). */
  TrapV1: 0xa4,
  GetBulk: 0xa5,
  Inform: 0xa6,
  Trap: 0xa7,
  Report: 0xa8,
} as const;

/** RFC 3416, 3: error-status. */
export const ErrorStatus = {
  noError: 0,
  tooBig: 1,
  noSuchName: 2,
  badValue: 3,
  readOnly: 4,
  genErr: 5,
  noAccess: 6,
  wrongType: 7,
  wrongValue: 10,
  noCreation: 11,
  inconsistentValue: 12,
  commitFailed: 14,
  authorizationError: 16,
  notWritable: 17,
} as const;

export interface RequestPdu {
  type: number;
  requestId: number;
  /** `non-repeaters` and `max-repetitions` of a GETBULK. */
  nonRepeaters: number;
  maxRepetitions: number;
  varbinds: { oid: Oid; value: SnmpValue }[];
}

export function decodePdu(reader: BerReader): RequestPdu {
  const found = reader.next();
  const body = new BerReader(reader.message, found.start, found.end);
  const requestId = body.integer();
  const nonRepeaters = body.integer();
  const maxRepetitions = body.integer();
  const list = body.enter(Tag.Sequence);
  const varbinds: RequestPdu['varbinds'] = [];
  while (!list.done) {
    const pair = list.enter(Tag.Sequence);
    varbinds.push({ oid: pair.oid(), value: decodeValue(pair) });
  }
  return {
    type: found.tag,
    requestId,
    nonRepeaters: Math.max(0, nonRepeaters),
    maxRepetitions: Math.max(0, maxRepetitions),
    varbinds,
  };
}

export interface ResponsePdu {
  type?: number;
  requestId: number;
  errorStatus: number;
  /** Counts from 1; 0: none. */
  errorIndex: number;
  /** Encoded varbinds. */
  varbinds: readonly Buffer[];
}

export function encodePdu(pdu: ResponsePdu): Buffer {
  return element(
    pdu.type ?? PduType.Response,
    integerElement(Tag.Integer, pdu.requestId),
    integerElement(Tag.Integer, pdu.errorStatus),
    integerElement(Tag.Integer, pdu.errorIndex),
    element(Tag.Sequence, ...pdu.varbinds),
  );
}

/** A varbind whose value is an exception or nothing (RFC 3416, 3). */
export function emptyVarbind(oid: Oid, tag: number = Tag.Null): Buffer {
  return element(Tag.Sequence, oidElement(oid), element(tag));
}
