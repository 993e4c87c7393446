import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { userInfo } from 'node:os';
import { type CommandInput, errorMessage, parseStrictly, RackwattError } from 'rackwatt';
import { centerError } from '../errors.js';

/** Who acts, for the audit. */
export function actor(): string {
  return `cli:${userInfo().username}`;
}

export function optionOf(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function json(input: CommandInput, value: unknown): boolean {
  if (input.options['json'] !== true) return false;
  input.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  return true;
}

/** What a gateway says, as one line: nothing in it can move a cursor or look like a line of ours. */
export function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

/** Columns aligned, the first row above them. */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(oneLine));
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** `12 s ago`, `3 d ago`. @param time ms since 1970 */
export function ago(time: number | null, now = Date.now()): string {
  if (time === null) return 'never';
  const seconds = Math.max(0, Math.round((now - time) / 1000));
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'min'],
    ] as const
  ).find(([each]) => seconds >= each) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

export function isArchive(word: string): boolean {
  return /\.(?:tgz|tar\.gz)$/.test(word);
}

export const fileOf = (word: string): string => resolve(word);

/** @throws `FLEET_DESIRED_INVALID` */
export async function desiredOf(file: string): Promise<Record<string, unknown>> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    throw centerError('FLEET_DESIRED_INVALID', `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
  const document = parseStrictly(content, file, 'FLEET_DESIRED_INVALID');
  const { bundles = {}, configurations = {}, ...more } = Object(document) as Record<string, unknown>;
  const [strange] = Object.keys(more);
  if (typeof document !== 'object' || document === null || strange !== undefined)
    throw centerError(
      'FLEET_DESIRED_INVALID',
      `${file} is { "bundles": { NAME: VERSION or null }, "configurations": { PID: {...} or null } }${strange === undefined ? '' : `; "${strange}" is neither`}`,
    );
  const named = Object.entries(Object(bundles) as Record<string, unknown>).map(([name, wanted]) => [
    name,
    typeof wanted === 'string' ? { version: wanted } : wanted,
  ]);
  return { bundles: Object.fromEntries(named) as object, configurations, whole: true };
}

/** @throws `USAGE` unless there is one of each at least */
export function gatewaysAndRest(
  words: readonly string[],
  isRest: (word: string) => boolean,
  rest: string,
): { gateways: string[]; rest: string[] } {
  const found = { gateways: words.filter((word) => !isRest(word)), rest: words.filter(isRest) };
  if (found.gateways.length === 0 || found.rest.length === 0)
    throw new RackwattError('USAGE', `name a gateway at least, and ${rest}`);
  return found;
}
