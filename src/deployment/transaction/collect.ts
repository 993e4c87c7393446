import { relative } from 'node:path';
import type { ContentStore } from '../content.js';
import type { StoredGeneration } from './generation.cjs';
import type { Transactions } from './transactions.js';

/** Generations that are kept when there is room, beside those that always are. */
const KEPT = 10;

export interface CollectOptions {
  transactions: Transactions;
  contents: ContentStore;
  storage: string;
  /** Bytes that the contents of kept generations may take; more when what must be kept takes more. */
  quota: number;
  /** Folders of the store that something runs from. */
  used(): readonly string[];
  /** ms for which a content that nobody names yet stays: somebody may be about to. */
  grace: number;
  /** Folders of contents that nobody is about to name any more. */
  unwanted?: readonly string[];
  now?(): number;
}

export interface Collected {
  generations: number[];
  contents: string[];
}

/**
 * Removes old generations, and contents that no kept one names. Never the generation in force, the one before it, the first
 * one, and what is under way.
 */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { transactions, contents, storage, quota, used, grace } = options;
  const sizes = new Map<string, { bytes: number; changed: number }>();
  for (const folder of await contents.list()) sizes.set(folder, await contents.sizeOf(folder));
  const generations: StoredGeneration[] = [];
  for (const number of await transactions.numbers()) {
    const generation = await transactions.read(number);
    if (generation !== undefined) generations.push(generation);
  }
  const always = protectedOf(transactions, generations);
  const kept = new Map<number, StoredGeneration>();
  const named = new Set(used().map((folder) => relative(contents.folder, folder)));
  const bytes = (): number => [...named].reduce((sum, folder) => sum + (sizes.get(folder)?.bytes ?? 0), 0);
  const keep = (generation: StoredGeneration): void => {
    kept.set(generation.number, generation);
    for (const folder of foldersOf(generation, contents, storage)) named.add(folder);
  };
  for (const generation of generations) if (always.has(generation.number)) keep(generation);
  for (const [age, generation] of generations.entries()) {
    if (kept.has(generation.number) || age >= KEPT) continue;
    const more = foldersOf(generation, contents, storage).filter((folder) => !named.has(folder));
    const bytesMore = more.reduce((sum, folder) => sum + (sizes.get(folder)?.bytes ?? 0), 0);
    if (bytesMore > 0 && bytes() + bytesMore > quota) continue;
    keep(generation);
  }
  const unwanted = new Set((options.unwanted ?? []).map((folder) => relative(contents.folder, folder)));
  const collected: Collected = { generations: [], contents: [] };
  for (const number of await transactions.numbers()) {
    // One that was written meanwhile is not old.
    if (kept.has(number) || number > (generations[0]?.number ?? 0)) continue;
    await transactions.remove(number);
    collected.generations.push(number);
  }
  const oldest = (options.now?.() ?? Date.now()) - grace;
  for (const [folder, { changed }] of sizes) {
    if (named.has(folder) || (changed > oldest && !unwanted.has(folder))) continue;
    await contents.remove(folder);
    collected.contents.push(folder);
  }
  return collected;
}

function protectedOf(transactions: Transactions, generations: readonly StoredGeneration[]): Set<number> {
  const history = transactions.history();
  const { current } = transactions;
  const open = history.filter(({ armed, isFinal }) => armed !== undefined && !isFinal).map(({ armed }) => armed!);
  const isBad = (number: number): boolean =>
    history.findLast(({ armed }) => armed?.to === number)?.state === 'ROLLED_BACK';
  const before = generations.find(({ number }) => current !== undefined && number < current && !isBad(number));
  const numbers = [current, before?.number, generations.at(-1)?.number, ...open.flatMap(({ from, to }) => [from, to])];
  return new Set(numbers.filter((number) => number !== undefined));
}

function foldersOf({ bundles, runtime }: StoredGeneration, contents: ContentStore, storage: string): string[] {
  const base = relative(storage, contents.folder);
  return [...bundles, runtime].flatMap(({ folder }) => (folder === undefined ? [] : [relative(base, folder)]));
}
