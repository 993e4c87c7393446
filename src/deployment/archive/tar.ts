import { RackwattError } from '../../errors.js';
import type { FileMode } from './format.js';
import { quoted } from '../../quoted.js';

/** POSIX.1-1988 ustar, in the one spelling that Rackwatt writes. */
export const BLOCK = 512;
/** What ends a tar. */
export const TRAILER = 2 * BLOCK;
const TOP = 'package/';
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

const TYPES: Readonly<Record<string, string>> = {
  '0': 'a file',
  '\0': 'a file',
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '5': 'a folder',
  '6': 'a pipe',
  '7': 'a contiguous file',
  D: 'a list of a folder (GNU)',
  K: 'a long link name (GNU)',
  L: 'a long name (GNU)',
  M: 'a part of another volume (GNU)',
  N: 'an old long name (GNU)',
  S: 'a sparse file',
  V: 'a volume label (GNU)',
  g: 'a global extended header',
  x: 'an extended header',
  X: 'an extended header (Solaris)',
};

export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/**
 * The one header that a file has: no owner, no time. A reader need not parse headers, it knows them.
 * @param path relative to the bundle, of ASCII
 * @throws `PACK_FAILED` when a header cannot hold the path
 */
export function headerOf({ path, size, mode = '0644' }: { path: string; size: number; mode?: FileMode }): Buffer {
  const header = Buffer.alloc(BLOCK);
  const full = TOP + path;
  const { name, prefix } = splitPath(full);
  header.write(name, 0);
  header.write(`000${mode}\0`, 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.write('0000000\0', 329);
  header.write('0000000\0', 337);
  header.write(prefix, 345);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function splitPath(path: string): { name: string; prefix: string } {
  if (path.length <= NAME_BYTES) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - NAME_BYTES - 1);
  if (slash < 0 || slash > PREFIX_BYTES)
    throw new RackwattError(
      'PACK_FAILED',
      `the path ${path.slice(TOP.length)} does not fit into an archive; use a shorter one of plain letters`,
    );
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

/** Of a header whose own checksum counts as blanks. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += header[at]!;
  return sum;
}

/** What a block that is not the expected header seems to be. For a sentence, never to act upon. */
export interface StrangeHeader {
  /** As written, from the top of the tar. */
  path: string;
  /** Path below the top folder; undefined when it lies elsewhere. */
  inside: string | undefined;
  isFile: boolean;
  /** "a symbolic link". */
  type: string;
  /** Bytes, as written when that is no number. */
  size: string;
  mode: string;
}

/** @returns undefined for a block that is no header */
export function describeHeader(block: Buffer): StrangeHeader | undefined {
  const sum = Number.parseInt(text(block, 148, 8).trim(), 8);
  if (sum !== checksum(block)) return undefined;
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? text(block, 345, PREFIX_BYTES) : '';
  const path = (prefix === '' ? '' : `${prefix}/`) + text(block, 0, NAME_BYTES);
  const flag = String.fromCharCode(block[156]!);
  const size = text(block, 124, 12).trim();
  return {
    path,
    inside: path.startsWith(TOP) ? path.slice(TOP.length) : undefined,
    isFile: flag === '0' || flag === '\0',
    type: TYPES[flag] ?? `an entry of the type ${quoted(flag)}`,
    size: /^[0-7]+$/.test(size) ? String(Number.parseInt(size, 8)) : quoted(size),
    mode: text(block, 100, 8).trim(),
  };
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}
