/** A fraction in 0..1 that is always the same for the same words (FNV-1a with a final mix). */
export function fraction(...words: (string | number)[]): number {
  return hash(words.join('/')) / 2 ** 32;
}

/** A number in `from..to`, always the same for the same words. */
export function between(from: number, to: number, ...words: (string | number)[]): number {
  return from + (to - from) * fraction(...words);
}

export function pick<T>(list: readonly T[], ...words: (string | number)[]): T {
  return list[Math.floor(fraction(...words) * list.length)]!;
}

export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const octet of Buffer.from(text, 'utf8')) value = Math.imul(value ^ octet, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
