import { administrationTopics, GatewayId, TenantId } from '@rackwatt/fleet';
import { errorMessage, errorRecord, RackwattError, type Health, type Logger } from 'rackwatt';
import { Compile } from 'typebox/compile';
import { away, DynamicSecurity } from './control.js';
import { BrokerLink } from './link.js';
import { reconcile } from './reconcile.js';
import { ANY_HELLO, checkGateway, CONTROL_TOPICS, type BrokerGateway } from './roles.js';

export interface GatewayBrokerOptions {
  /** The broker's listener for services, such as `mqtt://127.0.0.1:18883`. */
  url: string;
  /** Absent: the broker knows no accounts, as the embedded one. Then it is given no rights, and only carries rings. */
  account?: { username: string; password: string };
  /** Whether gateways publish their readings there, too. */
  telemetry?: boolean;
  /** ms between two looks at whether the broker still has what it was given. */
  interval?: number;
  /** A gateway said that it is there. The broker vouches for who it is, and for nothing else. */
  hello?(gateway: BrokerGateway): void;
  log: Pick<Logger, 'info' | 'warn'>;
}

const INTERVAL = 600_000;

const isGateway = Compile(GatewayId);
const isTenant = Compile(TenantId);

/**
 * A mosquitto whose rights are those of the center's gateways, and their doorbells. Nothing rests on it: an order is signed,
 * and what it says is fetched over HTTPS.
 */
export class GatewayBroker {
  readonly #options: GatewayBrokerOptions;
  readonly #link: BrokerLink;
  readonly #security: DynamicSecurity;
  readonly #timer: NodeJS.Timeout;
  /** Undefined until the center has said who its gateways are: before that nobody's rights are taken away. */
  #gateways: readonly BrokerGateway[] | undefined;
  #turn: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: GatewayBrokerOptions) {
    this.#options = options;
    this.#security = new DynamicSecurity((message) => this.#link.publish(CONTROL_TOPICS.command, message));
    const { url, account } = options;
    this.#link = new BrokerLink({
      url,
      account,
      filters: account ? [CONTROL_TOPICS.response, ANY_HELLO] : [ANY_HELLO],
      opened: () => {
        options.log.info({ url: options.url }, 'connected to the broker of the gateways');
        this.#look();
      },
      lost: (reason) => {
        options.log.warn({ url: options.url, reason }, 'no connection to the broker of the gateways');
        this.#security.lost(reason);
      },
      message: (topic, payload) => this.#received(topic, payload),
    });
    this.#timer = setInterval(() => this.#look(), options.interval ?? INTERVAL);
  }

  /**
   * Says who has rights: those and no others, for good and after every restart. The session of a gateway that is not among them
   * ends at once.
   * @returns when the broker has them, read back
   * @throws `RIGHTS_INPUT`, and nothing changes; `RIGHTS_AWAY`, `RIGHTS_REFUSED`, `RIGHTS_DIFFER`, `RIGHTS_FOREIGN`, and it is tried again later
   */
  async setGateways(gateways: readonly BrokerGateway[]): Promise<void> {
    for (const gateway of gateways) checkGateway(gateway);
    const ids = new Set(gateways.map(({ gateway }) => gateway));
    if (ids.size < gateways.length) throw new RackwattError('RIGHTS_INPUT', 'A gateway is named twice.');
    this.#gateways = gateways.map(({ tenant, gateway }) => ({ tenant, gateway }));
    await this.#settle();
  }

  /** Has a gateway look at what the center wants. A ring that is lost is none: it looks whenever it connects, and by itself. */
  ring({ tenant, gateway }: BrokerGateway): void {
    checkGateway({ tenant, gateway });
    if (this.#link.trouble !== undefined) return;
    this.#link
      .publish(administrationTopics(tenant, gateway).poke, Buffer.alloc(0))
      .catch((error: unknown) => this.#options.log.info({ gateway, error: errorMessage(error) }, 'a ring was lost'));
  }

  health(): Health {
    const { url } = this.#options;
    const figures = { gateways: this.#gateways?.length ?? 0 };
    const away = this.#link.trouble;
    if (away !== undefined)
      return {
        state: 'degraded',
        detail: `No connection to the broker ${url}: ${away}. Gateways look by themselves.`,
        figures,
      };
    if (this.#trouble !== undefined) return { state: 'degraded', detail: this.#trouble, figures };
    return { state: 'ok', figures };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#security.lost('the center closes it');
    await this.#link.close();
  }

  #look(): void {
    if (!this.#gateways || this.#link.trouble !== undefined) return;
    this.#settle().catch((error: unknown) => {
      const { code, message } = errorRecord(error);
      this.#options.log.warn({ code }, message);
    });
  }

  /** One at a time; whoever asks meanwhile gets the next, which begins with what is wanted by then. */
  #settle(): Promise<void> {
    this.#next ??= this.#turn.then(() => {
      this.#next = undefined;
      const run = this.#reconcile();
      this.#turn = run.catch((error: unknown) => void errorMessage(error)); // whoever asked for it gets the error
      return run;
    });
    return this.#next;
  }

  async #reconcile(): Promise<void> {
    try {
      const why = this.#link.trouble;
      if (why !== undefined) throw away(why);
      if (this.#options.account === undefined) return;
      await reconcile(this.#security, this.#gateways ?? [], this.#options.telemetry ?? false);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = errorMessage(error);
      throw error;
    }
  }

  #received(topic: string, payload: Uint8Array): void {
    if (topic !== CONTROL_TOPICS.response) {
      this.#helloOn(topic);
      return;
    }
    try {
      this.#security.received(payload);
    } catch (error) {
      this.#options.log.warn({ error: errorMessage(error) }, 'the broker sent what is no answer');
    }
  }

  #helloOn(topic: string): void {
    const [, , tenant, gateway] = topic.split('/');
    if (isTenant.Check(tenant) && isGateway.Check(gateway)) this.#options.hello?.({ tenant, gateway });
  }
}
