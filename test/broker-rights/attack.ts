import type { TestContext } from 'node:test';
import type { IClientOptions, MqttClient } from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import { administrationTopics } from '@rackwatt/fleet';
import { topics } from '@rackwatt/telemetry/wire';
import type { BrokerGateway } from '@rackwatt/admin-center/dist/broker/index.js';
import type { Identity } from './authority.js';
import { delivered, drained, listening, type Listener, type TestBroker } from './support.js';

const levels = (count: number): string => Array.from({ length: count }, () => 'a').join('/');

/** Where somebody may try to speak or to listen: topics and filters of each kind. */
export function targets(own: BrokerGateway, other: BrokerGateway): Record<string, { say: string[]; hear: string[] }> {
  const root = `rackwatt/v1/${own.tenant}/${own.gateway}`;
  const foreign = `rackwatt/v1/${other.tenant}/${other.gateway}`;
  const [mine, theirs] = [administrationTopics(own.tenant, own.gateway), topics(other.tenant, other.gateway)];
  const ofOther = [...Object.values(administrationTopics(other.tenant, other.gateway)), ...Object.values(theirs)];
  const both = (...list: string[]) => ({ say: list, hear: list });
  return {
    own: both(
      mine.hello,
      mine.poke,
      root,
      `${root}/admin`,
      `${root}/admin/else`,
      ...Object.values(topics(own.tenant, own.gateway)),
    ),
    'other gateway': both(
      ...ofOther,
      `rackwatt/v1/another/${own.gateway}/admin/hello`,
      `rackwatt/v1/another/${own.gateway}/admin/poke`,
    ),
    wildcard: {
      say: ['#', '+', `${foreign}/#`, `rackwatt/v1/${own.tenant}/+/admin/poke`, `rackwatt/v1/+/+/admin/hello`],
      hear: [
        '#',
        '+/#',
        '/#',
        'rackwatt/#',
        `${root}/#`,
        `${root}/admin/+`,
        `${root}/admin/poke/#`,
        `${foreign}/#`,
        `rackwatt/v1/${own.tenant}/+/admin/poke`,
        'rackwatt/v1/+/+/admin/hello',
        '+/+/+/+/+/+',
      ],
    },
    $SYS: both('$SYS/#', '$SYS/broker/uptime', '$SYS/broker/clients/connected', '$SYS/+/version'),
    $CONTROL: both(
      '$CONTROL/#',
      '$CONTROL/dynamic-security/v1',
      '$CONTROL/dynamic-security/v1/response',
      '$CONTROL/+/v1',
    ),
    'empty level': both(
      '/',
      '//',
      `/${root}/admin/hello`,
      `${root}/admin/hello/`,
      `${root}/admin//hello`,
      `${root}//admin/poke`,
      `rackwatt/v1//${other.gateway}/admin/poke`,
      `rackwatt/v1/${own.tenant}//admin/hello`,
    ),
    '200 levels': both(
      levels(200),
      levels(201),
      '/'.repeat(250),
      `${root}/${levels(220)}`,
      `${foreign}/${levels(190)}`,
    ),
    unicode: both(
      `${root}/admin/hellо`,
      `${root}/admin/hello\u0301`,
      `${root}/admin/\uff48ello`,
      `\ufeff${root}/admin/hello`,
      `${root}/admin/hello\u200b`,
      `${root}/admin/\u202eolleh`,
      `${foreign}/admin/poke\u0000`,
      `${root}\u0000/admin/poke`,
      `${root}/admin/\u{1f514}`,
    ),
    '+ and # in a level': both(
      `${root}+/admin/poke`,
      `${root}#`,
      `${root}/admin/po#`,
      `${root}/admin/+poke`,
      'a#b/c',
      '+a/b',
    ),
  };
}

let attempts = 0;

/** Tries one thing after the other as somebody, and tells what came of it. */
export class Attacker {
  readonly #t: TestContext;
  readonly #broker: TestBroker;
  readonly #identity: Identity | undefined;
  readonly #observer: Listener;

  constructor(t: TestContext, broker: TestBroker, identity: Identity | undefined, observer: Listener) {
    this.#t = t;
    this.#broker = broker;
    this.#identity = identity;
    this.#observer = observer;
  }

  connect(more: IClientOptions = {}): Promise<MqttClient> {
    return this.#broker.connect(this.#t, this.#identity, more);
  }

  /** @returns the topics at which it was delivered to anybody who may hear all. */
  async publish(topic: string, more: { retain?: boolean; content?: string } = {}): Promise<string[]> {
    const payload = more.content ?? `attempt-${++attempts}`;
    const client = await this.connect();
    await raw(client, {
      cmd: 'publish',
      topic,
      payload,
      qos: 1,
      dup: false,
      retain: more.retain ?? false,
      messageId: 7,
    });
    return this.#delivered(client, payload);
  }

  async will(topic: string): Promise<string[]> {
    const payload = `attempt-${++attempts}`;
    let client: MqttClient;
    try {
      client = await this.connect({ will: { topic, payload: Buffer.from(payload), qos: 1, retain: false } });
    } catch (refused) {
      void refused; // The broker does not take such a will.
      return this.#delivered(await this.connect(), payload);
    }
    client.stream.destroy();
    // The same certificate again: by its answer the broker has done with the session before.
    return this.#delivered(await this.connect(), payload);
  }

  /** Over MQTT 5: says something allowed, and names a topic for the answer. */
  async respond(responseTopic: string, topic: string): Promise<string[]> {
    const payload = `attempt-${++attempts}`;
    const client = await this.connect({ protocolVersion: 5 });
    const packet: Packet = {
      cmd: 'publish',
      topic,
      payload,
      qos: 1,
      dup: false,
      retain: false,
      messageId: 7,
      properties: { responseTopic, correlationData: Buffer.from(payload) },
    };
    await raw(client, packet, 5);
    return this.#delivered(client, payload);
  }

  /** @returns the topics at which it was delivered something while others spoke. */
  async subscribe(filter: string, others: () => Promise<void>): Promise<string[]> {
    const client = await this.connect();
    const own = listening(client);
    await raw(client, { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic: filter, qos: 0 }] });
    await others();
    await drained(client);
    await client.endAsync(true);
    return own.heard.map(({ topic }) => topic);
  }

  async #delivered(client: MqttClient, payload: string): Promise<string[]> {
    await drained(client);
    await client.endAsync(true);
    await delivered(this.#observer, this.#observer.client);
    return this.#observer.heard.filter((message) => message.payload === payload).map(({ topic }) => topic);
  }
}

/** Sends what a well-meaning client would not, and waits until the broker has looked at it. */
export async function raw(client: MqttClient, packet: Packet, protocolVersion = 4): Promise<void> {
  client.stream.write(generate(packet, { protocolVersion }));
  await drained(client);
}
