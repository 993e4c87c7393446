import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { ObjectTable, parseRecording, SnmpAgent } from '@rackwatt/simulator';
import type { OpenDevice, SnmpCredentials } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { raritan } from './support.js';

const require = createRequire(import.meta.url);
const { BerReader } =
  require('@rackwatt/simulator/dist/snmp/ber.js') as typeof import('../../bundles/simulator/src/snmp/ber.js');
const { decodePdu } =
  require('@rackwatt/simulator/dist/snmp/pdu.js') as typeof import('../../bundles/simulator/src/snmp/pdu.js');

/** Numbers that are the same for the same seed (xorshift32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Mutation = (message: Buffer, random: (below: number) => number) => Buffer;

/** Tags of everything that stands in an SNMP message. */
const TAGS = [
  0x02, 0x04, 0x05, 0x06, 0x30, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x80, 0x81, 0x82, 0xa2, 0xa8, 0xa5, 0xff,
];

/** What becomes of an answer on a bad way, or of an agent that means ill. */
const MUTATIONS: readonly Mutation[] = [
  (message, random) => changed(message, random(message.length), random(256)),
  (message, random) => changed(message, random(message.length), TAGS[random(TAGS.length)]!),
  (message, random) => changed(message, random(Math.min(48, message.length)), random(256)),
  (message, random) => changed(message, random(message.length), [0x00, 0x7f, 0x80, 0x81, 0x84, 0xff][random(6)]!),
  (message, random) => message.subarray(0, random(message.length)),
  (message, random) => Buffer.concat([message, message.subarray(random(message.length))]),
  (message, random) => {
    const [from, length, to] = [random(message.length), random(32), random(message.length)];
    return Buffer.concat([message.subarray(0, to), message.subarray(from, from + length), message.subarray(to)]);
  },
  (message, random) => {
    const at = random(message.length);
    return Buffer.concat([message.subarray(0, at), message.subarray(at + 1 + random(16))]);
  },
  (_, random) => Buffer.from(Array.from({ length: random(200) }, () => random(256))),
  (message, random) => MUTATIONS[random(4)]!(MUTATIONS[random(8)]!(message, random), random),
];

function changed(message: Buffer, at: number, octet: number): Buffer {
  const copy = Buffer.from(message);
  if (copy.length > 0) copy[at % copy.length] = octet;
  return copy;
}

/** Raw numbers that a message of v2c, read by a decoder of other code, tells of objects; nothing when it is none. */
function numbersIn(message: Buffer): [oid: string, value: number][] {
  try {
    const reader = new BerReader(message).enter(0x30);
    reader.integer();
    reader.octets();
    return decodePdu(reader).varbinds.flatMap(({ oid, value }) =>
      readings(value.type, Number(value.value)).map((number): [string, number] => [oid.join('.'), number]),
    );
  } catch (error) {
    if (error instanceof RackwattError) return [];
    throw error;
  }
}

const UNSIGNED = [0x41, 0x42, 0x43];

/** An unsigned number whose first bit is set is meant as it is, though BER would have a zero in front. */
function readings(type: number, number: number): number[] {
  if (number >= 0 || !UNSIGNED.includes(type)) return [number];
  return [1, 2, 3, 4].map((octets) => number + 256 ** octets);
}

export interface FuzzOptions {
  seed: number;
  /** Mutated answers to send, at least. */
  mutated: number;
  credentials: SnmpCredentials | string;
  /** Reads at the same time, of an agent each. */
  sessions?: number;
  /** Called now and then with how many were sent. */
  progress?: (sent: number) => void;
}

export interface FuzzResult {
  sent: number;
  reads: number;
  /** Reads that ended with an error, by code. */
  failed: Map<string, number>;
  /** Values that were called good, and those of them that nobody ever told. */
  good: number;
  wrong: string[];
}

const OUTLETS = 8;
const MUTATED_A_REQUEST = 5;

/** An agent behind a way that sends every answer mutated some times before it sends it as it is. */
class BadWay {
  readonly #front: Socket = createSocket('udp4');
  readonly #agent: SnmpAgent;
  readonly #random: (below: number) => number;
  /** Values that mutated answers told, by object. */
  readonly told = new Map<string, Set<number>>();
  /** Until the device is open: what is fuzzed is reading it. */
  quiet = true;
  sent = 0;

  constructor(agent: SnmpAgent, random: (below: number) => number) {
    this.#agent = agent;
    this.#random = random;
  }

  async start(): Promise<string> {
    this.#front.bind(0, '127.0.0.1');
    await once(this.#front, 'listening');
    this.#front.on('message', (request, from) => {
      const back = createSocket('udp4');
      back.once('message', (answer) => {
        back.close();
        this.#pass(answer, from.port);
      });
      back.on('error', () => back.close());
      back.send(request, this.#agent.port, '127.0.0.1');
    });
    return `snmp://127.0.0.1:${this.#front.address().port}`;
  }

  #pass(answer: Buffer, port: number): void {
    for (let i = 0; i < MUTATED_A_REQUEST && !this.quiet; i++) {
      const mutated = MUTATIONS[this.#random(MUTATIONS.length)]!(answer, this.#random);
      for (const [oid, value] of numbersIn(mutated)) this.#learn(oid, value);
      this.#front.send(mutated, port, '127.0.0.1');
      this.sent++;
    }
    this.#front.send(answer, port, '127.0.0.1');
  }

  #learn(oid: string, value: number): void {
    const values = this.told.get(oid) ?? new Set();
    this.told.set(oid, values.add(value));
  }

  close(): void {
    this.#front.close();
  }
}

/** Reads devices behind bad ways until enough was sent, and compares each good value with what was ever told. */
export async function fuzz({ seed, mutated, credentials, sessions = 8, progress }: FuzzOptions): Promise<FuzzResult> {
  const result: FuzzResult = { sent: 0, reads: 0, failed: new Map(), good: 0, wrong: [] };
  const driver = new SnmpDriver({ timeout: 500, retries: 1 });
  const truth = truthOf();
  const one = async (index: number): Promise<void> => {
    const agent = await agentOf(credentials);
    const way = new BadWay(agent, randomOf(seed + index * 7919));
    const address = await way.start();
    try {
      let open = await driver.open({ address, profile: 'raritan-px', credentials });
      way.quiet = false;
      while (way.sent < mutated / sessions) {
        open = await readOnce(driver, open, way, truth, result);
        progress?.(way.sent);
      }
    } finally {
      result.sent += way.sent;
      way.close();
      await agent.close();
    }
  };
  await Promise.all(Array.from({ length: sessions }, (_, index) => one(index)));
  driver.closeAll();
  return result;
}

async function readOnce(
  driver: SnmpDriver,
  open: OpenDevice,
  way: BadWay,
  truth: Map<string, number>,
  result: FuzzResult,
): Promise<OpenDevice> {
  result.reads++;
  try {
    const reading = await driver.read(open.session, { deadline: 2000 });
    for (const [i, index] of reading.points.entries()) {
      if (reading.quality[i] !== 0 || reading.states[i] !== 0) continue;
      result.good++;
      const { part, metric } = open.points[index]!;
      const oid = truth.has(`${part} ${metric}`) ? OIDS.get(`${part} ${metric}`)! : undefined;
      const scale = metric === 'current.rms' ? 1000 : 1;
      const raw = Math.round(reading.values[i]! * scale);
      if (oid === undefined || raw === truth.get(`${part} ${metric}`) || way.told.get(oid)?.has(raw)) continue;
      result.wrong.push(`${part} ${metric}: ${reading.values[i]}`);
    }
    if (reading.layout !== open.layout) return await driver.describe(open.session);
    return open;
  } catch (error) {
    if (!(error instanceof RackwattError)) throw error;
    result.failed.set(error.code, (result.failed.get(error.code) ?? 0) + 1);
    return open;
  }
}

const R = '1.3.6.1.4.1.13742.6';
const OIDS = new Map(
  Array.from({ length: OUTLETS }, (_, i) => i + 1).flatMap((outlet): [string, string][] => [
    [`outlet/${outlet} current.rms`, `${R}.5.4.3.1.4.1.${outlet}.1`],
    [`outlet/${outlet} power.active`, `${R}.5.4.3.1.4.1.${outlet}.5`],
  ]),
);

/** Raw values as the recording has them. */
function truthOf(): Map<string, number> {
  const lines = new Map(
    raritan(OUTLETS)
      .split('\n')
      .map((line) => line.split('|'))
      .map(([oid, , value]) => [oid!, Number(value)]),
  );
  return new Map([...OIDS].map(([key, oid]) => [key, lines.get(oid)!]));
}

async function agentOf(credentials: SnmpCredentials | string): Promise<SnmpAgent> {
  const table = new ObjectTable();
  for (const { oid, value } of parseRecording(raritan(OUTLETS)).rows) table.set(oid, value);
  const users = typeof credentials === 'string' ? [] : [credentials];
  const agent = new SnmpAgent({ table, users, communities: typeof credentials === 'string' ? [credentials] : [] });
  await agent.start();
  return agent;
}
