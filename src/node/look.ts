import type { Framework, NodeHealth } from '../bundle/index.js';
import type { Look } from '../deployment/index.js';
import { componentsOf } from './components.js';

/** How a node is, for comparing: and in a sentence each, what is wrong. */
export interface LookedAt extends Look {
  why: ReadonlyMap<string, string>;
}

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
  return { why, failing: [...why.keys()], checks: checks.map(([name]) => name) };
}

/** What is wrong now and was not before. */
export function worse(before: Look, now: LookedAt): string[] {
  const known = new Set(before.failing);
  const compared = new Set(before.checks.map((name) => `check ${name}`));
  return now.failing.filter((key) => !known.has(key) && (!key.startsWith('check ') || compared.has(key)));
}
