import { RackwattError } from '../errors.js';

const BYTES: Readonly<Record<string, number>> = { kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const SIZE = /^(\d{1,9}(?:\.\d{1,6})?) ?(kB|MB|GB)$/;

/** Whether a text is a size: a number, an optional space, and `kB`, `MB` or `GB`. */
export function isSize(text: string): boolean {
  return SIZE.test(text);
}

/**
 * `"64 MB"` -> 67108864.
 * @returns whole bytes; a kB is 1024 bytes.
 * @throws SIZE_INVALID
 */
export function parseSize(text: string): number {
  const parts = SIZE.exec(text);
  if (!parts) {
    throw new RackwattError(
      'SIZE_INVALID',
      `${JSON.stringify(text.slice(0, 40))} is no size; write a number and kB, MB or GB, such as "64 MB"`,
    );
  }
  return Math.round(Number(parts[1]) * BYTES[parts[2]!]!);
}
