import { createHash } from 'node:crypto';
import { desiredState, type DesiredState, openOrder } from '@rackwatt/fleet';
import { type DeploymentInfo, RackwattError } from 'rackwatt';
import type { TrustedClock } from './clock.js';
import type { Identity } from './identity.js';
import type { Progress } from './progress.js';

export interface OrderMeasure {
  identity: Identity;
  clock: TrustedClock;
  /** Where this gateway is with the last order. */
  progress: Progress | undefined;
  /** What the node knows of changes. */
  history: readonly DeploymentInfo[];
}

/** An order that is certain to be the center's, for this gateway, now, and none that was overtaken. */
export interface TakenOrder {
  order: DesiredState;
  /** sha256 of what it wants, however often it is signed. */
  content: string;
}

/**
 * Opens a signed order.
 * @throws `FLEET_MESSAGE`, `ORDER_SIGNATURE`, `ORDER_AUDIENCE`, `ORDER_EXPIRED`, `ORDER_REPLAYED`
 */
export async function takeOrder(
  token: string,
  { identity, clock, progress, history }: OrderMeasure,
): Promise<TakenOrder> {
  const { gateway, tenant } = identity.enrolled!;
  const order = await openOrder(token, desiredState, 'desired', {
    keys: identity.operationsKeys!,
    tenant,
    gateway,
    now: clock.now() / 1000,
  });
  const content = contentOf(order);
  const taken = progress?.gateway === gateway ? progress : undefined;
  // The node's journal lies elsewhere: an old copy of this bundle's folder does not take it back.
  const last = Math.max(taken?.sequence ?? 0, ...history.map(({ reason }) => sequenceIn(reason, gateway)));
  if (order.sequence < last)
    throw new RackwattError(
      'ORDER_REPLAYED',
      `the order ${order.sequence} is older than the order ${last}, which this gateway took already; if the center was restored from a backup, enrol this gateway anew after: rackwatt remote-admin forget`,
      { context: { last } },
    );
  if (taken?.sequence === order.sequence && taken.content !== content)
    throw new RackwattError(
      'ORDER_REPLAYED',
      `the order ${order.sequence} wants something else than the order ${order.sequence} that this gateway took already`,
    );
  return { order, content };
}

/** Under which the node knows a change: it names gateway, order and attempt, so that it is found again after anything. */
export function reasonOf({ audience, sequence, actor, reason }: DesiredState, attempt: number): string {
  const given = `${reason} (${actor})`.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return `${prefixOf(audience)}${sequence}.${attempt}: ${given}`.slice(0, 500);
}

function sequenceIn(reason: string, gateway: string): number {
  const prefix = prefixOf(gateway);
  return reason.startsWith(prefix) ? Number.parseInt(reason.slice(prefix.length), 10) || 0 : 0;
}

function prefixOf(gateway: string): string {
  return `remote administration of ${gateway}, order `;
}

function contentOf({ bundles, configurations }: DesiredState): string {
  return digestOf({ bundles, configurations });
}

/** sha256 of JSON with sorted keys. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, sorted(part)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
