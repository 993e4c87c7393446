import { readFile } from 'node:fs/promises';
import { errorMessage, RackwattError } from 'rackwatt';
import { simulatorError } from './errors.js';
import { type Oid, formatOid, parseOid } from './snmp/oid.js';
import { encodeValue, isIntegerType, type SnmpValue, Tag } from './snmp/value.js';

/** A line that was passed over or overridden, and why; lines count from 1. */
export interface RecordingProblem {
  line: number;
  message: string;
}

export interface Recording {
  rows: { oid: Oid; value: SnmpValue }[];
  problems: RecordingProblem[];
}

/**
 * Reads snmprec text: `OID|TYPE|VALUE` a line, TYPE the tag in decimal, with `x` behind it where VALUE is hex and `e`
 * where it is escaped as in Python. Rows may stand in any order; of two with one OID the later one counts.
 *
 * @param text decoded as Latin-1, so that octet strings keep their bytes.
 */
export function parseRecording(text: string): Recording {
  const rows = new Map<string, { line: number; oid: Oid; value: SnmpValue }>();
  const problems: RecordingProblem[] = [];
  for (const [i, row] of text.split(/\r?\n/).entries()) {
    if (row.trim() === '' || row.startsWith('#')) continue;
    const line = i + 1;
    try {
      const { oid, value } = parseRow(row);
      const key = formatOid(oid);
      const earlier = rows.get(key);
      if (earlier) problems.push({ line, message: `repeats ${key} of line ${earlier.line}; this one is served` });
      rows.set(key, { line, oid, value });
    } catch (error) {
      problems.push({ line, message: `passed over: ${errorMessage(error)}` });
      if (!(error instanceof RackwattError)) throw error;
    }
  }
  return { rows: [...rows.values()].map(({ oid, value }) => ({ oid, value })), problems };
}

/** @throws `SIMULATOR_RECORDING_UNREADABLE`, `SIMULATOR_RECORDING_EMPTY` */
export async function readRecording(path: string): Promise<Recording> {
  let text: string;
  try {
    text = await readFile(path, 'latin1');
  } catch (cause) {
    throw simulatorError(
      'SIMULATOR_RECORDING_UNREADABLE',
      `Cannot read the recording ${path}: ${errorMessage(cause)}.`,
      {
        cause,
        context: { path },
      },
    );
  }
  const recording = parseRecording(text);
  if (recording.rows.length > 0) return recording;
  const first = recording.problems[0];
  throw simulatorError(
    'SIMULATOR_RECORDING_EMPTY',
    first
      ? `${path} has no line that can be served; line ${first.line} is ${first.message}`
      : `${path} is empty; a recording has lines such as "1.3.6.1.2.1.1.5.0|4|pdu-1".`,
    { context: { path } },
  );
}

const invalid = (message: string) => simulatorError('SNMP_VALUE_INVALID', message);

function parseRow(row: string): { oid: Oid; value: SnmpValue } {
  const [, oidText, tag, form, content] = /^([^|]*)\|(\d+)([a-z]?)(?:\|(.*))?$/.exec(row) ?? [];
  if (oidText === undefined || content === undefined)
    throw invalid('it is not "OID|TYPE|VALUE", TYPE a tag such as 2, 4 or 4x.');
  const oid = parseOid(oidText.trim());
  const value = parseValue(Number(tag), form ?? '', content);
  encodeValue(value);
  return { oid, value };
}

function parseValue(type: number, form: string, content: string): SnmpValue {
  if (type === Tag.Null) return { type, value: '' };
  const octets = parseOctets(form, content);
  const plain = octets.toString('latin1').trim();
  if (isIntegerType(type)) {
    if (!/^[+-]?\d+$/.test(plain)) throw invalid(`"${plain}" is not a whole number.`);
    return { type, value: type === Tag.Counter64 ? BigInt(plain) : Number(plain) };
  }
  if (type === Tag.ObjectIdentifier) return { type, value: plain === '' ? '0.0' : formatOid(parseOid(plain)) };
  if (type === Tag.IpAddress && octets.length !== 4) return { type, value: plain };
  if (type === Tag.IpAddress || type === Tag.OctetString || type === Tag.Opaque) return { type, value: octets };
  throw invalid(`${type} is not a type of SNMP.`);
}

function parseOctets(form: string, content: string): Buffer {
  if (form === '') return Buffer.from(content, 'latin1');
  if (form === 'x') {
    if (!/^(?:[0-9a-f]{2})*$/i.test(content)) throw invalid(`"${content}" is not hex.`);
    return Buffer.from(content, 'hex');
  }
  if (form === 'e') return Buffer.from(unescape(content), 'latin1');
  throw invalid(`"${form}" behind the type is not known; x (hex) and e (escaped) are.`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
  0: '\0',
};

function unescape(content: string): string {
  return content.replace(
    /\\(?:x([0-9a-fA-F]{2})|(.))/g,
    (whole, hex: string | undefined, letter: string | undefined) =>
      hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[letter ?? ''] ?? whole),
  );
}
