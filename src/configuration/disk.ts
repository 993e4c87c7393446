import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import { readStructure } from './candidate.js';
import type { ConfigurationProblem } from './contract.js';
import type { RuntimeDocument } from './document.js';
import { isMissing } from '../durable/index.cjs';

/** Bytes of a configuration file; `undefined` when there is none. @throws CONFIG_READ */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new RackwattError('CONFIG_READ', `cannot read ${file}: ${errorMessage(error)}`, {
      cause: error,
      context: { file },
    });
  }
}

/** @throws CONFIG_READ */
export async function readContent(file: string): Promise<Buffer> {
  const content = await readIfThere(file);
  if (content !== undefined) return content;
  throw new RackwattError('CONFIG_READ', `there is no ${file}; lay out a site with: rackwatt init ${dirname(file)}`, {
    context: { file },
  });
}

/**
 * The document of a file that no node needs to run for, its structure checked and its defaults filled in.
 * @throws CONFIG_READ, CONFIG_INVALID
 */
export async function readDocument(file: string): Promise<RuntimeDocument> {
  const structure = await readStructure(await readContent(file));
  if (structure.ok) return structure.document;
  throw invalidFile(file, structure.problems);
}

export function invalidFile(file: string, problems: readonly ConfigurationProblem[]): RackwattError {
  return new RackwattError('CONFIG_INVALID', sentenceOf(file, problems), { context: { file, problems } });
}

/** `file:line:column: what is wrong (and 2 more)`, so that terminals and editors can jump to it. */
export function sentenceOf(file: string, problems: readonly ConfigurationProblem[]): string {
  const first = problems[0];
  if (first === undefined) return `${file} is invalid`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `${file}:${first.line}:${first.column}: ${first.message}${more}`;
}
