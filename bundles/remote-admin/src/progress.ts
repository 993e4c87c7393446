import { join } from 'node:path';
import type { Capability, Phase } from '@rackwatt/fleet';
import { readJson, remove, replace } from './files.js';

/** Where this gateway is with the order that it took last. Durable before anything of it is done. */
export interface Progress {
  /** Id of the gateway that the order was for. */
  gateway: string;
  /** No order before this one is ever taken. */
  sequence: number;
  /** sha256 of what the order wants. */
  content: string;
  phase: Phase;
  detail?: string;
  /** Times that it was handed to the node. */
  attempts: number;
  /** It is not tried again until something changes. */
  isOver: boolean;
  /** Capabilities under which that holds. */
  granted: readonly Capability[];
  /** What the change of the last attempt needs, and the reason under which the node knows it. */
  needs: readonly Capability[];
  reason?: string;
  /** Id of that change, once it is known. */
  transaction?: string;
  /** The center could be reached immediately before. */
  wasReachable?: boolean;
}

/** What was installed here by order: sha256 of the archive's file to the digest that the node knows its content by. */
type Contents = Record<string, string>;

const REMEMBERED = 200;

export class ProgressStore {
  readonly #folder: string;
  #progress: Progress | undefined;
  #contents: Contents;
  /** 0 to 1 of the bytes that were downloaded; not durable. */
  downloaded: number | undefined;

  private constructor(folder: string, progress: Progress | undefined, contents: Contents) {
    this.#folder = folder;
    this.#progress = progress;
    this.#contents = contents;
  }

  /** @throws `REMOTE_ADMIN_STATE` */
  static async open(folder: string): Promise<ProgressStore> {
    const progress = await readJson<Progress>(join(folder, 'progress.json'));
    return new ProgressStore(folder, progress, (await readJson<Contents>(join(folder, 'contents.json'))) ?? {});
  }

  static async destroy(folder: string): Promise<void> {
    await remove(join(folder, 'progress.json'));
  }

  get current(): Progress | undefined {
    return this.#progress;
  }

  async begin(progress: Progress): Promise<void> {
    await replace(join(this.#folder, 'progress.json'), JSON.stringify(progress, null, 2));
    this.#progress = progress;
  }

  async note(facts: Partial<Progress>): Promise<void> {
    await this.begin({ ...this.#progress!, ...facts });
  }

  /** Digest of the content of an archive that was installed here. */
  contentOf(sha256: string): string | undefined {
    return this.#contents[sha256];
  }

  async remember(contents: Contents): Promise<void> {
    const kept = Object.entries({ ...this.#contents, ...contents }).slice(-REMEMBERED);
    this.#contents = Object.fromEntries(kept);
    await replace(join(this.#folder, 'contents.json'), JSON.stringify(this.#contents, null, 2));
  }
}
