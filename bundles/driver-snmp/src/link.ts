import { randomInt } from 'node:crypto';
import { RackwattError } from 'rackwatt';
import type { Endpoint } from './address.js';
import type { Security } from './credentials.js';
import {
  type Circumstances,
  deadlinePassed,
  explainSilence,
  refused,
  sessionGone,
  statusError,
  statusOf,
  unsendable,
  unsteadyEngine,
} from './errors.js';
import { AgentGate, type AgentGates, type GateLimits } from './gate.js';
import { resolved } from './host.js';
import { BerWriter, encodeOid } from './snmp/ber.js';
import { type Names, namesOf, rowsOf } from './snmp/names.js';
import { type Pdu, PduType, type Request, writeVarbind } from './snmp/pdu.js';
import { UsmWire } from './snmp/usm-wire.js';
import type { Varbind } from './snmp/varbind.js';
import { CommunityWire, type Wire } from './snmp/wire.js';
import { AgentSocket } from './socket.js';

export interface LinkOptions {
  /** ms of one try. */
  timeout: number;
  /** Tries after the first. */
  retries: number;
  /** Shared with all who ask the same agent; else this link has it for itself. */
  gates?: AgentGates;
}

/** Bytes for varbinds in a response that fits one Ethernet frame: without and with the headers of v3. */
const RESPONSE_BYTES = 1400;
const RESPONSE_BYTES_V3 = 1300;
const LEAST_RESPONSE_BYTES = 120;
/** Below this many ms left nothing is sent any more. */
const LEAST_TIME = 2;
/** Round trips in which an engine tells who it is and what time it has: discovery, time, and both anew after a restart. */
const MOST_SYNCHRONISATIONS = 4;
const MOST_IDS = 2 ** 31 - 1;
const ONE_AT_A_TIME: GateLimits = { inFlight: 1, perSecond: Infinity };
/** Larger responses are tried again after this long, ms; twice as long each time that they fail. */
const GROW_AFTER = 600_000;
const LONGEST_GROW_AFTER = 86_400_000;
const SYS_UP_TIME = ['1.3.6.1.2.1.1.3.0'];

/** What a request in flight waits for. */
interface Flight {
  request: Request;
  resolve: (pdu: Pdu) => void;
  reject: (error: RackwattError) => void;
  timer: NodeJS.Timeout | undefined;
  deadline: number;
  tries: number;
  synchronisations: number;
  /** Packets that were no proper answer. */
  garbage: number;
  packet: Buffer;
}

/** Requests to one agent, in turn with all others that ask it. Deadlines are readings of `performance.now()`. */
export class SnmpLink {
  readonly endpoint: Endpoint;
  readonly security: Security;
  /** Requests sent so far. */
  requests = 0;
  /** Bytes that a response may have; shrinks when the agent cannot fill it. */
  responseBytes: number;
  readonly #options: LinkOptions;
  /** The agent's, and our own: answers are told apart by one request at a time. */
  readonly #gate: AgentGate;
  readonly #turn = new AgentGate(ONE_AT_A_TIME);
  readonly #wire: Wire;
  #socket: AgentSocket | undefined;
  #closed = false;
  #heard = false;
  #silent = false;
  #mayGrowAt = 0;
  #growAfter = GROW_AFTER;
  #flight: Flight | undefined;

  constructor(endpoint: Endpoint, security: Security, options: LinkOptions) {
    this.endpoint = endpoint;
    this.security = security;
    this.#options = options;
    this.#gate = options.gates?.hold(endpoint.text) ?? new AgentGate(ONE_AT_A_TIME);
    this.#wire =
      security.version === 3
        ? new UsmWire(security.user, security.context)
        : new CommunityWire(security.version, security.community);
    this.responseBytes = mostBytes(security);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The agent's numeric address, once something was sent to it. */
  get address(): string | undefined {
    return this.#socket?.address;
  }

  /** Varbinds for these names, in this order; whether each has the name that was asked for is not checked. */
  get(oids: string[], deadline: number): Promise<Varbind[]> {
    return this.#ask(PduType.Get, namesOf(oids), deadline);
  }

  /** The objects after `oids`. */
  next(oids: string[], deadline: number): Promise<Varbind[]> {
    return this.#ask(PduType.GetNext, namesOf(oids), deadline);
  }

  /**
   * Up to `repetitions` objects after each of `oids`, a list each; fewer lists where the answer ends in the first row. Not for
   * SNMPv1. `expected`: the names that are most likely there, a list of this length each.
   */
  async bulk(oids: string[], repetitions: number, deadline: number, expected?: string[][]): Promise<Varbind[][]> {
    const varbinds = await this.#ask(PduType.GetBulk, namesOf(oids), deadline, {
      repetitions,
      expected: expected && rowsOf(expected),
    });
    const lists: Varbind[][] = varbinds.slice(0, oids.length).map((varbind) => [varbind]);
    for (let i = oids.length; i < varbinds.length; i++) lists[i % oids.length]!.push(varbinds[i]!);
    return lists;
  }

  /** `type`: ASN.1 tag of the value. */
  set(oid: string, type: number, value: number | string, deadline: number): Promise<Varbind[]> {
    const writer = new BerWriter();
    writeVarbind(writer, encodeOid(oid), (into) => {
      if (typeof value === 'number') into.integer(value, type);
      else into.octets(Buffer.from(value, 'utf8'), type);
    });
    return this.#ask(PduType.Set, namesOf([oid]), deadline, { varbinds: writer.finish() });
  }

  /** The last request was not answered in a whole try or more. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Settles when the agent answers something small, whatever it says. @throws RackwattError when it does not */
  async call(deadline: number): Promise<void> {
    try {
      await this.get(SYS_UP_TIME, deadline);
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
    }
  }

  /** Fewer bytes a response from now on; false when that helps no more. */
  shrink(): boolean {
    if (this.responseBytes / 2 < LEAST_RESPONSE_BYTES) return false;
    this.responseBytes /= 2;
    this.#mayGrowAt = performance.now() + this.#growAfter;
    this.#growAfter = Math.min(LONGEST_GROW_AFTER, this.#growAfter * 2);
    return true;
  }

  /** More bytes a response again, when it is long ago that they were too many. */
  grow(): void {
    const most = mostBytes(this.security);
    if (this.responseBytes < most && performance.now() >= this.#mayGrowAt)
      this.responseBytes = Math.min(most, this.responseBytes * 2);
  }

  /** The request in flight fails at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.gates?.release(this.endpoint.text);
    if (this.#flight) this.#land(this.#flight).reject(sessionGone(this.endpoint.text));
    this.#socket?.close();
  }

  async #ask(type: number, names: Names, deadline: number, more: Partial<Request> = {}): Promise<Varbind[]> {
    await this.#pass(this.#turn, deadline);
    try {
      await this.#pass(this.#gate, deadline);
    } catch (error) {
      this.#turn.leave();
      throw error;
    }
    try {
      const socket = this.#socket ?? (await this.#open());
      const connecting = socket.connected();
      if (connecting) await this.#connected(connecting);
      const pdu = await this.#fly(socket, { type, id: randomInt(1, MOST_IDS), names, ...more }, deadline);
      this.#heard = true;
      this.#silent = false;
      if (pdu.status !== 0) throw statusError(this.endpoint.text, pdu, names.oids);
      return pdu.varbinds;
    } finally {
      this.#gate.leave();
      this.#turn.leave();
    }
  }

  async #pass(gate: AgentGate, deadline: number): Promise<void> {
    const entered = gate.enter(deadline);
    if (entered !== true && !(await entered)) throw deadlinePassed(this.endpoint.text, this.requests);
  }

  /** Sends a request, and again as often as there are tries, until its answer is there. */
  #fly(socket: AgentSocket, request: Request, deadline: number): Promise<Pdu> {
    if (this.#closed) throw sessionGone(this.endpoint.text);
    if (deadline - performance.now() < LEAST_TIME) throw deadlinePassed(this.endpoint.text, this.requests);
    this.requests++;
    const packet = this.#wire.encode(request);
    return new Promise((resolve, reject) => {
      const flight: Flight = {
        request,
        resolve,
        reject,
        timer: undefined,
        deadline,
        tries: 0,
        synchronisations: 0,
        garbage: 0,
        packet,
      };
      this.#flight = flight;
      this.#try(socket, flight);
    });
  }

  #try(socket: AgentSocket, flight: Flight): void {
    const left = flight.deadline - performance.now();
    const { timeout, retries } = this.#options;
    const wait = Math.min(timeout, left);
    flight.tries++;
    clearTimeout(flight.timer);
    flight.timer = setTimeout(() => {
      if (flight.tries <= retries && flight.deadline - performance.now() >= LEAST_TIME)
        return this.#try(socket, flight);
      // An agent that is another one by now, and does not say so, is asked who it is next time.
      const silence = explainSilence(this.#seen(flight));
      this.#wire.forget();
      this.#silent = flight.tries > 1 || wait >= timeout;
      this.#land(flight).reject(silence);
    }, wait);
    socket.send(flight.packet, (error) => {
      if (this.#flight === flight) this.#land(flight).reject(unsendable(this.endpoint.text, error));
    });
  }

  #take(socket: AgentSocket, packet: Buffer): void {
    const flight = this.#flight;
    if (!flight) return;
    const outcome = this.#wire.decode(packet, flight.request);
    switch (outcome.kind) {
      case 'answer':
        this.#land(flight).resolve(outcome.pdu);
        break;
      case 'refused':
        this.#land(flight).reject(refused(outcome.refusal, this.#seen(flight)));
        break;
      case 'again':
        if (++flight.synchronisations > MOST_SYNCHRONISATIONS) {
          this.#land(flight).reject(unsteadyEngine(this.endpoint.text));
          break;
        }
        flight.packet = this.#wire.encode(flight.request);
        flight.tries = 0;
        this.#try(socket, flight);
        break;
      case 'ignored':
        if (outcome.malformed) flight.garbage++;
        break;
    }
  }

  #land(flight: Flight): Flight {
    clearTimeout(flight.timer);
    this.#flight = undefined;
    return flight;
  }

  async #open(): Promise<AgentSocket> {
    const { host, port } = this.endpoint;
    // Resolved here, else every packet asks the resolver.
    const { address, family } = await resolved(host);
    if (this.#closed) throw sessionGone(this.endpoint.text);
    if (this.#socket) return this.#socket;
    const socket = new AgentSocket(address, family, port);
    socket.onPacket = (packet) => this.#take(socket, packet);
    this.#socket = socket;
    return socket;
  }

  /** @throws RackwattError when the system knows no way to the agent; the next request tries anew */
  async #connected(connecting: Promise<void>): Promise<void> {
    try {
      await connecting;
    } catch (error) {
      if (this.#closed) throw sessionGone(this.endpoint.text);
      this.#socket?.close();
      this.#socket = undefined;
      throw unsendable(this.endpoint.text, error as NodeJS.ErrnoException);
    }
  }

  #seen({ tries, garbage }: Flight): Circumstances {
    return {
      endpoint: this.endpoint,
      security: this.security,
      tries,
      timeout: this.#options.timeout,
      garbage,
      discovered: this.#wire.discovered,
      heard: this.#heard,
    };
  }
}

const mostBytes = ({ version }: Security): number => (version === 3 ? RESPONSE_BYTES_V3 : RESPONSE_BYTES);
