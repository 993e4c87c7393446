import { isIPv6 } from 'node:net';

export interface Rate {
  /** So many at once. */
  burst: number;
  perSecond: number;
}

/** Those who are remembered. The oldest are forgotten first, who had the most time to fill up again. */
const REMEMBERED = 20_000;

/** Bounds how often each of many may do something: a bucket of tokens for each. */
export class Rates {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { tokens: number; time: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Whether it may, now. @param now ms by any clock that only rises */
  take(who: string, now = performance.now()): boolean {
    const { burst, perSecond } = this.#rate;
    const { tokens, time } = this.#buckets.get(who) ?? { tokens: burst, time: now };
    const left = Math.min(burst, tokens + ((now - time) / 1000) * perSecond) - 1;
    this.#buckets.delete(who);
    this.#buckets.set(who, { tokens: Math.max(left, 0), time: now });
    if (this.#buckets.size > REMEMBERED) this.#buckets.delete(this.#buckets.keys().next().value!);
    return left >= 0;
  }
}

/** Who stands for an address: itself, or the /64 of IPv6 that one host has as many addresses in as it likes. */
export function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
  if (!isIPv6(plain)) return plain;
  const [front = '', back] = plain.replace(/%.*$/, '').split('::');
  const groupsOf = (text = ''): string[] => (text === '' ? [] : text.split(':'));
  const [first, last] = [groupsOf(front), groupsOf(back)];
  const missing = back === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array.from({ length: missing }, () => '0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
