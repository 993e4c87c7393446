import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const deployment = (await import(
  new URL('../../../src/dist/deployment/index.js', import.meta.url).href
)) as typeof import('../../src/deployment/index.js');

type Files = Awaited<ReturnType<typeof deployment.readArchive>>;

/** A packed bundle as other versions of itself, each signed; for swaps that are to be told apart. */
export class Releases {
  readonly #name: string;
  readonly #files: Files;
  readonly #key: ReturnType<typeof deployment.readPrivateKey>;
  readonly #folder: string;

  constructor(name: string, files: Files, keyFile: string, folder: string) {
    this.#name = name;
    this.#files = files.filter(({ path }) => path !== deployment.SEAL_FILE);
    this.#key = deployment.readPrivateKey(keyFile);
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
    const sealed = [deployment.sealOf(this.#name, version, changed), ...changed];
    const file = join(this.#folder, `release-${version}.tgz`);
    writeFileSync(file, await deployment.writeArchive(deployment.signFiles(sealed, this.#key, file)));
    return file;
  }
}

export const { readArchive } = deployment;
