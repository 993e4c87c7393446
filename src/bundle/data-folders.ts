import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { markData } from './migration.js';

/** The folders in which bundles keep what is to outlive them, one for each name. */
export class DataFolders {
  readonly #root: string;

  constructor(storage: string) {
    this.#root = join(storage, 'data');
  }

  /** Where it lies or would lie. */
  pathOf(name: string): string {
    return join(this.#root, name.replace('/', '+'));
  }

  /** The folder, made by this version of the bundle where there is none. */
  folderOf({ name, version }: { name: string; version: string }): string {
    const folder = this.pathOf(name);
    mkdirSync(folder, { recursive: true });
    markData(folder, version);
    return folder;
  }

  remove(name: string): void {
    rmSync(this.pathOf(name), { recursive: true, force: true });
  }

  clear(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
