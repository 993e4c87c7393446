import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { quoted, RackwattError } from 'rackwatt';
import { centerRole, concentratorRole, DEFAULT_ACCESS, type Role } from './roles.js';

export interface MosquittoOptions {
  /** Where gateways connect; 8883. */
  port?: number;
  /** Address of that listener; all when absent. */
  host?: string;
  /** Where the services of the center connect, on loopback; 18883. */
  servicePort?: number;
  /** Authorities of the gateways' certificates, PEM: the issuing one and the root. Absolute path, as all that follow. */
  ca: string;
  /** The broker's own certificate and key, PEM, for the name by which gateways reach it. */
  certificate: string;
  key: string;
  /** List of revoked certificates of the issuing authority, PEM with the label `X509 CRL`. */
  revoked?: string;
  /** Where the second file will lie; mosquitto must be able to write it and its folder. */
  securityFile: string;
  /** The plugin `mosquitto_dynamic_security.so`; where Debian has it when absent. */
  plugin?: string;
  /** Whether gateways publish their readings there, too. */
  telemetry?: boolean;
}

/** How a service of the center reaches the broker. */
export interface ServiceAccess {
  url: string;
  account: { username: string; password: string };
}

export interface MosquittoFiles {
  /** mosquitto.conf */
  configuration: string;
  /** dynamic-security.json: the services and no gateway. Secret: it has the services' names and hashed passwords. */
  security: string;
  center: ServiceAccess;
  /** Only where the broker carries readings. */
  concentrator?: ServiceAccess;
}

/** Of PBKDF2 with SHA-512; the plugin's own is 101. Spent once a connection of a service. */
const ITERATIONS = 20_000;

/** What administration needs, and what readings need: batches of up to 8 MiB, many on their way to the concentrator, the last state kept. */
const BOUNDS = {
  administration: [
    'max_packet_size 262144',
    'max_inflight_messages 20',
    'max_queued_messages 100',
    'retain_available false',
  ],
  telemetry: [
    'max_packet_size 8388608',
    'max_inflight_messages 1000',
    'max_queued_messages 10000',
    'retain_available true',
  ],
} as const;

const FOLDERS: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

/**
 * The two files of a mosquitto that only the center's gateways reach, each its own topics: mutual TLS, everything denied that no
 * role grants, and a second listener on loopback for the center itself.
 * @throws `RIGHTS_INPUT` for a path or port that cannot stand in a configuration file
 */
export function mosquittoFiles(options: MosquittoOptions): MosquittoFiles {
  const { port = 8883, servicePort = 18_883, telemetry = false } = options;
  const configuration = configurationOf(options, port, servicePort);
  const url = `mqtt://127.0.0.1:${servicePort}`;
  const center = { url, account: newService('center') };
  const concentrator = telemetry ? { url, account: newService('concentrator') } : undefined;
  const security = {
    clients: [clientOf(center, centerRole()), ...(concentrator ? [clientOf(concentrator, concentratorRole())] : [])],
    roles: [centerRole(), ...(concentrator ? [concentratorRole()] : [])],
    groups: [],
    defaultACLAccess: DEFAULT_ACCESS,
  };
  return {
    configuration,
    security: `${JSON.stringify(security, undefined, 2)}\n`,
    center,
    ...(concentrator ? { concentrator } : {}),
  };
}

function configurationOf(options: MosquittoOptions, port: number, servicePort: number): string {
  const { host, ca, certificate, key, revoked, securityFile, telemetry = false } = options;
  const plugin =
    options.plugin ?? `/usr/lib/${FOLDERS[process.arch] ?? 'x86_64-linux-gnu'}/mosquitto_dynamic_security.so`;
  return [
    "# The broker of Rackwatt's gateways. Made anew by `rackwatt fleet broker`; do not edit.",
    'per_listener_settings false',
    'allow_anonymous false',
    `plugin ${path('plugin', plugin)}`,
    `plugin_opt_config_file ${path('securityFile', securityFile)}`,
    '# A session is worth nothing: gateways say again what counts, and look by themselves.',
    'persistence false',
    ...BOUNDS[telemetry ? 'telemetry' : 'administration'],
    'max_keepalive 600',
    'set_tcp_nodelay true',
    'connection_messages true',
    '',
    '# Gateways: who it is says the certificate alone, as user name and as client id, so that nobody takes the place of another.',
    `listener ${number('port', port)}${host === undefined ? '' : ` ${path('host', host)}`}`,
    `cafile ${path('ca', ca)}`,
    `certfile ${path('certificate', certificate)}`,
    `keyfile ${path('key', key)}`,
    ...(revoked === undefined ? [] : [`crlfile ${path('revoked', revoked)}`]),
    'tls_version tlsv1.2',
    'require_certificate true',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    '',
    '# Services of the center, on this machine, by name and password.',
    `listener ${number('servicePort', servicePort)} 127.0.0.1`,
    '',
  ].join('\n');
}

/** No name that a certificate could be asked for: a certificate with the name of a service would have its rights. */
function newService(name: string): ServiceAccess['account'] {
  return {
    username: `rackwatt-${name}-${randomBytes(12).toString('hex')}`,
    password: randomBytes(24).toString('base64url'),
  };
}

function clientOf({ account: { username, password } }: ServiceAccess, { rolename, textname }: Role): object {
  const salt = randomBytes(12);
  return {
    username,
    textName: textname,
    password: pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512').toString('base64'),
    salt: salt.toString('base64'),
    iterations: ITERATIONS,
    roles: [{ rolename }],
  };
}

function path(what: string, text: string): string {
  // Whatever ends a line of the file, or begins or ends with what mosquitto cuts off, would be another setting.
  // oxlint-disable-next-line no-control-regex
  if (text === '' || text.trim() !== text || /[\u0000-\u001f\u007f]/.test(text))
    throw new RackwattError('RIGHTS_INPUT', `${what}: ${quoted(text)} cannot stand in mosquitto's configuration.`);
  return text;
}

function number(what: string, port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RackwattError('RIGHTS_INPUT', `${what}: ${port} is no port; use 1 to 65535.`);
  return port;
}
