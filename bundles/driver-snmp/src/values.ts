import type { Varbind } from './snmp/varbind.js';

const NO_SUCH_OBJECT = 128;
const END_OF_MIB = 130;
const LONGEST_TEXT = 255;
const OPAQUE = 68;
const COUNTER64 = 70;
const OPAQUE_FLOAT = 0x9f7804;

/** Whether the agent says that there is no such object. */
export function isAbsent(varbind: Varbind): boolean {
  return varbind.type >= NO_SUCH_OBJECT && varbind.type <= END_OF_MIB;
}

/** The number of a varbind; of a text only when it is a plain number. Else NaN. */
export function numberOf(varbind: Varbind): number {
  const { value } = varbind;
  if (typeof value === 'number') return value;
  if (!Buffer.isBuffer(value)) return NaN;
  // Counter64 comes as big-endian bytes, texts as what they are.
  if (varbind.type === COUNTER64) return value.length === 0 ? NaN : Number(BigInt(`0x${value.toString('hex')}`));
  if (varbind.type === OPAQUE) return floatOf(value);
  const { number, unit } = quantityOf(value.toString('latin1'));
  return unit === '' ? number : NaN;
}

/** A float wrapped into an Opaque, as net-snmp sends it: 9f78, length 4. */
function floatOf(value: Buffer): number {
  return value.length === 7 && value.readUIntBE(0, 3) === OPAQUE_FLOAT ? value.readFloatBE(3) : NaN;
}

/** `"0.061kW"` -> 0.061 and `kW`; NaN when the text is no plain number with an optional unit behind it. */
export function quantityOf(text: string): { number: number; unit: string } {
  const match = /^\s*([+-]?\d{1,15}(?:\.\d{1,9})?)\s*([^\s\d+.-][^\d]{0,11})?$/.exec(text.replace(/[\s\0]+$/, ''));
  return match ? { number: Number(match[1]), unit: (match[2] ?? '').trim() } : { number: NaN, unit: '' };
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
  return varbind.type === COUNTER64 ? String(numberOf(varbind)) : JSON.stringify(textOf(varbind));
}
