import { join } from 'node:path';
import type { Capability, DesiredState, Phase } from '@rackwatt/fleet';
import { type Deployment, type DeploymentInfo, errorMessage, type Logger, RackwattError } from 'rackwatt';
import type { AuditLog } from './audit.js';
import type { Center } from './center.js';
import type { TrustedClock } from './clock.js';
import { download, type DownloadOptions, tidy } from './download.js';
import { codeOf, remoteAdminError } from './errors.js';
import type { ConnectivityGuard } from './guard.js';
import { reasonOf, type TakenOrder } from './order.js';
import { Backoff, pause } from './pause.js';
import { type Plan, planOf } from './plan.js';
import type { ProgressStore } from './progress.js';

/** Times that one order is handed to the node, until something changes. */
const ATTEMPTS = 3;
/** ms between two looks at what became of a change. */
const LOOK_EVERY = 500;
/** Reasons that may pass by themselves. */
const PASSING =
  /^(?:CENTER_|ARTIFACT_|TRANSACTION_RUNNING|CONFIG_CHANGED_MEANWHILE|CONFIG_WRITE|STORE_WRITE|SERVICE_GONE)/;

export interface ConvergerParts {
  center: Pick<Center, 'artifact'>;
  deployment: Deployment;
  clock: TrustedClock;
  progress: ProgressStore;
  guard: ConnectivityGuard;
  audit: AuditLog;
  log: Logger;
  /** Of this bundle. */
  folder: string;
  granted(): readonly Capability[];
  /** ms */
  probation: number;
  /** Told when there is something to report. */
  onPhase(): void;
  retry?: Backoff;
  slowest?: DownloadOptions['slowest'];
}

/** Brings this gateway to what is desired: one order at a time, each as one transaction of the node. */
export class Converger {
  readonly #parts: ConvergerParts;
  #next: TakenOrder | undefined;
  #wake: () => void = () => undefined;
  /** Ends what is done for an order as long as nothing is handed to the node. */
  #preparing: AbortController | undefined;

  constructor(parts: ConvergerParts) {
    this.#parts = parts;
  }

  /** An order that is newer than the one under way; what is not handed to the node yet is dropped for it. */
  offer(order: TakenOrder): void {
    this.#next = order;
    this.#wake();
    this.#preparing?.abort(new RackwattError('ORDER_REPLAYED', 'a newer order came'));
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#takeUp(signal);
    for (;;) {
      const order = this.#next;
      if (order === undefined) {
        await this.#offered(signal);
        continue;
      }
      this.#next = undefined;
      await this.#carryOut(order, signal);
    }
  }

  /** What an earlier process handed to the node. */
  async #takeUp(signal: AbortSignal): Promise<void> {
    const { progress } = this.#parts;
    const { reason, isOver, phase } = progress.current ?? {};
    if (reason === undefined || isOver === true || (phase !== 'installing' && phase !== 'probation')) return;
    const found = await this.#find(reason);
    // Cut off before the node knew of it: the order is carried out when the center is asked for it.
    if (found === undefined) return;
    await this.#follow(reason, signal, true);
  }

  async #carryOut(taken: TakenOrder, signal: AbortSignal): Promise<void> {
    const { progress } = this.#parts;
    const retry = this.#parts.retry ?? new Backoff(10_000, 6 * 3_600_000);
    await this.#begin(taken);
    while (progress.current?.isOver === false && this.#next === undefined) {
      this.#preparing = new AbortController();
      const either = AbortSignal.any([signal, this.#preparing.signal]);
      try {
        if (await this.#attempt(taken.order, signal, either)) return;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#next !== undefined) return;
        if (!PASSING.test(codeOf(error) ?? '')) {
          await this.#end('refused', said(error));
          return;
        }
        await this.#phase('waiting', said(error));
      }
      // Whatever is wrong may pass; a newer order does not wait for it.
      await pause(retry.failed(1000), either).catch((error: unknown) => {
        signal.throwIfAborted();
        void errorMessage(error);
      });
    }
  }

  /** Makes the order the last one that this gateway took: durable before anything else. */
  async #begin({ order, content }: TakenOrder): Promise<void> {
    const { progress, granted, audit } = this.#parts;
    const { current } = progress;
    const isSame = current?.gateway === order.audience && current.sequence === order.sequence;
    const isSameConsent = isSame && current.granted.join() === granted().join();
    if (isSame && isSameConsent) return;
    await progress.begin({
      gateway: order.audience,
      sequence: order.sequence,
      content,
      phase: 'waiting',
      attempts: 0,
      isOver: isSame && current.phase === 'converged',
      granted: granted(),
      needs: [],
      ...(isSame && current.phase === 'converged' ? { phase: 'converged' } : {}),
    });
    if (!isSame) await audit.note(`center: ${order.actor}`, `ordered ${order.sequence}`, order.reason);
  }

  /**
   * @param signal ends it @param either ends it as well, until something is handed to the node
   * @returns whether nothing more is to be done for now @throws when it may be tried again
   */
  async #attempt(order: DesiredState, signal: AbortSignal, either: AbortSignal): Promise<boolean> {
    const { progress, deployment, clock, granted } = this.#parts;
    const now = clock.now() / 1000;
    if (order.expires < now)
      throw new RackwattError(
        'ORDER_EXPIRED',
        `the order ${order.sequence} expired ${Math.round(now - order.expires)} s ago, before it was carried out`,
      );
    const plan = planOf(order, await deployment.current(), (sha256) => progress.contentOf(sha256));
    const { archives, remove, configurations, needs } = plan;
    if (archives.length + remove.length + Object.keys(configurations).length === 0) {
      await this.#end('converged');
      return true;
    }
    const missing = needs.filter((capability) => !granted().includes(capability));
    if (missing.length > 0) {
      const error = remoteAdminError(
        'ORDER_CAPABILITY',
        `the order needs ${missing.join(' and ')}, which the administrator of this gateway has not granted; it is done with: rackwatt remote-admin enable ${missing.join(' ')}`,
      );
      await this.#phase('waiting', said(error));
      return true;
    }
    const { attempts } = progress.current!;
    if (attempts >= ATTEMPTS)
      throw remoteAdminError(
        'ORDER_GIVEN_UP',
        `the order ${order.sequence} was tried ${attempts} times; it is tried again when the center orders anew`,
      );
    const files = await this.#download(plan, either);
    await this.#apply(order, plan, files, signal, either);
    return progress.current!.isOver;
  }

  async #download({ archives }: Plan, signal: AbortSignal): Promise<Map<string, string>> {
    const { center, folder, progress, slowest } = this.#parts;
    const downloads = join(folder, 'downloads');
    await tidy(downloads, new Set(archives.map(({ sha256 }) => sha256)));
    const files = new Map<string, string>();
    if (archives.length === 0) return files;
    await this.#phase('downloading');
    const total = archives.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const archive of archives) {
      const onBytes = (bytes: number): void => void (progress.downloaded = Math.min(1, (before + bytes) / total));
      files.set(
        archive.name,
        await download(archive, { center, folder: downloads, signal, onBytes, ...(slowest && { slowest }) }),
      );
      before += archive.size;
    }
    return files;
  }

  async #apply(
    order: DesiredState,
    { archives, remove, configurations, needs }: Plan,
    files: ReadonlyMap<string, string>,
    signal: AbortSignal,
    either: AbortSignal,
  ): Promise<void> {
    const { progress, deployment, probation } = this.#parts;
    either.throwIfAborted();
    const attempt = progress.current!.attempts + 1;
    const reason = reasonOf(order, attempt);
    await progress.note({ attempts: attempt, reason, needs, wasReachable: true });
    await this.#phase('installing');
    either.throwIfAborted();
    try {
      const applied = deployment.apply(
        {
          reason,
          archives: archives.map(({ name, version, sha256 }) => ({
            file: files.get(name)!,
            expect: { name, version, digest: sha256 },
          })),
          remove,
          configurations,
          probation,
        },
        signal,
      );
      // Whoever withdraws consent does not wait for it: the change is found again by its reason.
      await orAborted(applied, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Nothing of it was tried.
      if (codeOf(error) === 'TRANSACTION_RUNNING') await progress.note({ attempts: attempt - 1 });
      throw error;
    }
    const { bundles } = await deployment.current();
    const contents = archives.map(({ name, sha256 }) => [
      sha256,
      bundles.find((bundle) => bundle.name === name)?.digest,
    ]);
    await progress.remember(
      Object.fromEntries(contents.filter(([, digest]) => digest !== undefined)) as Record<string, string>,
    );
    await this.#follow(reason, signal, false);
  }

  /** Follows a change to its end. @param isTakenUp it was cut off by a restart: what failed for that may be tried again */
  async #follow(reason: string, signal: AbortSignal, isTakenUp: boolean): Promise<void> {
    const { progress, guard, probation } = this.#parts;
    if (progress.current?.wasReachable === true) guard.arm(Math.min(60_000, probation / 2));
    try {
      for (;;) {
        const found = await this.#find(reason);
        if (found === undefined || found.state === 'superseded') {
          await this.#phase('waiting', found?.why ?? 'the node does not know what became of it');
          return;
        }
        if (progress.current!.transaction !== found.id) await progress.note({ transaction: found.id });
        if (found.state === 'committed') return await this.#end('converged');
        if (found.state === 'rolled-back' || found.state === 'refused')
          return isTakenUp ? await this.#phase(found.state, found.why) : await this.#end(found.state, found.why);
        if (found.state === 'probation' && progress.current!.phase !== 'probation') await this.#phase('probation');
        await pause(LOOK_EVERY, signal);
      }
    } finally {
      guard.disarm();
    }
  }

  async #find(reason: string): Promise<DeploymentInfo | undefined> {
    return (await this.#parts.deployment.history()).find((change) => change.reason === reason);
  }

  async #phase(phase: Phase, detail?: string): Promise<void> {
    const { progress, onPhase, log } = this.#parts;
    const { detail: _before, ...rest } = progress.current!;
    if (phase !== 'downloading') progress.downloaded = undefined;
    await progress.begin({ ...rest, phase, ...(detail === undefined ? {} : { detail: detail.slice(0, 2000) }) });
    log.info({ sequence: rest.sequence, phase, ...(detail === undefined ? {} : { detail }) }, 'what is desired');
    onPhase();
  }

  async #end(phase: Phase, detail?: string): Promise<void> {
    const { progress, audit, folder } = this.#parts;
    const { sequence, needs } = progress.current!;
    await progress.note({ isOver: true });
    await this.#phase(phase, detail);
    // That nothing was to be done is no news for anybody.
    if (phase !== 'converged' || needs.length > 0)
      await audit.note('remote-admin', `order ${sequence} ${phase}`, detail);
    if (phase === 'converged') await tidy(join(folder, 'downloads'), new Set());
  }

  #offered(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return orAborted(promise, signal);
  }
}

/** What a promise gives, unless the signal comes first; then whatever becomes of it is of no use here. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  promise.catch((error: unknown) => void errorMessage(error));
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

export function said(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? errorMessage(error) : `${code}: ${errorMessage(error)}`;
}
