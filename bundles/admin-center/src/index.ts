import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { Route } from '@rackwatt/http/contract';
import { AdminMethod, ArchiveReader, component, HealthCheck, type Logger, one } from 'rackwatt';
import { operatorRoutes } from './api.js';
import { ArtifactStore } from './artifacts.js';
import { Authority } from './authority/authority.js';
import { Center } from './center.js';
import { GatewayBroker } from './broker/index.js';
import { keeper } from './broker/keeper.js';
import { Changes } from './changes.js';
import { CenterConfiguration, serverNames } from './configuration.js';
import { Enrolling } from './enrolling.js';
import { operatorMethods } from './methods.js';
import { centerError } from './errors.js';
import { Ordering } from './ordering.js';
import { Presence } from './presence.js';
import { Callers } from './server/caller.js';
import { gatewayRoutes } from './server/routes.js';
import { GatewayServer } from './server/server.js';
import { State } from './state/state.js';

export type { CenterErrorCode } from './errors.js';
export { CenterConfiguration } from './configuration.js';

/** How often the certificate of the port is looked at, ms. */
const LOOK = 12 * 3600_000;

/** Enrols gateways, says what they shall run, and knows what they do. */
export const center = component({
  name: 'rackwatt.admin-center',
  configuration: { schema: CenterConfiguration },
  references: { reader: one(ArchiveReader) },
  async activate({ reader, config, scope, log, context }) {
    const names = serverNames(config);
    const folder = context.dataFolder();
    // Keys, and codes that gateways show to persons.
    await chmod(folder, 0o700);
    const state = new State(
      join(__dirname, 'state', 'worker.js'),
      { sqlite: context.resolve('better-sqlite3'), path: join(folder, 'center.db') },
      log,
    );
    scope.add('file of the center', () => state.close());
    const isNew = (await state.gateways.list()).length === 0;
    const authority = await Authority.open(join(folder, 'authority'), config.tenant, isNew, Date.now());
    const artifacts = await ArtifactStore.open({
      folder: join(folder, 'artifacts'),
      state,
      reader,
      largest: config.largestArtifact,
    });
    const changes = new Changes();
    const presence = new Presence(changes);
    scope.add('presence of gateways', () => presence.end());
    const enrolling = new Enrolling({ authority, state, changes });
    const ordering = new Ordering({ authority, state, artifacts, changes });
    const shared = { authority, state, enrolling, ordering, artifacts, presence, changes };

    const authorities = [authority.issuingPem, authority.rootPem];
    const server = new GatewayServer({
      identity: await authority.server(names, Date.now()),
      authorities,
      routes: gatewayRoutes(shared),
      callers: new Callers(authority, state),
      log,
    });
    scope.add('port of the gateways', () => server.close());
    const port = await server.listen(config.host, config.port);
    const renewal = setInterval(() => {
      authority.server(names, Date.now()).then(
        (identity) => server.show(identity, authorities),
        (error: unknown) => log.error({ error }, 'the certificate of the port could not be renewed'),
      );
    }, LOOK).unref();
    scope.add('renewal of the certificate', () => clearInterval(renewal));

    const broker = config.broker && openBroker(config.broker, log);
    const bells = broker && keeper(broker, config.tenant, () => state.gateways.list(), log);
    if (broker) {
      scope.add('connection to the broker', () => broker.close());
      context.provide(HealthCheck, { check: async () => broker.health() }, { name: 'admin-center-broker' });
      void bells?.changed();
    }

    const center = new Center({ ...shared, cut: (gateway) => server.cut(gateway), ...(bells && { broker: bells }) });
    for (const route of operatorRoutes(center))
      context.provide(Route, route, { method: route.method, path: route.path });
    for (const [name, call] of Object.entries(operatorMethods(center, scope)))
      context.provide(AdminMethod, { call }, { name });
    context.provide(
      HealthCheck,
      {
        check: async () => {
          const health = await center.health();
          return { ...health, figures: { port, ...health.figures } };
        },
      },
      { name: 'admin-center' },
    );
    log.info(
      { port, tenant: config.tenant, fingerprint: authority.fingerprint },
      `gateways reach the center at port ${port}; its root is ${authority.fingerprint}`,
    );
    return center;
  },
});

function openBroker(
  { url, username, password, telemetry }: NonNullable<CenterConfiguration['broker']>,
  log: Logger,
): GatewayBroker {
  if ((username === undefined) !== (password === undefined))
    throw centerError(
      'FLEET_CONFIGURATION',
      'rackwatt.admin-center: "broker" needs "username" and "password", or neither',
    );
  const account = username !== undefined && password !== undefined && { username, password };
  return new GatewayBroker({ url, telemetry, log, ...(account && { account }) });
}
