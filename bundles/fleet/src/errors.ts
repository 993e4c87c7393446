/** Codes of errors of messages between a gateway and its center. */
export type FleetErrorCode =
  /** Not a message of its kind: too long, malformed, or with something that nobody asked for. */
  | 'FLEET_MESSAGE'
  /** An order that is not signed by a key of the center that this gateway is enrolled at. */
  | 'ORDER_SIGNATURE'
  /** An order for another gateway or tenant. */
  | 'ORDER_AUDIENCE'
  /** An order whose time is over, or has not come. */
  | 'ORDER_EXPIRED'
  /** An order that is older than one that was taken. */
  | 'ORDER_REPLAYED';
