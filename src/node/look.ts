import type { Framework, Health, NodeHealth } from '../bundle/index.js';
import type { Look } from '../deployment/index.js';
import { componentsOf } from './components.js';

/** How a node is, for comparing: and in a sentence each, what is wrong. */
export interface LookedAt extends Look {
  degraded: Record<string, number>;
  why: ReadonlyMap<string, string>;
}

/** By so much of what a health check looks at may it be worse than before: single devices come and go by themselves. */
const TOLERANCE = 0.05;

/** @param health asks the health checks; absent: they are not looked at */
export async function lookAt(framework: Framework, health?: () => Promise<NodeHealth>): Promise<LookedAt> {
  const why = new Map<string, string>();
  for (const bundle of framework.bundles()) {
    const { recovery } = bundle.info();
    if (bundle.autostart && bundle.startLevel <= framework.startLevel && bundle.state !== 'ACTIVE')
      why.set(`bundle ${bundle.name}`, `${bundle.name} is ${bundle.state}: ${bundle.reason ?? 'it was not started'}`);
    if (recovery !== undefined) why.set(`failures of ${bundle.name}`, `${bundle.name} failed: ${recovery.last}`);
  }
  for (const { info, component, failure } of componentsOf(framework))
    if (info.state === 'failed') {
      const label = info.pid ?? component;
      why.set(`component ${label}`, `${label} failed: ${failure}`);
    }
  const checks = Object.entries((await health?.())?.checks ?? {}).filter(([name]) => name !== 'container');
  for (const [name, { state, detail }] of checks)
    if (state === 'failed') why.set(`check ${name}`, `the health check ${name} fails${detail ? `: ${detail}` : ''}`);
  const failing = [...why.keys()];
  const degraded: Record<string, number> = {};
  for (const [name, check] of checks)
    if (check.state === 'degraded') {
      degraded[name] = shareOf(check);
      why.set(`degraded ${name}`, `${name} is worse than before${check.detail ? `: ${check.detail}` : ''}`);
    }
  return { why, failing, checks: checks.map(([name]) => name), degraded };
}

/** Of what a check looks at, as far as it says how much that is by its figures `ok` and `failing`. */
function shareOf({ figures = {} }: Health): number {
  const [ok, failing] = [Number(figures['ok'] ?? 0), Number(figures['failing'] ?? 1)];
  return ok + failing > 0 ? failing / (ok + failing) : 1;
}

/** What is wrong now and was not before. */
export function worse(before: Look, now: LookedAt): string[] {
  const known = new Set(before.failing);
  const compared = new Set(before.checks.map((name) => `check ${name}`));
  return now.failing.filter((key) => !known.has(key) && (!key.startsWith('check ') || compared.has(key)));
}

/** Health checks that were there before, did not fail, and find more that does not work. It may pass: look again. */
export function worsened(before: Look, now: LookedAt): string[] {
  return Object.entries(now.degraded)
    .filter(([name, share]) => {
      const isCompared = before.checks.includes(name) && !before.failing.includes(`check ${name}`);
      return isCompared && share > (before.degraded?.[name] ?? 0) + TOLERANCE;
    })
    .map(([name]) => `degraded ${name}`);
}
