import { join } from 'node:path';
import semver from 'semver';
import type { RevisionSource } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Scope } from '../scope/index.js';
import type { ContentName } from './content.js';
import { shown, stampOf, type DropInInfo, type Entry, type Stamp } from './dropin-entry.js';
import { DropInRecords, type DropInRecord } from './dropin-records.js';
import { WatchedFolder } from './watched-folder.js';
import type { BundleStore, InstalledArchive } from './store.js';

export interface DropInOptions {
  folder: string;
  /** File in the storage in which the folder remembers what it must not try again. */
  records: string;
  store: BundleStore;
  allowUnsigned: boolean;
  log: Logger;
  scope: Scope;
  /** Runs a content: updates the bundle of its name, or installs it. @returns location of what is configured, where it lies over that */
  drop: (source: RevisionSource) => Promise<string | void>;
  /** A bundle's drop-in is gone. */
  lift: (name: string) => Promise<void>;
}

/** ms between looks at what is not complete yet. */
const AGAIN = 400;
/** ms without a change after which what may still be growing is given up; a complete archive that is wrong need not wait as long. */
const QUIET = 5_000;
const QUIET_WRONG = 1_000;
const ARCHIVE = /\.(?:tgz|tar\.gz)$/;
/** Codes of what another trust root, or another key, may change. */
const UNTRUSTED = /^(?:SIGNATURE|TRUST|KEY)_/;
/** A drop-in may once be interrupted by an end of the node that it has no part in; twice is no accident. */
const MOST_UNFINISHED = 2;

/**
 * The drop-in folder: an archive or a bundle's folder that is moved in runs, one that is removed goes.
 *
 * The watcher only says that something happened, never that it is complete: an archive proves that by its trailer and its
 * list of files, a folder by loading. Content is copied into the store and never run from the folder. What is not
 * complete stays pending until it was quiet for 5 s; then it is quarantined, with the reason, until it changes, goes or
 * somebody asks for it, also beyond a restart; what ran before goes on. Of several contents of one bundle the highest version runs.
 */
export class DropInFolder {
  readonly #options: DropInOptions;
  readonly #records: DropInRecords;
  readonly #entries = new Map<string, Entry>();
  /** What runs, by bundle name. */
  readonly #running = new Map<string, { digest: string; entry: string }>();
  /** Names that Node cannot read, as logged. */
  readonly #unreadable = new Set<string>();
  #changes = 0;
  #hasLooked = false;
  readonly #folder: WatchedFolder;
  #looking: Promise<void> = Promise.resolve();

  private constructor(options: DropInOptions, records: DropInRecords) {
    this.#options = options;
    this.#records = records;
    this.#folder = new WatchedFolder(options.folder, options.log, () => void this.look());
  }

  /** Looks once, and from then on whenever the folder changes, until the scope closes. A folder that cannot be had is waited for. */
  static async watch(options: DropInOptions): Promise<DropInFolder> {
    const dropIns = new DropInFolder(options, await DropInRecords.open(options.records));
    options.scope.add('drop-in folder', async () => {
      await dropIns.#folder.close();
      await dropIns.#looking;
    });
    await dropIns.look();
    return dropIns;
  }

  /** Everything in the folder, and how it is. */
  list(): DropInInfo[] {
    return [...this.#entries.values()].map((entry) => {
      const { name: file, quarantine } = entry;
      const content = entry.content ?? entry.good;
      const known = content ? { name: content.name, version: content.version } : {};
      if (quarantine)
        return { file, ...known, state: 'quarantined', reason: quarantine.reason, since: quarantine.since };
      if (!content || !entry.content) return { file, ...known, state: 'pending', reason: 'it is not complete yet' };
      const running = this.#running.get(content.name);
      if (running?.entry === file) return { file, ...known, state: 'running' };
      const ahead = running && `${shown(running.entry)} runs, which has a higher version`;
      const reason = entry.failure ?? ahead ?? 'it is about to start';
      return { file, ...known, state: 'waiting', reason };
    });
  }

  /** Tries again what did not start, or is quarantined, under this name of a bundle or of a file. @returns whether there was anything */
  async retry(name: string): Promise<boolean> {
    const found = [...this.#entries.values()].filter(
      (entry) =>
        (entry.quarantine ?? entry.failure) && [entry.name, entry.content?.name, entry.good?.name].includes(name),
    );
    for (const entry of found) {
      delete entry.quarantine;
      delete entry.failure;
      delete entry.said;
      Object.assign(entry, { stamp: '', tried: false, done: false });
      const { good } = this.#records.get(entry.name) ?? {};
      await this.#records.set(entry.name, { stamp: '', ...(good ? { good } : {}) });
    }
    if (found.length > 0) await this.look();
    return found.length > 0;
  }

  /** Brings what runs to what lies in the folder. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(async () => {
      try {
        await this.#look();
      } catch (error) {
        this.#options.log.error(`cannot look into the drop-in folder ${this.#options.folder}: ${errorMessage(error)}`);
      }
      this.#folder.lookUnasked();
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const found = await this.#folder.names();
    if (!found) return;
    const names = found.filter((name) => !name.startsWith('.')).sort();
    const changed = new Set<string>();
    for (const name of this.#entries.keys()) {
      if (names.includes(name)) continue;
      await this.#forget(name);
      changed.add(name);
    }
    for (const name of names) {
      if (this.#options.scope.closed) return;
      if (await this.#take(name)) changed.add(name);
    }
    if (changed.size > 0) {
      this.#changes++;
      await this.#settle();
      if (this.#hasLooked) this.#reopen();
    }
    this.#hasLooked = true;
    if ([...this.#entries.values()].some(({ done }) => !done)) this.#folder.lookIn(AGAIN);
  }

  /** What was quarantined before the node was started may now find what it lacked. */
  #reopen(): void {
    for (const entry of this.#entries.values()) {
      if (!entry.quarantine?.restored) continue;
      delete entry.quarantine.restored;
      entry.done = entry.tried = false;
    }
  }

  async #forget(name: string): Promise<boolean> {
    await this.#records.delete(name);
    return this.#entries.delete(name);
  }

  /** @returns whether there is a new content */
  async #take(name: string): Promise<boolean> {
    const path = join(this.#options.folder, name);
    const found = await stampOf(path);
    if (!found && name.includes('\uFFFD') && !this.#unreadable.has(name)) {
      this.#unreadable.add(name);
      this.#options.log.error(`drop-in ${shown(name)} is not taken: its name is not UTF-8; rename it`);
    }
    if (!found || (found.kind === 'archive' && !ARCHIVE.test(name))) return this.#forget(name);
    const known = this.#entries.get(name);
    const entry = known?.stamp === found.stamp ? known : await this.#entryOf(name, found, known);
    const isNew = !known && entry.good !== undefined;
    this.#entries.set(name, entry);
    const quiet = performance.now() - entry.changedAt;
    const isUntrusted = entry.quarantine?.isUntrusted === true;
    if ((entry.done && !isUntrusted) || (entry.tried && quiet < entry.patience)) return isNew;
    entry.tried = true;
    try {
      entry.content = await this.#keep(path, entry.kind);
      entry.done = entry.kind === 'archive' || quiet >= QUIET;
      if (isUntrusted) delete entry.quarantine;
      return true;
    } catch (error) {
      delete entry.content;
      const code = String((error as { code?: unknown }).code);
      const mayGrow = code === 'ARCHIVE_INCOMPLETE' || (entry.kind === 'folder' && !code.startsWith('SIGNATURE_'));
      entry.patience = mayGrow ? QUIET : QUIET_WRONG;
      entry.done = quiet >= entry.patience;
      if (entry.done) await this.#quarantine(entry, error);
      return isNew;
    }
  }

  async #entryOf(name: string, found: Stamp, known: Entry | undefined): Promise<Entry> {
    const record = this.#records.get(name);
    const good = known?.good ?? (record?.good && (await this.#goodOf(record.good)));
    const fresh = { changedAt: performance.now(), patience: QUIET, tried: false, done: false };
    const entry: Entry = { name, ...found, ...fresh, ...(good ? { good } : {}) };
    if (record?.stamp !== found.stamp) return entry;
    const unfinished = record.unfinished ?? 0;
    const reason =
      unfinished >= MOST_UNFINISHED
        ? `the node ended ${unfinished} times while it was being started`
        : record.quarantine?.reason;
    if (reason === undefined) return entry;
    const { since, isUntrusted } = record.quarantine ?? { since: new Date().toISOString(), isUntrusted: false };
    const quarantine = { reason, since, isUntrusted };
    entry.quarantine = { ...quarantine, changes: this.#changes + 1, restored: unfinished < MOST_UNFINISHED };
    entry.done = entry.tried = true;
    await this.#records.set(name, { ...record, quarantine });
    this.#options.log.warn(
      `drop-in ${shown(name)} stays quarantined: ${reason}; replace it, or try it again with: rackwatt bundle start ${shown(name)}`,
    );
    return entry;
  }

  /** A content that ran before the node was restarted, where the store still has it. */
  async #goodOf({ name, version, digest }: ContentName): Promise<InstalledArchive | undefined> {
    try {
      const { root, manifest } = await this.#options.store.find(name, version, digest, this.#options.allowUnsigned);
      return { name, version, digest, root, manifest, signers: [] };
    } catch (error) {
      void errorMessage(error);
      return undefined;
    }
  }

  #keep(path: string, kind: Entry['kind']): Promise<InstalledArchive> {
    const { store, allowUnsigned } = this.#options;
    if (kind === 'link')
      throw new RackwattError('BUNDLE_NOT_FOUND', 'it is a link; move the archive or folder itself here');
    return kind === 'folder' ? store.copyFolder(path, allowUnsigned) : store.install(path, allowUnsigned);
  }

  async #quarantine(entry: Entry, error: unknown): Promise<void> {
    const reason = this.#reason(entry, error);
    const before = entry.quarantine;
    const isUntrusted = error instanceof RackwattError && UNTRUSTED.test(error.code);
    const quarantine = { reason, since: before?.since ?? new Date().toISOString(), isUntrusted };
    entry.quarantine = { ...quarantine, changes: this.#changes };
    const { good } = this.#records.get(entry.name) ?? {};
    await this.#records.set(entry.name, { stamp: entry.stamp, ...(good ? { good } : {}), quarantine });
    if (before?.reason === reason) return;
    this.#options.log.error(`drop-in ${shown(entry.name)} is not taken, what ran goes on: ${reason}`);
  }

  /** Names the file that somebody edits, not its copy in the store. */
  #reason({ name, content }: Entry, error: unknown): string {
    const reason = errorMessage(error);
    return content ? reason.replaceAll(content.root, join(this.#options.folder, name)) : reason;
  }

  /** Each bundle at its best content. What failed is tried again after others came, which it may import. */
  async #settle(): Promise<void> {
    let failures = new Map<Entry, unknown>();
    for (let isChanged = true; isChanged; ) {
      isChanged = false;
      failures = new Map();
      const contents = [...this.#entries.values()].flatMap(({ content, good }) => [content, good]);
      const bundles = new Set([...this.#running.keys(), ...contents.flatMap((each) => (each ? [each.name] : []))]);
      for (const bundle of bundles) {
        if (this.#options.scope.closed) return;
        isChanged = (await this.#bring(bundle, failures)) || isChanged;
      }
    }
    for (const [entry, error] of failures) {
      if (entry.done) await this.#quarantine(entry, error);
      else if (entry.good) this.#sayEdit(entry);
    }
  }

  /** Whoever edits a bundle in the folder wants to know at once. */
  #sayEdit(entry: Entry): void {
    if (entry.said === entry.failure) return;
    entry.said = entry.failure!;
    this.#options.log.warn(
      `drop-in ${shown(entry.name)} as it is now does not run, what ran goes on: ${entry.failure}`,
    );
  }

  /** @returns whether another content of the bundle runs now */
  async #bring(bundle: string, failures: Map<Entry, unknown>): Promise<boolean> {
    const { log, lift } = this.#options;
    const running = this.#running.get(bundle);
    const candidates = this.#contentsOf(bundle);
    for (const { entry, content } of candidates) {
      if (content.digest === running?.digest) {
        running.entry = entry.name;
        return false;
      }
      try {
        await this.#drop(entry, content);
        const behind = candidates
          .filter(
            (other) => !failures.has(other.entry) && other.entry !== entry && other.content === other.entry.content,
          )
          .map((other) => `${shown(other.entry.name)} (${other.content.version})`)
          .join(', ');
        if (behind) log.info(`of ${bundle} the highest version runs; behind it wait ${behind}`);
        return true;
      } catch (error) {
        if (content !== entry.content) continue;
        failures.set(entry, error);
        entry.failure = this.#reason(entry, error);
      }
    }
    if (!running || candidates.length > 0) return false;
    this.#running.delete(bundle);
    try {
      await lift(bundle);
      log.info(`the drop-in of ${bundle} is gone`);
    } catch (error) {
      log.error(`the drop-in of ${bundle} was removed, but: ${errorMessage(error)}`);
    }
    return true;
  }

  async #drop(entry: Entry, content: InstalledArchive): Promise<void> {
    const { log, drop } = this.#options;
    const { name, version, digest, root, manifest } = content;
    const record = this.#records.get(entry.name);
    const isPresent = content === entry.content;
    const attempt: DropInRecord = { ...record, stamp: entry.stamp };
    const isProven = record?.good?.digest === digest;
    // A node that dies of it must know that afterwards.
    if (isPresent && !isProven)
      await this.#records.set(entry.name, { ...attempt, unfinished: (record?.unfinished ?? 0) + 1 });
    let over: string | void;
    try {
      over = await drop({ location: `dropins:${shown(entry.name)}`, root, manifest, digest });
    } catch (error) {
      if (isPresent && !isProven) await this.#records.set(entry.name, { ...attempt, unfinished: 0 });
      throw error;
    }
    this.#running.set(name, { digest, entry: entry.name });
    const inPlace = over ? `, in place of ${over} of the configuration` : '';
    if (!isPresent) {
      log.info(`drop-in ${shown(entry.name)} runs with what it held before: ${name} ${version}${inPlace}`);
      return;
    }
    entry.done = true;
    entry.good = content;
    delete entry.quarantine;
    delete entry.failure;
    delete entry.said;
    await this.#records.set(entry.name, { stamp: entry.stamp, good: { name, version, digest } });
    log.info(`drop-in ${shown(entry.name)} runs: ${name} ${version}${inPlace}`);
  }

  /**
   * Best first: the highest version, then the latest; of one thing its present content, then that which ran before. What is quarantined
   * comes again when something else changed.
   */
  #contentsOf(bundle: string): { entry: Entry; content: InstalledArchive }[] {
    const usable = (entry: Entry): InstalledArchive[] => {
      const isOut = entry.quarantine !== undefined && entry.quarantine.changes >= this.#changes;
      const contents = [
        isOut ? undefined : entry.content,
        entry.good === entry.content && !isOut ? undefined : entry.good,
      ];
      return contents.filter((content) => content !== undefined && content.name === bundle) as InstalledArchive[];
    };
    return [...this.#entries.values()]
      .map((entry) => ({ entry, contents: usable(entry) }))
      .filter(({ contents }) => contents.length > 0)
      .sort(
        (a, b) =>
          semver.rcompare(a.contents[0]!.version, b.contents[0]!.version) || b.entry.modified - a.entry.modified,
      )
      .flatMap(({ entry, contents }) => contents.map((content) => ({ entry, content })));
  }
}
