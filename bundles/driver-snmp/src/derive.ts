import type { Varbind } from './snmp/varbind.js';
import type { Slot } from './layout.js';
import { quantityOf, textOf } from './values.js';

/** How a number is made of a text: one item of a list, a quantity with its unit, or the code of a word. */
export interface Derivation {
  slot: Slot;
  list: { separator: string; item: number } | undefined;
  /** Factor of each unit. */
  units: ReadonlyMap<string, number> | undefined;
  /** Number that stands for a word, by the word. */
  words: ReadonlyMap<string, number> | undefined;
}

/** The number that a derivation makes of an object; NaN when its text is none of what it knows. */
export function derive(varbind: Varbind, { list, units, words }: Omit<Derivation, 'slot'>): number {
  // An OID or an address may look like a number.
  if (typeof varbind.value === 'string') return NaN;
  const whole = textOf(varbind);
  const text = list ? (whole.split(list.separator)[list.item - 1]?.trim() ?? '') : whole;
  const word = words?.get(text);
  if (word !== undefined) return word;
  const { number, unit } = quantityOf(text);
  if (units) return number * (units.get(unit) ?? NaN);
  return unit === '' ? number : NaN;
}
