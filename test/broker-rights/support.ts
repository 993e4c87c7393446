import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { newGatewayId } from '@rackwatt/fleet';
import {
  GatewayBroker,
  mosquittoFiles,
  type BrokerGateway,
  type GatewayBrokerOptions,
  type ServiceAccess,
} from '@rackwatt/admin-center/dist/broker/index.js';
import { DynamicSecurity } from '@rackwatt/admin-center/dist/broker/control.js';
import { logbook } from '../outbox/support.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { Authority, type Identity } from './authority.js';

export const skip = needsPeer('mosquitto');
export const TENANT = 'acme';

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`waited in vain until ${what}`);
    await sleep(2);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connectSocket(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch (refused) {
    void refused;
    return false;
  } finally {
    socket.destroy();
  }
}

/** What somebody was delivered, in its order. */
export interface Listener {
  client: MqttClient;
  heard: { topic: string; payload: string; retain: boolean }[];
}

/** The center's broker as `mosquittoFiles` describes it, run by Debian's mosquitto. */
export class TestBroker {
  readonly authority: Authority;
  readonly center: ServiceAccess;
  readonly concentrator: ServiceAccess | undefined;
  readonly #folder: string;
  readonly #security: string;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #number = 0;

  private constructor(authority: Authority, folder: string, port: number, access: [ServiceAccess, ServiceAccess?]) {
    this.authority = authority;
    this.#folder = folder;
    this.#security = readFileSync(join(folder, 'dynamic-security.json'), 'utf8');
    this.#port = port;
    [this.center, this.concentrator] = access;
  }

  static async start(t: TestContext, telemetry = false): Promise<TestBroker> {
    const folder = temporaryFolder(t);
    const file = (name: string): string => join(folder, name);
    const authority = await Authority.create('Rackwatt gateways');
    const [server, port, servicePort] = [await authority.server(), await freePort(), await freePort()];
    const { configuration, security, center, concentrator } = mosquittoFiles({
      port,
      host: '127.0.0.1',
      servicePort,
      ca: file('ca.pem'),
      certificate: file('broker.pem'),
      key: file('broker.key'),
      revoked: file('revoked.pem'),
      securityFile: file('dynamic-security.json'),
      telemetry,
    });
    writeFileSync(file('ca.pem'), authority.pem);
    writeFileSync(file('broker.pem'), server.cert);
    writeFileSync(file('broker.key'), server.key);
    writeFileSync(file('revoked.pem'), await authority.revoked());
    writeFileSync(file('dynamic-security.json'), security);
    // As root, mosquitto would go on as a user of its own, who cannot read here.
    const user = `user ${userInfo().username}\n`;
    writeFileSync(file('mosquitto.conf'), `${configuration}${user}log_dest stderr\nlog_type all\n`);
    const broker = new TestBroker(authority, folder, port, [center, concentrator]);
    t.after(() => broker.stop());
    await broker.start();
    return broker;
  }

  get url(): string {
    return `mqtts://127.0.0.1:${this.#port}`;
  }

  get log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  async start(): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    this.#child = spawn('mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], {
      stdio: ['ignore', log, log],
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    closeSync(log);
    const { port } = new URL(this.center.url);
    await until('mosquitto listens', () => {
      assert.equal(this.#child?.exitCode, null, existsSync(join(this.#folder, 'log')) ? this.log : 'it ended');
      return answers(Number(port));
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Puts back the file with which it began, which has no gateway. */
  restore(): void {
    writeFileSync(join(this.#folder, 'dynamic-security.json'), this.#security);
  }

  /** Has the broker take a new list of revoked certificates. */
  async revoke(list: string): Promise<void> {
    writeFileSync(join(this.#folder, 'revoked.pem'), list);
    const reloads = (): number => this.log.split('Reloading config').length;
    const before = reloads();
    this.#child?.kill('SIGHUP');
    await until('the broker took it', () => reloads() > before);
  }

  gateway(): BrokerGateway {
    return { tenant: TENANT, gateway: newGatewayId() };
  }

  rights(t: TestContext, options: Partial<GatewayBrokerOptions> = {}): GatewayBroker {
    const broker = new GatewayBroker({ ...this.center, log: logbook(), ...options });
    t.after(() => broker.close());
    return broker;
  }

  /** Connects at the listener for gateways; rejects when it is refused. */
  connect(t: TestContext, identity: Identity | undefined, more: IClientOptions = {}): Promise<MqttClient> {
    return connected(t, this.url, {
      ca: this.authority.pem,
      ...(identity ? { cert: identity.cert, key: identity.key } : {}),
      ...more,
    });
  }

  /** A client of the services' listener with whatever rights. */
  async service(t: TestContext, acls: { acltype: string; topic: string }[]): Promise<MqttClient> {
    const username = `test-${++this.#number}`;
    await this.administer(t, [
      { command: 'createRole', rolename: username, acls: acls.map((acl) => ({ ...acl, allow: true })) },
      { command: 'createClient', username, password: 'secret', roles: [{ rolename: username }] },
    ]);
    return connected(t, this.center.url, { username, password: 'secret' });
  }

  asConcentrator(t: TestContext): Promise<MqttClient> {
    const { url, account } = this.concentrator!;
    return connected(t, url, account);
  }

  /** One who may hear and say all: what it hears was delivered, whoever acknowledged what. */
  async observer(t: TestContext): Promise<Listener> {
    const client = await this.service(
      t,
      ['#', '$SYS/#', '$CONTROL/#'].flatMap((topic) => [
        { acltype: 'publishClientReceive', topic },
        { acltype: 'publishClientSend', topic },
        { acltype: 'subscribePattern', topic },
      ]),
    );
    const listener = listening(client);
    await client.subscribeAsync(['#', '$CONTROL/#'], { qos: 0 });
    return listener;
  }

  /** Commands of the plugin itself, as an administrator of the broker gives them. */
  async administer(t: TestContext, commands: { command: string; [key: string]: unknown }[]): Promise<unknown[]> {
    const { account, url } = this.center;
    const client = await connected(t, url, account);
    const security = new DynamicSecurity((message) =>
      client.publishAsync('$CONTROL/dynamic-security/v1', message, { qos: 1 }).then(() => undefined),
    );
    client.on('message', (_topic, payload) => security.received(payload));
    await client.subscribeAsync('$CONTROL/dynamic-security/v1/response', { qos: 1 });
    try {
      return await security.run(commands);
    } finally {
      await client.endAsync(true);
    }
  }
}

export function listening(client: MqttClient): Listener {
  const heard: Listener['heard'] = [];
  client.on('message', (topic, payload, { retain }) => heard.push({ topic, payload: payload.toString(), retain }));
  return { client, heard };
}

async function connected(t: TestContext, url: string, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(url, { protocolVersion: 4, clean: true, reconnectPeriod: 0, ...options });
  t.after(() => client.endAsync(true));
  return new Promise((resolve, reject) => {
    client.once('connect', () => {
      client.on('error', () => undefined);
      resolve(client);
    });
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker closed the connection')));
  });
}

let marks = 0;

/** Settles when the listener was delivered all that the broker took before: mosquitto does one thing after the other. */
export async function delivered(listener: Listener, sender: MqttClient): Promise<void> {
  const mark = `mark-${++marks}`;
  await sender.publishAsync('test/mark', mark, { qos: 1 });
  await until('the mark was delivered', () => listener.heard.some(({ payload }) => payload === mark));
}

/** Settles when a client got all that the broker had for it: its answer comes after what it delivered before. */
export async function drained(client: MqttClient): Promise<void> {
  let answered = false;
  client.unsubscribe('test/none', () => (answered = true));
  await until('the broker answered', () => answered || !client.connected);
}

/** Settles when the connection is closed. */
export async function closed(client: MqttClient): Promise<void> {
  await until('the broker closed the connection', () => !client.connected);
}
