import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import type { RevisionSource } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { errorMessage } from '../errors.js';
import type { Scope } from '../scope/index.js';
import type { BundleStore, InstalledArchive } from './store.js';

export interface DropInOptions {
  folder: string;
  store: BundleStore;
  allowUnsigned: boolean;
  log: Logger;
  scope: Scope;
  /** Runs a content: updates the bundle of its name, or installs it. */
  drop(source: RevisionSource): Promise<void>;
  /** A bundle's drop-in is gone. */
  lift(name: string): Promise<void>;
}

/** ms after an event before looking, so that a burst of them is looked at once. */
const SETTLE = 100;
/** ms between looks at what is not complete yet. */
const AGAIN = 400;
/** ms without a change after which what does not load is given up. */
const QUIET = 5_000;
const ARCHIVE = /\.(tgz|tar\.gz)$/;

interface Entry {
  /** Size and times of everything in it: changes when somebody writes. */
  stamp: string;
  changedAt: number;
  /** Set once the content was kept and run. */
  installed?: InstalledArchive;
  modified: number;
  quarantined?: boolean;
}

/**
 * The drop-in folder: an archive or a bundle's folder that is moved in runs, one that is removed goes.
 *
 * The watcher only says that something happened, never that it is complete: an archive proves that by its trailer and its
 * list of files, a folder by loading. Content is copied into the store and never run from the folder. What is not
 * complete stays pending until it was quiet for 5 s; then it is quarantined, with the reason logged once, until it changes.
 */
export class DropInFolder {
  readonly #options: DropInOptions;
  readonly #entries = new Map<string, Entry>();
  /** Digest that runs, by bundle name. */
  readonly #running = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  private constructor(options: DropInOptions) {
    this.#options = options;
  }

  /** Looks once, and from then on whenever the folder changes, until the scope closes. */
  static async watch(options: DropInOptions): Promise<DropInFolder> {
    await mkdir(options.folder, { recursive: true });
    const dropIns = new DropInFolder(options);
    await dropIns.look();
    const { watch } = await import('chokidar');
    const watcher = watch(options.folder, {
      depth: 6,
      followSymlinks: false,
      ignoreInitial: true,
      ignored: (path) => path.includes('/node_modules/'),
    });
    watcher.on('all', () => dropIns.#lookIn(SETTLE));
    watcher.on('error', (error) =>
      options.log.warn(`the drop-in folder ${options.folder} is not watched well: ${errorMessage(error)}`),
    );
    options.scope.add('drop-in folder', async () => {
      clearTimeout(dropIns.#timer);
      await watcher.close();
      await dropIns.#looking;
    });
    return dropIns;
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#options.scope.closed) return;
    this.#timer = setTimeout(() => void this.look(), milliseconds);
  }

  /** Brings what runs to what lies in the folder. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() =>
      this.#look().catch((error: unknown) =>
        this.#options.log.error(`cannot look into the drop-in folder ${this.#options.folder}: ${errorMessage(error)}`),
      ),
    );
    return this.#looking;
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#options.folder)).filter((name) => !name.startsWith('.'));
    for (const name of this.#entries.keys()) if (!names.includes(name)) this.#entries.delete(name);
    let isPending = false;
    for (const name of names) isPending = (await this.#take(name)) || isPending;
    await this.#settle();
    if (isPending) this.#lookIn(AGAIN);
  }

  /** @returns whether to look again soon */
  async #take(name: string): Promise<boolean> {
    const path = join(this.#options.folder, name);
    const found = await stampOf(path);
    if (!found || (!found.isFolder && !ARCHIVE.test(name))) return false;
    const known = this.#entries.get(name);
    if (known?.stamp === found.stamp && (known.installed || known.quarantined)) return false;
    const entry: Entry =
      known?.stamp === found.stamp
        ? known
        : { stamp: found.stamp, changedAt: performance.now(), modified: found.modified };
    this.#entries.set(name, entry);
    try {
      const { store, allowUnsigned } = this.#options;
      const installed = found.isFolder
        ? await store.copyFolder(path, allowUnsigned)
        : await store.install(path, allowUnsigned);
      await this.#run(installed, name, entry);
      entry.installed = installed;
      return false;
    } catch (error) {
      const quiet = performance.now() - entry.changedAt;
      const isHopeless = !found.isFolder && (error as { code?: string }).code !== 'ARCHIVE_INCOMPLETE';
      if (quiet < QUIET && !isHopeless) return true;
      entry.quarantined = true;
      this.#options.log.error(`drop-in ${name} is not taken, what ran goes on: ${errorMessage(error)}`);
      return false;
    }
  }

  async #run(installed: InstalledArchive, name: string, entry: Entry): Promise<void> {
    const rival = this.#bestOf(installed.name, entry);
    const isBeaten = rival?.installed && semver.gt(rival.installed.version, installed.version);
    if (isBeaten || this.#running.get(installed.name) === installed.digest) return;
    await this.#options.drop(sourceOf(installed, name));
    this.#running.set(installed.name, installed.digest);
    this.#options.log.info(`drop-in ${name} runs: ${installed.name} ${installed.version}`);
  }

  /** After removals: goes back to the next best content of a name, or lets the bundle go. */
  async #settle(): Promise<void> {
    for (const [bundle, digest] of [...this.#running]) {
      if (
        [...this.#entries.values()].some(({ installed }) => installed?.name === bundle && installed.digest === digest)
      )
        continue;
      const next = this.#bestOf(bundle);
      try {
        if (next?.installed) {
          await this.#options.drop(sourceOf(next.installed, bundle));
          this.#running.set(bundle, next.installed.digest);
        } else {
          await this.#options.lift(bundle);
          this.#running.delete(bundle);
          this.#options.log.info(`the drop-in of ${bundle} is gone`);
        }
      } catch (error) {
        this.#running.delete(bundle);
        this.#options.log.error(`the drop-in of ${bundle} was removed, but: ${errorMessage(error)}`);
      }
    }
  }

  #bestOf(bundle: string, except?: Entry): Entry | undefined {
    const entries = [...this.#entries.values()].filter((entry) => entry !== except && entry.installed?.name === bundle);
    return entries.sort(
      (a, b) => semver.rcompare(a.installed!.version, b.installed!.version) || b.modified - a.modified,
    )[0];
  }
}

function sourceOf({ root, manifest, digest }: InstalledArchive, name: string): RevisionSource {
  return { location: `dropins:${name}`, root, manifest, digest };
}

async function stampOf(path: string): Promise<{ stamp: string; isFolder: boolean; modified: number } | undefined> {
  try {
    const info = await stat(path);
    if (!info.isDirectory())
      return { stamp: `${info.ino} ${info.size} ${info.mtimeMs}`, isFolder: false, modified: info.mtimeMs };
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const parts: string[] = [];
    let modified = info.mtimeMs;
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const each = await stat(file);
      modified = Math.max(modified, each.mtimeMs);
      parts.push(`${file} ${each.size} ${each.mtimeMs}`);
    }
    return { stamp: parts.sort().join('\n'), isFolder: true, modified };
  } catch (error) {
    // It went while it was looked at; the next look sees that.
    void errorMessage(error);
    return undefined;
  }
}
