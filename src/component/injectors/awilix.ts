import type { AwilixContainer } from 'awilix';
import { createRequire } from 'node:module';

type Part = (cradle: Record<string, unknown>, parts: Record<string, unknown>) => unknown;

interface Wired {
  cradle: Record<string, unknown>;
  dispose(): Promise<void>;
}

const require = createRequire(import.meta.url);

const nothing = (): Promise<void> => Promise.resolve();

/**
 * The private parts of a component, wired by awilix: strict, and only `.scoped()` registrations in a scope that lives as
 * long as the activation. Singletons of a shared root would keep the first revision of a bundle for ever.
 *
 * A component without parts gets a plain object, which costs nothing.
 */
export function wire(values: Record<string, unknown>, parts: Record<string, Part> | undefined): Wired {
  if (!parts || Object.keys(parts).length === 0) return { cradle: values, dispose: nothing };
  const awilix = require('awilix') as typeof import('awilix');
  const root: AwilixContainer<Record<string, unknown>> = awilix.createContainer({
    strict: true,
    injectionMode: awilix.InjectionMode.PROXY,
  });
  const scope = root.createScope();
  for (const [name, value] of Object.entries(values)) scope.register(name, awilix.asValue(value));
  for (const [name, part] of Object.entries(parts)) {
    scope.register(
      name,
      awilix
        .asFunction((cradle: Record<string, unknown>) => part(cradle, cradle))
        .scoped()
        .disposer((made) => dispose(made)),
    );
  }
  return { cradle: scope.cradle, dispose: () => scope.dispose() };
}

async function dispose(made: unknown): Promise<void> {
  const part = made as Partial<AsyncDisposable & Disposable> | null | undefined;
  if (typeof part?.[Symbol.asyncDispose] === 'function') await part[Symbol.asyncDispose]!();
  else part?.[Symbol.dispose]?.();
}
