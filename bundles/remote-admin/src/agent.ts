import type { Capability } from '@rackwatt/fleet';
import {
  type ConfigurationAdmin,
  type Deployment,
  errorMessage,
  type Health,
  type Logger,
  RackwattError,
  type Runtime,
} from 'rackwatt';
import { AuditLog } from './audit.js';
import { TrustedClock } from './clock.js';
import { Consent } from './consent.js';
import { codeOf, remoteAdminError } from './errors.js';
import { Identity } from './identity.js';
import { pause } from './pause.js';
import { ProgressStore } from './progress.js';
import { Session } from './session.js';
import { PID, type Settings } from './settings.js';
import { type Status, statusOf } from './status.js';
import { type Times, TIMES } from './times.js';

/** ms that whoever withdraws consent waits at most; what takes longer goes on without him. */
const AT_ONCE = 1_500;
/** ms between two tries to bring a withdrawal to its end. */
const AGAIN = 1_000;

export interface AgentParts {
  /** Of this bundle. */
  folder: string;
  deployment: Deployment;
  configuration: ConfigurationAdmin;
  runtime: Runtime;
  log: Logger;
  times?: Partial<Times>;
  /** The machine's clock, ms since 1970. */
  system?: () => number;
}

export interface Enabling {
  capabilities: readonly Capability[];
  center?: string;
  fingerprint?: string;
  proxy?: string;
  /** Who wants it, such as `user root`. */
  actor: string;
}

/** The gateway's side of remote administration: does what the local administrator granted, and nothing while that is nothing. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #times: Times;
  readonly #clock: TrustedClock;
  readonly #audit: AuditLog;
  readonly #consent: Consent;
  readonly #closing = new AbortController();
  #settings: Settings = { capabilities: [], probation: 0 };
  #session: Session | undefined;
  #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #recording: Promise<void> = Promise.resolve();
  #withdrawing: Promise<void> | undefined;
  /** Settles when the last withdrawal is on the disk, or cannot be brought there. */
  #durable: Promise<void> = Promise.resolve();
  /** Who makes the change of the configuration that comes next. */
  #actor: string | undefined;
  /** What ended the session for good. */
  #stopped: { code?: string; message: string } | undefined;

  private constructor(parts: AgentParts, clock: TrustedClock, audit: AuditLog, consent: Consent) {
    this.#parts = parts;
    this.#times = { ...TIMES, ...parts.times };
    this.#clock = clock;
    this.#audit = audit;
    this.#consent = consent;
  }

  static async open(parts: AgentParts): Promise<Agent> {
    const clock = await TrustedClock.open(parts.folder, parts.system);
    const audit = await AuditLog.open(parts.folder, () => clock.now());
    return new Agent(parts, clock, audit, await Consent.open(parts.folder));
  }

  /** Begins, or goes on as the administrator wants it now. What was under way with the center ends at once. */
  reconfigure(settings: Settings): void {
    this.#settings = settings;
    this.#consent.configure(settings.capabilities);
    const actor = this.#actor;
    this.#actor = undefined;
    this.#record(actor);
    this.#restart();
    if (this.#consent.withdrawal !== undefined) void this.#settle();
    else if (this.#isOff) void this.#takeBackUnwanted();
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    this.#closing.abort(off('the node stops it'));
    this.#ending.abort(off('the node stops it'));
    await this.#running;
    await this.#recording;
  }

  /** @throws as `ConfigurationAdmin.update`; `USAGE` */
  async enable({ capabilities, actor, ...given }: Enabling): Promise<Status> {
    await this.#withdrawing;
    const before = (await this.#parts.configuration.configuration(PID)).properties ?? {};
    const all = new Set([...((before['capabilities'] as Capability[] | undefined) ?? []), ...capabilities]);
    const properties = { ...before, ...given, capabilities: [...all] };
    checkEnabling(properties);
    this.#actor = actor;
    await this.#parts.configuration.updateIfDifferent(PID, properties);
    return this.status();
  }

  /**
   * Takes consent back: whatever went on with the center on its account is ended when this settles, or going on without the center.
   * @param capabilities all when empty
   */
  async withdraw(capabilities: readonly Capability[], actor: string): Promise<Status> {
    const { capabilities: granted } = this.#consent;
    const left = capabilities.length === 0 ? [] : granted.filter((capability) => !capabilities.includes(capability));
    const durable = this.#consent.withdraw(left);
    // A disk that is full keeps nobody connected.
    this.#durable = durable.catch((error: unknown) => void errorMessage(error));
    const session = this.#session;
    this.#end('the administrator withdrew it');
    this.#actor = actor;
    this.#record(actor);
    const settled = this.#settle();
    await soon(settled, AT_ONCE / 2);
    // Whether the center hears of it is of no importance here.
    if (left.length === 0 && session !== undefined)
      await session.farewell(AbortSignal.timeout(AT_ONCE / 2)).catch((error: unknown) => void errorMessage(error));
    else await soon(settled, AT_ONCE / 2);
    // Once the configuration says so, nothing else has to.
    if (this.#consent.withdrawal !== undefined) await durable;
    return this.status();
  }

  /** Destroys key and certificate: whoever enrols next is another gateway. */
  async forget(actor: string): Promise<Status> {
    this.#end('the identity is being destroyed');
    await this.#running;
    await Identity.destroy(this.#parts.folder);
    await ProgressStore.destroy(this.#parts.folder);
    await this.#audit.note(actor, 'identity destroyed');
    this.#restart();
    return this.status();
  }

  async status(): Promise<Status> {
    const identity =
      this.#session?.identity ??
      (await Identity.open(this.#parts.folder).catch((error: unknown) => void errorMessage(error)));
    const trouble = this.#stopped ?? this.#session?.trouble;
    return statusOf({
      settings: this.#settings,
      granted: this.#consent.capabilities,
      isWithdrawing: this.#consent.withdrawal !== undefined,
      clock: this.#clock,
      ...(identity && { identity }),
      ...(this.#session && { session: this.#session }),
      ...(trouble && { trouble }),
      ...(this.#audit.problem === undefined ? {} : { audit: this.#audit.problem }),
    });
  }

  /** How the administrator wants it. */
  get settings(): Settings {
    return this.#settings;
  }

  log(count?: number): ReturnType<AuditLog['entries']> {
    return this.#audit.entries(count);
  }

  async health(): Promise<Health> {
    const cutOff = this.#session?.isCutOff;
    if (cutOff !== undefined) return { state: 'failed', detail: cutOff };
    const { state, trouble, audit } = await this.status();
    const detail = trouble?.message ?? audit;
    return {
      state: detail === undefined ? 'ok' : 'degraded',
      ...(detail === undefined ? {} : { detail }),
      figures: { state },
    };
  }

  /** Writes down what changed in what is granted. */
  #record(actor: string | undefined): void {
    this.#recording = this.#recording
      .then(() => this.#consent.record(this.#audit, actor))
      .catch((error: unknown) =>
        this.#parts.log.error({ error: errorMessage(error) }, 'the audit log cannot be written'),
      );
  }

  get #isOff(): boolean {
    return this.#consent.capabilities.length === 0;
  }

  #end(why: string): void {
    this.#ending.abort(off(why));
  }

  #restart(): void {
    this.#end('it is configured anew');
    const ending = (this.#ending = new AbortController());
    const before = this.#running;
    this.#running = before.then(async () => {
      this.#session = undefined;
      this.#stopped = undefined;
      if (!ending.signal.aborted && !this.#closing.signal.aborted) await this.#run(ending.signal);
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { center: address } = this.#settings;
    const { log } = this.#parts;
    if (this.#isOff) return;
    if (address === undefined) {
      this.#stopped = {
        code: 'REMOTE_ADMIN_OFF',
        message: `capabilities are granted, but ${PID} names no "center" with its "fingerprint"`,
      };
      return;
    }
    const session = (this.#session = new Session({
      ...this.#parts,
      address,
      settings: this.#settings,
      times: this.#times,
      clock: this.#clock,
      audit: this.#audit,
      granted: () => this.#consent.capabilities,
    }));
    try {
      await session.run(signal);
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(error);
      this.#stopped = { ...(code === undefined ? {} : { code }), message: errorMessage(error) };
      log.error({ code, error: errorMessage(error) }, 'remote administration does not run');
    }
  }

  /** Brings a withdrawal to its end: what is on probation goes back, and the configuration says what is left. */
  #settle(): Promise<void> {
    this.#withdrawing ??= this.#bringToEnd().finally(() => (this.#withdrawing = undefined));
    return this.#withdrawing;
  }

  async #bringToEnd(): Promise<void> {
    const { configuration, log } = this.#parts;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#running;
        await this.#durable;
        await this.#takeBack();
        const left = this.#consent.withdrawal;
        if (left === undefined) return;
        const { properties } = await configuration.configuration(PID);
        if (properties !== undefined)
          await configuration.updateIfDifferent(PID, { ...properties, capabilities: [...left] });
        // Something more may have been withdrawn meanwhile.
        if (this.#consent.withdrawal !== left) continue;
        this.#consent.configure(left);
        await this.#consent.settled();
        if (left.length > 0) this.#restart();
        return;
      } catch (error) {
        log.warn({ error: errorMessage(error) }, 'consent is withdrawn, and the configuration does not say so yet');
        // When it is closing, the loop ends by itself.
        await pause(AGAIN, this.#closing.signal).catch((over: unknown) => void errorMessage(over));
      }
    }
  }

  /** Consent is gone by an edit of the configuration: what goes back must not bring it back. */
  async #takeBackUnwanted(): Promise<void> {
    try {
      await this.#running;
      const { current } = await ProgressStore.open(this.#parts.folder);
      if (current === undefined || current.isOver || !this.#isOff) return;
      await this.#consent.withdraw([]);
      await this.#settle();
    } catch (error) {
      this.#parts.log.error(
        { error: errorMessage(error) },
        'a change that is no longer wanted could not be taken back',
      );
    }
  }

  /** What the center began, and may not any more. The session has ended. */
  async #takeBack(): Promise<void> {
    const { folder, deployment } = this.#parts;
    const progress = await ProgressStore.open(folder);
    const { current } = progress;
    if (current === undefined || current.isOver) return;
    const { phase, needs, reason } = current;
    const granted = this.#consent.capabilities;
    if (granted.length > 0 && needs.every((capability) => granted.includes(capability))) return;
    const why = 'the administrator of this gateway withdrew remote administration';
    let outcome: string | undefined = why;
    while (reason !== undefined && (phase === 'installing' || phase === 'probation')) {
      const change = (await deployment.history()).find((known) => known.reason === reason);
      if (change?.state === 'probation') {
        await deployment.rollBack(change.id, why);
        break;
      }
      if (change?.state !== 'accepted') {
        if (change?.state === 'committed') outcome = undefined;
        break;
      }
      // Being switched: a moment later it can be taken back.
      await pause(100, this.#closing.signal);
    }
    const { detail: _before, ...rest } = current;
    await progress.begin({
      ...rest,
      isOver: true,
      phase: outcome === undefined ? 'converged' : 'cancelled',
      ...(outcome && { detail: outcome }),
    });
    await this.#audit.note(
      'remote-admin',
      `order ${current.sequence} ${outcome === undefined ? 'was committed already' : 'cancelled'}`,
    );
  }
}

/** Waits for a promise, but not for long. */
async function soon(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const enough = new AbortController();
  // It ends by its own signal, which nobody need hear of.
  const late = pause(milliseconds, enough.signal).catch((over: unknown) => void errorMessage(over));
  await Promise.race([promise, late]);
  enough.abort(off('that was soon enough'));
}

function off(why: string): RackwattError {
  return remoteAdminError('REMOTE_ADMIN_OFF', `remote administration ended: ${why}`);
}

function checkEnabling({ center, fingerprint }: Record<string, unknown>): void {
  if (center !== undefined && fingerprint !== undefined) return;
  throw new RackwattError(
    'USAGE',
    'no center is configured yet: name it with --center https://HOST:PORT --fingerprint SHA256; the administrator of the center has both',
  );
}
