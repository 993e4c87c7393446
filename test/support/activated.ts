import type { BundleContext, Contract } from 'rackwatt';
import { rackwatt, type TestContainer } from './container.js';

const CONTEXTS = Symbol.for('rackwatt.test.contexts');
const contexts = new Map<string, BundleContext>();
Object.defineProperty(globalThis, CONTEXTS, { value: contexts });
let serial = 0;

/** Starts a bundle in a space whose code is the test: it acts through the context that the bundle's activator was given. */
export async function activated(container: TestContainer, name: string, manifest: Record<string, unknown> = {}) {
  const key = `${name} ${++serial}`;
  const bundle = await container.start(
    name,
    `const contexts = globalThis[Symbol.for('rackwatt.test.contexts')];
     exports.activator = {
       start(context) { contexts.set(${JSON.stringify(key)}, context); },
     };`,
    manifest,
  );
  const context = contexts.get(key)!;
  contexts.delete(key);
  return { bundle, context };
}

export interface Meter {
  read(): number;
}
export const Meter: Contract<Meter> = rackwatt.contract<Meter>('test/Meter', { major: 1 });

export interface Switch {
  on(): void;
}
export const Switch: Contract<Switch> = rackwatt.contract<Switch>('test/Switch', { major: 1 });

export const meter = (value = 1): Meter => ({ read: () => value });
