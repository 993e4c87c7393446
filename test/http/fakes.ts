import {
  type Bound,
  type ComponentContext,
  type ComponentDefinition,
  type Disposer,
  type LiveSet,
  Scope,
} from 'rackwatt';
import type { TestContext } from 'node:test';

/** A dynamic reference whose services the test brings and takes. */
export class FakeSet<T> implements LiveSet<T> {
  readonly #bound = new Map<number, Bound<T>>();
  readonly #added = new Set<(bound: Bound<T>) => void>();
  readonly #removed = new Set<(bound: Bound<T>) => void>();
  #next = 1;

  get size(): number {
    return this.#bound.size;
  }

  [Symbol.iterator](): Iterator<Bound<T>> {
    return this.#bound.values();
  }

  onAdded(listener: (bound: Bound<T>) => void): Disposer {
    this.#added.add(listener);
    for (const bound of this.#bound.values()) listener(bound);
    return () => void this.#added.delete(listener);
  }

  onRemoved(listener: (bound: Bound<T>) => void): Disposer {
    this.#removed.add(listener);
    return () => void this.#removed.delete(listener);
  }

  /** @returns takes it away again. */
  bring(service: T, properties: Record<string, string | number> = {}): () => void {
    const bound = { service, properties, id: this.#next++ };
    this.#bound.set(bound.id, bound);
    for (const listener of this.#added) listener(bound);
    return () => {
      this.#bound.delete(bound.id);
      for (const listener of this.#removed) listener(bound);
    };
  }
}

export interface LogLine {
  level: string;
  message: string;
}

/** Activates a component on fakes, as the container would; its scope closes with the test. */
export async function activate<P>(
  t: TestContext,
  definition: ComponentDefinition,
  cradle: { config: unknown; provide?: ComponentContext['provide'] } & Record<string, unknown>,
): Promise<{ service: P; scope: Scope; lines: LogLine[] }> {
  const scope = new Scope('test');
  const lines: LogLine[] = [];
  const write = (level: string) => (fields: object | string, message?: string) =>
    void lines.push({ level, message: typeof fields === 'string' ? fields : message! });
  const log = { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };
  t.after(() => scope.close());
  const context = { bundle: { id: 1, name: 'test', version: '0.0.0' }, scope, provide: cradle.provide };
  const service = (await definition.options.activate({ ...cradle, log, scope, context } as never)) as P;
  return { service, scope, lines };
}
