/** Codes of the `RackwattError`s of this folder. */
export const DEPLOYMENT_ERRORS = {
  ARCHIVE_INCOMPLETE: 'the archive ends before its trailer: it is still being written, or was cut off',
  ARCHIVE_INVALID: 'the archive is not a bundle as `rackwatt bundle pack` makes it',
  ARCHIVE_TOO_LARGE: 'the archive exceeds a budget',
  ARCHIVE_NEEDS: 'the archive needs another runtime or Node than this',
  SIGNATURE_MISSING: 'the archive is not signed and unsigned ones are not allowed here',
  SIGNATURE_INVALID: 'the archive is signed by nobody who is trusted here, or was altered',
  SIGNATURE_THRESHOLD: 'fewer keys signed the archive than its name needs',
  TRUST_REVOKED: 'the archive was withdrawn',
  TRUST_MINIMUM: 'the archive is older than this node takes',
  TRUST_EXPIRED: 'the trust root expired, so nothing is installed',
  TRUST_INVALID: 'a trust root is not one, or is not signed by those who may',
  TRUST_DAMAGED: 'what the node remembers of trust cannot be read',
  KEY_INVALID: 'a file is not an Ed25519 key in PEM, or not safe where it lies',
  BUNDLE_NOT_FOUND: 'nothing is where the bundle should be',
  STORE_WRITE: 'the store cannot be written',
  PACK_FAILED: 'the bundle cannot be packed',
} as const;
