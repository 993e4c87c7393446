import { errorMessage, RackwattError } from '../errors.js';
import type { ServiceReference } from '../registry/index.js';
import { HealthCheck, type Health } from './contract.js';
import type { Run, RunComponent } from './run.js';

/** Whether it has come as far as it can by itself. */
const isUp = (state: RunComponent['state']): boolean => state === 'active' || state === 'satisfied';

/** Labels of the components that are active, or would be if somebody used them: what a new revision has to come up to. */
export function activeLabels(run: Run | undefined): Set<string> {
  const active = run?.components().filter(({ state }) => isUp(state)) ?? [];
  return new Set(active.map(({ label }) => label));
}

export interface ProofOptions {
  /** Labels of the components that are to be active. */
  active: ReadonlySet<string>;
  /** ms */
  patience: number;
  /** A component may also wait for a service: what it waits for is yet to come in the same update. */
  waiting: boolean;
}

/**
 * Proves a new revision: every component that was active in the old one is active, none failed, and none of its own
 * health checks says `failed`. `degraded` is no failure: it says that something outside is missing, a device or a
 * broker, which the old revision could do nothing about either.
 * @throws `COMPONENT_FAILED`, `BUNDLE_UNHEALTHY`
 */
export async function prove(run: Run, options: ProofOptions): Promise<void> {
  const { patience } = options;
  const until = performance.now() + patience;
  await componentsActive(run, options);
  await Promise.all(
    run.services.own(HealthCheck).map((reference) => healthy(run, reference, until - performance.now(), patience)),
  );
}

async function componentsActive(run: Run, { active, patience, waiting: mayWait }: ProofOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const waiting = (): string[] => {
    const reasons: string[] = [];
    for (const { label, state, failed, why } of run.components()) {
      if (failed !== undefined) throw new RackwattError('COMPONENT_FAILED', `component ${label} failed: ${failed}`);
      if (!active.has(label) || (mayWait && state === 'unsatisfied')) continue;
      if (!isUp(state)) reasons.push(`${label}: ${why().join('; ') || state}`);
    }
    return reasons;
  };
  const look = (isLast: boolean): void => {
    try {
      const reasons = waiting();
      if (reasons.length === 0) resolve();
      else if (isLast)
        throw new RackwattError('COMPONENT_FAILED', `not active in ${patience / 1000} s: ${reasons.join(', ')}`);
    } catch (error) {
      reject(error as RackwattError);
    }
  };
  const stopListening = run.onChange(() => look(false));
  const timer = setTimeout(() => look(true), patience);
  look(false);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    void stopListening();
  }
}

async function healthy(
  run: Run,
  reference: ServiceReference<HealthCheck>,
  milliseconds: number,
  patience: number,
): Promise<void> {
  const name = String(reference.property('name') ?? reference.property('component.name') ?? reference.id);
  const unhealthy = (why: string): RackwattError =>
    new RackwattError('BUNDLE_UNHEALTHY', `its health check ${name} ${why}`, { context: { check: name } });
  const service = run.services.get(reference);
  if (!service) throw unhealthy('is gone');
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      const message = `did not answer in ${patience / 1000} s`;
      timer = setTimeout(() => reject(unhealthy(message)), Math.max(0, milliseconds));
    });
    const asked = asking(service).catch((error: unknown) => {
      throw unhealthy(`failed: ${errorMessage(error)}`);
    });
    const { state, detail } = await Promise.race([asked, late]);
    if (state === 'failed') throw unhealthy(`says that it cannot do its work: ${detail ?? 'no reason given'}`);
  } finally {
    clearTimeout(timer);
    run.services.release(reference);
  }
}

/** An asynchronous function, so that a check that throws at once is one that rejects. */
async function asking(service: HealthCheck): Promise<Health> {
  return service.check();
}
