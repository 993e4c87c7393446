import { component, HealthCheck } from 'rackwatt';
import { Type } from 'typebox';
import { Broker, LARGEST_PACKET } from './broker.js';
import { Rarely } from './rarely.js';

export { Broker, isLoopback, type BrokerOptions } from './broker.js';
export type { BrokerErrorCode } from './errors.js';
export { PacketLimit } from './packet-limit.js';

const configuration = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'Address to listen on' }),
    port: Type.Integer({ default: 1883, minimum: 0, maximum: 65_535, description: 'TCP port; 0 takes a free one' }),
    allowRemote: Type.Boolean({
      default: false,
      description: 'Allow an address that other machines reach, without passwords',
    }),
    maxPacket: Type.Integer({ default: LARGEST_PACKET, minimum: 1024, description: 'Largest packet, bytes' }),
    maxClients: Type.Integer({ default: 10_000, minimum: 1, description: 'Most connections at a time' }),
  },
  { additionalProperties: false },
);

export const broker = component({
  name: 'rackwatt.broker',
  provides: HealthCheck,
  properties: { name: 'broker' },
  configuration: { schema: configuration },
  async activate({ config, log, scope }) {
    const rarely = new Rarely(60_000);
    const opened = await Broker.open({
      ...config,
      onTrouble: (client, error) =>
        rarely.run(() => log.warn({ client, error: error.message }, 'a client was disconnected')),
    });
    scope.add(`broker on port ${opened.port}`, () => opened.close());
    log.info({ host: config.host, port: opened.port }, 'broker listens');
    return {
      check: () => Promise.resolve({ state: 'ok' as const, figures: { clients: opened.clients, port: opened.port } }),
    };
  },
});
