import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import semver from 'semver';
import type { RevisionSource } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Scope } from '../scope/index.js';
import type { BundleStore, InstalledArchive } from './store.js';

export interface DropInOptions {
  folder: string;
  store: BundleStore;
  allowUnsigned: boolean;
  log: Logger;
  scope: Scope;
  /** Runs a content: updates the bundle of its name, or installs it. */
  drop: (source: RevisionSource) => Promise<void>;
  /** A bundle's drop-in is gone. */
  lift: (name: string) => Promise<void>;
}

/** ms after an event before looking, so that a burst of them is looked at once. */
const SETTLE = 100;
/** ms between looks at what is not complete yet. */
const AGAIN = 400;
/** ms without a change after which what may still be growing is given up; a complete archive that is wrong need not wait as long. */
const QUIET = 5_000;
const QUIET_WRONG = 1_000;
/** ms between looks without an event: some file systems tell of no changes. */
const UNASKED = 10_000;
const ARCHIVE = /\.(?:tgz|tar\.gz)$/;
/** Levels of folders in which a change is noticed at once. */
const DEPTH = 6;

/** A thing in the folder. */
interface Entry {
  name: string;
  kind: 'archive' | 'folder' | 'link';
  /** Identity, size and times of everything in it: changes when somebody writes. */
  stamp: string;
  changedAt: number;
  modified: number;
  /** ms without a change after which it is tried for the last time. */
  patience: number;
  /** This stamp was tried, with or without success. */
  tried: boolean;
  /** Nothing more to do until the stamp changes. */
  done: boolean;
  /** Its last content that passed, which goes on while a new one is being written. */
  content?: InstalledArchive;
  /** Why the content cannot run, as logged. */
  reason?: string;
}

/**
 * The drop-in folder: an archive or a bundle's folder that is moved in runs, one that is removed goes.
 *
 * The watcher only says that something happened, never that it is complete: an archive proves that by its trailer and its
 * list of files, a folder by loading. Content is copied into the store and never run from the folder. What is not
 * complete stays pending until it was quiet for 5 s; then it is given up, with the reason logged once, until it changes. Of
 * several contents of one bundle the highest version runs.
 */
export class DropInFolder {
  readonly #options: DropInOptions;
  readonly #entries = new Map<string, Entry>();
  /** Digest that runs, by bundle name. */
  readonly #running = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #looking: Promise<void> = Promise.resolve();

  private constructor(options: DropInOptions) {
    this.#options = options;
  }

  /** Looks once, and from then on whenever the folder changes, until the scope closes. */
  static async watch(options: DropInOptions): Promise<DropInFolder> {
    const { folder, log, scope } = options;
    await mkdir(folder, { recursive: true });
    const dropIns = new DropInFolder(options);
    const { watch } = await import('chokidar');
    const watcher = watch(folder, {
      depth: DEPTH,
      followSymlinks: false,
      ignoreInitial: true,
      ignored: (path) => /(?:^|\/)node_modules\//.test(relative(folder, path)),
    });
    scope.add('drop-in folder', async () => {
      clearTimeout(dropIns.#timer);
      await watcher.close();
      await dropIns.#looking;
    });
    watcher.on('error', (error) =>
      log.warn(`the drop-in folder ${folder} is not watched well: ${errorMessage(error)}`),
    );
    await new Promise<void>((resolve) => watcher.once('ready', resolve));
    watcher.on('all', () => dropIns.#lookIn(SETTLE));
    await dropIns.look();
    return dropIns;
  }

  #lookIn(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    if (this.#options.scope.closed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      void this.look();
    }, milliseconds);
  }

  /** Brings what runs to what lies in the folder. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      try {
        await this.#look();
      } catch (error) {
        this.#options.log.error(`cannot look into the drop-in folder ${this.#options.folder}: ${errorMessage(error)}`);
      }
      this.#lookIn(UNASKED);
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const names = (await readdir(this.#options.folder)).filter((name) => !name.startsWith('.')).sort();
    let isChanged = false;
    for (const name of this.#entries.keys()) if (!names.includes(name)) isChanged = this.#entries.delete(name);
    for (const name of names) {
      if (this.#options.scope.closed) return;
      isChanged = (await this.#take(name)) || isChanged;
    }
    if (isChanged) await this.#settle();
    if ([...this.#entries.values()].some(({ done }) => !done)) this.#lookIn(AGAIN);
  }

  /** @returns whether there is a new content */
  async #take(name: string): Promise<boolean> {
    const path = join(this.#options.folder, name);
    const found = await stampOf(path);
    if (!found || (found.kind === 'archive' && !ARCHIVE.test(name))) return this.#entries.delete(name);
    const known = this.#entries.get(name);
    const fresh = { ...found, changedAt: performance.now(), patience: QUIET, tried: false, done: false };
    const entry: Entry =
      known?.stamp === found.stamp ? known : { name, ...fresh, ...(known?.content ? { content: known.content } : {}) };
    this.#entries.set(name, entry);
    const quiet = performance.now() - entry.changedAt;
    if (entry.done || (entry.tried && quiet < entry.patience)) return false;
    entry.tried = true;
    try {
      entry.content = await this.#keep(path, entry.kind);
      entry.done = entry.kind === 'archive' || quiet >= QUIET;
      return true;
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      const mayGrow = code === 'ARCHIVE_INCOMPLETE' || (entry.kind === 'folder' && !code.startsWith('SIGNATURE_'));
      entry.patience = mayGrow ? QUIET : QUIET_WRONG;
      entry.done = quiet >= entry.patience;
      if (entry.done) this.#refuse(entry, error);
      return false;
    }
  }

  #keep(path: string, kind: Entry['kind']): Promise<InstalledArchive> {
    const { store, allowUnsigned } = this.#options;
    if (kind === 'link')
      throw new RackwattError('BUNDLE_NOT_FOUND', 'it is a link; move the archive or folder itself here');
    return kind === 'folder' ? store.copyFolder(path, allowUnsigned) : store.install(path, allowUnsigned);
  }

  #refuse(entry: Entry, error: unknown): void {
    const reason = errorMessage(error);
    if (entry.reason === reason) return;
    entry.reason = reason;
    this.#options.log.error(`drop-in ${entry.name} is not taken, what ran goes on: ${reason}`);
  }

  /** Each bundle at its best content. What failed is tried again after others came, which it may import. */
  async #settle(): Promise<void> {
    let failures = new Map<Entry, unknown>();
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      failures = new Map();
      const bundles = new Set([
        ...this.#running.keys(),
        ...[...this.#entries.values()].flatMap(({ content }) => (content ? [content.name] : [])),
      ]);
      for (const bundle of bundles) {
        if (this.#options.scope.closed) return;
        isChanged = (await this.#bring(bundle, failures)) || isChanged;
      }
    }
    for (const [entry, error] of failures) if (entry.done) this.#refuse(entry, error);
  }

  /** @returns whether another content of the bundle runs now */
  async #bring(bundle: string, failures: Map<Entry, unknown>): Promise<boolean> {
    const { log, drop, lift } = this.#options;
    const running = this.#running.get(bundle);
    const candidates = this.#contentsOf(bundle);
    for (const { entry, content } of candidates) {
      if (content.digest === running) return false;
      try {
        await drop({
          location: `dropins:${entry.name}`,
          root: content.root,
          manifest: content.manifest,
          digest: content.digest,
        });
        this.#running.set(bundle, content.digest);
        entry.done = true;
        delete entry.reason;
        log.info(`drop-in ${entry.name} runs: ${bundle} ${content.version}`);
        return true;
      } catch (error) {
        failures.set(entry, error);
      }
    }
    if (running === undefined || candidates.length > 0) return false;
    this.#running.delete(bundle);
    try {
      await lift(bundle);
      log.info(`the drop-in of ${bundle} is gone`);
    } catch (error) {
      log.error(`the drop-in of ${bundle} was removed, but: ${errorMessage(error)}`);
    }
    return true;
  }

  /** Best first: the highest version, then the latest. */
  #contentsOf(bundle: string): { entry: Entry; content: InstalledArchive }[] {
    return [...this.#entries.values()]
      .flatMap((entry) => (entry.content?.name === bundle ? [{ entry, content: entry.content }] : []))
      .sort((a, b) => semver.rcompare(a.content.version, b.content.version) || b.entry.modified - a.entry.modified);
  }
}

async function stampOf(path: string): Promise<Pick<Entry, 'stamp' | 'kind' | 'modified'> | undefined> {
  try {
    const info = await lstat(path);
    const own = `${info.ino} ${info.size} ${info.mtimeMs} ${info.ctimeMs}`;
    if (info.isSymbolicLink()) return { stamp: own, kind: 'link', modified: info.mtimeMs };
    if (info.isFile()) return { stamp: own, kind: 'archive', modified: info.mtimeMs };
    if (!info.isDirectory()) return undefined;
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const parts: string[] = [];
    let modified = info.mtimeMs;
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const each = await lstat(file);
      modified = Math.max(modified, each.mtimeMs);
      parts.push(`${file} ${each.ino} ${each.size} ${each.mtimeMs} ${each.ctimeMs}`);
    }
    return { stamp: parts.sort().join('\n'), kind: 'folder', modified };
  } catch (error) {
    // It went while it was looked at; the next look sees that.
    void errorMessage(error);
    return undefined;
  }
}
