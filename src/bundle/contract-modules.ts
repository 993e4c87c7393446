import { resolve } from 'node:path';
import type { ModuleSpace } from '../space/index.js';
import { contractFile, type Manifest } from './manifest.js';

/** The contract modules of a revision, evaluated once in a space of their own, for all that import them. */
export class ContractModules {
  readonly #root: string;
  readonly #files: readonly { key: string; file: string }[];
  readonly #makeSpace: () => Promise<ModuleSpace>;
  readonly #exports = new Map<string, unknown>();
  /** Whoever uses what a module exports keeps the space; who offers it does not. */
  #space: WeakRef<ModuleSpace> | undefined;
  #loaded: Promise<void> | undefined;

  constructor({ root, manifest }: { root: string; manifest: Manifest }, makeSpace: () => Promise<ModuleSpace>) {
    this.#root = root;
    this.#makeSpace = makeSpace;
    const { name, contracts, brought } = manifest;
    this.#files = [
      ...contracts.map((subpath) => ({ key: keyOf(name, subpath), file: contractFile(manifest, subpath) })),
      ...brought.flatMap((each) =>
        Object.entries(each.exports).map(([subpath, file]) => ({ key: keyOf(each.name, subpath), file })),
      ),
    ];
  }

  /** What the module exports; undefined when there is none, or it is not evaluated. */
  exports(name: string, subpath: string): unknown {
    return this.#exports.get(keyOf(name, subpath));
  }

  load(): Promise<void> {
    return (this.#loaded ??= this.#evaluate());
  }

  async #evaluate(): Promise<void> {
    if (this.#files.length === 0) return;
    const space = await this.#makeSpace();
    this.#space = new WeakRef(space);
    try {
      for (const { key, file } of this.#files) this.#exports.set(key, await space.load(resolve(this.#root, file)));
    } catch (error) {
      // What they import may be there the next time.
      this.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#space?.deref()?.dispose();
    this.#space = undefined;
    this.#loaded = undefined;
    this.#exports.clear();
  }
}

function keyOf(name: string, subpath: string): string {
  return `${name}\0${subpath}`;
}
