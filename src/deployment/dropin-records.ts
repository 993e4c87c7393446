import { readFile } from 'node:fs/promises';
import { writeAtomically } from '../configuration/index.js';
import { errorMessage } from '../errors.js';
import type { ContentName } from './content.js';

/** Name of the records in the storage. */
export const DROP_INS_FILE = 'dropins.json';

/** What is known of one thing in the drop-in folder, beyond the life of the node. */
export interface DropInRecord {
  /** What the thing looked like; another one is another thing. */
  stamp: string;
  /** The content of it that ran last: it runs again where the present one cannot. */
  good?: ContentName;
  /** Why it is not taken, and since when, as ISO 8601. */
  quarantine?: { reason: string; since: string; isUntrusted: boolean };
  /** How often the node ended while this was being started. */
  unfinished?: number;
}

/**
 * The memory of the drop-in folder, a file in the storage. Each change is on the disk before what it stands for begins, so that a node
 * that dies of a drop-in knows it afterwards.
 */
export class DropInRecords {
  readonly #file: string;
  readonly #records: Map<string, DropInRecord>;

  private constructor(file: string, records: Map<string, DropInRecord>) {
    this.#file = file;
    this.#records = records;
  }

  /** A file that is damaged is as one that is not there: what lies in the folder is then tried anew. */
  static async open(file: string): Promise<DropInRecords> {
    let records: [string, DropInRecord][] = [];
    try {
      const document = JSON.parse(await readFile(file, 'utf8')) as { dropins?: Record<string, DropInRecord> };
      records = Object.entries(document.dropins ?? {}).filter(([, record]) => typeof record?.stamp === 'string');
    } catch (error) {
      void errorMessage(error);
    }
    return new DropInRecords(file, new Map(records));
  }

  /** Contents that ran and may have to run again; a collection of the store keeps them. */
  static async kept(file: string): Promise<ContentName[]> {
    const { records } = await DropInRecords.open(file);
    return records.flatMap(({ good }) => (good ? [good] : []));
  }

  get records(): DropInRecord[] {
    return [...this.#records.values()];
  }

  get(name: string): DropInRecord | undefined {
    return this.#records.get(name);
  }

  async set(name: string, record: DropInRecord): Promise<void> {
    if (JSON.stringify(this.#records.get(name)) === JSON.stringify(record)) return;
    this.#records.set(name, record);
    await this.#write();
  }

  async delete(name: string): Promise<void> {
    if (this.#records.delete(name)) await this.#write();
  }

  async #write(): Promise<void> {
    const document = { dropins: Object.fromEntries(this.#records) };
    await writeAtomically(this.#file, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
  }
}
