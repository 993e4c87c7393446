import { createHash } from 'node:crypto';
import type {
  DeviceTarget,
  Driver,
  OpenDevice,
  OutletCommand,
  ProbeResult,
  Reading,
  ReadOptions,
} from '@rackwatt/telemetry';
import { type Logger, RackwattError } from 'rackwatt';
import { probe } from './probe.js';
import { AgentGates } from './gate.js';
import { DeviceSession, type Learned, SESSION_DEFAULTS, type SessionOptions, type Surroundings } from './session.js';
import { Shapes } from './shapes.js';

/** What a revision of the driver leaves to the next: what it had learned of each open device, by its target. */
export interface Handover {
  /** Rises when `Learned` changes: what another revision cannot read it does not take. */
  format: 2;
  learned: Map<string, Learned>;
}

/** What was handed over and not asked for by then is forgotten, ms. */
const HANDED_OVER_FOR = 60_000;

/** Reads and switches PDUs over SNMP v1, v2c and v3, by the profiles of `@rackwatt/device-profiles`. */
export class SnmpDriver implements Driver {
  readonly #options: Surroundings;
  readonly #log: Logger | undefined;
  readonly #sessions = new Map<string, DeviceSession>();
  readonly #targets = new Map<DeviceSession, string>();
  readonly #shapes = new Shapes();
  #handedOver: Handover['learned'] = new Map();
  #forgetting: NodeJS.Timeout | undefined;
  #next = 1;

  constructor(options: Partial<SessionOptions> = {}, log?: Logger) {
    const given = { ...SESSION_DEFAULTS, ...options };
    const gates = new AgentGates({ inFlight: given.requestsInFlight, perSecond: given.requestsPerSecond });
    this.#options = { ...given, gates };
    this.#log = log;
  }

  /** What others that ask the same agents share with it. */
  get surroundings(): Pick<Surroundings, 'profiles' | 'gates'> {
    return this.#options;
  }

  /** Open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  async probe(target: DeviceTarget, options: { explain?: boolean } = {}): Promise<ProbeResult> {
    try {
      return await probe(target, this.#options, options.explain ?? false);
    } catch (error) {
      throw publicError(error);
    }
  }

  async open(target: DeviceTarget): Promise<OpenDevice> {
    const session = new DeviceSession(`snmp-${this.#next++}`, target, this.#options, this.#shapes, this.#log);
    const key = keyOf(target);
    this.#sessions.set(session.id, session);
    this.#targets.set(session, key);
    const learned = this.#handedOver.get(key);
    this.#handedOver.delete(key);
    try {
      if (learned) session.resume(learned);
      else await session.learn();
      return session.describe();
    } catch (error) {
      await this.close(session.id);
      throw publicError(error);
    }
  }

  async describe(session: string): Promise<OpenDevice> {
    return this.#session(session).describe();
  }

  async read(session: string, options: ReadOptions): Promise<Reading> {
    try {
      return await this.#session(session).read(options);
    } catch (error) {
      throw publicError(error);
    }
  }

  async switchOutlet(session: string, part: string, command: OutletCommand): Promise<void> {
    await this.#session(session).switchOutlet(part, command);
  }

  async close(session: string): Promise<void> {
    const open = this.#sessions.get(session);
    if (!open) return;
    this.#sessions.delete(session);
    this.#targets.delete(open);
    open.close();
  }

  /** What this revision knows, for the next one. */
  handOver(): Handover {
    const learned: Handover['learned'] = new Map(this.#handedOver);
    for (const [session, key] of this.#targets) if (session.learned) learned.set(key, session.learned);
    return { format: 2, learned };
  }

  /** Goes on with what the revision before knew, so that devices need not all be walked again at the moment of a swap. */
  takeOver(state: unknown): void {
    const handover = state as Partial<Handover> | undefined;
    if (handover?.format !== 2 || !(handover.learned instanceof Map)) return;
    this.#handedOver = handover.learned;
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => this.#handedOver.clear(), HANDED_OVER_FOR);
    this.#forgetting.unref();
  }

  /** Closes every session. */
  closeAll(): void {
    clearTimeout(this.#forgetting);
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.#targets.clear();
  }

  #session(id: string): DeviceSession {
    const session = this.#sessions.get(id);
    if (!session)
      throw new RackwattError('DEVICE_SESSION_GONE', `There is no SNMP session '${id}': open the device again.`, {
        context: { session: id },
      });
    return session;
  }
}

/** Tells targets apart without holding their credentials. */
function keyOf({ address, profile, credentials, timeout, retries }: DeviceTarget): string {
  const parts = JSON.stringify([address, profile, credentials, timeout, retries]);
  return createHash('sha256').update(parts).digest('base64');
}

/** PDU errors that nothing handled, under a code of the contract. */
function publicError(error: unknown): unknown {
  if (!(error instanceof RackwattError) || error.code !== 'SNMP_STATUS') return error;
  return new RackwattError(
    'DEVICE_REFUSED',
    `${error.message.slice(0, -1)}: check what this community or user may read.`,
    { context: error.context },
  );
}
