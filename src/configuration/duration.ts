import { RackwattError } from '../errors.js';

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|min|h|d)$/;

/** Whether a text is a duration: a number, an optional space, and `ms`, `s`, `min`, `h` or `d`. */
export function isDuration(text: string): boolean {
  const parts = DURATION.exec(text);
  return parts !== null && Number.isSafeInteger(Math.round(Number(parts[1]) * MILLISECONDS[parts[2]!]!));
}

/**
 * `"10 s"` -> 10000.
 * @returns whole milliseconds.
 * @throws DURATION_INVALID
 */
export function parseDuration(text: string): number {
  if (!isDuration(text)) {
    throw new RackwattError(
      'DURATION_INVALID',
      `${JSON.stringify(text.slice(0, 40))} is no duration; write a number and ms, s, min, h or d, such as "10 s"`,
    );
  }
  const parts = DURATION.exec(text)!;
  return Math.round(Number(parts[1]) * MILLISECONDS[parts[2]!]!);
}
