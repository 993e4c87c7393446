import { join } from 'node:path';
import { MetricsSource, Page, Route } from '@rackwatt/http/contract';
import { Devices, Discovery, Store } from '@rackwatt/telemetry';
import { AdminMethod, component, ConfigurationAdmin, one, optional, Runtime, SecretResolver } from 'rackwatt';
import { configurationRoutes } from './api/configuration.js';
import { deviceRoutes } from './api/devices.js';
import { discoveryRoutes } from './api/discoveries.js';
import { Feed } from './api/feed.js';
import { identityRoutes } from './api/identity.js';
import { InletPower } from './api/inlet-power.js';
import { inspectionRoutes } from './api/inspection.js';
import { liveRoute } from './api/live.js';
import { nodeRoutes } from './api/node.js';
import { consentRoutes } from './api/remote-admin.js';
import { valueRoutes } from './api/values.js';
import { metricsSource } from './metrics.js';

/** The routes of `/api/v1` that show and change the node. */
export const api = component({
  name: 'rackwatt.api',
  references: {
    store: optional(Store, { dynamic: true }),
    devices: optional(Devices, { dynamic: true }),
    discovery: optional(Discovery, { dynamic: true }),
    configuration: one(ConfigurationAdmin),
    runtime: one(Runtime),
    secrets: one(SecretResolver),
  },
  activate({ store, devices, discovery, configuration, runtime, secrets, scope, log, context }) {
    const services = { store, devices, discovery, configuration, runtime, secrets };
    const power = new InletPower();
    const feed = new Feed(store, scope, log);
    const routes = [
      ...deviceRoutes(services, power),
      ...inspectionRoutes(services),
      ...identityRoutes(services),
      ...discoveryRoutes(services),
      ...valueRoutes(services),
      liveRoute(services, power, feed),
      ...nodeRoutes(services),
      ...configurationRoutes(services),
    ];
    for (const route of routes) context.provide(Route, route, { method: route.method, path: route.path });
  },
});

/** Current readings for `/metrics`. */
export const metrics = component({
  name: 'rackwatt.api.metrics',
  provides: MetricsSource,
  references: { store: optional(Store, { dynamic: true }) },
  activate: ({ store }) => metricsSource({ store }),
});

/** Consent to remote administration; there while its agent is. */
export const consent = component({
  name: 'rackwatt.api.remote-admin',
  references: {
    status: one(AdminMethod, { target: '(name=remote-admin.status)' }),
    enable: one(AdminMethod, { target: '(name=remote-admin.enable)' }),
    disable: one(AdminMethod, { target: '(name=remote-admin.disable)' }),
    entries: one(AdminMethod, { target: '(name=remote-admin.log)' }),
  },
  activate({ status, enable, disable, entries, context }) {
    for (const route of consentRoutes({ status, enable, disable, entries }))
      context.provide(Route, route, { method: route.method, path: route.path });
  },
});

/** The page itself. */
export const page = component({
  name: 'rackwatt.console',
  provides: Page,
  activate: (): Page => ({ path: 'console', title: 'Rackwatt', folder: join(__dirname, 'web'), home: true }),
});
