import { errorMessage, HealthCheck } from 'rackwatt';
import type { Health, Logger } from 'rackwatt';
import { Activate, type Activation, Component, inject } from 'rackwatt/decorators';
import { type Static, Type } from 'typebox';
import { Broker, LARGEST_PACKET } from './broker.js';
import { prepareLengths, UNPREPARED } from './lengths.js';
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

type Configuration = Static<typeof configuration>;

/** ms between two lines about troublesome clients. */
const QUIET = 60_000;

@Component({
  name: 'rackwatt.broker',
  provides: HealthCheck,
  properties: { name: 'broker' },
  configuration: { schema: configuration },
})
export class EmbeddedBroker implements HealthCheck {
  readonly #log: Logger;
  readonly #rarely = new Rarely(QUIET);
  #broker: Broker | undefined;

  constructor(@inject('log') log: Logger) {
    this.#log = log;
  }

  @Activate()
  async open({ config, scope }: Activation<Configuration>): Promise<void> {
    // Beside the first packets, which need not wait for it.
    prepareLengths().catch((error: unknown) => this.#log.warn({ error: errorMessage(error) }, UNPREPARED));
    const broker = await Broker.open({ ...config, onTrouble: (client, error) => this.#trouble(client, error) });
    this.#broker = broker;
    scope.add(`broker on port ${broker.port}`, () => broker.close());
    this.#log.info({ host: config.host, port: broker.port }, 'broker listens');
  }

  async check(): Promise<Health> {
    if (!this.#broker) return { state: 'failed', detail: 'The broker is not open.' };
    return { state: 'ok', figures: { clients: this.#broker.clients, port: this.#broker.port } };
  }

  #trouble(client: string, error: Error): void {
    this.#rarely.run(() => this.#log.warn({ client, error: error.message }, 'a client was disconnected'));
  }
}
