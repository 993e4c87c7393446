import { BlockList, isIP } from 'node:net';
import { RackwattError } from 'rackwatt';
import { type Static, Type } from 'typebox';

export const HttpConfiguration = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', title: 'Address', description: 'Address to listen on' }),
    port: Type.Integer({ default: 8080, minimum: 0, maximum: 65535, title: 'Port', description: '0 takes a free one' }),
    names: Type.Array(Type.String(), {
      default: [],
      title: 'Host names',
      description: 'Further names under which browsers reach this node, such as that of a reverse proxy',
    }),
    allowRemote: Type.Boolean({
      default: false,
      title: 'Allow other machines',
      description:
        'Listen beyond this machine, although anyone who reaches the port may then read and change everything',
    }),
  },
  { additionalProperties: false },
);

export type HttpConfiguration = Static<typeof HttpConfiguration>;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host name or address can only mean this machine. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** @throws RackwattError `HTTP_REMOTE_REFUSED` when the node would be open to others and nobody said that it may be. */
export function checkListening(config: HttpConfiguration): void {
  if (isLoopback(config.host) || config.allowRemote) return;
  throw new RackwattError(
    'HTTP_REMOTE_REFUSED',
    `rackwatt.http: "host": "${config.host}" would open the node to other machines without accounts; use 127.0.0.1 behind a reverse proxy, or set "allowRemote": true`,
    { context: { host: config.host } },
  );
}

/** What `listen` failed with, as a sentence for who runs the node. */
export function listenError(error: unknown, config: HttpConfiguration): RackwattError {
  const code = (error as { code?: string }).code ?? '';
  const where = `${config.host}:${config.port}`;
  const sentences: Record<string, string> = {
    EADDRINUSE: `rackwatt.http: port ${config.port} on ${config.host} is in use; stop the other program or set another "port"`,
    EACCES: `rackwatt.http: may not listen on port ${config.port}; ports below 1024 need root, set another "port"`,
    EADDRNOTAVAIL: `rackwatt.http: this machine has no address ${config.host}; set another "host"`,
    ENOTFOUND: `rackwatt.http: "host": "${config.host}" has no address; set an address of this machine`,
  };
  return new RackwattError(
    code === 'EADDRINUSE' ? 'HTTP_PORT_IN_USE' : 'HTTP_LISTEN',
    sentences[code] ?? `rackwatt.http: cannot listen on ${where} (${code || String(error)})`,
    { cause: error, context: { host: config.host, port: config.port } },
  );
}
