import { mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import { isKeyed } from './json.js';
import { revisionOf } from './file.js';
import { flushFolder, isMissing, writeAtomically } from './write.js';

export interface GenerationInfo {
  number: number;
  /** ISO 8601. */
  time: string;
  /** Why the document came into force. */
  reason: string;
  revision: string;
}

export interface Generation extends GenerationInfo {
  /** The file as it was, byte for byte. */
  text: string;
}

const KEPT = 10;
const FILE = /^([1-9]\d{0,14})\.json$/;

/** The last ten documents that were in force, in `<storage>/generations/<n>.json`. They hold references, never secrets. */
export class Generations {
  readonly #folder: string;

  constructor(storage: string) {
    this.#folder = join(storage, 'generations');
  }

  /** Newest first; damaged ones are left out. */
  async list(): Promise<GenerationInfo[]> {
    const found: GenerationInfo[] = [];
    for (const number of await this.#numbers()) {
      const generation = await this.#read(number);
      if (typeof generation === 'string') continue;
      found.push({
        number: generation.number,
        time: generation.time,
        reason: generation.reason,
        revision: generation.revision,
      });
    }
    return found;
  }

  /** @throws CONFIG_GENERATION when it is gone or damaged */
  async get(number: number): Promise<Generation> {
    const generation = await this.#read(number);
    if (typeof generation !== 'string') return generation;
    const kept = (await this.#numbers()).join(', ') || 'none';
    throw new RackwattError('CONFIG_GENERATION', `there is no generation ${number} (${generation}); kept are ${kept}`, {
      context: { generation: number },
    });
  }

  /** Keeps a document that came into force, unless the newest one is the same. */
  async add(text: string, reason: string, time = new Date()): Promise<number> {
    const numbers = await this.#numbers();
    const newest = numbers[0];
    const revision = revisionOf(text);
    if (newest !== undefined) {
      const last = await this.#read(newest);
      if (typeof last !== 'string' && last.revision === revision) return newest;
    }
    const generation: Generation = { number: (newest ?? 0) + 1, time: time.toISOString(), reason, revision, text };
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeAtomically(this.#fileOf(generation.number), `${JSON.stringify(generation, undefined, 2)}\n`, {
      mode: 0o600,
    });
    for (const old of numbers.slice(KEPT - 1)) await rm(this.#fileOf(old), { force: true });
    await flushFolder({ open }, this.#folder);
    return generation.number;
  }

  async #numbers(): Promise<number[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .flatMap((name) => FILE.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => b - a);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** The generation, or why it cannot be had. */
  async #read(number: number): Promise<Generation | string> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#fileOf(number), 'utf8'));
      if (!isKeyed(value) || typeof value['text'] !== 'string' || value['revision'] !== revisionOf(value['text']))
        return 'its file is damaged';
      return {
        number,
        time: String(value['time']),
        reason: String(value['reason']),
        revision: value['revision'],
        text: value['text'],
      };
    } catch (error) {
      if (isMissing(error)) return 'it is not kept';
      return `its file is damaged: ${errorMessage(error)}`;
    }
  }

  #fileOf(number: number): string {
    return join(this.#folder, `${number}.json`);
  }
}
