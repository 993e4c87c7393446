import type { Varbind } from './snmp/varbind.js';
import { garbage, isSilence, STATUS, statusOf } from './errors.js';
import type { SnmpLink } from './link.js';
import { compareOids, isUnder, varbindBytes } from './oid.js';
import { isAbsent } from './values.js';

/** What a walk found: every object by OID, and the OIDs of each column in order. */
export interface Walk {
  readonly objects: Map<string, Varbind>;
  readonly columns: Map<string, string[]>;
}

interface Cursor {
  column: string;
  at: string;
  found: string[];
  done: boolean;
}

/** More rows than any PDU has: an agent that never ends. */
const MOST_ROWS = 4096;
/** A text column's values, on average, beyond what a number takes. */
const TEXT_BYTES = 8;
/** Columns of one table have as many rows as each other, so that they end together. */
const COLUMNS_AT_ONCE = 4;

/**
 * Reads whole columns, several at once, and nothing else.
 * @throws RackwattError `DEVICE_GARBAGE` when answers go backwards, repeat or never end; else what the link throws
 */
export async function walkColumns(
  link: SnmpLink,
  columns: Iterable<string>,
  deadline: number,
  into: Walk = emptyWalk(),
): Promise<Walk> {
  const cursors = [...new Set(columns)]
    .filter((column) => !into.columns.has(column))
    .toSorted(compareOids)
    .map((column) => ({ column, at: column, found: [], done: false }));
  // One row each shows which columns there are at all; most profiles name more than a device has.
  await advance(link, cursors, 1, deadline, into);
  let open = cursors.filter((cursor) => !cursor.done);
  while (open.length > 0) {
    const group = sameTable(open);
    await advance(link, group, 0, deadline, into);
    open = open.filter((cursor) => !cursor.done);
  }
  for (const cursor of cursors) into.columns.set(cursor.column, cursor.found);
  return into;
}

export function emptyWalk(): Walk {
  return { objects: new Map(), columns: new Map() };
}

/** The next columns to read together: neighbours in one table entry that have read equally far. */
function sameTable(open: Cursor[]): Cursor[] {
  const first = open[0]!;
  const entry = first.column.slice(0, first.column.lastIndexOf('.'));
  return open
    .filter((cursor) => cursor.column.startsWith(`${entry}.`) && cursor.found.length === first.found.length)
    .slice(0, COLUMNS_AT_ONCE);
}

/** Moves cursors on: by `rows` rows each, or by as many as a response holds when 0. */
async function advance(link: SnmpLink, cursors: Cursor[], rows: number, deadline: number, walk: Walk): Promise<void> {
  let rest = cursors;
  while (rest.length > 0) {
    const bytes = varbindBytes(rest[0]!.column) + TEXT_BYTES;
    const fit = Math.max(1, Math.floor(link.responseBytes / bytes));
    const some = rest.slice(0, fit);
    const repetitions = rows > 0 ? rows : Math.max(1, Math.floor(fit / some.length));
    const answers = await ask(link, some, repetitions, deadline);
    if (answers === undefined) continue;
    for (let i = 0; i < some.length; i++) take(link, some[i]!, answers[i]!, walk);
    rest = rest.slice(some.length);
  }
}

/** @returns a list for each cursor; undefined when the same must be asked again in smaller pieces */
async function ask(
  link: SnmpLink,
  cursors: Cursor[],
  repetitions: number,
  deadline: number,
): Promise<Varbind[][] | undefined> {
  const oids = cursors.map((cursor) => cursor.at);
  try {
    if (link.security.version !== 1) {
      const lists = await link.bulk(oids, repetitions, deadline);
      if (lists.length < oids.length) {
        if (lists.length === 0 || !link.shrink())
          throw garbage(link.endpoint.text, 'an answer without the objects that were asked for');
        return undefined;
      }
      return lists;
    }
    const answer = await link.next(oids, deadline);
    return answer.map((varbind) => [varbind]);
  } catch (error) {
    if (isSilence(error) && (await fewerBytes(link, deadline))) return undefined;
    const status = statusOf(error);
    if (status === STATUS.tooBig && link.shrink()) return undefined;
    if (status !== STATUS.noSuchName) throw error;
    // SNMPv1 has no other way to say that the MIB ends here.
    const failed = (error as { context?: Record<string, unknown> }).context?.['oid'];
    const ended = cursors.find((cursor) => cursor.at === failed) ?? (cursors.length === 1 ? cursors[0] : undefined);
    if (ended) return askWithout(link, cursors, ended, repetitions, deadline);
    return Promise.all(cursors.map(async (cursor) => (await ask(link, [cursor], repetitions, deadline))?.[0] ?? []));
  }
}

/** After silence: whether the agent is there all the same, so that the answer was too large for it or for the way. */
async function fewerBytes(link: SnmpLink, deadline: number): Promise<boolean> {
  await link.call(deadline);
  return link.shrink();
}

async function askWithout(
  link: SnmpLink,
  cursors: Cursor[],
  ended: Cursor,
  repetitions: number,
  deadline: number,
): Promise<Varbind[][] | undefined> {
  const others = cursors.filter((cursor) => cursor !== ended);
  const answers = others.length === 0 ? [] : await ask(link, others, repetitions, deadline);
  if (answers === undefined) return undefined;
  let next = 0;
  return cursors.map((cursor) => (cursor === ended ? [] : answers[next++]!));
}

function take(link: SnmpLink, cursor: Cursor, varbinds: Varbind[], walk: Walk): void {
  if (varbinds.length === 0) cursor.done = true;
  for (const varbind of varbinds) {
    if (isAbsent(varbind) || !isUnder(varbind.oid, cursor.column)) {
      // The agent's next object lies beyond the column, or before it when the agent is broken.
      if (!isAbsent(varbind) && compareOids(varbind.oid, cursor.at) <= 0) throw backwards(link, cursor, varbind);
      cursor.done = true;
      return;
    }
    if (compareOids(varbind.oid, cursor.at) <= 0) throw backwards(link, cursor, varbind);
    cursor.at = varbind.oid;
    cursor.found.push(varbind.oid);
    walk.objects.set(varbind.oid, varbind);
    if (cursor.found.length > MOST_ROWS) throw garbage(link.endpoint.text, `column ${cursor.column} does not end`);
  }
}

function backwards(link: SnmpLink, cursor: Cursor, varbind: Varbind): Error {
  return garbage(link.endpoint.text, `${varbind.oid} comes after ${cursor.at}, which goes backwards`);
}
