import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorMessage, RackwattError } from '../errors.js';
import { runtimeFolder } from '../runtime-folder.js';
import { filesOf } from './folder.js';
import { archiveName } from './pack.js';
import { platformBundles } from './sources.js';

/** Bundles that are laid out: a lower-case npm name, perhaps in a scope, whose last part is also the scheme of a driver's addresses. */
const NAME = /^(?:@[a-z0-9][a-z0-9-]*\/)?[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*$/;
const MAX_NAME = 100;
const RESERVED = new Set(['rackwatt', 'node-modules', 'store', 'link', 'platform', 'http', 'https', 'file']);
/** What building a template in its place leaves. */
const LEFT_BEHIND = /^(?:dist|node_modules)\//;
/** Versions of packages, and the folders of those that are not fetched from a registry. */
type Versions = ReadonlyMap<string, { version: string; folder?: string }>;
/** Contract versions are written where a template says `*`. */
const VERSIONED = ['peerDependencies', 'engines'] as const;

/**
 * Lays out a bundle that builds, tests and packs.
 *
 * Templates are folders `templates/<kind>` of the runtime and of the bundles that came with it: whole bundles named `acme`,
 * so that they can be compiled and tested as they are.
 *
 * @param kind `driver`, `publisher`, `service`, or what else a bundle has a template for
 * @param folder absent or empty
 * @throws `USAGE`
 */
export async function newBundle(kind: string, name: string, folder: string): Promise<{ name: string; folder: string }> {
  if (name.length > MAX_NAME || !NAME.test(name)) {
    throw new RackwattError(
      'USAGE',
      `"${name}" is no name for a bundle; use lower-case letters, digits and single dashes, such as acme or @example/acme-pdu`,
    );
  }
  const id = name.slice(name.indexOf('/') + 1);
  if (RESERVED.has(id) || name.startsWith('@rackwatt/'))
    throw new RackwattError('USAGE', `the name "${name}" is taken; choose another one`);
  const templates = templateFolders();
  const template = templates.get(kind);
  if (!template)
    throw new RackwattError(
      'USAGE',
      `there is no template "${kind}"; choose one of ${[...templates.keys()].sort().join(', ')}`,
    );
  if (!(await isEmpty(folder)))
    throw new RackwattError('USAGE', `${folder} is not an empty folder; choose another one with --dir`);
  const versions = await templateVersions();
  for (const path of await filesOf(template)) {
    if (LEFT_BEHIND.test(path)) continue;
    const text = renamed(await readFile(join(template, path), 'utf8'), name, id);
    const target = join(folder, targetPath(path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, path === 'package.json' ? packageJson(text, name, folder, versions) : text, { flag: 'wx' });
  }
  return { name, folder };
}

/** Kinds that `newBundle` takes. */
export function templateKinds(): string[] {
  return [...templateFolders().keys()].sort();
}

function templateFolders(): Map<string, string> {
  const found = new Map<string, string>();
  for (const owner of [runtimeFolder, ...platformBundles(runtimeFolder)]) {
    const folder = join(owner, 'templates');
    if (!existsSync(folder)) continue;
    for (const kind of readdirSync(folder)) if (!found.has(kind)) found.set(kind, join(folder, kind));
  }
  return found;
}

/** npm leaves a `.gitignore` out of a package. */
function targetPath(path: string): string {
  return path === 'gitignore' ? '.gitignore' : path;
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw new RackwattError('USAGE', `${folder} cannot be used: ${errorMessage(error)}`, { cause: error });
  }
}

/** `acme` in names of packages, files and addresses, `Acme` in identifiers and prose. */
function renamed(text: string, name: string, id: string): string {
  const identifier = id.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const constant = id.toUpperCase().replaceAll('-', '_');
  return text
    .replaceAll('acme-0.1.0.tgz', archiveName(name, '0.1.0'))
    .replaceAll('# acme\n', `# ${name}\n`)
    .replaceAll('acme/', `${name}/`)
    .replaceAll('acme:/', `${id}:/`)
    .replaceAll('Acme', identifier)
    .replaceAll('ACME', constant)
    .replaceAll(/(?<![\w/@-])acme/g, id);
}

function packageJson(text: string, name: string, folder: string, versions: Versions): string {
  const content = JSON.parse(text) as Record<string, unknown>;
  content['name'] = name;
  for (const key of VERSIONED) {
    const ranges = content[key] as Record<string, string> | undefined;
    for (const [dependency, range] of Object.entries(ranges ?? {})) {
      const found = versions.get(dependency);
      if (range === '*' && found) ranges![dependency] = `^${found.version}`;
    }
  }
  // What is compiled against is the runtime that laid the bundle out, wherever it was installed from.
  const development = (content['devDependencies'] ??= {}) as Record<string, string>;
  for (const dependency of Object.keys((content['peerDependencies'] ?? {}) as object)) {
    const place = versions.get(dependency)?.folder;
    if (place !== undefined) development[dependency] = `file:${relative(folder, place).replaceAll('\\', '/')}`;
  }
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Versions of the runtime, of the shared modules that it brings and of the contracts beside it. */
async function templateVersions(): Promise<Versions> {
  const versions = new Map<string, { version: string; folder?: string }>();
  for (const folder of [runtimeFolder, ...platformBundles(runtimeFolder)]) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version, dependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
      name: string;
      version: string;
      dependencies?: Record<string, string>;
    };
    versions.set(name, { version, folder });
    if (folder === runtimeFolder)
      for (const [dependency, range] of Object.entries(dependencies ?? {}))
        versions.set(dependency, { version: range });
  }
  return versions;
}
