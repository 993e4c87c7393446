import { constants } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from '../../durable/index.cjs';
import { errorMessage, RackwattError } from '../../errors.js';
import { flushFolder } from '../folder.js';
import type { FileMode } from './format.js';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const FLUSHED_AT_ONCE = 16;

/** A folder that did not exist before, open to nobody else, whose files are new ones and on the disk once it was flushed. */
export class FreshFolder {
  readonly #root: string;
  readonly #folders: Set<string>;
  readonly #flushing = new Set<Promise<void>>();
  #failure: RackwattError | undefined;
  readonly #isFlushed: boolean;

  private constructor(root: string, isFlushed: boolean) {
    this.#root = root;
    this.#isFlushed = isFlushed;
    this.#folders = new Set([root]);
  }

  /**
   * @param isFlushed `false`: `flush` does nothing, because whoever owns the folder waits for the disk
   * @throws `STORE_WRITE`, also when there is something
   */
  static async make(root: string, isFlushed = true): Promise<FreshFolder> {
    try {
      await mkdir(root, { mode: 0o700 }).catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(dirname(root), { recursive: true });
        await mkdir(root, { mode: 0o700 });
      });
    } catch (error) {
      throw cannot('make', root, error);
    }
    return new FreshFolder(root, isFlushed);
  }

  /** @throws `STORE_WRITE` */
  async create(path: string, mode: FileMode = '0644'): Promise<NewFile> {
    const target = join(this.#root, path);
    try {
      await this.#makeFolder(dirname(target));
      // What the umask of the node takes from others stays away from them.
      return new NewFile(await open(target, NEW_FILE, mode === '0755' ? 0o755 : 0o644), target);
    } catch (error) {
      throw cannot('write', target, error);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await this.#makeFolder(dirname(folder));
    await mkdir(folder, { mode: 0o755 });
    this.#folders.add(folder);
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    const file = await this.create(path);
    try {
      await file.write(content);
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.complete(file);
  }

  /** Closes a file that has all its content, and has it flushed while others are written: a disk flushes many in the time of one. */
  async complete(file: NewFile): Promise<void> {
    if (this.#flushing.size >= FLUSHED_AT_ONCE) await Promise.race(this.#flushing);
    const flushed: Promise<void> = this.#finish(file).finally(() => this.#flushing.delete(flushed));
    this.#flushing.add(flushed);
  }

  async #finish(file: NewFile): Promise<void> {
    try {
      if (this.#isFlushed) await file.flush();
    } catch (error) {
      this.#failure ??= cannot('write', this.#root, error);
    } finally {
      await file.close();
    }
  }

  /** Waits until files and names are on the disk. @throws `STORE_WRITE` */
  async flush(): Promise<void> {
    await Promise.all(this.#flushing);
    if (this.#failure) throw this.#failure;
    if (!this.#isFlushed) return;
    try {
      for (const folder of this.#folders) await flushFolder(folder);
    } catch (error) {
      throw cannot('write', this.#root, error);
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.#flushing);
    await rm(this.#root, { recursive: true, force: true }).catch((error: unknown) => void errorMessage(error));
  }
}

/** A file that is being written. */
export class NewFile {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  /** @throws `STORE_WRITE` */
  async write(content: Uint8Array): Promise<void> {
    await this.#handle.writeFile(content).catch((error: unknown) => {
      throw cannot('write', this.#path, error);
    });
  }

  /** Waits until it is on the disk. */
  flush(): Promise<void> {
    return this.#handle.sync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function cannot(what: string, path: string, error: unknown): RackwattError {
  return new RackwattError('STORE_WRITE', `cannot ${what} ${path}: ${errorMessage(error)}`, { cause: error });
}
