import type { TestContainer } from '../support/container.js';

type Manifest = Record<string, unknown>;
type Files = Record<string, string>;
export type Bundle = Awaited<ReturnType<typeof install>>;

/** Installs a bundle that is not to run yet. @param manifest what its package.json has beside a name and a version */
export async function install(c: TestContainer, name: string, manifest: Manifest = {}, files: Files = {}) {
  const root = c.write(name, { 'index.js': '', ...files }, manifest);
  return c.framework.install(await c.source(root), { startLevel: 1 });
}

/** The `rackwatt` key of what provides capabilities of a namespace. */
export const provides = (namespace: string, attributes: Manifest = {}, more: Manifest = {}): Manifest => ({
  rackwatt: { provides: [{ namespace, attributes, ...more }] },
});

/** The `rackwatt` key of what requires a namespace. */
export const requires = (namespace: string, more: Manifest = {}): Manifest => ({
  rackwatt: { requires: [{ namespace, ...more }] },
});

/** To whom a bundle is wired, by name and version; `-` for the container. */
export const wiredTo = (bundle: Bundle, namespace?: string): string[] =>
  (bundle.revision.wiring?.requiredWires(namespace) ?? []).map(({ provider }) =>
    provider ? `${provider.manifest.name} ${provider.manifest.version}` : '-',
  );

/** A contract bundle of one module that exports its version. */
export async function api(c: TestContainer, version: string, name = 'api') {
  return install(
    c,
    name,
    { version, rackwatt: { contracts: ['.'] } },
    { 'index.js': `exports.version = '${version}';` },
  );
}

/** Code of an activator that notes under its bundle's name what an expression gives, in a list that the test reads. */
export function noting(expression: string): string {
  return `exports.activator = { start(context) { (globalThis.__noted ??= {})[context.bundle.name] = ${expression}; } };`;
}

/** What was noted since the last look. */
export function noted(): Record<string, unknown> {
  const all = globalThis as { __noted?: Record<string, unknown> };
  const found = all.__noted ?? {};
  delete all.__noted;
  return found;
}
