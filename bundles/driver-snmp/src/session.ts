import { isDeepStrictEqual } from 'node:util';
import { type Profile, profiles } from '@rackwatt/device-profiles';
import type { DeviceTarget, OpenDevice, OutletCommand, Reading, ReadOptions } from '@rackwatt/telemetry';
import { errorMessage, type Logger, RackwattError } from 'rackwatt';
import { parseAddress } from './address.js';
import { parseCredentials } from './credentials.js';
import { discover } from './discover.js';
import { sessionGone, statusOf } from './errors.js';
import type { AgentGates } from './gate.js';
import type { Layout } from './layout.js';
import { SnmpLink } from './link.js';
import { evaluate, refresh } from './read.js';
import type { ProfileChoice } from './recognise.js';
import type { Shapes } from './shapes.js';
import { now } from './time.js';
import { write } from './write.js';

export interface SessionOptions {
  /** ms of one try, where the target does not say. */
  timeout: number;
  /** Tries after the first, where the target does not say. */
  retries: number;
  /** ms between two looks at names, scales and rows. */
  relearn: number;
  /** ms that recognising and walking a device may take. */
  discoverTime: number;
  /** Requests in flight to one agent, of all who ask it. */
  requestsInFlight: number;
  /** Requests to one agent within a second, of all who ask it. */
  requestsPerSecond: number;
  /** Profiles of the site, which stand before those that come with Rackwatt, and in place of one of the same name. */
  profiles: readonly Profile[];
}

export const SESSION_DEFAULTS: SessionOptions = {
  timeout: 1000,
  retries: 2,
  relearn: 600_000,
  discoverTime: 60_000,
  requestsInFlight: 1,
  requestsPerSecond: 500,
  profiles: [],
};

/** Options, and what all sessions of a driver share. */
export interface Surroundings extends SessionOptions {
  gates: AgentGates;
}

export function linkTo(target: DeviceTarget, options: Surroundings): SnmpLink {
  return new SnmpLink(parseAddress(target.address), parseCredentials(target.credentials), {
    timeout: target.timeout ?? options.timeout,
    retries: target.retries ?? options.retries,
    gates: options.gates,
  });
}

/** The profiles among which a target chooses. */
export function choiceOf(
  { profile }: Pick<DeviceTarget, 'profile'>,
  { profiles: own }: Pick<SessionOptions, 'profiles'>,
): ProfileChoice {
  const names = new Set(own.map(({ name }) => name));
  return { wanted: profile, profiles: [...own, ...profiles().filter(({ name }) => !names.has(name))] };
}

/** After rows came or went, not sooner than this is looked again. */
const LEAST_RELEARN = 15_000;
const SWITCH_TIME = 10_000;
/** What the revision before had learned is looked at again within this time, each device at a moment of its own. */
const LOOK_AGAIN_WITHIN = 60_000;

/** What a session knows of its device, for the one that goes on with it in the next revision. Plain data. */
export interface Learned {
  layout: Layout;
  /** Number of the layout. */
  number: number;
  /** Bytes that the agent's responses may have. */
  responseBytes: number;
}

/** One device being read. Learns its layout when opened and looks again now and then, between the requests of reads. */
export class DeviceSession {
  readonly id: string;
  readonly link: SnmpLink;
  readonly #target: DeviceTarget;
  readonly #options: Surroundings;
  readonly #log: Logger | undefined;
  readonly #shapes: Shapes;
  #layout!: Layout;
  #number = 1;
  #every!: { all: Uint32Array; fast: Uint32Array };
  #learned = 0;
  #relearning: Promise<void> | undefined;

  constructor(id: string, target: DeviceTarget, options: Surroundings, shapes: Shapes, log?: Logger) {
    this.id = id;
    this.#shapes = shapes;
    this.#target = target;
    this.#options = options;
    this.#log = log;
    this.link = linkTo(target, options);
  }

  /** Recognises the device and learns its layout; the values met on the way are its first reading. */
  async learn(): Promise<void> {
    const deadline = performance.now() + this.#options.discoverTime;
    this.link.grow();
    const [{ layout }] = await discover(this.link, choiceOf(this.#target, this.#options), deadline);
    this.#take(layout);
  }

  /** What was learned so far; undefined while the device is being opened. */
  get learned(): Learned | undefined {
    const layout = this.#layout as Layout | undefined;
    return layout && { layout, number: this.#number, responseBytes: this.link.responseBytes };
  }

  /**
   * Goes on where a session of the revision before was, without asking the device. That revision may have read it in another
   * way, so it is looked at again soon.
   */
  resume({ layout, number, responseBytes }: Learned): void {
    this.#number = number;
    this.link.responseBytes = responseBytes;
    // Copies: arrays that were handed over may be views of all that was.
    this.#take({ ...layout, raw: layout.raw.slice(), presence: layout.presence.slice() });
    this.#learned += Math.random() * LOOK_AGAIN_WITHIN - this.#options.relearn;
  }

  describe(): OpenDevice {
    return { ...structuredClone(this.#layout.description), session: this.id, layout: this.#number };
  }

  async read({ deadline, pollClass = 'all' }: ReadOptions): Promise<Reading> {
    const until = performance.now() + deadline;
    const layout = this.#layout;
    const number = this.#number;
    const points = this.#every[pollClass].slice();
    const time = now();
    const outcome = await refresh(this.link, layout, layout.shape.plans[pollClass], until);
    if (this.link.closed) throw sessionGone(this.link.endpoint.text);
    const due = outcome.rowsChanged || outcome.shrunk ? LEAST_RELEARN : this.#options.relearn;
    if (performance.now() - this.#learned >= due) this.#relearn();
    return { ...evaluate(layout, points), time, layout: number };
  }

  async switchOutlet(part: string, effect: OutletCommand): Promise<void> {
    const host = this.link.endpoint.text;
    const command = this.#layout.shape.commands.get(part)?.[effect];
    if (!command) {
      throw new RackwattError('DEVICE_NOT_SWITCHABLE', `${host} has no ${part} that can be switched ${effect}.`, {
        context: { address: host, part },
      });
    }
    try {
      await write(this.link, command, performance.now() + SWITCH_TIME);
    } catch (error) {
      if (statusOf(error) === undefined) throw error;
      throw new RackwattError(
        'DEVICE_REFUSED',
        `${host} refused to switch ${part} ${effect} (${errorMessage(error)}): let this community or user write.`,
        {
          context: { address: host, part },
        },
      );
    }
  }

  close(): void {
    this.link.close();
  }

  #take(layout: Layout): void {
    const before = this.#layout as Layout | undefined;
    if (before && !isDeepStrictEqual(before.description, layout.description)) this.#number++;
    this.#layout = this.#shapes.share(layout);
    const { rules } = this.#layout.shape;
    const all = Uint32Array.from(rules.keys());
    this.#every = { all, fast: all.filter((point) => !rules[point]!.slow) };
    this.#learned = performance.now();
  }

  /** Looks at the device again, in the background; what was known stays when that fails. */
  #relearn(): void {
    if (this.#relearning) return;
    this.#learned = performance.now();
    this.#relearning = this.learn()
      .catch((error: unknown) =>
        this.#log?.debug(
          { device: this.link.endpoint.text, reason: errorMessage(error) },
          'could not look at the device again',
        ),
      )
      .finally(() => {
        this.#relearning = undefined;
      });
  }
}
