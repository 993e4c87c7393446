import { mkdir, readdir } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Logger } from '../component/index.js';
import { errorMessage } from '../errors.js';

/** ms after an event before looking, so that a burst of them is looked at once. */
const SETTLE = 100;
/** ms between looks without an event: some file systems tell of no changes. While the folder itself is gone, more often. */
const UNASKED = 10_000;
const UNASKED_GONE = 1_000;
/** Levels of folders in which a change is noticed at once. */
const DEPTH = 6;

/** A folder that may come and go, and has somebody look into it when something happened there. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #look: () => void;
  #timer: NodeJS.Timeout | undefined;
  #due = Number.POSITIVE_INFINITY;
  #watcher: { close(): Promise<void> } | undefined;
  /** Why the folder cannot be read, as logged. */
  #gone: string | undefined;
  #closed = false;
  #stopWaiting = (): void => undefined;

  constructor(folder: string, log: Logger, look: () => void) {
    this.#folder = folder;
    this.#log = log;
    this.#look = look;
  }

  lookIn(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    if (this.#closed || due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      this.#look();
    }, milliseconds);
  }

  lookUnasked(): void {
    this.lookIn(this.#gone === undefined ? UNASKED : UNASKED_GONE);
  }

  /**
   * What is in the folder, which is watched from then on. Undefined while the folder as a whole is gone (unmounted, moved) or cannot be
   * read: that is said once, and is no reason to take anything away.
   */
  async names(): Promise<string[] | undefined> {
    try {
      // At first it is made; a folder that went away later is for somebody else to bring back.
      if (!this.#watcher && this.#gone === undefined) await mkdir(this.#folder, { recursive: true });
      await readdir(this.#folder);
      if (this.#gone !== undefined) {
        this.#log.info(`the drop-in folder ${this.#folder} is there again`);
        this.#gone = undefined;
        await this.#watcher?.close();
        this.#watcher = undefined;
      }
      if (!this.#watcher) await this.#watch();
      return await readdir(this.#folder);
    } catch (error) {
      const reason = errorMessage(error);
      if (this.#gone !== reason)
        this.#log.error(`the drop-in folder ${this.#folder} cannot be read, what was in it goes on: ${reason}`);
      this.#gone = reason;
      return undefined;
    }
  }

  async #watch(): Promise<void> {
    const { watch } = await import('chokidar');
    if (this.#closed) return;
    const watcher = watch(this.#folder, {
      depth: DEPTH,
      followSymlinks: false,
      ignoreInitial: true,
      ignored: (path) => /(?:^|\/)node_modules\//.test(relative(this.#folder, path)),
    });
    this.#watcher = watcher;
    watcher.on('error', (error) =>
      this.#log.warn(`the drop-in folder ${this.#folder} is not watched well: ${errorMessage(error)}`),
    );
    // One that is closed before it is ready never is.
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve);
      this.#stopWaiting = resolve;
    });
    watcher.on('all', () => this.lookIn(SETTLE));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stopWaiting();
    await this.#watcher?.close();
  }
}
