import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadDeployment } from './built.js';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
}

export async function inTemporaryFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface BundleText {
  name: string;
  version?: string;
  code: string;
}

/** Writes a bundle's folder. @returns the folder */
export function writeBundle(root: string, { name, version = '1.0.0', code }: BundleText): string {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name, version, main: './index.js', rackwatt: {} }));
  writeFileSync(join(root, 'index.js'), code);
  return root;
}

/** What peerbench's trivial bundle does: an activator that keeps its context while it runs. */
export function trivialBundle(i: number): BundleText {
  return {
    name: `bench-${i}`,
    code: 'exports.activator = { start(context) { this.context = context; }, stop() { this.context = undefined; } };\n',
  };
}

/** What peerbench swaps: a service that says its version, and a static buffer of 64 KiB. */
export function swappedBundle(version: number): BundleText {
  return {
    name: 'swapped',
    version: `1.0.${version}`,
    code: `const { component, contract } = require('rackwatt');
const buffer = Buffer.alloc(65536, ${version % 256});
exports.swapped = component({
  name: 'swapped',
  provides: contract('bench/Swapped', { major: 1 }),
  activate: () => ({ version: ${version}, buffer }),
});
`,
  };
}

/** Makes signed archives, and the folder of keys under which they are trusted. */
export async function signedArchives(
  folder: string,
  bundles: readonly BundleText[],
): Promise<{ keys: string; files: string[] }> {
  const { makeKey, readPrivateKey } = await loadDeployment();
  const { partsOf, signed } = await import('../support/archives.js');
  const keys = join(folder, 'keys');
  const key = readPrivateKey(makeKey(join(keys, 'bench')).privateFile);
  const files: string[] = [];
  for (const [i, bundle] of bundles.entries()) {
    const { name, version = '1.0.0' } = bundle;
    const root = writeBundle(join(folder, 'sources', String(i)), bundle);
    const content = readdirSync(root).map((path) => ({ path, content: readFileSync(join(root, path)) }));
    const file = join(folder, 'archives', `${i}.tgz`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, signed(partsOf({ name, version }, content), key));
    files.push(file);
  }
  return { keys, files };
}
