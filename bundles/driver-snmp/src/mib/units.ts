/** A unit as MIBs write it, in UCUM, and how many of it one step is. */
export interface UnitClause {
  unit: string;
  factor: number;
}

const NAMES: readonly [pattern: RegExp, unit: string][] = [
  [/^(volt-?\s?amp(ere)?-?\s?reactive-?\s?hours?|varh)$/, 'V.A.h'],
  [/^(volt-?\s?amp(ere)?s?-?\s?hours?|vah)$/, 'V.A.h'],
  [/^(watt-?\s?hours?|wh)$/, 'W.h'],
  [/^(volt-?\s?amp(ere)?s?(-?\s?reactive)?|va|var)$/, 'V.A'],
  [/^(watts?|w)$/, 'W'],
  [/^(volts?|v)$/, 'V'],
  [/^(amp(ere)?s?|a)$/, 'A'],
  [/^(hertz|hz)$/, 'Hz'],
  [/^(percent(age)?( relative humidity| humidity)?|%)$/, '%'],
  [/^(deg(ree)?s? ?(celsius|centigrade|fahrenheit|c|f)?|celsius)$/, 'Cel'],
];
const PREFIXES: readonly [pattern: RegExp, factor: number][] = [
  [/^(milli|m(?=[avwh]))/, 0.001],
  [/^(centi)/, 0.01],
  [/^(deci)/, 0.1],
  [/^(kilo|k(?=[wv]))/, 1000],
];
const AMOUNTS: Readonly<Record<string, number>> = { tenth: 0.1, hundredth: 0.01, thousandth: 0.001 };

/** `0.01 Amps`, `tenth Volts`, `kWh`, `Watts (rms)`; undefined when it is none that is known. */
export function parseUnits(clause: string): UnitClause | undefined {
  const plain = clause
    .toLowerCase()
    .replace(/\(?-?\brms\b\)?|-ac\b/g, '')
    .trim();
  const [, amount = '1', rest = ''] =
    /^(\d*\.?\d+|tenths?|hundredths?|thousandths?)?(?: of)?(?: an?(?= ))?\s*(.*)$/.exec(plain) ?? [];
  const number = AMOUNTS[amount.replace(/s$/, '')] ?? Number(amount);
  let name = rest.trim();
  let factor = number;
  const known = (): string | undefined => NAMES.find(([pattern]) => pattern.test(name))?.[1];
  if (known() === undefined) {
    const prefix = PREFIXES.find(([pattern]) => pattern.test(name));
    if (!prefix) return undefined;
    name = name.replace(prefix[0], '').trim();
    factor *= prefix[1];
  }
  const unit = known();
  return unit === undefined || !Number.isFinite(factor) ? undefined : { unit, factor };
}
