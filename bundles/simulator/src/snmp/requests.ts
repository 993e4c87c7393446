import { element, oidElement } from './ber.js';
import { formatOid, type Oid } from './oid.js';
import { emptyVarbind, ErrorStatus, PduType, type RequestPdu, type ResponsePdu } from './pdu.js';
import type { ObjectTable } from './table.js';
import { encodeValue, type SnmpValue, Tag } from './value.js';

/**
 * Takes a SET of one object, or says why not by an error status of RFC 3416. `commit` runs once all objects of the
 * request were taken.
 */
export type WriteHandler = (oid: string, value: SnmpValue) => { error: number } | { commit: () => void };

/** What an agent can do. */
export interface Limits {
  /** Octets of the largest answer. */
  maxMessageSize: number;
  /** More objects than these in a request are too many for the agent. */
  mostObjects?: number | undefined;
  /** Now and then what comes next is something earlier. */
  unordered?: boolean | undefined;
}

export interface RequestContext extends Omit<Limits, 'maxMessageSize'> {
  table: ObjectTable;
  version: 1 | 2 | 3;
  /** Octets that the varbinds of the answer may take. */
  room: number;
  write: WriteHandler;
}

/** Every eighth object is followed by one before it. */
const following = (position: number, { unordered }: RequestContext): number =>
  unordered && position % 8 === 7 ? position - 4 : position;

/** Answers a request; undefined for a PDU that an agent does not answer. */
export function answer(pdu: RequestPdu, context: RequestContext): ResponsePdu | undefined {
  const handler = HANDLERS[pdu.type];
  if (!handler || (context.version === 1 && pdu.type === PduType.GetBulk)) return undefined;
  if (context.mostObjects !== undefined && pdu.varbinds.length > context.mostObjects) return tooBig(pdu, context);
  const response = handler(pdu, context);
  const length = response.varbinds.reduce((sum, varbind) => sum + varbind.length, 0);
  return length > context.room ? tooBig(pdu, context) : response;
}

const HANDLERS: Readonly<Record<number, (pdu: RequestPdu, context: RequestContext) => ResponsePdu>> = {
  [PduType.Get]: get,
  [PduType.GetNext]: getNext,
  [PduType.GetBulk]: getBulk,
  [PduType.Set]: set,
};

function get(pdu: RequestPdu, { table, version }: RequestContext): ResponsePdu {
  const varbinds: Buffer[] = [];
  for (const [i, { oid }] of pdu.varbinds.entries()) {
    const position = table.find(oid);
    const hidden = version === 1 && (position < 0 || table.typeAt(position) === Tag.Counter64);
    if (hidden) return failure(pdu, ErrorStatus.noSuchName, i + 1);
    varbinds.push(table.varbindAt(position) ?? emptyVarbind(oid, missing(table, oid)));
  }
  return success(pdu, varbinds);
}

/** `noSuchInstance` where the object has other instances, else `noSuchObject` (RFC 3416, 4.2.1). */
function missing(table: ObjectTable, oid: Oid): number {
  return table.hasBelow(oid.slice(0, -1)) ? Tag.NoSuchInstance : Tag.NoSuchObject;
}

function getNext(pdu: RequestPdu, context: RequestContext): ResponsePdu {
  const { table, version } = context;
  const varbinds: Buffer[] = [];
  for (const [i, { oid }] of pdu.varbinds.entries()) {
    let position = table.after(oid);
    while (version === 1 && table.typeAt(position) === Tag.Counter64) position++;
    const varbind = table.varbindAt(following(position, context));
    if (!varbind && version === 1) return failure(pdu, ErrorStatus.noSuchName, i + 1);
    varbinds.push(varbind ?? emptyVarbind(oid, Tag.EndOfMibView));
  }
  return success(pdu, varbinds);
}

/** RFC 3416, 4.2.3: as many repetitions as fit. */
function getBulk(pdu: RequestPdu, context: RequestContext): ResponsePdu {
  const { table, room } = context;
  const varbinds: Buffer[] = [];
  let used = 0;
  const push = (varbind: Buffer) => {
    used += varbind.length;
    if (used > room) return false;
    varbinds.push(varbind);
    return true;
  };
  const single = pdu.varbinds.slice(0, pdu.nonRepeaters);
  for (const { oid } of single) {
    const varbind = table.varbindAt(table.after(oid)) ?? emptyVarbind(oid, Tag.EndOfMibView);
    if (!push(varbind)) return success(pdu, varbinds);
  }
  const columns = pdu.varbinds.slice(single.length).map(({ oid }) => ({ last: oid, position: table.after(oid) }));
  for (let repetition = 0; repetition < pdu.maxRepetitions && columns.length > 0; repetition++) {
    let live = false;
    for (const column of columns) {
      const varbind = table.varbindAt(following(column.position, context));
      if (varbind) {
        live = true;
        column.last = table.oidAt(column.position)!;
        column.position++;
      }
      if (!push(varbind ?? emptyVarbind(column.last, Tag.EndOfMibView))) return success(pdu, varbinds);
    }
    if (!live) break;
  }
  return success(pdu, varbinds);
}

/** RFC 3416, 4.2.5: all or nothing. */
function set(pdu: RequestPdu, { version, write }: RequestContext): ResponsePdu {
  const commits: (() => void)[] = [];
  for (const [i, { oid, value }] of pdu.varbinds.entries()) {
    const outcome = write(formatOid(oid), value);
    if ('error' in outcome) return failure(pdu, version === 1 ? versionOneError(outcome.error) : outcome.error, i + 1);
    commits.push(outcome.commit);
  }
  for (const commit of commits) commit();
  return success(pdu, echo(pdu));
}

/** RFC 3584, 4.4: what the older version has no word for. */
function versionOneError(error: number): number {
  if (error === ErrorStatus.wrongType || error === ErrorStatus.wrongValue) return ErrorStatus.badValue;
  return error > ErrorStatus.genErr ? ErrorStatus.noSuchName : error;
}

/** The request's own varbinds, as they came. */
function echo(pdu: RequestPdu): Buffer[] {
  return pdu.varbinds.map(({ oid, value }) => element(Tag.Sequence, oidElement(oid), encodeValue(value)));
}

const success = (pdu: RequestPdu, varbinds: Buffer[]): ResponsePdu => ({
  requestId: pdu.requestId,
  errorStatus: ErrorStatus.noError,
  errorIndex: 0,
  varbinds,
});

export const failure = (pdu: RequestPdu, errorStatus: number, errorIndex: number): ResponsePdu => ({
  requestId: pdu.requestId,
  errorStatus,
  errorIndex,
  varbinds: echo(pdu),
});

/** v1 repeats the request's names; from v2c on the list is empty (RFC 3416, 4.2.1). */
function tooBig(pdu: RequestPdu, { version }: RequestContext): ResponsePdu {
  const response = failure(pdu, ErrorStatus.tooBig, 0);
  return version === 1 ? response : { ...response, varbinds: [] };
}
