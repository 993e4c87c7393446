import { RackwattError } from 'rackwatt';

/** Where a device listens. */
export interface Endpoint {
  host: string;
  port: number;
}

const DEFAULT_PORT = 4001;

/**
 * Parses `acme://host[:port]`; IPv6 in brackets.
 * @throws RackwattError `DEVICE_ADDRESS_INVALID`
 */
export function parseAddress(address: string): Endpoint {
  const match = /^acme:\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s/:[\]@?#]+))(?::(\d{1,5}))?\/?$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RackwattError(
      'DEVICE_ADDRESS_INVALID',
      `'${address}' is no acme address: write it as acme://host or acme://host:port.`,
      { context: { address } },
    );
  }
  return { host, port };
}
