import { hostname } from 'node:os';
import { isIP } from 'node:net';
import { TenantId } from '@rackwatt/fleet';
import { type Static, Type } from 'typebox';
import { centerError } from './errors.js';

const DNS_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;

export const CenterConfiguration = Type.Object(
  {
    tenant: Type.String({
      ...TenantId,
      default: 'main',
      title: 'Tenant',
      description: 'Whose gateways these are; it is in their certificates and cannot be changed later',
    }),
    host: Type.String({
      default: '127.0.0.1',
      title: 'Address',
      description: 'Address on which gateways reach the center; 0.0.0.0 is every address of this machine',
    }),
    port: Type.Integer({ default: 8443, minimum: 0, maximum: 65535, title: 'Port', description: '0 takes a free one' }),
    names: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), {
      default: [],
      maxItems: 50,
      title: 'Names',
      description: 'Host names and addresses under which gateways reach the center, for its certificate',
    }),
    largestArtifact: Type.Integer({
      default: 256 << 20,
      minimum: 1 << 20,
      maximum: 2 ** 31,
      title: 'Largest artifact',
      description: 'Bytes of the largest archive that the center keeps',
    }),
    broker: Type.Optional(
      Type.Object(
        {
          url: Type.String({
            pattern: '^mqtts?://',
            description: 'Its listener for services; mqtt://127.0.0.1:1883 is the embedded broker',
          }),
          username: Type.Optional(Type.String({ minLength: 1 })),
          password: Type.Optional(Type.String({ minLength: 1, description: 'Best kept as a secret' })),
          telemetry: Type.Boolean({
            default: false,
            description: 'Whether gateways publish their readings there, too',
          }),
        },
        {
          additionalProperties: false,
          title: 'Broker',
          description: 'MQTT broker over which the center rings at gateways; without a name it is given no rights',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

export type CenterConfiguration = Static<typeof CenterConfiguration>;

/**
 * Everything that the certificate of the port is for: the configured names, and this machine's own.
 * @throws `FLEET_CONFIGURATION`
 */
export function serverNames({ names, host }: Pick<CenterConfiguration, 'names' | 'host'>): string[] {
  checkNames(names);
  const own = ['localhost', '127.0.0.1', hostname().toLowerCase(), host].filter(
    (name) => (isIP(name) !== 0 || DNS_NAME.test(name)) && !['0.0.0.0', '::'].includes(name),
  );
  return [...new Set([...names.map((name) => name.toLowerCase()), ...own])];
}

/** @throws `FLEET_CONFIGURATION` for what is no host name or address */
export function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => isIP(name) === 0 && !DNS_NAME.test(name));
  if (wrong !== undefined)
    throw centerError(
      'FLEET_CONFIGURATION',
      `the name "${wrong}" is neither a host name nor an address; write center.example, without https:// and port`,
    );
}

/** What `listen` failed with, as a sentence for who runs the node. */
export function listenError(error: unknown, { host, port }: { host: string; port: number }): Error {
  const { code = String(error) } = error as { code?: string };
  const sentences: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is in use; stop the other program or set another "port"`,
    EACCES: `may not listen on port ${port}; ports below 1024 need root, set another "port"`,
    EADDRNOTAVAIL: `this machine has no address ${host}; set another "host"`,
    ENOTFOUND: `"host": "${host}" has no address; set an address of this machine`,
  };
  return centerError(
    'FLEET_CONFIGURATION',
    `rackwatt.admin-center: ${sentences[code] ?? `cannot listen on ${host}:${port} (${code})`}`,
    { cause: error },
  );
}
