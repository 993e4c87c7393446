import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type FileSystem } from '../durable/index.cjs';
import { errorMessage, RackwattError } from '../errors.js';

/** Under what something is kept. */
export interface ContentName {
  name: string;
  version: string;
  /** sha256, in hex. */
  digest: string;
}

/** Hex digits of a digest in folder names: enough that no two contents can be made that share them. */
export const SHORT = 32;
const STAGE = /^\.stage-(\d+)-/;
/** Files and folders that wait for the disk at once. */
const AT_ONCE = 32;
/** Stages that this process is filling. */
const filling = new Set<string>();

/**
 * Contents by their digest: `<folder>/<name>/<version>-<digest>/`. Each appears complete or not at all, and never changes.
 */
export class ContentStore {
  readonly folder: string;
  readonly #system: FileSystem;
  readonly #renewed: string | undefined;
  #swept: Promise<void> | undefined;

  /** @param renewed a file that is no part of the content, and is replaced when the content comes again with another one */
  constructor(folder: string, system: FileSystem, renewed?: string) {
    this.folder = folder;
    this.#system = system;
    this.#renewed = renewed;
  }

  folderOf(name: string, version?: string, digest?: string): string {
    const folder = join(this.folder, name.replace('/', '+'));
    return version === undefined ? folder : join(folder, `${version}-${digest!.slice(0, SHORT)}`);
  }

  /** A group of contents that wait for the disk together, which is what takes the time. */
  batch(): ContentBatch {
    return new ContentBatch(this, this.#system, this.#renewed, () => (this.#swept ??= this.#sweep()));
  }

  /** Every content there is: folders relative to the store. */
  async list(): Promise<string[]> {
    const found: string[] = [];
    for (const name of await this.#system.list(this.folder)) {
      if (name.startsWith('.')) continue;
      for (const entry of await this.#system.list(join(this.folder, name))) found.push(join(name, entry));
    }
    return found;
  }

  /** Of one content, by its folder relative to the store; ms since 1970 of its being written or asked for again. */
  async sizeOf(folder: string): Promise<{ bytes: number; changed: number }> {
    const root = join(this.folder, folder);
    const [below, found] = await Promise.all([this.#system.below(root), this.#system.attributes(root)]);
    return { bytes: below.reduce((sum, { bytes }) => sum + bytes, 0), changed: found?.changed ?? 0 };
  }

  /** Its name goes first, so that it is never seen in part. */
  async remove(folder: string): Promise<void> {
    const name = `.stage-${process.pid}-${randomUUID()}`;
    const stage = join(this.folder, name);
    filling.add(name);
    try {
      await this.#system.rename(join(this.folder, folder), stage);
      await this.#system.sync(dirname(join(this.folder, folder)));
      await this.#system.remove(stage);
    } finally {
      filling.delete(name);
    }
  }

  /** Removes what processes that were killed left half written. */
  async #sweep(): Promise<void> {
    await this.#system.makeFolder(this.folder);
    await this.#system.sync(dirname(this.folder));
    for (const name of await this.#system.list(this.folder)) {
      const owner = Number(STAGE.exec(name)?.[1]);
      if (!Number.isNaN(owner) && !filling.has(name) && !isOther(owner))
        await this.#system.remove(join(this.folder, name));
    }
  }
}

/** A filled stage on its way to its name. */
interface Placed {
  stage: string;
  root: string;
  label: string;
  /** `renew`: the content is there, and only the renewed file comes to it. */
  how: 'new' | 'damaged' | 'renew';
}

/** Contents that are written one by one, and appear together when the disk has them. */
export class ContentBatch {
  readonly #store: ContentStore;
  readonly #system: FileSystem;
  readonly #renewed: string | undefined;
  readonly #sweep: () => Promise<void>;
  readonly #stages = new Set<string>();
  readonly #placed = new Map<string, Placed>();

  constructor(store: ContentStore, system: FileSystem, renewed: string | undefined, sweep: () => Promise<void>) {
    this.#store = store;
    this.#system = system;
    this.#renewed = renewed;
    this.#sweep = sweep;
  }

  /** Names a folder to make and to fill; it need not be flushed. */
  open(): string {
    const name = `.stage-${process.pid}-${randomUUID()}`;
    filling.add(name);
    this.#stages.add(name);
    return join(this.#store.folder, name);
  }

  /** Gives a filled folder its name, once the batch is finished. @returns where it will be @throws `STORE_WRITE` */
  async place(stage: string, { name, version, digest }: ContentName): Promise<string> {
    const root = this.#store.folderOf(name, version, digest);
    const label = `${name} ${version}`;
    try {
      await this.#sweep();
      if (this.#placed.has(root)) return root;
      const isThere = (await this.#system.attributes(root)) !== undefined;
      const how = !isThere ? 'new' : (await this.#isSame(root, stage)) ? 'renew' : 'damaged';
      // Whoever collects sees that it is wanted again.
      if (how === 'renew') await this.#system.touch(root);
      this.#placed.set(root, { stage, root, label, how });
      return root;
    } catch (error) {
      throw this.#failure(error, label);
    }
  }

  /** @throws `STORE_WRITE` */
  async finish(): Promise<void> {
    const placed = [...this.#placed.values()];
    try {
      await each(await this.#written(placed), (path) => this.#system.sync(path));
      const parents = new Set(placed.map(({ root }) => dirname(root)));
      await each(parents, (folder) => this.#system.makeFolder(folder));
      await each(placed, (one) => this.#appear(one));
      const renewed = placed.filter(({ how }) => how === 'renew').map(({ root }) => root);
      await each([...renewed, ...parents, ...(placed.length > 0 ? [this.#store.folder] : [])], (folder) =>
        this.#system.sync(folder),
      );
    } catch (error) {
      await this.abandon();
      throw this.#failure(error, placed.map(({ label }) => label).join(', '));
    }
    await this.abandon();
  }

  /** Returns what was written to the disk; contents that have their names stay. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.#stages].map((name) => this.#system.remove(join(this.#store.folder, name))));
    for (const name of this.#stages) filling.delete(name);
    this.#stages.clear();
    this.#placed.clear();
  }

  /** What the disk must have before anything appears. */
  async #written(placed: readonly Placed[]): Promise<string[]> {
    const paths = await each(placed, async ({ stage, how }) => {
      const below = (await this.#system.below(stage, false)).map(({ path }) => path);
      const wanted = how === 'renew' ? below.filter((path) => path === this.#renewed) : ['', ...below];
      return wanted.map((path) => join(stage, path));
    });
    return paths.flat();
  }

  async #appear({ stage, root, how }: Placed): Promise<void> {
    if (how === 'renew') {
      const file = this.#renewed === undefined ? undefined : join(stage, this.#renewed);
      if (file !== undefined && (await this.#system.attributes(file)) !== undefined)
        await this.#system.rename(file, join(root, this.#renewed!));
      return;
    }
    try {
      if (how === 'damaged') await this.#system.remove(root);
      await this.#system.rename(stage, root);
    } catch (error) {
      // Somebody else was first.
      if (how === 'damaged' || (await this.#system.attributes(root)) === undefined) throw error;
    }
  }

  /** A content never changes, unless a disk or a person damaged it. */
  async #isSame(root: string, stage: string): Promise<boolean> {
    const [found, wanted] = await Promise.all([this.#system.below(root), this.#system.below(stage)]);
    const shape = (below: typeof found): string =>
      below.map(({ path, isFolder, bytes }) => `${path} ${isFolder || path === this.#renewed ? '' : bytes}`).join('\n');
    if (shape(found) !== shape(wanted)) return false;
    for (const { path, isFolder } of wanted) {
      if (isFolder || path === this.#renewed) continue;
      const [one, other] = await Promise.all([root, stage].map((folder) => this.#system.read(join(folder, path))));
      if (!one!.equals(other!)) return false;
    }
    return true;
  }

  #failure(error: unknown, label: string): RackwattError {
    if (error instanceof RackwattError) return error;
    const isFull = ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code));
    return new RackwattError(
      'STORE_WRITE',
      isFull
        ? `there is no room on the disk for ${label} in ${this.#store.folder}; nothing was changed: free some space and repeat`
        : `${label} cannot be kept in ${this.#store.folder}: ${errorMessage(error)}`,
      { cause: error },
    );
  }
}

async function each<T, R>(items: Iterable<T>, work: (item: T) => Promise<R>): Promise<R[]> {
  const open = [...items].entries();
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (const [index, item] of open) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

/** Whether another process of that number runs. In a container a restarted node has the number that it had before. */
function isOther(process_: number): boolean {
  if (process_ === process.pid) return false;
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
