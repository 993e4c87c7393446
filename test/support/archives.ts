import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArchiveParts, BundleFile } from '../../src/deployment/index.js';

const deployment = (await import(
  new URL('../../../src/dist/deployment/index.js', import.meta.url).href
)) as typeof import('../../src/deployment/index.js');
const { joinArchive, makeArchive, MANIFEST_FILE, SBOM_FILE, sbomOf, signEnvelope, verifyArchive } = deployment;

export type { ArchiveParts, BundleFile };
export const { readPrivateKey } = deployment;

/** What a manifest of an archive says beside its files. */
type Facts = Partial<Parameters<typeof makeArchive>[0]> & { name: string; version: string };

/** Files as an archive that nobody signed, with the bill of materials that they lack. */
export function partsOf(facts: Facts, files: readonly BundleFile[]): ArchiveParts {
  const kept = files.filter(({ path }) => path !== MANIFEST_FILE && path !== SBOM_FILE);
  const sbom = files.find(({ path }) => path === SBOM_FILE && sameBundle(path, facts, files));
  return makeArchive({ needs: {}, ...declared(files), ...facts }, [
    ...kept,
    sbom ?? { path: SBOM_FILE, content: sbomOf(facts) },
  ]);
}

/** What its package.json says, which the manifest must say too. */
function declared(files: readonly BundleFile[]): { capabilities: string[] } {
  const file = files.find(({ path }) => path === 'package.json');
  const { rackwatt } = JSON.parse(file?.content.toString() ?? '{}') as { rackwatt?: { capabilities?: string[] } };
  return { capabilities: rackwatt?.capabilities ?? [] };
}

export function signed({ envelope, content }: ArchiveParts, ...keys: KeyObject[]): Buffer {
  return joinArchive({ envelope: keys.reduce(signEnvelope, envelope), content });
}

/** The files of an archive, its manifest apart. */
export async function filesOfArchive(file: string): Promise<BundleFile[]> {
  const work = mkdtempSync(join(tmpdir(), 'rackwatt-test-'));
  try {
    const into = join(work, 'files');
    await verifyArchive(file, { into });
    return readdirSync(into, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({ path: path.slice(into.length + 1), content: readFileSync(path) }))
      .filter(({ path }) => path !== MANIFEST_FILE);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Whether a bill of materials is about this version: those of repacked bundles are about another one. */
function sameBundle(path: string, { version }: Facts, files: readonly BundleFile[]): boolean {
  const content = files.find((file) => file.path === path)!.content.toString();
  return (
    (JSON.parse(content) as { metadata: { component: { version: string } } }).metadata.component.version === version
  );
}
