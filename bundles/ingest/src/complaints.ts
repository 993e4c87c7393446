import { parseTopic } from '@rackwatt/telemetry/wire';
import { errorMessage, type Logger } from 'rackwatt';

const PERIOD = 60_000;
const MOST_GATEWAYS = 1000;

/** Logs what is wrong with messages: once a minute for a gateway, with the count of those between. */
export class Complaints {
  readonly #log: Logger;
  readonly #gateways = new Map<string, { next: number; count: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  about(topic: string, error: unknown): void {
    const parsed = parseTopic(topic);
    const gateway = parsed ? `${parsed.tenant}/${parsed.gateway}` : '';
    const now = performance.now();
    let seen = this.#gateways.get(gateway);
    if (!seen) {
      if (this.#gateways.size >= MOST_GATEWAYS) this.#gateways.clear();
      this.#gateways.set(gateway, (seen = { next: 0, count: 0 }));
    }
    seen.count++;
    if (now < seen.next) return;
    this.#log.warn(
      { gateway, topic: topic.slice(0, 256), messages: seen.count, error: errorMessage(error) },
      'a message was refused',
    );
    seen.next = now + PERIOD;
    seen.count = 0;
  }
}
