import type { Varbind } from 'net-snmp';

const NO_SUCH_OBJECT = 128;
const END_OF_MIB = 130;
const LONGEST_TEXT = 255;

/** Whether the agent says that there is no such object. */
export function isAbsent(varbind: Varbind): boolean {
  return varbind.type >= NO_SUCH_OBJECT && varbind.type <= END_OF_MIB;
}

/**
 * The number of a varbind. Text that is a plain number, with or without a unit behind it ("232.6V"), counts; anything
 * else is NaN.
 */
export function numberOf(varbind: Varbind): number {
  const { value } = varbind;
  if (typeof value === 'number') return value;
  if (Buffer.isBuffer(value)) {
    // Counter64 comes as big-endian bytes, texts as what they are.
    if (varbind.type === 70) return value.length === 0 ? NaN : Number(BigInt(`0x${value.toString('hex')}`));
    return numberFromText(value.toString('latin1'));
  }
  return NaN;
}

/** `"0.061kW"` -> 0.061; NaN when the text is no plain number with an optional unit. */
export function numberFromText(text: string): number {
  const match = /^\s*([+-]?\d{1,15}(?:\.\d{1,9})?)\s*[A-Za-z%°]{0,8}\s*$/.exec(text);
  return match ? Number(match[1]) : NaN;
}

/** The text of a varbind: printable, trimmed, bounded. Empty when there is none. */
export function textOf(varbind: Varbind | undefined): string {
  if (!varbind || isAbsent(varbind) || varbind.value === null) return '';
  const { value } = varbind;
  const text = Buffer.isBuffer(value) ? value.toString('utf8') : String(value);
  return text
    .replace(/[\p{Cc}\ufffd]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_TEXT);
}

/** A varbind's value as it came, for explanations. */
export function rawText(varbind: Varbind): string {
  const { value } = varbind;
  if (!Buffer.isBuffer(value)) return String(value);
  return varbind.type === 70 ? String(numberOf(varbind)) : JSON.stringify(textOf(varbind));
}
