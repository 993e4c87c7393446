import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partsOf, readPrivateKey, signed, type BundleFile } from '../support/archives.js';

/** A packed bundle as other versions of itself, each signed; for swaps that are to be told apart. */
export class Releases {
  readonly #name: string;
  readonly #files: readonly BundleFile[];
  readonly #key: ReturnType<typeof readPrivateKey>;
  readonly #folder: string;

  constructor(name: string, files: readonly BundleFile[], keyFile: string, folder: string) {
    this.#name = name;
    this.#files = files;
    this.#key = readPrivateKey(keyFile);
    this.#folder = folder;
  }

  /** @returns path of the archive */
  async make(version: string): Promise<string> {
    const changed = this.#files.map(({ path, content }) => ({
      path,
      content:
        path === 'package.json'
          ? Buffer.from(JSON.stringify({ ...(JSON.parse(content.toString('utf8')) as object), version }))
          : content,
    }));
    const file = join(this.#folder, `release-${version}.tgz`);
    writeFileSync(file, signed(partsOf({ name: this.#name, version }, changed), this.#key));
    return file;
  }
}
