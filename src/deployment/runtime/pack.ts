import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { errorMessage, RackwattError } from '../../errors.js';
import { compareText, RUNTIME_NAME, SBOM_FILE, type BundleFile } from '../archive/format.js';
import { writeArchive, type FileOnDisk } from '../archive/pack.js';
import { packagePaths } from '../folder.js';
import { inlinedPackages, sbomOf } from '../sbom.js';
import { runtimeFolder } from '../../runtime-folder.js';
import { verifyArchive, type VerifiedArchive } from '../verify.js';
import { FACE } from './face.cjs';
import { productionPackages } from './packages.js';

/** A Node to pack. */
export interface NodeBinary {
  binary: string;
  version: string;
  /** File of its licence. */
  license: string;
}

export interface PackRuntimeOptions {
  /** Archive to write. */
  output(version: string): string;
  /** Folder of the runtime; that of this one when absent. */
  folder?: string;
  /** That of the package of this platform when absent. */
  node?: NodeBinary;
  /** Of compression, 1 to 9. */
  level?: number;
}

const KEPT_KEYS = ['name', 'version', 'description', 'license', 'type', 'bin', 'exports', 'engines', 'dependencies'];
const PARTS = ['bin', 'dist', 'templates'];
/** What is read by compilers and debuggers, and by nobody where a node runs. */
const FOR_DEVELOPERS = /\.(?:d\.[cm]?ts|map|tsbuildinfo)$/;
/** Those who hand packages on must hand on their licences; the rest of their pages is not read. */
const PAGES = /(?:^|\/)(?!licen[cs]e|notice)[^/]*\.(?:md|markdown)$/i;
/** What packages carry along for those who work on them. */
const WORKSHOP = /^(?:\.|(?:tests?|__tests__|bench(?:marks?)?|examples?|docs?|coverage)\/)/i;
const TEXT_OF_LICENCE = /^(?:licen[cs]e|notice|copying)/i;

/**
 * Packs the runtime, for this platform: its package, the packages that it needs to run, and its Node, in an archive like those of
 * bundles. Nothing is held in memory whole.
 * @throws `PACK_FAILED`
 */
export async function packRuntime(options: PackRuntimeOptions): Promise<VerifiedArchive & { file: string }> {
  const folder = options.folder ?? runtimeFolder;
  const source = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown> & {
    version: string;
  };
  const node = options.node ?? nodeBeside(folder);
  const packages = await productionPackages(folder, (name) => name.startsWith('node-'));
  const parts = inlinedPackages(packages.map(({ folder: place }) => place));
  const { version } = source;
  const own = {
    ...Object.fromEntries(KEPT_KEYS.filter((key) => source[key] !== undefined).map((key) => [key, source[key]])),
    os: [process.platform],
    cpu: [process.arch],
    rackwatt: { face: FACE, node: node.version },
  };
  const license = typeof source['license'] === 'string' ? source['license'] : undefined;
  const sbom = sbomOf({ name: RUNTIME_NAME, version, license }, [
    ...parts,
    { name: 'node', version: node.version, license: 'MIT', sha512: undefined, dependsOn: [], texts: [] },
  ]);
  const files: (BundleFile | FileOnDisk)[] = [
    { path: 'package.json', content: Buffer.from(`${JSON.stringify(own, null, 2)}\n`) },
    { path: SBOM_FILE, content: sbom },
    { path: 'bin/node', file: node.binary, mode: '0755' },
    { path: 'bin/node.LICENSE', file: node.license },
    ...(await ownFiles(folder)),
    ...(await Promise.all(packages.map(({ at, folder: place }) => filesBelow(place, at)))).flat(),
  ];
  const file = resolve(options.output(version));
  await writeArchive(
    file,
    { name: RUNTIME_NAME, version, needs: {}, capabilities: [] },
    files.sort((a, b) => compareText(a.path, b.path)),
    options.level ?? 9,
  );
  try {
    return { file, ...(await verifyArchive(file)) };
  } catch (error) {
    await rm(file, { force: true });
    throw new RackwattError('PACK_FAILED', `${file} would be refused where it is installed: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

async function ownFiles(folder: string): Promise<FileOnDisk[]> {
  const found: FileOnDisk[] = [];
  for (const part of PARTS.filter((each) => existsSync(join(folder, each)))) {
    for (const path of await packagePaths(join(folder, part))) {
      const at = `${part}/${path}`;
      if (part === 'dist' && FOR_DEVELOPERS.test(path)) continue;
      found.push({ path: at, file: join(folder, at), ...(at === 'bin/rackwatt.cjs' ? { mode: '0755' } : {}) });
    }
  }
  return found;
}

async function filesBelow(folder: string, at: string): Promise<FileOnDisk[]> {
  return (await packagePaths(folder))
    .filter((path) => TEXT_OF_LICENCE.test(path) || ![FOR_DEVELOPERS, PAGES, WORKSHOP].some((left) => left.test(path)))
    .map((path) => ({ path: `${at}/${path}`, file: join(folder, path) }));
}

/** @throws `PACK_FAILED` */
function nodeBeside(folder: string): NodeBinary {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    const place = dirname(manifest);
    return { binary: join(place, 'bin', 'node'), version, license: join(place, 'LICENSE') };
  } catch (error) {
    throw new RackwattError(
      'PACK_FAILED',
      `the package ${name}, whose Node the runtime brings along, is not installed beside ${folder}; install it with npm, on Linux x64 or arm64`,
      { cause: error },
    );
  }
}
