import type { AddressInfo } from 'node:net';
import { type Bound, component, HealthCheck, many } from 'rackwatt';
import { collect } from './collect.js';
import { checkListening, HttpConfiguration, isLoopback, listenError } from './configuration.js';
import { MetricsSource, Page, Route } from './contract.js';
import { EXPOSITION_TYPE, exposition } from './exposition.js';
import { openapi } from './openapi.js';
import { Pages } from './pages.js';
import { RouteTable } from './routes.js';
import { createServer } from './server.js';
import { Traffic } from './traffic.js';

/** How long requests in flight may take to end when the server stops, ms. */
const GRACE = 3_000;

const ranking = (bound: Bound<unknown>) => Number(bound.properties['service.ranking'] ?? 0);

/** The node's one HTTP server: whatever bundles contribute is served, and gone when they are. */
export const http = component({
  name: 'rackwatt.http',
  provides: HealthCheck,
  properties: { name: 'http' },
  configuration: { schema: HttpConfiguration },
  references: {
    routes: many(Route, { dynamic: true }),
    pages: many(Page, { dynamic: true }),
    metrics: many(MetricsSource, { dynamic: true }),
  },
  async activate({ routes, pages, metrics, config, scope, log, context }) {
    checkListening(config);
    const table = new RouteTable();
    const folders = new Pages();
    const traffic = new Traffic();

    const openapiRoute: Route = {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description of what the node offers now',
      tags: ['node'],
      handle: async () => ({ json: openapi(table, context.bundle.version) }),
    };
    const metricsRoute: Route = {
      method: 'GET',
      path: '/metrics',
      absolute: true,
      summary: 'Figures in Prometheus text format',
      handle: async () => ({
        text: await exposition(
          await collect(
            [...metrics].map((bound) => bound.service),
            traffic,
            log,
          ),
        ),
        type: EXPOSITION_TYPE,
      }),
    };
    for (const [index, route] of [openapiRoute, metricsRoute].entries())
      table.add(-1 - index, route, Number.MAX_SAFE_INTEGER);

    scope.add(
      'routes come',
      routes.onAdded((bound) => void table.add(bound.id, bound.service, ranking(bound))),
    );
    scope.add(
      'routes go',
      routes.onRemoved((bound) => table.remove(bound.id)),
    );
    scope.add(
      'pages come',
      pages.onAdded((bound) => {
        const refused = folders.add(bound.id, bound.service);
        if (refused) log.warn({ page: bound.service.title }, refused);
      }),
    );
    scope.add(
      'pages go',
      pages.onRemoved((bound) => folders.remove(bound.id)),
    );

    const server = createServer({ config, routes: table, pages: folders, traffic, log });
    scope.add('http server', async () => {
      table.clear();
      const impatient = setTimeout(() => server.server.closeAllConnections(), GRACE);
      try {
        await server.close();
      } finally {
        clearTimeout(impatient);
      }
    });
    try {
      await server.listen({ host: config.host, port: config.port });
    } catch (error) {
      throw listenError(error, config);
    }
    const { address, port, family } = server.server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;
    log.info({ url }, `listening on ${url}`);
    if (!isLoopback(config.host)) {
      log.warn(
        { url },
        'other machines reach this node without accounts and encryption; put a reverse proxy with both before it',
      );
    }
    return {
      check: async () => ({
        state: 'ok' as const,
        figures: { url, routes: table.size, streams: traffic.streams, requests: traffic.requests },
      }),
    };
  },
});
