import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { contractFile, parseManifest, type Manifest } from '../bundle/index.js';
import { RackwattError } from '../errors.js';
import { VERSION } from '../version.js';
import { extractArchive } from './archive/extract.js';
import { BUDGET, invalid, MANIFEST_FILE, RUNTIME_NAME, SBOM_FILE } from './archive/format.js';
import { FreshFolder } from './archive/fresh-folder.js';
import { openManifest, parseArchiveManifest, type ArchiveManifest } from './archive/manifest.js';
import { checkContent, digestOf, withArchive } from './archive/open.js';
import { quoted } from '../quoted.js';
import { parseStrictly } from '../strict-json.js';
import { filesOf, measure } from './folder.js';
import { refusalHere, RUNTIME_FILES } from './runtime/face.cjs';
import { checkSbom, type SbomSummary } from './sbom.js';
import { writeEnvelope, type Envelope } from './trust/envelope.js';
import { judge, type Judgement, type Trust } from './trust/trust.js';

export interface VerifyOptions {
  /** Who may sign what; absent: nobody is asked, as when an archive is only looked at. */
  trust?: Trust;
  allowUnsigned?: boolean;
  /** Folder to make and to fill with the verified files; nothing is written when absent. */
  into?: string;
  /** What it is to be; either when absent, as where an archive is only looked at. */
  kind?: 'bundle' | 'runtime';
  /** `false`: whoever owns `into` waits for the disk, as where many archives do so together. */
  isFlushed?: boolean;
  /** What it must be, where somebody asked for that. */
  expect?: {
    name?: string;
    version?: string;
    /** sha256, of the bundle or of its file. */
    digest?: string;
  };
  /** Of the archive, for sentences; its file's name when absent. */
  name?: string;
  signal?: AbortSignal;
}

export interface VerifiedArchive extends Judgement {
  name: string;
  version: string;
  /** sha256 of the content, the same whoever signs: what a revision is known by. */
  digest: string;
  manifest: Manifest;
  archive: ArchiveManifest;
  sbom: SbomSummary;
}

/** What is read and not only copied. */
const READ = ['package.json', SBOM_FILE];
/** Scripts that npm would run where a package is installed. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

/**
 * Checks an archive and, with `into`, unpacks it: manifest, signatures, trust, digest, every file, package.json and bill of
 * materials, in this order; the first that fails is the reason. Installing, the drop-in folder, `bundle verify` and `bundle pack` all
 * come here.
 * @throws `ARCHIVE_...`, `SIGNATURE_...`, `TRUST_...`, `BUNDLE_MANIFEST`, `BUNDLE_NOT_FOUND`, `STORE_WRITE`
 */
export function verifyArchive(file: string, options: VerifyOptions = {}): Promise<VerifiedArchive> {
  const { expect = {}, into, signal } = options;
  return withArchive(
    file,
    async (opened) => {
      const { name, envelope } = opened;
      const { archive, ...judgement } = checkManifest(envelope, name, options);
      if (options.trust) {
        options.trust.checkFresh(Date.now());
        checkNeeds(archive, name);
      }
      if ((expect.name ?? archive.name) !== archive.name || (expect.version ?? archive.version) !== archive.version)
        throw invalid(
          name,
          `is ${archive.name} ${archive.version}, not ${[expect.name ?? archive.name, expect.version].join(' ').trim()}`,
        );
      const { digest = archive.archive.sha256 } = expect;
      if (digest !== archive.archive.sha256 && digest !== (await digestOf(opened)))
        throw invalid(
          name,
          `is not what was asked for: neither the bundle nor the file has the digest sha256:${digest}`,
        );
      await checkContent(opened, archive);
      for (const path of READ) {
        const size = archive.files.find((listed) => listed.path === path)?.size;
        if (size === undefined) throw invalid(name, `has no ${path}`);
        if (size > BUDGET.manifest) throw invalid(name, `has a ${path} of more than ${BUDGET.manifest} bytes`);
      }
      const folder = into === undefined ? undefined : await FreshFolder.make(into, options.isFlushed);
      try {
        const kept = await extractArchive(opened, archive, { folder, keep: READ, signal });
        const manifest = checkPackage(kept.get('package.json')!, archive, name);
        checkKind(kept.get('package.json')!, archive, name, options.kind);
        const sbom = checkSbom(kept.get(SBOM_FILE)!, archive, name);
        await folder?.write(MANIFEST_FILE, writeEnvelope(envelope));
        await folder?.flush();
        const { version, archive: content } = archive;
        return { name: archive.name, version, digest: content.sha256, manifest, archive, sbom, ...judgement };
      } catch (error) {
        await folder?.remove();
        throw error;
      }
    },
    options.name === undefined ? {} : { name: options.name },
  );
}

/**
 * Checks the folder of an installed archive: that its manifest is still trusted, and its files still those listed.
 * @throws as `verifyArchive`
 */
export async function verifyInstalled(root: string, name: string, trust: Trust): Promise<void> {
  const found = await filesOf(root);
  if (!found.includes(MANIFEST_FILE)) throw invalid(name, `has no ${MANIFEST_FILE}; install it again`);
  const envelope = openManifest(await readFile(join(root, MANIFEST_FILE)), name);
  const { archive } = checkManifest(envelope, name, { trust });
  const listed = new Map(archive.files.map((file) => [file.path, file]));
  for (const path of found) {
    if (path === MANIFEST_FILE) continue;
    const file = listed.get(path);
    if (!file) throw invalid(name, `holds ${quoted(path)}, which its manifest does not list`);
    const { size, sha256 } = await measure(join(root, path));
    if (size !== file.size || sha256 !== file.sha256)
      throw invalid(name, `holds another ${path} than its manifest lists; it was altered`);
    listed.delete(path);
  }
  const [missing] = listed.keys();
  if (missing !== undefined) throw invalid(name, `lacks ${quoted(missing)}, which its manifest lists`);
}

function checkManifest(
  envelope: Envelope,
  name: string,
  { trust, allowUnsigned = false }: VerifyOptions,
): Judgement & { archive: ArchiveManifest } {
  const judgement = judge(envelope, name, trust);
  const archive = parseArchiveManifest(envelope.payload, name);
  if (trust) trust.check(archive, judgement, name, allowUnsigned);
  return { archive, ...judgement };
}

function checkPackage(content: Buffer, archive: ArchiveManifest, name: string): Manifest {
  const json = parseStrictly(content, `${name}: package.json`, 'ARCHIVE_INVALID') as { scripts?: unknown } | null;
  const manifest = parseManifest(content.toString('utf8'), `package.json of ${name}`);
  if (manifest.name !== archive.name || manifest.version !== archive.version)
    throw invalid(
      name,
      `is listed as ${archive.name} ${archive.version}, but its package.json says ${manifest.name} ${manifest.version}`,
    );
  if (manifest.minimum !== archive.minimum || manifest.capabilities.join() !== archive.capabilities.join())
    throw invalid(
      name,
      'says otherwise of its minimum version or its capabilities in its package.json than in its manifest',
    );
  const script = INSTALL_SCRIPTS.find((each) => Object.hasOwn(Object(json?.scripts) as object, each));
  if (script !== undefined)
    throw invalid(name, `has the script "${script}" in its package.json; installing runs nothing`);
  const missing = missingEntry(manifest, new Set(archive.files.map(({ path }) => path)));
  if (missing !== undefined) throw invalid(name, `lacks ${quoted(missing)}, which its package.json names`);
  return manifest;
}

/** @throws `ARCHIVE_INVALID`, `ARCHIVE_NEEDS` */
function checkKind(content: Buffer, archive: ArchiveManifest, name: string, kind: VerifyOptions['kind']): void {
  const isRuntime = archive.name === RUNTIME_NAME;
  if (kind === 'bundle' && isRuntime)
    throw invalid(name, 'is the runtime and no bundle; install it with: rackwatt runtime install FILE');
  if (kind === 'runtime' && !isRuntime)
    throw invalid(name, 'is a bundle and not the runtime; install it with: rackwatt bundle install FILE');
  if (!isRuntime) return;
  const lacking = RUNTIME_FILES.find(
    ({ path, mode }) => !archive.files.some((file) => file.path === path && file.mode === mode),
  );
  if (lacking !== undefined) throw invalid(name, `lacks ${lacking.path} (${lacking.mode}), so it is no runtime`);
  const refusal = refusalHere(content.toString());
  if (kind === 'runtime' && refusal !== undefined) throw new RackwattError('ARCHIVE_NEEDS', `${name} ${refusal}`);
}

/** @throws `ARCHIVE_NEEDS` */
function checkNeeds({ needs }: ArchiveManifest, name: string): void {
  for (const [what, range, here] of [
    ['rackwatt', needs.rackwatt, VERSION],
    ['Node', needs.node, process.versions.node],
  ] as const)
    if (range !== undefined && !semver.satisfies(here, range, { includePrerelease: true }))
      throw new RackwattError('ARCHIVE_NEEDS', `${name} needs ${what} ${range}, and this is ${here}`);
}

/** Every module that a manifest names, relative to the bundle. */
export function entryFiles(manifest: Manifest): string[] {
  const contracts = manifest.contracts.map((subpath) => contractFile(manifest, subpath));
  return [
    ...new Set([
      ...(manifest.main ? [manifest.main] : []),
      ...contracts,
      ...manifest.brought.flatMap(({ exports }) => Object.values(exports)),
      ...(manifest.migrate ? [manifest.migrate] : []),
      ...manifest.entries,
      ...Object.values(manifest.commands),
    ]),
  ];
}

/** The first module that a manifest names and that is not among the files. */
export function missingEntry(manifest: Manifest, files: ReadonlySet<string>): string | undefined {
  return entryFiles(manifest).find((file) => !files.has(file.replace(/^\.\//, '')));
}
