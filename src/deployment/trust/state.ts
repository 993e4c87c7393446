import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../../configuration/index.js';
import { errorMessage, RackwattError } from '../../errors.js';
import { sha256 } from '../archive/format.js';
import { parseStrictly } from '../../strict-json.js';

/** What a node remembers of trust, so that nobody can make it forget by taking a file away. */
export interface TrustState {
  /** Counts the changes. */
  generation: number;
  /** The trust root that counts here, as an envelope. */
  root?: object;
  /** Lowest version that each bundle may have from now on. */
  floors: Record<string, string>;
}

const COPIES = ['a', 'b'];
const NOTHING: TrustState = { generation: 0, floors: {} };
const SUM = /^([0-9a-f]{64})\n/;

/**
 * Two copies of the state, each with a check sum, each replaced whole. Where one is damaged or gone the other counts; two damaged ones are
 * never taken for none.
 */
export class TrustStateFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @returns `whole`: both copies are there and alike
   * @throws `TRUST_DAMAGED` when there are copies and none can be read
   */
  async read(): Promise<{ state: TrustState; whole: boolean }> {
    const { copies, damaged } = await this.#copies();
    const [latest, other] = copies.sort((a, b) => b.generation - a.generation);
    if (latest) return { state: latest, whole: latest.generation === other?.generation };
    if (damaged.length === 0) return { state: NOTHING, whole: true };
    throw new RackwattError(
      'TRUST_DAMAGED',
      `${damaged.join(' and ')} are damaged, so that nobody knows which bundles may be installed; put one back from a backup, or remove ${this.#folder} to begin anew with the keys folder, and without the minimum versions that this node had reached`,
    );
  }

  /** Both copies, one after the other. @throws `CONFIG_WRITE` */
  async write(state: TrustState): Promise<void> {
    const json = JSON.stringify(state);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const copy of COPIES)
      await writeAtomically(this.#fileOf(copy), `${sha256(Buffer.from(json))}\n${json}`, { mode: 0o600 });
  }

  async #copies(): Promise<{ copies: TrustState[]; damaged: string[] }> {
    const copies: TrustState[] = [];
    const damaged: string[] = [];
    for (const copy of COPIES) {
      const file = this.#fileOf(copy);
      try {
        copies.push(parse(await readFile(file), file));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') damaged.push(`${file} (${errorMessage(error)})`);
      }
    }
    return { copies, damaged };
  }

  #fileOf(copy: string): string {
    return join(this.#folder, `${copy}.json`);
  }
}

function parse(content: Buffer, file: string): TrustState {
  const sum = SUM.exec(content.toString('latin1', 0, 65))?.[1];
  const json = content.subarray(65);
  if (sum === undefined || sha256(json) !== sum) throw new RackwattError('TRUST_DAMAGED', 'its check sum does not fit');
  return parseStrictly(json, file, 'TRUST_DAMAGED') as TrustState;
}
