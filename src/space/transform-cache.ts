import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from './digest.js';

const MEMORY_ENTRIES = 4096;

/**
 * Transformed texts by the digest of their source, their file's name and the transformer's version: in memory, and in a
 * folder when one is given. A folder that cannot be written or holds rubbish costs time, never correctness.
 */
export class TransformCache {
  readonly #folder: string | undefined;
  readonly #memory = new Map<string, unknown>();

  constructor(folder?: string) {
    this.#folder = folder;
  }

  /** @param key everything the outcome depends on. @param make gives plain data. */
  get<T>(key: readonly string[], make: () => T): T {
    const digest = digestOf(JSON.stringify(key));
    const known = (this.#memory.get(digest) as T | undefined) ?? this.#read<T>(digest);
    const value = known ?? make();
    if (known === undefined) this.#write(digest, value);
    if (!this.#memory.has(digest)) this.#remember(digest, value);
    return value;
  }

  #remember(digest: string, value: unknown): void {
    this.#memory.set(digest, value);
    if (this.#memory.size <= MEMORY_ENTRIES) return;
    const [oldest] = this.#memory.keys();
    if (oldest !== undefined) this.#memory.delete(oldest);
  }

  #path(folder: string, digest: string): string {
    return join(folder, digest.slice(0, 2), `${digest}.json`);
  }

  #read<T>(digest: string): T | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      const stored = JSON.parse(readFileSync(this.#path(this.#folder, digest), 'utf8')) as { digest: string; value: T };
      return stored.digest === digest ? stored.value : undefined;
    } catch {
      return undefined;
    }
  }

  #write(digest: string, value: unknown): void {
    if (this.#folder === undefined) return;
    const path = this.#path(this.#folder, digest);
    try {
      mkdirSync(join(this.#folder, digest.slice(0, 2)), { recursive: true });
      const partial = `${path}.${process.pid}`;
      writeFileSync(partial, JSON.stringify({ digest, value }));
      renameSync(partial, path);
    } catch {
      // A full or read-only disk: transformed again next time.
    }
  }
}
