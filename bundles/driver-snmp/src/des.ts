import crypto from 'node:crypto';

const SINGLE = 'des-cbc';
const TRIPLE = 'des-ede3-cbc';

/** Triple DES with one key three times is DES. */
const thrice = (key: Buffer): Buffer => Buffer.concat([key, key, key]);

/**
 * Runs something synchronous in which net-snmp may ask for DES: old PDUs know no other privacy (RFC 3414 section 8), and
 * OpenSSL 3 has it no more. Nothing else runs meanwhile, so that no one else sees the changed functions.
 */
export function withDes<T>(run: () => T): T {
  const { createCipheriv, createDecipheriv } = crypto;
  type Make = (algorithm: string, key: Buffer, iv: Buffer) => unknown;
  const triple =
    (make: Make): Make =>
    (algorithm, key, iv) =>
      algorithm === SINGLE ? make(TRIPLE, thrice(key), iv) : make(algorithm, key, iv);
  crypto.createCipheriv = triple(createCipheriv as Make) as typeof createCipheriv;
  crypto.createDecipheriv = triple(createDecipheriv as Make) as typeof createDecipheriv;
  try {
    return run();
  } finally {
    crypto.createCipheriv = createCipheriv;
    crypto.createDecipheriv = createDecipheriv;
  }
}
