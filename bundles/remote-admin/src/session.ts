import { X509Certificate } from 'node:crypto';
import type { Capability, Report } from '@rackwatt/fleet';
import { type Deployment, errorMessage, type Logger, RackwattError, type Runtime } from 'rackwatt';
import type { AuditLog } from './audit.js';
import { Center } from './center.js';
import type { TrustedClock } from './clock.js';
import { Converger, said } from './converge.js';
import { codeOf } from './errors.js';
import { ConnectivityGuard } from './guard.js';
import { Identity } from './identity.js';
import { machine } from './machine.js';
import { takeOrder } from './order.js';
import { Backoff, pause } from './pause.js';
import { ProgressStore } from './progress.js';
import { Reports } from './report.js';
import type { CenterAddress, Settings } from './settings.js';
import type { Times } from './times.js';

/** What is wrong with what was signed for this gateway, or seems to be. */
const ORDER = /^(?:ORDER_|FLEET_MESSAGE|KEY_INVALID)/;

export interface SessionParts {
  folder: string;
  address: CenterAddress;
  settings: Settings;
  deployment: Deployment;
  runtime: Runtime;
  clock: TrustedClock;
  audit: AuditLog;
  log: Logger;
  times: Times;
  granted(): readonly Capability[];
}

/** Everything that goes on with one center while consent and configuration are as they are. */
export class Session {
  readonly #parts: SessionParts;
  readonly #guard = new ConnectivityGuard();
  readonly center: Center;
  identity: Identity | undefined;
  progress: ProgressStore | undefined;
  /** The last order that was not taken. */
  refused: Report['refused'];
  /** What is wrong just now. */
  trouble: { code?: string; message: string } | undefined;
  /** ms since 1970 of the last answer of the center. */
  contacted: number | undefined;
  #reports: Reports | undefined;
  #news = 0;
  #wake: () => void = () => undefined;
  #look: () => void = () => undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.center = new Center(parts.address, {
      clock: parts.clock,
      credentials: () => {
        const { identity } = this;
        const credentials = identity?.credentials;
        return {
          ...(identity?.root === undefined ? {} : { root: identity.root }),
          ...(identity?.operationsKeys === undefined ? {} : { operationsKeys: identity.operationsKeys }),
          ...(credentials === undefined ? {} : { identity: credentials }),
        };
      },
      onContact: () => {
        this.contacted = parts.clock.now();
        this.#guard.contact();
      },
    });
  }

  /** A sentence when a change on probation has cut this gateway off. */
  get isCutOff(): string | undefined {
    return this.#guard.verdict;
  }

  /** Runs until the signal. @throws what only the administrator can put right */
  async run(signal: AbortSignal): Promise<void> {
    const { folder, address, clock } = this.#parts;
    const identity = (this.identity = await Identity.open(folder));
    identity.checkCenter(address.fingerprint);
    this.progress = await ProgressStore.open(folder);
    await this.#again(signal, () => this.#enrol(identity, signal));
    const { validFromDate } = new X509Certificate(identity.enrolled!.certificate);
    await clock.raise(validFromDate.getTime());
    // Neither an order nor a report means anything before the time is known.
    await this.#again(signal, () => this.center.agreeOnTime(signal));
    this.#reports = await this.#makeReports();
    const { converger, progress } = this.#converger();
    this.#hangDoorbell(identity, signal);
    // All of them end before anybody else touches what they write.
    await Promise.allSettled([
      this.#again(signal, () => converger.run(signal)),
      this.#again(signal, () => this.#poll(converger, identity, progress, signal)),
      this.#again(signal, () => this.#report(signal)),
    ]);
    signal.throwIfAborted();
  }

  /** A last report, when the administrator ended it. */
  async farewell(signal: AbortSignal): Promise<void> {
    if (this.identity?.enrolled === undefined) return;
    this.progress = await ProgressStore.open(this.#parts.folder);
    await this.center.report(await (await this.#makeReports()).next(), signal);
  }

  async #makeReports(): Promise<Reports> {
    const { settings, ...parts } = this.#parts;
    return new Reports({
      ...parts,
      progress: this.progress!,
      machine: await machine(settings),
      refused: () => this.refused,
    });
  }

  #converger(): { converger: Converger; progress: ProgressStore } {
    const { settings, times, ...parts } = this.#parts;
    const progress = this.progress!;
    const converger = new Converger({
      ...parts,
      progress,
      center: this.center,
      guard: this.#guard,
      probation: settings.probation,
      onPhase: () => this.#tell(),
      retry: new Backoff(times.retry * 5, 6 * 3_600_000),
      slowest: times.slowest,
    });
    return { converger, progress };
  }

  async #enrol(identity: Identity, signal: AbortSignal): Promise<void> {
    if (identity.enrolled !== undefined) return;
    const { settings, runtime, audit, times } = this.#parts;
    // What makes the request takes 20 MB, and is needed once.
    const { enrol } = require('./enrol.js') as typeof import('./enrol.js');
    await enrol({
      center: this.center,
      identity,
      audit,
      signal,
      request: { ...(await machine(settings)), runtime: (await runtime.node()).version },
      retryAfter: times.retryAfter,
    });
    this.trouble = undefined;
  }

  /** Until it comes to its end, however often it fails on the way. */
  async #again(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const backoff = this.#backoff();
    for (;;) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        await pause(this.#failed(error, backoff), signal);
      }
    }
  }

  async #poll(converger: Converger, identity: Identity, progress: ProgressStore, signal: AbortSignal): Promise<void> {
    const { clock, deployment, times } = this.#parts;
    const backoff = this.#backoff();
    let known: number | undefined;
    for (;;) {
      try {
        const began = performance.now();
        const answer = await this.center.desired(known, times.wait, signal);
        if (typeof answer === 'object') {
          const taken = await takeOrder(answer.order, {
            identity,
            clock,
            progress: progress.current,
            history: await deployment.history(),
          });
          this.refused = undefined;
          if (taken.order.sequence !== known) converger.offer(taken);
          known = taken.order.sequence;
        }
        backoff.succeeded();
        this.trouble = undefined;
        // A center that does not wait is not asked without pause.
        if (performance.now() - began < times.pace) await pause(times.pace * (0.5 + Math.random()), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (ORDER.test(codeOf(error) ?? '')) await this.#refuse(error);
        // The center learns from the next question where this gateway is.
        const last = error instanceof RackwattError ? error.context['last'] : undefined;
        if (typeof last === 'number') known = last;
        const rest = this.#failed(error, backoff);
        // Whoever is denied keeps away, also when somebody rings.
        if (isDenied(error)) await pause(rest, signal);
        else await interruptible(rest, signal, (look) => (this.#look = look));
      }
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    const { times } = this.#parts;
    const backoff = this.#backoff();
    let report: Report | undefined;
    let news = -1;
    for (;;) {
      try {
        if (news !== this.#news) report = undefined;
        news = this.#news;
        report ??= await this.#reports!.next();
        await this.center.report(report, signal);
        report = undefined;
        backoff.succeeded();
        const isLoading = this.progress?.current?.phase === 'downloading';
        await this.#newsOr((isLoading ? times.report / 10 : times.report) * (0.8 + 0.4 * Math.random()), news, signal);
      } catch (error) {
        signal.throwIfAborted();
        const rest = this.#failed(error, backoff);
        await this.#newsOr(this.#guard.isArmed ? Math.min(rest, times.retry) : rest, news, signal);
      }
      await pause(Math.min(1000, times.pace), signal);
    }
  }

  /** @returns ms until the next try */
  #failed(error: unknown, backoff: Backoff): number {
    const code = codeOf(error);
    this.#guard.failure();
    this.trouble = { ...(code === undefined ? {} : { code }), message: errorMessage(error) };
    this.#parts.log.warn({ code, error: errorMessage(error) }, 'remote administration is troubled');
    return backoff.failed(isDenied(error) ? this.#parts.times.denied : 0);
  }

  async #refuse(error: unknown): Promise<void> {
    const { audit, clock } = this.#parts;
    const code = codeOf(error)!;
    const detail = errorMessage(error).slice(0, 2000);
    const isNews = this.refused?.code !== code || this.refused.detail !== detail;
    if (!isNews) return;
    this.refused = { code, detail, time: clock.now() };
    await audit.note('center', 'order refused', said(error));
    this.#tell();
  }

  #tell(): void {
    this.#news++;
    this.#wake();
  }

  async #newsOr(milliseconds: number, since: number, signal: AbortSignal): Promise<void> {
    if (since !== this.#news) return;
    await interruptible(milliseconds, signal, (wake) => (this.#wake = wake));
  }

  /** Until the signal. What the center wants is asked for whether anybody rings or not. */
  #hangDoorbell(identity: Identity, signal: AbortSignal): void {
    const { settings, log } = this.#parts;
    const { enrolled, root, credentials } = identity;
    const { doorbell: url } = settings;
    if (url === undefined || enrolled === undefined || root === undefined || credentials === undefined) return;
    const { tenant, gateway } = enrolled;
    const ring = (): void => this.#look();
    const own = { root, ...credentials };
    // A client for MQTT takes 20 MB, and most gateways have no doorbell.
    const { Doorbell } = require('./doorbell.js') as typeof import('./doorbell.js');
    void new Doorbell({ url, tenant, gateway, identity: () => Promise.resolve(own), ring, log }, signal);
  }

  #backoff(): Backoff {
    return new Backoff(this.#parts.times.retry);
  }
}

function isDenied(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'CENTER_DENIED' || code === 'ENROLMENT_DENIED';
}

/** A pause that ends before its time when somebody calls what `given` is handed. @throws the reason of the signal */
async function interruptible(
  milliseconds: number,
  signal: AbortSignal,
  given: (end: () => void) => void,
): Promise<void> {
  const ended = new AbortController();
  given(() => ended.abort(new RackwattError('REMOTE_ADMIN_OFF', 'the pause is over')));
  try {
    await pause(milliseconds, AbortSignal.any([signal, ended.signal]));
  } catch (error) {
    signal.throwIfAborted();
    // Somebody ended it: that is what it waits for.
    void errorMessage(error);
  }
}
