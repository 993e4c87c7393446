import type { BundleContext } from 'rackwatt';
import type { TestContainer } from './container.js';

/** What the activator of a bundle does, as the test says. */
export interface Acts {
  start?(context: BundleContext): void | Promise<void>;
  stop?(context: BundleContext): void | Promise<void>;
}

const ACTS = Symbol.for('rackwatt.test.acts');
const acts = new Map<string, Acts>();
Object.defineProperty(globalThis, ACTS, { value: acts });
let serial = 0;

/** Code of a bundle in a space whose activator does what the test says. */
export function actingCode(does: Acts): string {
  const key = String(++serial);
  acts.set(key, does);
  return `const acts = globalThis[Symbol.for('rackwatt.test.acts')].get('${key}');
    exports.activator = { start: (context) => acts.start?.(context), stop: (context) => acts.stop?.(context) };`;
}

/** Installs such a bundle. */
export async function acting(
  container: TestContainer,
  name: string,
  does: Acts = {},
  { startLevel = 1, manifest = {} }: { startLevel?: number; manifest?: Record<string, unknown> } = {},
) {
  const root = container.write(name, { 'index.js': actingCode(does) }, manifest);
  return container.framework.install(await container.source(root), { startLevel });
}
