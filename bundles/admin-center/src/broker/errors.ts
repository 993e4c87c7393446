/** Codes of errors of the rights of gateways at a broker. */
export type RightsErrorCode =
  /** No connection to the broker, or no answer: the rights follow when there is one. */
  | 'RIGHTS_AWAY'
  /** The broker refused a command of its administration. */
  | 'RIGHTS_REFUSED'
  /** What was read back is not what was set. */
  | 'RIGHTS_DIFFER'
  /** Somebody else made a client or role of a gateway's name; it is left as it is. */
  | 'RIGHTS_FOREIGN'
  /** A gateway, a path or a port that cannot be written into the broker's files. */
  | 'RIGHTS_INPUT';
