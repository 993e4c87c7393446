import type { TestContext } from 'node:test';
import { api, metrics, page } from '@rackwatt/console';
import { Route, type MetricsSource, type Page } from '@rackwatt/http/contract';
import {
  type Devices,
  type DeviceTarget,
  type Discovery,
  type KnownIdentity,
  type ProbeResult,
  stateCode,
  type Store,
} from '@rackwatt/telemetry';
import { type Contract, type Live, type NodeHealth, RackwattError, type Runtime, type SecretResolver } from 'rackwatt';
import { activate } from '../http/fakes.js';
import { startServer } from '../http/server.js';
import { FakeConfiguration } from './fake-configuration.js';
import { FakeStore, furnish } from './fake-store.js';

/** A dynamic unary reference that a test switches. */
export class FakeLive<T> implements Live<T> {
  service: T | undefined;
  readonly properties = {};
  readonly #listeners = new Set<() => void>();

  constructor(service: T | undefined) {
    this.service = service;
  }

  onChange(listener: () => void) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  become(service: T | undefined): void {
    this.service = service;
    for (const listener of this.#listeners) listener();
  }
}

export const runtime: Runtime = {
  node: async () => ({
    id: 'gw-1',
    version: '0.1.0',
    pid: 4711,
    started: new Date(Date.now() - 7_200_000).toISOString(),
    home: '/srv/site',
  }),
  bundles: async () => [
    {
      id: 1,
      name: '@rackwatt/http',
      version: '0.1.0',
      state: 'ACTIVE',
      location: 'link:./bundles/http',
      startLevel: 3,
      update: 'exclusive',
      isolation: 'space',
    },
    {
      id: 2,
      name: '@acme/driver',
      version: '1.0.0',
      state: 'INSTALLED',
      location: 'dropins:acme',
      startLevel: 4,
      update: 'staged',
      isolation: 'space',
      reason: 'It needs rackwatt.telemetry/Driver@2, which no bundle gives.',
    },
  ],
  services: async (filter) => {
    if (filter === '(') throw new RackwattError('FILTER_INVALID', 'The filter "(" is not closed.');
    return [{ id: 1, contracts: ['rackwatt.http/Route@1'], bundle: '@rackwatt/console', properties: {}, users: [] }];
  },
  container: async () => ({
    startLevel: 10,
    initialBundleStartLevel: 5,
    bundles: await runtime.bundles(),
    wires: [],
    services: await runtime.services(),
  }),
  components: async () => [
    {
      name: 'acme.driver',
      bundle: '@acme/driver',
      state: 'unsatisfied-reference',
      reasons: ['No service for "serial".'],
      provides: [],
      references: [{ name: 'serial', contract: 'acme/Serial@1', minimum: 1, satisfied: false, bound: 0 }],
    },
  ],
  descriptions: async () => [],
  enableComponent: async () => undefined,
  disableComponent: async () => undefined,
  health: async (): Promise<NodeHealth> => ({
    state: 'degraded',
    checks: {
      http: { state: 'ok', figures: { routes: 17 } },
      outbox: { state: 'degraded', detail: 'The broker is away; 12 batches wait.', figures: { queued: 12 } },
    },
  }),
};

const unknownDevice = (device: string): RackwattError =>
  new RackwattError('DEVICE_UNKNOWN', `No device "${device}" is read by this node.`);

/** Answers to the address `snmp://192.0.2.20`, and to nothing else. */
export const devices: Devices & { targets: DeviceTarget[]; known: KnownIdentity[]; accepted: string[][] } = {
  targets: [],
  known: [],
  accepted: [],
  identities: async () => devices.known,
  async acceptIdentity(device, answer) {
    devices.accepted.push([device, answer]);
    devices.known = devices.known.map(({ question: _, ...known }) => known);
  },
  status: async () => [],
  async inspect(device) {
    if (device !== 'r1-a') return { time: Date.now(), polls: [], suspicions: [] };
    const message = 'power.active of outlet/1 is 10 times 230 V times 4 A: 9200 W';
    return {
      time: Date.now(),
      polls: [
        { time: Date.now() - 20_000, duration: 31, values: 40 },
        {
          time: Date.now() - 10_000,
          duration: 4012,
          error: { code: 'DEVICE_NO_ANSWER', message: '192.0.2.7 did not answer in 3 tries of 1 s.' },
        },
      ],
      suspicions: [{ level: 'outlet', metric: 'power.active', factor: 10, message }],
    };
  },
  async explain(device) {
    if (device !== 'r1-a') throw unknownDevice(device);
    const preview = await devices.preview({ address: 'snmp://192.0.2.20', profile: 'auto' });
    const origin = { source: '1.3.6.1.4.1.318.1.1.26.4.3.1.5.1', raw: '123', scale: 10, scaleSource: 'profile' };
    return { ...preview, upTime: 90_060_000, explain: [0, 1, 2].map((point) => ({ point, ...origin })) };
  },
  async preview(target) {
    devices.targets.push(target);
    if (!target.address.includes('192.0.2.20')) {
      throw new RackwattError(
        'DEVICE_NO_ANSWER',
        `${target.address} does not answer SNMP within 2 s; check address, network and community.`,
      );
    }
    return {
      identity: {
        vendor: 'APC',
        model: 'AP8641',
        serial: 'ZA1',
        firmware: '6.5.0',
        name: 'Rack 9 A',
        profile: 'apc-rpdu2',
      },
      parts: [{ path: 'inlet/1' }, { path: 'outlet/1', label: 'web-1' }],
      points: [
        { part: 'inlet/1', metric: 'power.active', unit: 'W' },
        { part: 'outlet/1', metric: 'state.outlet', unit: '1' },
        { part: 'outlet/1', metric: 'power.active', unit: 'W' },
      ],
      reading: {
        layout: 1,
        time: Date.now(),
        points: Uint32Array.of(0, 1, 2),
        values: Float64Array.of(1234, Number.NaN, Number.NaN),
        quality: Uint16Array.of(0, 0, 1),
        states: Uint8Array.of(0, stateCode('on'), 0),
      },
      cost: { requests: 4, milliseconds: 31.4 },
    } satisfies ProbeResult;
  },
};

/** HTTP server, API, metrics and page over services in memory. */
export async function startNode(t: TestContext, config: Record<string, unknown> = {}) {
  const server = await startServer(t, config);
  const store = new FakeStore();
  furnish(store);
  const configuration = new FakeConfiguration();
  for (const { device } of store.all) {
    configuration.document.configurations[`rackwatt.device~${device}`] = {
      address: `snmp://192.0.2.1/${device}`,
      profile: 'auto',
    };
  }
  const live = new FakeLive<Store>(store);
  const provide = <T>(contract: Contract<T>, service: T) => {
    const take = server.routes.bring(service as Route);
    if (contract.id !== Route.id) throw new RackwattError('TEST', `nobody expects ${contract.id}`);
    return { unregister: take } as never;
  };
  const discovery = new FakeLive<Discovery>(undefined);
  const secrets: SecretResolver = {
    resolve: async ({ credentials }) => {
      const name = (credentials as { $secret: string }).$secret;
      const value = configuration.stored.get(name);
      if (value === undefined) throw new RackwattError('SECRET_MISSING', `There is no secret "${name}".`);
      return { credentials: value };
    },
  };
  const references = {
    store: live,
    devices: new FakeLive<Devices>(devices),
    discovery,
    configuration,
    runtime,
    secrets,
  };
  devices.targets.length = 0;
  devices.accepted.length = 0;
  devices.known = store.all.map(({ device, identity }) => ({ device, address: '', identity }));
  const activated = await activate(t, api, { config: {}, ...references, provide });
  server.metrics.bring((await activate<MetricsSource>(t, metrics, { config: {}, store: live })).service);
  server.pages.bring((await activate<Page>(t, page, { config: {} })).service);
  return { ...server, apiScope: activated.scope, store, live, configuration, discovery };
}
