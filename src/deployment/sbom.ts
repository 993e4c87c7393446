import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareText, invalid, SBOM_FILE } from './archive/format.js';
import { quoted } from '../quoted.js';
import { parseStrictly } from '../strict-json.js';
import { errorMessage } from '../errors.js';

/** A private dependency that was inlined. */
export interface InlinedPackage {
  name: string;
  version: string;
  /** As its package.json says it. */
  license: string | undefined;
  /** Hex sha512 of the package as the registry gave it; known where npm installed it. */
  sha512: string | undefined;
  /** Inlined packages that it asks for, by package URL. */
  dependsOn: string[];
  /** Texts of its licence and notice files. */
  texts: string[];
}

/** What a bill of materials tells, for people. */
export interface SbomSummary {
  format: string;
  components: { name: string; version: string; purl: string; licenses: string[] }[];
}

/** What is known of the packages in these folders, in a fixed order. */
export function inlinedPackages(folders: readonly string[]): InlinedPackage[] {
  const manifests = new Map([...new Set(folders)].map((folder) => [folder, readPackage(folder)]));
  const found = [...manifests]
    .map(([folder, { name, version, license, dependencies, optionalDependencies }]) => ({
      name,
      version,
      license: typeof license === 'string' ? license : undefined,
      sha512: integrityOf(folder),
      dependsOn: Object.keys({ ...dependencies, ...optionalDependencies })
        .flatMap((wanted) => {
          const found = manifests.get(folderOf(wanted, folder, manifests) ?? '');
          return found ? [purlOf(found.name, found.version)] : [];
        })
        .sort(compareText),
      texts: licenceTexts(folder),
    }))
    .sort((a, b) => compareText(purlOf(a.name, a.version), purlOf(b.name, b.version)));
  // npm may have laid one version into several folders.
  return [...new Map(found.map((each) => [purlOf(each.name, each.version), each])).values()];
}

/** The licences of what was inlined ask to be handed on with it. */
export function notices(name: string, packages: readonly InlinedPackage[]): Buffer {
  const sections = packages.map(({ name: other, version, license, texts }) =>
    [`## ${other} ${version} (${license ?? 'see its package'})`, ...texts].join('\n\n'),
  );
  return Buffer.from(`${[`# Packages in ${name}`, ...sections].join('\n\n')}\n`);
}

/**
 * CycloneDX 1.6 as JSON: the bundle, and what was inlined. Without a time, and with a serial number made from the content, so that the
 * same bundle has the same bytes.
 * @param direct names of the dependencies that the bundle itself asks for
 */
export function sbomOf(
  bundle: { name: string; version: string; description?: string; license?: string | undefined },
  inlined: readonly InlinedPackage[] = [],
  direct: readonly string[] = inlined.map(({ name }) => name),
): Buffer {
  const ref = purlOf(bundle.name, bundle.version);
  const content = {
    version: 1,
    metadata: {
      component: {
        ...componentOf(bundle.name, bundle.version, bundle.license),
        ...(bundle.description ? { description: bundle.description } : {}),
      },
    },
    components: inlined.map(({ name, version, license, sha512 }) => ({
      ...componentOf(name, version, license),
      scope: 'required',
      ...(sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    })),
    dependencies: [
      {
        ref,
        dependsOn: inlined
          .filter(({ name }) => direct.includes(name))
          .map(({ name, version }) => purlOf(name, version))
          .sort(compareText),
      },
      ...inlined.map(({ name, version, dependsOn }) => ({ ref: purlOf(name, version), dependsOn })),
    ],
  };
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    ...content,
  };
  return Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
}

/**
 * Reads the bill of materials of a bundle, which must be about that bundle.
 * @throws `ARCHIVE_INVALID`
 */
export function checkSbom(content: Buffer, bundle: { name: string; version: string }, archive: string): SbomSummary {
  const sbom = parseStrictly(content, `${archive}: ${SBOM_FILE}`, 'ARCHIVE_INVALID') as Record<string, unknown> | null;
  const refuse = (what: string): Error => invalid(archive, `has a ${SBOM_FILE} that ${what}`);
  if (sbom?.['bomFormat'] !== 'CycloneDX' || !/^1\.[4-6]$/.test(String(sbom['specVersion'])))
    throw refuse('is no CycloneDX 1.4 to 1.6');
  const root = (sbom['metadata'] as { component?: unknown } | undefined)?.component;
  if (!isComponent(root)) throw refuse('names no component that it is about');
  if (fullName(root) !== bundle.name || root.version !== bundle.version)
    throw refuse(`is about ${quoted(fullName(root))} ${quoted(root.version)}, not ${bundle.name} ${bundle.version}`);
  const components = sbom['components'] ?? [];
  if (!Array.isArray(components) || !components.every(isComponent))
    throw refuse('has components without name and version');
  return {
    format: `CycloneDX ${String(sbom['specVersion'])}`,
    components: components.map((component) => ({
      name: fullName(component),
      version: component.version,
      purl: typeof component.purl === 'string' ? component.purl : '',
      licenses: licensesOf(component.licenses),
    })),
  };
}

interface Component {
  name: string;
  version: string;
  group?: unknown;
  purl?: unknown;
  licenses?: unknown;
}

function isComponent(value: unknown): value is Component {
  const { name, version } = (value ?? {}) as Partial<Component>;
  return typeof name === 'string' && typeof version === 'string';
}

function fullName({ group, name }: Component): string {
  return typeof group === 'string' && group !== '' ? `${group}/${name}` : name;
}

function licensesOf(licenses: unknown): string[] {
  if (!Array.isArray(licenses)) return [];
  return (licenses as ({ expression?: unknown; license?: { id?: unknown; name?: unknown } } | null)[]).flatMap(
    (entry) => {
      const text = entry?.expression ?? entry?.license?.id ?? entry?.license?.name;
      return typeof text === 'string' ? [text] : [];
    },
  );
}

function componentOf(name: string, version: string, license: string | undefined): object {
  const [group, own] = name.startsWith('@') ? (name.split('/') as [string, string]) : [undefined, name];
  const purl = purlOf(name, version);
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: own,
    version,
    ...(license === undefined ? {} : { licenses: [licenseOf(license)] }),
    purl,
  };
}

/** Package URL, type npm (package-url/purl-spec). */
function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
}

/** An SPDX expression where it looks like one, else a name. */
function licenseOf(license: string): object {
  const isExpression = /^[\w.+()-]+(?: (?:AND|OR|WITH) [\w.+()-]+)*$/.test(license) && license !== 'UNLICENSED';
  return isExpression ? { expression: license } : { license: { name: license } };
}

/** A UUID of version 8 (RFC 9562): the first bits of a sha256. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

interface PackageJson {
  name: string;
  version: string;
  license?: unknown;
  dependencies?: object;
  optionalDependencies?: object;
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

/** Where Node would find a package, among those that are known. */
function folderOf(name: string, from: string, known: ReadonlyMap<string, unknown>): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (known.has(folder)) return folder;
    if (at === dirname(at)) return undefined;
  }
}

/** What npm noted when it installed the package. */
function integrityOf(folder: string): string | undefined {
  const at = folder.indexOf('/node_modules/');
  const lock = join(folder.slice(0, at), 'node_modules', '.package-lock.json');
  if (at < 0 || !existsSync(lock)) return undefined;
  try {
    const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as {
      packages?: Record<string, { integrity?: string }>;
    };
    const sum = /^sha512-([A-Za-z0-9+/]+=*)$/.exec(packages?.[folder.slice(at + 1)]?.integrity ?? '')?.[1];
    return sum === undefined ? undefined : Buffer.from(sum, 'base64').toString('hex');
  } catch (error) {
    // Another package manager's file of that name; then the digest is not known.
    void errorMessage(error);
    return undefined;
  }
}

function licenceTexts(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i.test(file) && statSync(join(folder, file)).isFile())
    .sort(compareText)
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
}
