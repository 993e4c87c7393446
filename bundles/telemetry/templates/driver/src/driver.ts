import type {
  DeviceTarget,
  Driver,
  OpenDevice,
  OutletCommand,
  ProbeResult,
  Reading,
  ReadOptions,
} from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { DeviceSession, SESSION_DEFAULTS, type SessionOptions } from './session.js';

/** Reads and switches acme devices: what the `Driver` contract asks for, over sessions. */
export class AcmeDriver implements Driver {
  readonly #options: SessionOptions;
  readonly #sessions = new Map<string, DeviceSession>();
  #next = 1;

  constructor(options: Partial<SessionOptions> = {}) {
    this.#options = { ...SESSION_DEFAULTS, ...options };
  }

  async probe(target: DeviceTarget, options: { explain?: boolean } = {}): Promise<ProbeResult> {
    const started = performance.now();
    const session = new DeviceSession('probe', target, this.#options);
    try {
      await session.learn();
      const reading = await session.read({ deadline: 10_000 });
      const { session: _, layout: __, ...description } = session.describe();
      return {
        ...description,
        reading,
        ...(options.explain ? { explain: await session.explain() } : {}),
        cost: { requests: session.requests, milliseconds: Math.round(performance.now() - started) },
      };
    } finally {
      session.close();
    }
  }

  async open(target: DeviceTarget): Promise<OpenDevice> {
    const session = new DeviceSession(`acme-${this.#next++}`, target, this.#options);
    try {
      await session.learn();
    } catch (error) {
      session.close();
      throw error;
    }
    this.#sessions.set(session.id, session);
    return session.describe();
  }

  async describe(session: string): Promise<OpenDevice> {
    return this.#session(session).describe();
  }

  async read(session: string, options: ReadOptions): Promise<Reading> {
    return this.#session(session).read(options);
  }

  async switchOutlet(session: string, part: string, command: OutletCommand): Promise<void> {
    await this.#session(session).switchOutlet(part, command);
  }

  async close(session: string): Promise<void> {
    this.#sessions.get(session)?.close();
    this.#sessions.delete(session);
  }

  closeAll(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #session(id: string): DeviceSession {
    const session = this.#sessions.get(id);
    if (!session)
      throw new RackwattError('DEVICE_SESSION_GONE', `There is no acme session '${id}': open the device again.`, {
        context: { session: id },
      });
    return session;
  }
}
