import { type DeviceLocation, type DeviceTarget, plainCredentials } from '@rackwatt/telemetry';
import { parseDuration } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { acquisitionError } from './errors.js';

export const DEVICE_PID = 'rackwatt.device';

const text = (title: string, description: string, examples: string[]) =>
  Type.Optional(Type.String({ title, description, examples, maxLength: 200 }));

/** Configuration of one device, `rackwatt.device~NAME`; forms are made from it. */
export const DeviceSchema = Type.Object(
  {
    address: Type.String({
      title: 'Address',
      description: 'Where the device answers; the scheme picks the driver',
      examples: ['snmp://192.0.2.7', 'snmp://192.0.2.7:161', 'modbus://192.0.2.8'],
      pattern: '^[a-z][a-z0-9+.-]*://.+',
    }),
    profile: Type.String({
      title: 'Profile',
      description: 'How the device is read; "auto" recognises it',
      default: 'auto',
      minLength: 1,
      examples: ['auto', 'apc-rpdu2'],
    }),
    credentials: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())], {
        title: 'Credentials',
        description:
          'A community, or an object such as {"user", "authProtocol", "authKey", "privProtocol", "privKey"}; best kept as a secret',
        writeOnly: true,
      }),
    ),
    interval: Type.String({
      title: 'Interval',
      description: 'Time from one read to the next',
      format: 'duration',
      default: '10 s',
      examples: ['10 s', '1 min'],
    }),
    timeout: Type.Optional(
      Type.String({
        title: 'Timeout',
        description: "Wait for the answer to one request; the driver's own unless given",
        format: 'duration',
        examples: ['1 s'],
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        title: 'Retries',
        description: "Further tries of a request after the first; the driver's own unless given",
        minimum: 0,
        maximum: 10,
      }),
    ),
    location: Type.Object(
      {
        site: text('Site', 'Building or campus', ['FRA1']),
        room: text('Room', 'Room or hall', ['Hall 2']),
        row: text('Row', 'Row of racks', ['C']),
        rack: text('Rack', 'Rack that the device feeds', ['R17']),
        unit: text('Unit', 'Place in the rack', ['0U left']),
        feed: text('Feed', 'Power feed that the device hangs on', ['A', 'B']),
      },
      { title: 'Location', description: 'Where the device hangs', default: {}, additionalProperties: false },
    ),
    enabled: Type.Boolean({ title: 'Enabled', description: 'Off: configured, but not read', default: true }),
  },
  { title: 'Device', description: 'A rack power distribution unit that is read', additionalProperties: false },
);

export type DeviceConfiguration = Static<typeof DeviceSchema>;

/** Configuration with durations in ms. */
export interface DeviceSettings {
  target: DeviceTarget;
  scheme: string;
  interval: number;
  /** A read is of use this long after it was due, ms; at most the interval. */
  deadline: number;
  location: DeviceLocation;
}

const SHORTEST_INTERVAL = 100;
const LONGEST_INTERVAL = 86_400_000;
const SHORTEST_DEADLINE = 200;

/**
 * What is absent has the schema's default: commands check settings before those are filled in.
 * @throws `DEVICE_SETTINGS_INVALID`, `DURATION_INVALID`
 */
export function deviceSettings(configuration: Partial<DeviceConfiguration> & { address: string }): DeviceSettings {
  const { address, profile = 'auto', credentials, retries, location = {} } = configuration;
  const interval = parseDuration(configuration.interval ?? '10 s');
  if (interval < SHORTEST_INTERVAL || interval > LONGEST_INTERVAL)
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `An interval of "${configuration.interval}" is outside "100 ms" to "1 d".`,
    );
  const timeout = configuration.timeout === undefined ? undefined : parseDuration(configuration.timeout);
  const tries = (retries ?? 0) + 1;
  return {
    target: {
      address,
      profile,
      ...(credentials === undefined ? {} : { credentials: plainCredentials(credentials) }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(retries === undefined ? {} : { retries }),
    },
    scheme: schemeOf(address),
    interval,
    deadline: timeout === undefined ? interval : Math.min(interval, Math.max(SHORTEST_DEADLINE, timeout * tries)),
    location: { ...location },
  };
}

/** `snmp` of `snmp://192.0.2.7`. */
export function schemeOf(address: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\/./i.exec(address) ?? [];
  if (scheme) return scheme.toLowerCase();
  throw acquisitionError('DEVICE_SETTINGS_INVALID', `"${address}" is no address; write such as "snmp://192.0.2.7".`);
}
