import { createHash } from 'node:crypto';
import { Version } from 'rackwatt';
import type { Content } from './state/orders.js';

/** What a gateway said it runs. */
export interface Known {
  /** Whether it said anything. */
  isTold: boolean;
  /** Versions by name. */
  bundles: Record<string, string>;
  /** sha256 of the configuration as JSON with sorted keys, by PID. */
  configurations: Record<string, string>;
}

/** One thing that becomes other, or stays as it is. */
export interface Difference {
  kind: 'bundle' | 'configuration';
  /** Of the bundle, or the PID. */
  name: string;
  action: 'install' | 'update' | 'downgrade' | 'remove' | 'set' | 'keep' | 'leave';
  /** Version that runs, as far as it is known. */
  from?: string;
  /** Version that shall run. */
  to?: string;
}

/**
 * What a desired state changes at a gateway: against what the gateway says it runs, else against what was desired before. `leave`:
 * it was desired and is not named any more, so that it stays as it is.
 */
export function differenceOf(before: Content, after: Content, known: Known): Difference[] {
  const ran = known.isTold
    ? known.bundles
    : Object.fromEntries(
        Object.entries(before.bundles).flatMap(([name, bundle]) => (bundle ? [[name, bundle.version]] : [])),
      );
  const bundles = Object.entries(after.bundles).map(([name, bundle]): Difference => {
    const from = ran[name];
    const is = { kind: 'bundle' as const, name, ...(from !== undefined && { from }) };
    if (!bundle) return { ...is, action: from === undefined ? 'keep' : 'remove' };
    return { ...is, action: actionOf(from, bundle.version), to: bundle.version };
  });
  const configurations = Object.entries(after.configurations).map(([name, value]): Difference => {
    const has = known.isTold ? known.configurations[name] : digestOf(before.configurations[name] ?? undefined);
    if (value === null) return { kind: 'configuration', name, action: has === undefined ? 'keep' : 'remove' };
    return { kind: 'configuration', name, action: has === digestOf(value) ? 'keep' : 'set' };
  });
  const left = (['bundles', 'configurations'] as const).flatMap((part) =>
    Object.keys(before[part])
      .filter((name) => !Object.hasOwn(after[part], name))
      .map((name): Difference => ({ kind: part === 'bundles' ? 'bundle' : 'configuration', name, action: 'leave' })),
  );
  return [...bundles, ...configurations, ...left];
}

function actionOf(from: string | undefined, to: string): Difference['action'] {
  if (from === undefined) return 'install';
  if (from === to) return 'keep';
  const [one, other] = [Version.read(to), Version.read(from)];
  return one && other && one.compare(other) < 0 ? 'downgrade' : 'update';
}

/** sha256 of a configuration as JSON with sorted keys, as reports have it. */
function digestOf(value: object | undefined): string | undefined {
  return value && createHash('sha256').update(sorted(value)).digest('hex');
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${sorted(each)}`).join(',')}}`;
}
