import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage, RackwattError } from '../errors.js';
import { isMissing } from '../durable/index.cjs';
import type { Isolation } from './contract.js';

/** What is remembered of an installed bundle. */
export interface BundleRecord {
  readonly id: number;
  readonly name: string;
  readonly location: string;
  readonly startLevel: number;
  readonly autostart: boolean;
  readonly isolation: Isolation;
}

/** A line of the file. */
type Line = BundleRecord | { gone: number } | { initialStartLevel: number };

/**
 * What a container remembers from one start to the next: ids, start levels and start settings of its bundles. A file of lines,
 * each the newest of its bundle: a process that dies at any moment leaves whole lines and perhaps a part of one, which is
 * then left out. A power cut may take the last lines, no others.
 */
export class BundleRecords {
  readonly #file: string | undefined;
  readonly #byId = new Map<number, BundleRecord>();
  readonly #byLocation = new Map<string, BundleRecord>();
  #lastId = 0;
  #initialStartLevel: number | undefined;
  #damage: string | undefined;

  /** @param file without one, all is forgotten with the process */
  constructor(file?: string) {
    this.#file = file;
    if (file !== undefined) this.#read(file);
  }

  /** What was left out of a damaged file, in a sentence; told once. */
  takeDamage(): string | undefined {
    const damage = this.#damage;
    this.#damage = undefined;
    return damage;
  }

  /** By id. */
  all(): BundleRecord[] {
    return [...this.#byId.values()].sort((a, b) => a.id - b.id);
  }

  of(location: string): BundleRecord | undefined {
    return this.#byLocation.get(location);
  }

  /** An id greater than every one given out before. */
  nextId(): number {
    return this.#lastId + 1;
  }

  get initialStartLevel(): number | undefined {
    return this.#initialStartLevel;
  }

  /** @throws `STORE_WRITE` */
  keepInitialStartLevel(level: number): void {
    if (level === this.#initialStartLevel) return;
    this.#append({ initialStartLevel: level });
    this.#initialStartLevel = level;
  }

  /** Notes what a bundle is now. @throws `STORE_WRITE` */
  keep({ id, name, location, startLevel, autostart, isolation }: BundleRecord): void {
    const record = { id, name, location, startLevel, autostart, isolation };
    if (isSame(this.#byId.get(id), record)) return;
    this.#append(record);
    this.#take(record);
  }

  /** @throws `STORE_WRITE` */
  forget(id: number): void {
    if (!this.#byId.has(id)) return;
    this.#append({ gone: id });
    this.#take({ gone: id });
  }

  /** As if nothing were installed; ids go on. @throws `STORE_WRITE` */
  clear(): void {
    for (const { id } of this.all()) this.forget(id);
  }

  #take(line: Line): void {
    if ('initialStartLevel' in line) {
      this.#initialStartLevel = line.initialStartLevel;
      return;
    }
    const id = 'gone' in line ? line.gone : line.id;
    this.#lastId = Math.max(this.#lastId, id);
    // The content of a bundle may have come from elsewhere before, and another bundle from here.
    this.#drop(this.#byId.get(id));
    if ('gone' in line) return;
    this.#drop(this.#byLocation.get(line.location));
    this.#byId.set(id, line);
    this.#byLocation.set(line.location, line);
  }

  #drop(record: BundleRecord | undefined): void {
    if (!record) return;
    this.#byId.delete(record.id);
    this.#byLocation.delete(record.location);
  }

  #read(file: string): void {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if (isMissing(error)) return;
      throw new RackwattError('STORE_WRITE', `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
    }
    const lines = text.split('\n');
    const rest = lines.pop()!;
    const bad = lines.findIndex((line) => {
      const parsed = parse(line);
      if (parsed) this.#take(parsed);
      return !parsed;
    });
    const lost = (bad < 0 ? 0 : lines.length - bad) + (rest === '' ? 0 : 1);
    if (lost > 0) this.#damage = `${file} was cut off: ${lost} of its last lines are left out`;
    if (lost > 0 || lines.length > 100 + 2 * this.#byId.size) this.#rewrite(file);
  }

  /** Nothing may be appended to a part of a line. */
  #rewrite(file: string): void {
    const lines: Line[] = this.all();
    if (this.#initialStartLevel !== undefined) lines.push({ initialStartLevel: this.#initialStartLevel });
    lines.push({ gone: this.#lastId }, ...this.all().filter(({ id }) => id === this.#lastId));
    this.#write(() => {
      writeFileSync(`${file}.new`, lines.map(written).join(''), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    });
  }

  #append(line: Line): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#write(() => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      appendFileSync(file, written(line), { mode: 0o600 });
    });
  }

  #write(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw new RackwattError('STORE_WRITE', `cannot write ${this.#file}: ${errorMessage(error)}`, { cause: error });
    }
  }
}

function isSame(known: BundleRecord | undefined, { name, location, startLevel, autostart, isolation }: BundleRecord) {
  return (
    known?.location === location &&
    known.name === name &&
    known.startLevel === startLevel &&
    known.autostart === autostart &&
    known.isolation === isolation
  );
}

const written = (line: Line): string => `${JSON.stringify(line)}\n`;

/** What was written by this class, and nothing else. */
function parse(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    if (Number.isSafeInteger(value['gone'])) return value as { gone: number };
    if (Number.isSafeInteger(value['initialStartLevel'])) return value as { initialStartLevel: number };
    const { id, name, location, startLevel, autostart, isolation } = value;
    if (
      Number.isSafeInteger(id) &&
      typeof name === 'string' &&
      typeof location === 'string' &&
      Number.isSafeInteger(startLevel) &&
      typeof autostart === 'boolean' &&
      typeof isolation === 'string'
    )
      return { id, name, location, startLevel, autostart, isolation } as BundleRecord;
  } catch {
    // Half a line.
  }
  return undefined;
}
