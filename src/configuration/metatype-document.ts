import type { Texts } from './definitions.js';
import { parseFile } from './file.js';
import { isKeyed } from './json.js';

/** A definition as a bundle's file has it. */
export interface WrittenDefinition {
  pid: string;
  isFactory: boolean;
  schema: object;
}

export interface MetatypeDocument {
  definitions: WrittenDefinition[];
  texts: Texts;
}

/** Reads a file of definitions. @returns what it says, or what is wrong with it in a sentence */
export function parseMetatype(content: string | Uint8Array): MetatypeDocument | string {
  const parsed = parseFile(content);
  if (!parsed.ok) {
    const [{ line, column, message } = { line: 1, column: 1, message: 'it cannot be read' }] = parsed.problems;
    return `${line}:${column}: ${message}`;
  }
  const { document } = parsed.file;
  if (!isKeyed(document)) return 'it must be an object with "definitions"';
  const { definitions = [], texts = {} } = document;
  if (!Array.isArray(definitions)) return '"definitions" must be a list';
  if (!isTexts(texts)) return '"texts" must have an object of texts for each language';
  const found: WrittenDefinition[] = [];
  for (const [index, definition] of (definitions as unknown[]).entries()) {
    const { pid, factoryPid, schema } = isKeyed(definition) ? definition : {};
    const name = pid ?? factoryPid;
    if (typeof name !== 'string' || (pid === undefined) === (factoryPid === undefined))
      return `definitions[${index}] must have a "pid" or a "factoryPid"`;
    if (!isKeyed(schema)) return `definitions[${index}] must have a JSON Schema as its "schema"`;
    found.push({ pid: name, isFactory: factoryPid !== undefined, schema });
  }
  return { definitions: found, texts };
}

function isTexts(value: unknown): value is Texts {
  return (
    isKeyed(value) &&
    Object.values(value).every(
      (texts) => isKeyed(texts) && Object.values(texts).every((text) => typeof text === 'string'),
    )
  );
}
