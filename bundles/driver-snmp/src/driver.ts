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
import { DeviceSession, SESSION_DEFAULTS, type SessionOptions } from './session.js';

/** Reads and switches PDUs over SNMP v1, v2c and v3, by the profiles of `@rackwatt/device-profiles`. */
export class SnmpDriver implements Driver {
  readonly #options: SessionOptions;
  readonly #log: Logger | undefined;
  readonly #sessions = new Map<string, DeviceSession>();
  #next = 1;

  constructor(options: Partial<SessionOptions> = {}, log?: Logger) {
    this.#options = { ...SESSION_DEFAULTS, ...options };
    this.#log = log;
  }

  /** Open sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  async probe(target: DeviceTarget, options: { explain?: boolean } = {}): Promise<ProbeResult> {
    const started = performance.now();
    const session = new DeviceSession('probe', target, this.#options, this.#log);
    try {
      await session.learn();
      const { session: _, layout: __, ...description } = session.describe();
      return {
        ...description,
        reading: session.current(),
        ...(options.explain ? { explain: session.explain() } : {}),
        cost: { requests: session.link.requests, milliseconds: Math.round(performance.now() - started) },
      };
    } catch (error) {
      throw publicError(error);
    } finally {
      session.close();
    }
  }

  async open(target: DeviceTarget): Promise<OpenDevice> {
    const session = new DeviceSession(`snmp-${this.#next++}`, target, this.#options, this.#log);
    this.#sessions.set(session.id, session);
    try {
      await session.learn();
      return session.describe();
    } catch (error) {
      this.#sessions.delete(session.id);
      session.close();
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
    this.#sessions.delete(session);
    open?.close();
  }

  /** Closes every session. */
  closeAll(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
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

/** PDU errors that nothing handled, under a code of the contract. */
function publicError(error: unknown): unknown {
  if (!(error instanceof RackwattError) || error.code !== 'SNMP_STATUS') return error;
  return new RackwattError(
    'DEVICE_REFUSED',
    `${error.message.slice(0, -1)}: check what this community or user may read.`,
    { context: error.context },
  );
}
