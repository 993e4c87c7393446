/** What a targeted PID can name of a bundle. */
export interface TargetBundle {
  name: string;
  version: string;
  /** Where its content came from: `link:...`, `store:...`. */
  location?: string | undefined;
}

/**
 * PIDs under which a configuration for somebody in a bundle may stand, the most specific first: `pid|bundle|version|location`,
 * `pid|bundle|version`, `pid|bundle`, `pid` (Compendium 104.3.2). A PID that has a bar of its own is taken as it is.
 */
export function targetedPids(pid: string, bundle: TargetBundle | undefined): string[] {
  if (bundle === undefined || pid.includes('|')) return [pid];
  const { name, version, location } = bundle;
  const forms = [pid, `${pid}|${name}`, `${pid}|${name}|${version}`];
  if (location !== undefined) forms.push(`${pid}|${name}|${version}|${location}`);
  return forms.reverse();
}

/** `rackwatt.device~rack1-a` -> `rackwatt.device` */
export function factoryPid(pid: string): string {
  const tilde = pid.indexOf('~');
  return tilde < 0 ? pid : pid.slice(0, tilde);
}

/** PIDs under which those look whom a configuration may concern: `a|b|1.0.0~x` -> `a|b|1.0.0`, `a|b`, `a`. */
export function untargetedPids(pid: string): string[] {
  const forms = [factoryPid(pid)];
  for (let bar = forms[0]!.lastIndexOf('|'); bar > 0; bar = forms.at(-1)!.lastIndexOf('|'))
    forms.push(forms.at(-1)!.slice(0, bar));
  return forms;
}

/** Whether a component or a definition of a bundle under `own` reads the configuration `pid`. */
export function reads(own: { pid: string; bundle: string }, pid: string): boolean {
  const base = factoryPid(pid);
  if (own.pid === pid || own.pid === base) return true;
  return base === `${own.pid}|${own.bundle}` || base.startsWith(`${own.pid}|${own.bundle}|`);
}
