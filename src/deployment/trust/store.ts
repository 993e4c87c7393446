import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, RackwattError } from '../../errors.js';
import { envelopeJson, envelopeOf } from './envelope.js';
import { readPublicKeys } from './keys.js';
import { followRoots, openRoot, parseRoots, refuse, ROOT_TYPE, rulesOf, TRUST_FILE, type Root } from './root.js';
import { TrustStateFiles, type TrustState } from './state.js';
import { higher, plainRules, Trust } from './trust.js';

export interface TrustPlaces {
  /** Folder of `trust.json`, or of `.pub` files each of which may sign alone. */
  keys: string;
  /** Folder where a node remembers; absent where nobody does, as for a command. */
  state?: string;
}

/** What a node finds about trust. */
export interface TrustFound {
  trust: Trust;
  /** The trust root that counts; undefined where plain keys do. */
  root: Root | undefined;
  /** What is wrong with the keys folder, though the node goes on with what it knows. */
  warning?: string;
}

/**
 * Whom a node trusts. Once it has seen a trust root, it goes by that and by those that follow it, whatever happens to the keys folder;
 * before, by the plain keys of the folder.
 */
export class TrustStore {
  readonly #keys: string;
  readonly #state: TrustStateFiles | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor({ keys, state }: TrustPlaces) {
    this.#keys = keys;
    this.#state = state === undefined ? undefined : new TrustStateFiles(state);
  }

  /** What counts now; a new trust root in the keys folder is taken over. @throws `TRUST_INVALID`, `TRUST_DAMAGED`, `KEY_INVALID` */
  async read(): Promise<Trust> {
    const { trust, root } = await this.find();
    if (this.#state) {
      const { state, whole } = await this.#state.read();
      const isNew = root && (state.root === undefined || rootOf(state.root).digest !== root.digest);
      if (isNew || !whole)
        await this.#change((last) => (isNew ? { ...last, root: envelopeJson(root.envelope) } : { ...last }));
    }
    return trust;
  }

  /**
   * What counts for what is installed already. Where the node can remember nothing of trust any more, that is the keys folder: it installs
   * nothing, but it goes on to work.
   * @throws `TRUST_INVALID`, `KEY_INVALID`
   */
  async readToStart(): Promise<Trust> {
    try {
      return await this.read();
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'TRUST_DAMAGED') throw error;
      void errorMessage(error);
      return new TrustStore({ keys: this.#keys }).read();
    }
  }

  /** The same, for looking at: nothing is taken over. @throws as `read` */
  async find(): Promise<TrustFound> {
    const state = (await this.#state?.read())?.state;
    const known = state?.root === undefined ? undefined : rootOf(state.root);
    const { root, warning } = await this.#rootOfFolder(known);
    const rules = root
      ? rulesOf(root, `version ${root.document.version} of ${join(this.#keys, TRUST_FILE)}`)
      : plainRules(this.#keys, readPublicKeys(this.#keys));
    const minimums = new Map(rules.minimums);
    for (const [name, version] of Object.entries(state?.floors ?? {}))
      minimums.set(name, higher(minimums.get(name), version));
    return {
      trust: new Trust({ ...rules, minimums }),
      root,
      ...(warning === undefined ? {} : { warning }),
    };
  }

  /**
   * No version of a bundle below this one is installed or started any more. Settles when that is on the disk, twice; a lower floor
   * changes nothing.
   * @throws `TRUST_DAMAGED`, `CONFIG_WRITE`
   */
  raiseFloor(name: string, version: string): Promise<void> {
    if (!this.#state) throw new RackwattError('TRUST_INVALID', 'floors are kept by a node, and this is none');
    return this.#change((state) => {
      const floor = Object.hasOwn(state.floors, name) ? state.floors[name] : undefined;
      const raised = higher(floor, version);
      return raised === floor ? state : { ...state, floors: { ...state.floors, [name]: raised } };
    });
  }

  /** Changes come one after the other, each on what the last one left. */
  #change(change: (state: TrustState) => TrustState): Promise<void> {
    const done = this.#writing.then(async () => {
      const { state } = await this.#state!.read();
      const next = change(state);
      if (next !== state) await this.#state!.write({ ...next, generation: state.generation + 1 });
    });
    this.#writing = done.catch((error: unknown) => void errorMessage(error));
    return done;
  }

  async #rootOfFolder(known: Root | undefined): Promise<{ root: Root | undefined; warning?: string }> {
    const file = join(this.#keys, TRUST_FILE);
    let content: Buffer;
    try {
      content = await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { root: known };
      throw refuse(file, `cannot be read: ${errorMessage(error)}`, error);
    }
    try {
      return { root: followRoots(parseRoots(content, file), known, file) };
    } catch (error) {
      if (!known || !(error instanceof RackwattError)) throw error;
      return {
        root: known,
        warning: `${errorMessage(error)}; version ${known.document.version}, which this node knows, goes on to count`,
      };
    }
  }
}

function rootOf(envelope: object): Root {
  const name = 'the trust root that this node remembers';
  return openRoot(envelopeOf(envelope, ROOT_TYPE, name, 'TRUST_DAMAGED'), name);
}
