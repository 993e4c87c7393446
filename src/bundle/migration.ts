import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ComponentDefinition, Logger } from '../component/index.js';
import { pidOf } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Revision } from './revision.js';

/** Configurations by PID (`pid` or `pid~name`), as they are written: secrets are references. */
export type Configurations = Record<string, Record<string, unknown>>;

/** What the migration module of a bundle exports as `migrate`; it gives the configurations that changed. */
export type Migrate = (migration: Migration) => void | Configurations | Promise<void | Configurations>;

/** What a migration is given. */
export interface Migration {
  /** Version of the bundle that wrote the data. */
  from: string;
  to: string;
  /** Copies of the configurations of the bundle's components. */
  configuration: Configurations;
  /** A copy of the bundle's data folder; it becomes the data folder when all goes well. */
  dataFolder: string;
  log: Logger;
  /** Tried on copies while the old revision runs: what it does is thrown away. */
  dryRun: boolean;
}

/** The configurations behind a migration. */
export interface MigrationHost {
  /** Those of these PIDs and of their instances. */
  configurations(bundle: string, pids: ReadonlySet<string>): Configurations;
  /** Says whether the node could run with migrated configurations. @throws why it could not */
  check(definitions: readonly ComponentDefinition[], migrated: Configurations): Promise<void>;
  /** Puts them in force for what starts next. @returns puts the old ones back in force */
  take(migrated: Configurations): Promise<() => Promise<void>>;
}

/*
 * Beside a data folder: `~dry-run` and `~next` are copies that are worked on, `~before-<version>` is the folder as that version
 * left it, `~after-<version>` what a newer one wrote before an older one ran again. No bundle's name has a tilde.
 */

/** Names the version that wrote a data folder, inside it: so it is renamed with the data that it speaks of. */
const MARK = '.rackwatt-version';
/** ms for one migration. */
const LIMIT = 600_000;

/**
 * Brings the data and the configurations of bundles from one version to another. A migration works on a copy of the data
 * folder, which takes the folder's place by two renames; the folder as it was stays beside it, for the way back, until the
 * next migration. Whatever moment a crash comes at, the next start finds one of the two whole.
 */
export class Migrations {
  readonly #folderOf: (name: string) => string;
  readonly #logger: (bundle: string) => Logger;
  readonly #host: MigrationHost | undefined;
  readonly #undo = new Map<string, () => Promise<void>>();
  #recovering: Promise<void> | undefined;

  /** @param folderOf the data folder of a bundle, which need not exist */
  constructor(folderOf: (name: string) => string, logger: (bundle: string) => Logger, host: MigrationHost | undefined) {
    this.#folderOf = folderOf;
    this.#logger = logger;
    this.#host = host;
  }

  /** Tries a migration on copies. Nothing is changed, whatever comes of it. @throws `BUNDLE_MIGRATION` */
  async rehearse(from: string, next: Revision, definitions: readonly ComponentDefinition[]): Promise<void> {
    const folder = this.#folderOf(next.manifest.name);
    await this.#mark(folder, from);
    const copy = `${folder}~dry-run`;
    try {
      const migrated = await this.#migrate(from, next, definitions, { folder, copy, dryRun: true });
      await this.#host?.check(definitions, migrated);
    } catch (error) {
      throw failed(next, from, error);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }

  /** Brings what a revision finds to its version, before it starts; nothing, when it is of that version already. @throws `BUNDLE_MIGRATION` */
  async run(revision: Revision, definitions: readonly ComponentDefinition[]): Promise<void> {
    const { name, version, migrate } = revision.manifest;
    const folder = this.#folderOf(name);
    await this.#recovered(dirname(folder));
    const from = await writtenBy(folder);
    if (from === version || (from === undefined && migrate === undefined)) return;
    if (from === undefined) return this.#mark(folder, version);
    const kept = `${folder}~before-${version}`;
    if (existsSync(kept)) return this.#goBackTo(kept, folder, from, name);
    if (migrate === undefined) return;
    const copy = `${folder}~next`;
    try {
      const migrated = await this.#migrate(from, revision, definitions, { folder, copy, dryRun: false });
      await this.#mark(copy, version, true);
      await sync(copy);
      const undo = await this.#host?.take(migrated);
      if (undo) this.#undo.set(name, undo);
      for (const older of keptOf(folder)) await rm(older, { recursive: true, force: true });
      await rename(folder, `${folder}~before-${from}`);
      await rename(copy, folder);
    } catch (error) {
      await rm(copy, { recursive: true, force: true });
      throw failed(revision, from, error);
    }
  }

  /** Takes back what `run` did for the new version of a bundle, which is not to run after all. */
  async undo(name: string, from: string): Promise<void> {
    await this.#undo.get(name)?.();
    this.#undo.delete(name);
    const folder = this.#folderOf(name);
    const aside = `${folder}~after-${from}`;
    if (existsSync(aside)) {
      await rename(folder, `${folder}~before-${await writtenBy(folder)}`);
      await rename(aside, folder);
      return;
    }
    const kept = `${folder}~before-${from}`;
    if (!existsSync(kept)) return;
    const refused = `${folder}~refused`;
    await rename(folder, refused);
    await rename(kept, folder);
    await rm(refused, { recursive: true, force: true });
  }

  /** The new version of a bundle runs: its configurations stay. */
  commit(name: string): void {
    this.#undo.delete(name);
  }

  async #migrate(
    from: string,
    revision: Revision,
    definitions: readonly ComponentDefinition[],
    { folder, copy, dryRun }: { folder: string; copy: string; dryRun: boolean },
  ): Promise<Configurations> {
    const { name, version, migrate: path } = revision.manifest;
    const { migrate } = await revision.loadModule(resolve(revision.source.root, path!));
    if (typeof migrate !== 'function')
      throw new RackwattError('BUNDLE_MANIFEST', `${path} of ${name} exports no function "migrate"`);
    await rm(copy, { recursive: true, force: true });
    await cp(folder, copy, { recursive: true });
    const pids = new Set(definitions.map(pidOf));
    const configuration = structuredClone(this.#host?.configurations(name, pids) ?? {});
    const known = new Set(Object.keys(configuration));
    const log = this.#logger(name);
    const work = (migrate as Migrate)({ from, to: version, configuration, dataFolder: copy, log, dryRun });
    const migrated = (await inTime(Promise.resolve(work))) ?? {};
    for (const pid of Object.keys(migrated))
      if (!known.has(pid))
        throw new RackwattError('BUNDLE_MIGRATION', `it gives a configuration ${pid}, which the bundle does not have`);
    return structuredClone(migrated);
  }

  /** An older version runs again: with its data as they were when it last ran. Those of the newer one are kept aside. */
  async #goBackTo(kept: string, folder: string, from: string, name: string): Promise<void> {
    const aside = `${folder}~after-${from}`;
    await rm(aside, { recursive: true, force: true });
    await rename(folder, aside);
    await rename(kept, folder);
    this.#logger(name).warn(`runs on its data from before ${from}; what ${from} wrote is kept in ${aside}`);
  }

  /** Once, before the first bundle starts. */
  #recovered(parent: string): Promise<void> {
    return (this.#recovering ??= recover(parent));
  }

  async #mark(folder: string, version: string, always = false): Promise<void> {
    await mkdir(folder, { recursive: true });
    if (always || !existsSync(join(folder, MARK))) await writeFile(join(folder, MARK), version, { flush: true });
  }
}

/**
 * What a crash left: between the two renames the old folder stands beside its empty place, before them a copy of no use.
 */
async function recover(parent: string): Promise<void> {
  if (!existsSync(parent)) return;
  for (const entry of readdirSync(parent)) {
    const path = join(parent, entry);
    const [, folder] = /^(.+)~before-[^/]+$/.exec(path) ?? [];
    if (folder !== undefined && !existsSync(folder)) await rename(path, folder);
    else if (/~(?:next|dry-run|refused)$/.test(entry)) await rm(path, { recursive: true, force: true });
  }
}

/** Has all of a folder on disk before it takes the place of another. */
async function sync(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await open(join(entry.parentPath, entry.name), 'r');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

function keptOf(folder: string): string[] {
  const parent = dirname(folder);
  const start = `${folder}~before-`;
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((entry) => join(parent, entry))
    .filter((path) => path.startsWith(start));
}

async function writtenBy(folder: string): Promise<string | undefined> {
  const mark = join(folder, MARK);
  return existsSync(mark) ? readFile(mark, 'utf8') : undefined;
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `it did not finish in ${LIMIT / 60_000} minutes`;
    timer = setTimeout(() => reject(new RackwattError('BUNDLE_MIGRATION', message)), LIMIT);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function failed({ manifest }: Revision, from: string, error: unknown): RackwattError {
  const message = `the migration of ${manifest.name} from ${from} to ${manifest.version} failed: ${errorMessage(error)}`;
  return new RackwattError('BUNDLE_MIGRATION', message, { cause: error, context: { bundle: manifest.name } });
}
