import { isDeepStrictEqual } from 'node:util';
import type { Capability, DesiredBundle, DesiredState } from '@rackwatt/fleet';
import { type DeployedContent, RackwattError, Version } from 'rackwatt';
import { remoteAdminError } from './errors.js';
import { PID } from './settings.js';

/** Bundles that a center may renew, but neither take away nor turn back: with them it would take away the customer's say. */
const KEPT = new Set(['@rackwatt/remote-admin', '@rackwatt/fleet']);

/** What is to be done so that what is desired runs. */
export interface Plan {
  archives: ({ name: string } & DesiredBundle)[];
  remove: string[];
  configurations: Record<string, Record<string, unknown> | null>;
  /** What the administrator must have granted for it. */
  needs: Capability[];
}

/**
 * The difference between what is desired and what runs.
 * @param contentOf digest of the content of an archive, by the sha256 of its file, as far as it is known
 * @throws `ORDER_FORBIDDEN`, `ORDER_DOWNGRADE`
 */
export function planOf(
  { bundles, configurations }: Pick<DesiredState, 'bundles' | 'configurations'>,
  current: DeployedContent,
  contentOf: (sha256: string) => string | undefined,
): Plan {
  const plan: Plan = { archives: [], remove: [], configurations: {}, needs: [] };
  for (const [name, desired] of Object.entries(bundles)) {
    const runs = current.bundles.find((bundle) => bundle.name === name);
    if (desired === null) {
      if (KEPT.has(name)) throw forbidden(`it takes away ${name}`);
      if (runs !== undefined) plan.remove.push(name);
      continue;
    }
    if (runs !== undefined && isOlder(desired.version, runs.version)) {
      if (KEPT.has(name)) throw forbidden(`it turns ${name} back to ${desired.version}`);
      if (desired.downgrade !== true)
        throw remoteAdminError(
          'ORDER_DOWNGRADE',
          `the order wants ${name} ${desired.version}, which is older than ${runs.version}, and does not say that this is meant`,
        );
    }
    const isThere =
      runs?.version === desired.version && runs.digest !== undefined && runs.digest === contentOf(desired.sha256);
    if (!isThere) plan.archives.push({ name, ...desired });
  }
  for (const [pid, desired] of Object.entries(configurations)) {
    if (/^[^|~]*/.exec(pid)![0] === PID) throw forbidden(`it changes ${pid}, which says what a center may do`);
    const runs = current.configurations[pid];
    if (!isDeepStrictEqual(desired ?? undefined, runs)) plan.configurations[pid] = desired;
  }
  if (plan.archives.length + plan.remove.length > 0) plan.needs.push('update');
  if (Object.keys(plan.configurations).length > 0) plan.needs.push('configure');
  return plan;
}

function isOlder(desired: string, running: string): boolean {
  const [one, other] = [Version.read(desired), Version.read(running)];
  return one !== undefined && other !== undefined && one.compare(other) < 0;
}

function forbidden(what: string): RackwattError {
  return remoteAdminError(
    'ORDER_FORBIDDEN',
    `the order is not carried out: ${what}; only the administrator of this gateway may do that`,
  );
}
