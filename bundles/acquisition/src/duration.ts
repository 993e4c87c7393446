import { acquisitionError } from './errors.js';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** `"10 s"` -> 10000, as the `duration` format of configuration has it. */
export function milliseconds(duration: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(duration) ?? [];
  if (amount === undefined)
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `"${duration}" is no duration; write such as "10 s".`);
  return Math.round(Number(amount) * MILLISECONDS[unit!]!);
}
