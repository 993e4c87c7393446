import { errorMessage, errorRecord, type Logger } from 'rackwatt';
import type { BrokerGateway, GatewayBroker } from './index.js';

/** What the broker has to do with the center's doings. */
export interface Keeper {
  /** Who is a gateway has changed: rights follow, those that are taken away before this settles where the broker can be reached. */
  changed(): Promise<void>;
  /** There is something for a gateway to look at. */
  ring(gateway: string): void;
}

/** Keeps the rights at a broker those of the center's gateways. What it cannot do now the broker gets later. */
export function keeper(
  broker: GatewayBroker,
  tenant: string,
  gateways: () => Promise<readonly { id: string; state: string }[]>,
  log: Pick<Logger, 'warn'>,
): Keeper {
  const named = (gateway: string): BrokerGateway => ({ tenant, gateway });
  let last: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    try {
      const active = (await gateways()).filter(({ state }) => state === 'active');
      await broker.setGateways(active.map(({ id }) => named(id)));
    } catch (error) {
      const { code } = errorRecord(error);
      // That there is no connection it says itself, once.
      if (code !== 'RIGHTS_AWAY') log.warn({ code }, errorMessage(error));
    }
  };
  return {
    // One after the other, so that an older list is never set after a newer one.
    changed: () => (last = last.then(look)),
    ring: (gateway) => broker.ring(named(gateway)),
  };
}
