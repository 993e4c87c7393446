import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ComponentDefinition, Logger } from '../component/index.js';
import { pidsOf } from '../component/index.js';
import { isMissing, realFileSystem, replaceFile } from '../durable/index.cjs';
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

/** Names the version that ran on a data folder last, inside it: so it is renamed with the data that it speaks of. */
const MARK = '.rackwatt-version';
/** Copies of a folder that may come to nothing because the running revision removes files of it meanwhile. */
const COPIES = 5;
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
  /** What takes back what `run` did, by bundle, until it is certain that its new version stays. */
  readonly #undo = new Map<string, () => Promise<void>>();
  #recovering: Promise<void> | undefined;

  /** @param folderOf the data folder of a bundle, which need not exist */
  constructor(folderOf: (name: string) => string, logger: (bundle: string) => Logger, host: MigrationHost | undefined) {
    this.#folderOf = folderOf;
    this.#logger = logger;
    this.#host = host;
  }

  /**
   * Tries a migration on copies, where `run` would migrate. Nothing is changed, whatever comes of it.
   * @param running the version that is to be replaced
   * @throws `BUNDLE_MIGRATION`
   */
  async rehearse(running: string, next: Revision, definitions: readonly ComponentDefinition[]): Promise<void> {
    const { name, version } = next.manifest;
    const folder = this.#folderOf(name);
    const from = (await writtenBy(folder)) ?? running;
    if (from === version || existsSync(`${folder}~before-${version}`)) return;
    const copy = `${folder}~dry-run`;
    try {
      // There may be configurations where there are no data.
      mkdirSync(folder, { recursive: true });
      markData(folder, from);
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
    if (from === version) return;
    if (from === undefined) {
      if (existsSync(folder)) markData(folder, version);
      this.#undo.set(name, () => rm(join(folder, MARK), { force: true }));
      return;
    }
    const kept = `${folder}~before-${version}`;
    if (existsSync(kept)) return this.#goBackTo(kept, folder, from, name);
    if (migrate === undefined) {
      this.#undo.set(name, () => writeMark(folder, from));
      return writeMark(folder, version);
    }
    const copy = `${folder}~next`;
    try {
      const migrated = await this.#migrate(from, revision, definitions, { folder, copy, dryRun: false });
      await writeMark(copy, version);
      await sync(copy);
      for (const older of beside(folder, 'before')) await rm(older, { recursive: true, force: true });
      const takeBack = await this.#host?.take(migrated);
      const before = `${folder}~before-${from}`;
      this.#undo.set(name, async () => {
        await putBack(before, folder);
        await takeBack?.();
      });
      await rename(folder, before);
      await rename(copy, folder);
      await realFileSystem.sync(dirname(folder));
    } catch (error) {
      await this.undo(name);
      await rm(copy, { recursive: true, force: true });
      throw failed(revision, from, error);
    }
  }

  /** Takes back what `run` did for the new version of a bundle, which is not to run after all. */
  async undo(name: string): Promise<void> {
    const undo = this.#undo.get(name);
    this.#undo.delete(name);
    await undo?.();
  }

  /** What `run` did stays. */
  commit(name: string): void {
    this.#undo.delete(name);
  }

  /** Another version runs on the data from now on, just as they are. */
  async ran({ manifest: { name, version } }: Revision): Promise<void> {
    const folder = this.#folderOf(name);
    const before = await writtenBy(folder);
    if (before !== undefined && before !== version) await writeMark(folder, version);
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
    await copyOf(folder, copy);
    const pids = new Set(definitions.flatMap(pidsOf));
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
    for (const older of beside(folder, 'after')) await rm(older, { recursive: true, force: true });
    await rename(folder, aside);
    await rename(kept, folder);
    this.#undo.set(name, async () => {
      await rename(folder, kept);
      await rename(aside, folder);
    });
    this.#logger(name).warn(`runs on its data from before ${from}; what ${from} wrote is kept in ${aside}`);
  }

  /** Once, before the first bundle starts. */
  #recovered(parent: string): Promise<void> {
    return (this.#recovering ??= recover(parent));
  }
}

/** Notes in a data folder that was just made which version writes it. */
export function markData(folder: string, version: string): void {
  const mark = join(folder, MARK);
  if (!existsSync(mark)) writeFileSync(mark, version);
}

async function writeMark(folder: string, version: string): Promise<void> {
  await replaceFile(realFileSystem, join(folder, MARK), version);
}

/** A copy of a folder that somebody may write to meanwhile. Links stay what they are: they must not lead out of the copy. */
async function copyOf(folder: string, copy: string): Promise<void> {
  for (let left = COPIES; ; left--) {
    await rm(copy, { recursive: true, force: true });
    try {
      return await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
    } catch (error) {
      if (left === 1 || !isMissing(error)) throw error;
    }
  }
}

/** The folder as it was takes the place of the one that came of it. */
async function putBack(before: string, folder: string): Promise<void> {
  if (!existsSync(before)) return;
  const refused = `${folder}~refused`;
  if (existsSync(folder)) await rename(folder, refused);
  await rename(before, folder);
  await rm(refused, { recursive: true, force: true });
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
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() || entry.isDirectory()) await realFileSystem.sync(join(entry.parentPath, entry.name));
  await realFileSystem.sync(folder);
}

/** What is kept beside a data folder. */
function beside(folder: string, what: 'before' | 'after'): string[] {
  const parent = dirname(folder);
  const start = `${folder}~${what}-`;
  return readdirSync(parent)
    .map((entry) => join(parent, entry))
    .filter((path) => path.startsWith(start));
}

async function writtenBy(folder: string): Promise<string | undefined> {
  const mark = join(folder, MARK);
  const version = existsSync(mark) ? await readFile(mark, 'utf8') : '';
  return version === '' ? undefined : version;
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
