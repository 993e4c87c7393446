/**
 * Points of small order on edwards25519 as they are encoded (RFC 8032), without the sign bit: under such a key anybody can make
 * signatures that fit. Orders 4, 1, 8, 8, 2, and the spellings of 0 and 1 that are not reduced.
 */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether a public key is one under which anybody can sign. @param point its 32 bytes */
export function isOfSmallOrder(point: Uint8Array): boolean {
  const unsigned = Buffer.from(point);
  unsigned[31]! &= 0x7f;
  return SMALL_ORDER.has(unsigned.toString('hex'));
}
