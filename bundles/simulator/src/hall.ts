import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { type ErrorRecord, RackwattError } from 'rackwatt';
import { simulatorError } from './errors.js';
import type { FaultSettings } from './faults.js';
import type { LOADS } from './generated/pdu.js';

/** How many PDUs of which family. */
export interface Generation {
  family: string;
  count: number;
}

export interface HallOptions {
  generate: readonly Generation[];
  /** PDUs of one seed are alike; `hall` unless given. */
  seed?: string;
  /** Of each PDU; 24 unless given. */
  outlets?: number;
  phases?: 1 | 3;
  load?: keyof typeof LOADS;
  /** PDUs of a chain behind each agent. */
  units?: number;
  host?: string;
  /** UDP port of the first one, the next ones follow; 0, the default, takes free ones. */
  port?: number;
  communities?: readonly string[];
  users?: readonly SnmpCredentials[];
  faults?: FaultSettings;
  /** One for each processor unless given, and no more than there are PDUs. */
  processes?: number;
  /** Told of the PDUs of a process that ended by itself. */
  lost?: (pdus: readonly HallPdu[], how: string) => void;
  /** The file that the processes run; beside this one unless given. */
  entry?: string;
}

/** One generated PDU. */
export interface HallPdu {
  /** `apc-rpdu2-1` */
  name: string;
  family: string;
  serial: string;
  /** `snmp://127.0.0.1:16101` */
  address: string;
  /** Id of its process. */
  process: number;
}

/** What a process is told to generate. */
export interface Assignment extends Omit<HallOptions, 'generate' | 'lost' | 'entry' | 'processes' | 'port'> {
  pdus: { name: string; family: string; port: number }[];
}

/** What is said between a hall and its processes. */
export type ToChild =
  | { type: 'start'; assignment: Assignment }
  | { type: 'faults'; id: number; names: string[]; faults: FaultSettings };
export type FromChild =
  | { type: 'listening'; pdus: Omit<HallPdu, 'process'>[] }
  | { type: 'done'; id: number }
  | { type: 'failed'; id?: number; error: ErrorRecord };

/** Generated PDUs in processes of their own, which end with this one. */
export class Hall {
  #houses: House[] = [];

  /**
   * Settled when all PDUs listen.
   * @throws `SIMULATOR_OPTION_INVALID`, `SIMULATOR_PORT_IN_USE`, `SIMULATOR_PROCESS_ENDED`; then none is left
   */
  static async open(options: HallOptions): Promise<Hall> {
    const hall = new Hall();
    const { generate, port = 0, lost, entry = join(__dirname, 'hall-child.js'), processes, ...rest } = options;
    const names = generate.flatMap(({ family, count }) =>
      Array.from({ length: count }, (_, i) => ({ name: `${family}-${i + 1}`, family })),
    );
    const pdus = names.map((pdu, i) => ({ ...pdu, port: port === 0 ? 0 : port + i }));
    const houses = Math.max(1, Math.min(processes ?? availableParallelism(), pdus.length));
    const share = Math.ceil(pdus.length / houses);
    for (let i = 0; i < pdus.length; i += share)
      hall.#houses.push(new House(entry, { ...rest, pdus: pdus.slice(i, i + share) }, lost));
    try {
      await Promise.all(hall.#houses.map((house) => house.listening));
    } catch (error) {
      await hall.close();
      throw error;
    }
    return hall;
  }

  /** PDUs that answer, in their order. */
  get pdus(): readonly HallPdu[] {
    return this.#houses.flatMap(({ pdus }) => pdus);
  }

  /** Ids of the processes that run. */
  get processes(): readonly number[] {
    return this.#houses.filter(({ pdus }) => pdus.length > 0).map(({ id }) => id);
  }

  /** Puts exactly these faults in force at the PDUs of these names; at all unless names are given. */
  async setFaults(faults: FaultSettings, names: readonly string[] = this.pdus.map(({ name }) => name)): Promise<void> {
    await Promise.all(this.#houses.map((house) => house.setFaults(faults, names)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#houses.map((house) => house.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** @see Hall.open */
export const generatedHall = (options: HallOptions): Promise<Hall> => Hall.open(options);

const toError = ({ code = 'SIMULATOR_PROCESS_ENDED', message }: ErrorRecord): RackwattError =>
  new RackwattError(code, message);

/** One process and its PDUs. */
class House {
  readonly listening: Promise<void>;
  pdus: readonly HallPdu[] = [];
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<void>>();
  readonly #ended: Promise<unknown>;
  #closing = false;
  #last = 0;

  constructor(entry: string, assignment: Assignment, lost: HallOptions['lost']) {
    const child = fork(entry, {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#ended = once(child, 'exit').catch((error: unknown) => error);
    const started = Promise.withResolvers<void>();
    this.listening = started.promise;
    child.on('message', (message: FromChild) => {
      if (message.type === 'listening') {
        this.pdus = message.pdus.map((pdu) => ({ ...pdu, process: this.id }));
        started.resolve();
        return;
      }
      const asked = message.id === undefined ? started : this.#asked.get(message.id);
      if (message.id !== undefined) this.#asked.delete(message.id);
      if (message.type === 'failed') asked?.reject(toError(message.error));
      else asked?.resolve();
    });
    const gone = (how: string) => {
      const error = simulatorError('SIMULATOR_PROCESS_ENDED', `A process of generated PDUs ended (${how}).`, {
        context: { process: this.id, pdus: assignment.pdus.length },
      });
      started.reject(error);
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
      const { pdus } = this;
      this.pdus = [];
      if (!this.#closing && pdus.length > 0) lost?.(pdus, how);
    };
    child.on('error', ({ message }) => gone(message));
    child.on('exit', (status, signal) => gone(signal ?? `status ${status}`));
    this.#send({ type: 'start', assignment });
  }

  get id(): number {
    return this.#child.pid ?? 0;
  }

  async setFaults(faults: FaultSettings, names: readonly string[]): Promise<void> {
    const mine = this.pdus.map(({ name }) => name).filter((name) => names.includes(name));
    if (mine.length === 0) return;
    const id = ++this.#last;
    const done = Promise.withResolvers<void>();
    this.#asked.set(id, done);
    this.#send({ type: 'faults', id, names: mine, faults });
    await done.promise;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#child.connected) this.#child.disconnect();
    if (this.#child.pid !== undefined) await this.#ended;
  }

  #send(message: ToChild): void {
    // A process that is gone says so by its end.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
