import type { Route } from '@rackwatt/http/contract';
import {
  type ConfiguredDevice,
  type Discovery,
  type DiscoveryReport,
  type DiscoveryRequest,
  type DiscoveryStatus,
  plainCredentials,
  proposals,
} from '@rackwatt/telemetry';
import { RackwattError, type SecretResolver } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { configuredDevices } from './known-devices.js';
import { type Services, withStatus } from './services.js';
import type { DiscoveryAnswer, DiscoveryView } from './views.js';

const tags = ['discovery'];

const Ranges = Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 1000 });
const Request = Type.Object(
  {
    ranges: Ranges,
    exclude: Type.Optional(Ranges),
    secrets: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        maxItems: 20,
        description: 'Names of secrets that hold credentials, in the order in which they are tried',
      }),
    ),
    standard: Type.Optional(
      Type.Boolean({
        description: 'Also try, last, what a driver takes without credentials; alone when no secret is named',
      }),
    ),
    rate: Type.Optional(Type.Integer({ description: 'Hosts begun in a second' })),
    inFlight: Type.Optional(Type.Integer({ description: 'Hosts looked at at the same time' })),
    timeout: Type.Optional(Type.Integer({ description: 'Milliseconds of one try' })),
    retries: Type.Optional(Type.Integer({ description: 'Tries after the first' })),
  },
  { additionalProperties: false },
);

const STATUSES = {
  DISCOVERY_RANGE_INVALID: 422,
  DISCOVERY_TOO_LARGE: 422,
  DISCOVERY_RUNNING: 409,
  DISCOVERY_UNKNOWN: 404,
  DEVICE_ADDRESS_INVALID: 422,
  DEVICE_CREDENTIALS_INVALID: 422,
  DEVICE_SETTINGS_INVALID: 422,
  SECRET_MISSING: 422,
};

/** What is taken for the credentials of drivers without any. */
const STANDARD = { community: 'public' };

/** Secrets of the discovery that runs or ran last, by their place among its credentials. */
interface Tried {
  id: string;
  secrets: readonly (string | null)[];
}

export function discoveryRoutes(services: Services): Route[] {
  let tried: Tried | undefined;
  return [
    {
      method: 'POST',
      path: '/discoveries',
      summary: 'Looks for devices in networks, ranges and hosts; one discovery at a time',
      tags,
      body: Request,
      handle: async ({ body }) => {
        const { secrets = [], standard = false, ...request } = body as Static<typeof Request>;
        const names: (string | null)[] = [...secrets, ...(standard || secrets.length === 0 ? [null] : [])];
        const credentials = await withStatus(STATUSES, resolved(services.secrets, names));
        const started = await withStatus(STATUSES, discoveryOf(services).start({ ...request, credentials }));
        tried = { id: started.id, secrets: names };
        return { status: 202, json: statusView(started) };
      },
    },
    {
      method: 'GET',
      path: '/discoveries',
      summary:
        'The discovery that runs or ran last, with what it found and what could become of it; null before the first',
      tags,
      handle: async () => {
        const report = await services.discovery.service?.report();
        const discovery = report === undefined ? null : await reportView(services, report, tried);
        const available = services.discovery.service !== undefined;
        return { json: { time: Date.now(), available, discovery } satisfies DiscoveryAnswer };
      },
    },
    {
      method: 'DELETE',
      path: '/discoveries/{id}',
      summary: 'Begins nothing more; what was found stays',
      tags,
      handle: async ({ params }) => ({
        json: statusView(await withStatus(STATUSES, discoveryOf(services).cancel(params['id']!))),
      }),
    },
  ];
}

function discoveryOf({ discovery }: Services): Discovery {
  const { service } = discovery;
  if (service) return service;
  throw new RackwattError('DISCOVERY_ABSENT', 'This node looks for no devices: no driver that can is running on it.', {
    context: { status: 503 },
  });
}

async function resolved(
  resolver: SecretResolver,
  names: readonly (string | null)[],
): Promise<NonNullable<DiscoveryRequest['credentials']>> {
  const sets: NonNullable<DiscoveryRequest['credentials']> = [];
  for (const name of names) {
    if (name === null) sets.push(STANDARD);
    else {
      const { credentials } = await resolver.resolve({ credentials: { $secret: name } });
      sets.push(plainCredentials(credentials as string | Record<string, unknown>));
    }
  }
  return sets;
}

const statusView = ({ id, state, hosts, looked, counts }: DiscoveryStatus): object => ({
  id,
  state,
  hosts,
  looked,
  counts,
});

async function reportView(
  services: Services,
  { devices, ...status }: DiscoveryReport,
  tried: Tried | undefined,
): Promise<DiscoveryView> {
  const secrets = tried?.id === status.id ? tried.secrets : [];
  const found = proposals(devices, await knownHere(services));
  return {
    ...status,
    devices: found.map(({ credentials, ...device }) => ({
      ...device,
      credentialsSecret: credentials === undefined ? null : (secrets[credentials] ?? null),
    })),
  };
}

/** Configured devices with who they are, as far as they told. */
async function knownHere(services: Services): Promise<ConfiguredDevice[]> {
  const [configured, identities] = await Promise.all([
    configuredDevices(services),
    services.devices.service?.identities() ?? [],
  ]);
  const byName = new Map(identities.map(({ device, identity }) => [device, identity]));
  return [...configured].map(([name, { address }]) => {
    const identity = byName.get(name);
    return { name, address: typeof address === 'string' ? address : '', ...(identity && { identity }) };
  });
}
