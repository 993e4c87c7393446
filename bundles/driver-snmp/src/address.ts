import { RackwattError } from 'rackwatt';

/** Where an agent listens, and which unit behind it is meant. */
export interface Endpoint {
  host: string;
  port: number;
  /** Unit of a chain behind one agent; absent: the first. */
  unit?: number;
  /** `host:port` for sentences. */
  text: string;
}

/**
 * Parses `snmp://host[:port][/unit]`; IPv6 in brackets; the port defaults to 161.
 * @throws RackwattError `DEVICE_ADDRESS_INVALID`
 */
export function parseAddress(address: string): Endpoint {
  const match = /^snmp:\/\/(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s/:[\]@?#]+))(?::(\d{1,5}))?(?:\/(\d{1,4})?)?$/.exec(address);
  if (!match) throw invalid(address, 'write it as snmp://host, snmp://host:port or snmp://[IPv6]:port');
  const host = match[1] ?? match[2]!;
  const port = match[3] === undefined ? 161 : Number(match[3]);
  if (port < 1 || port > 65535) throw invalid(address, 'a port is a number from 1 to 65535');
  const text = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return { host, port, text, ...(match[4] === undefined ? {} : { unit: Number(match[4]) }) };
}

function invalid(address: string, advice: string): RackwattError {
  return new RackwattError('DEVICE_ADDRESS_INVALID', `'${address}' is no SNMP address: ${advice}.`, {
    context: { address },
  });
}
