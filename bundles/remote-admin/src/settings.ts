import { Capability } from '@rackwatt/fleet';
import { parseDuration, RackwattError } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { checkDoorbell } from './doorbell-address.js';

export const PID = 'rackwatt.remote-admin';

export const RemoteAdminSchema = Type.Object(
  {
    center: Type.Optional(
      Type.String({
        title: 'Center',
        description: 'Address of the administration center',
        pattern: '^https://[^/@?#\\s]+/?$',
        maxLength: 300,
        examples: ['https://center.example:8443'],
      }),
    ),
    fingerprint: Type.Optional(
      Type.String({
        title: 'Fingerprint',
        description: "sha256 of the center's root certificate in hex; no other authority is believed",
        pattern: '^[0-9a-f]{64}$',
      }),
    ),
    proxy: Type.Optional(
      Type.String({
        title: 'Proxy',
        description: 'HTTP proxy on the way to the center; with a password best kept as a secret',
        pattern: '^http://[^/?#\\s]+/?$',
        maxLength: 500,
        examples: ['http://proxy.example:3128'],
      }),
    ),
    doorbell: Type.Optional(
      Type.String({
        title: 'Doorbell',
        description: 'MQTT broker over which the center may ring, so that a gateway that pauses looks at once',
        maxLength: 300,
        examples: ['mqtts://center.example:8883'],
      }),
    ),
    capabilities: Type.Array(Capability, {
      title: 'Capabilities',
      description: 'What the center may do here: nothing when empty, and then nothing is ever connected',
      default: [],
      uniqueItems: true,
      maxItems: 10,
    }),
    serial: Type.Optional(
      Type.String({
        title: 'Serial number',
        description: 'Shown at the center; read from the machine unless given',
        maxLength: 200,
      }),
    ),
    model: Type.Optional(
      Type.String({
        title: 'Model',
        description: 'Shown at the center; read from the machine unless given',
        maxLength: 200,
      }),
    ),
    probation: Type.String({
      title: 'Probation',
      description: 'Time for which a change that the center wants is on probation, at least',
      format: 'duration',
      default: '2 min',
      examples: ['2 min', '10 min'],
    }),
  },
  {
    title: 'Remote administration',
    description: 'What an administration center may do here; off unless capabilities are granted',
    additionalProperties: false,
  },
);
type Configuration = Static<typeof RemoteAdminSchema>;

/** How the administrator at this gateway wants it. */
export interface Settings {
  /** Absent: there is none. */
  center?: CenterAddress;
  /** Broker of the center. */
  doorbell?: string;
  capabilities: readonly Capability[];
  serial?: string;
  model?: string;
  /** ms */
  probation: number;
}

export interface CenterAddress {
  host: string;
  port: number;
  fingerprint: string;
  proxy?: URL;
}

/** @throws `USAGE`, `DOORBELL_URL` */
export function settingsOf(configuration: Configuration): Settings {
  const { center, fingerprint, proxy, doorbell, capabilities, serial, model, probation } = configuration;
  if (doorbell !== undefined) checkDoorbell(doorbell);
  return {
    capabilities,
    probation: parseDuration(probation),
    ...(doorbell === undefined ? {} : { doorbell }),
    ...(serial === undefined ? {} : { serial }),
    ...(model === undefined ? {} : { model }),
    ...(center === undefined || fingerprint === undefined ? {} : { center: addressOf(center, fingerprint, proxy) }),
  };
}

function addressOf(center: string, fingerprint: string, proxy: string | undefined): CenterAddress {
  const url = URL.parse(center);
  const through = proxy === undefined ? undefined : URL.parse(proxy);
  if (url === null || url.hostname === '')
    throw new RackwattError('USAGE', `"center" of ${PID} is no address such as https://center.example:8443`);
  if (through === null)
    throw new RackwattError('USAGE', `"proxy" of ${PID} is no address such as http://proxy.example:3128`);
  return {
    // An IPv6 address stands in brackets only in an address of the web.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 443 : Number(url.port),
    fingerprint,
    ...(through === undefined ? {} : { proxy: through }),
  };
}

/** A fingerprint as people copy it: with colons, spaces, capitals, or `sha256:` in front. @throws `USAGE` */
export function readFingerprint(typed: string): string {
  const fingerprint = typed
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, '')
    .replace(/[\s:]/g, '');
  if (/^[0-9a-f]{64}$/.test(fingerprint)) return fingerprint;
  throw new RackwattError(
    'USAGE',
    "a fingerprint is the sha256 of the center's root certificate, 64 hex digits; the administrator of the center has it",
  );
}
