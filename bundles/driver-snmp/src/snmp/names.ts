import { BerWriter, encodeOid, Tag } from './ber.js';

/** Names of objects and how a message holds them: made once for a list that is asked for again and again. */
export interface Names {
  readonly oids: readonly string[];
  /** Varbinds without values, as a request has them. */
  readonly varbinds: Buffer;
  /** Contents of the OIDs, one after the other; the i-th ends where the next begins. */
  readonly contents: Buffer;
  readonly starts: Uint32Array;
}

const known = new WeakMap<object, Names>();

/** The names of a list, which must not change afterwards. */
export function namesOf(oids: readonly string[]): Names {
  let names = known.get(oids);
  if (!names) known.set(oids, (names = encode(oids)));
  return names;
}

/** The names of columns of equal length in the order in which a response to GETBULK has them: row by row. */
export function rowsOf(columns: readonly (readonly string[])[]): Names {
  let names = known.get(columns);
  if (!names) {
    const rows = columns[0]!.flatMap((_, row) => columns.map((column) => column[row]!));
    known.set(columns, (names = encode(rows)));
  }
  return names;
}

function encode(oids: readonly string[]): Names {
  const contents = oids.map(encodeOid);
  const starts = new Uint32Array(oids.length + 1);
  for (const [i, content] of contents.entries()) starts[i + 1] = starts[i]! + content.length;
  const writer = new BerWriter();
  for (const content of contents.toReversed()) {
    const mark = writer.length;
    writer.octets(NOTHING, Tag.Null);
    writer.octets(content, Tag.ObjectIdentifier);
    writer.wrap(Tag.Sequence, mark);
  }
  return { oids, varbinds: writer.finish(), contents: Buffer.concat(contents), starts };
}

const NOTHING = new Uint8Array();
