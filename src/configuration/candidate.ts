import type { ConfigurationProblem, ConfigurationSchema } from './contract.js';
import { withDefaults } from './defaults.js';
import { difference, type ConfigurationDifference } from './difference.js';
import { documentSchema, type RuntimeDocument } from './document.js';
import { parseFile, type ParsedFile } from './file.js';
import { editBytes, type EditOutcome } from './edit.js';
import type { ApplyProblem, Editing } from './hooks.js';
import { nearest } from './nearest.js';
import { placeOf, pointerOf } from './pointer.js';
import { replaceReferences } from './references.js';
import { mistakesOf, validate } from './schema.js';
import { missingSentence } from './secrets.js';
import type { Mistake } from './sentences.js';
import { reads, untargetedPids } from './targeted.js';

/** A document that is sound in itself. */
export interface SoundDocument {
  file: ParsedFile;
  document: RuntimeDocument;
}

export type Structure =
  | ({ ok: true } & SoundDocument)
  | { ok: false; problems: ConfigurationProblem[]; revision: string; file?: ParsedFile };

/** What a document is validated against. */
export interface Surroundings {
  schemas: readonly ConfigurationSchema[];
  /** Names of the secrets there are. */
  secrets: ReadonlySet<string>;
  /** Document in force. */
  previous: RuntimeDocument;
}

export interface Verdict {
  problems: ConfigurationProblem[];
  /** What is allowed but most likely not meant. */
  warnings: ConfigurationProblem[];
  difference: ConfigurationDifference;
}

/** Parses a file and checks what can be checked without knowing its bundles; fills in the defaults of the framework. */
export async function readStructure(content: string | Uint8Array): Promise<Structure> {
  const parsed = parseFile(content);
  if (!parsed.ok) return parsed;
  const { file, revision } = parsed;
  const filled = withDefaults(documentSchema, file.document);
  const mistakes = await mistakesOf(documentSchema, filled);
  const document = filled as RuntimeDocument;
  if (mistakes.length === 0) mistakes.push(...sameBundleTwice(document));
  if (mistakes.length > 0) return { ok: false, problems: located(file, mistakes), revision, file };
  return { ok: true, file, document };
}

/** The text of a file after a change. */
export async function edited(content: Uint8Array, change: Editing): Promise<EditOutcome> {
  if (typeof change === 'string') return { ok: true, text: change };
  if (typeof change !== 'function') return editBytes(content, change);
  const structure = await readStructure(content);
  return structure.ok ? editBytes(content, await change(structure.document)) : structure;
}

/** Checks every configuration of a sound document against the schemas of its PID. */
export async function judge({ file, document }: SoundDocument, around: Surroundings): Promise<Verdict> {
  const change = difference(around.previous, document);
  const touched = new Set([...change.configurationsAdded, ...change.configurationsChanged]);
  const problems: Mistake[] = [];
  const warnings: Mistake[] = [];
  for (const [pid, configuration] of Object.entries(document.configurations)) {
    const at = pointerOf('configurations', pid);
    const here = ({ message, pointer, part }: Mistake): Mistake => ({
      message: `configuration ${pid}: ${message}`,
      pointer: at + pointer,
      part,
    });
    const declared = around.schemas.filter((schema) => reads(schema, pid));
    problems.push(...sameKeyTwice(configuration).map(here));
    if (declared.length === 0 && around.schemas.length > 0)
      warnings.push({ message: undeclared(pid, around.schemas), pointer: at, part: 'key' });
    for (const { schema, policy } of declared) {
      if (policy === 'ignore') continue;
      const verdict = await validate(schema, configuration);
      problems.push(...verdict.mistakes.map(here));
      warnings.push(...verdict.warnings.map(here));
    }
    const { references, mistakes } = replaceReferences(configuration, () => null);
    if (declared.length === 0)
      problems.push(
        ...mistakes.map(({ message, pointer }) =>
          here({ message: `${placeOf(pointer)} ${message}`.trim(), pointer, part: 'value' }),
        ),
      );
    for (const { name, pointer } of references) {
      if (around.secrets.has(name)) continue;
      (touched.has(pid) ? problems : warnings).push({
        message: missingSentence(pid, name),
        pointer: at + pointer,
        part: 'value',
      });
    }
  }
  return { problems: located(file, problems), warnings: located(file, warnings), difference: change };
}

/** Gives each mistake its line and column, in the order of the text. */
export function located(file: ParsedFile, mistakes: readonly Mistake[]): ConfigurationProblem[] {
  const seen = new Set<string>();
  return mistakes
    .map(({ message, pointer, part }) => ({ message, pointer, ...file.positionOf(pointer, part) }))
    .filter(({ message, pointer }) => !seen.has(`${pointer} ${message}`) && seen.add(`${pointer} ${message}`))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Before the first document there is nothing. */
export const emptyDocument = (): RuntimeDocument => withDefaults(documentSchema, { id: '' }) as RuntimeDocument;

function sameBundleTwice(document: RuntimeDocument): Mistake[] {
  const first = new Map<string, number>();
  return document.bundles.flatMap(({ id }, index) => {
    const twin = first.get(id);
    if (twin === undefined) first.set(id, index);
    return twin === undefined
      ? []
      : [
          {
            message: `bundles[${index}].id is the same as bundles[${twin}].id; a bundle stands in the list once`,
            pointer: pointerOf('bundles', index, 'id'),
            part: 'value' as const,
          },
        ];
  });
}

/** Configurations become properties of services, whose keys compare without case. */
function sameKeyTwice(configuration: Readonly<Record<string, unknown>>): Mistake[] {
  const keys = new Map<string, string>();
  return Object.keys(configuration).flatMap((key) => {
    const twin = keys.get(key.toLowerCase());
    keys.set(key.toLowerCase(), key);
    const message = `${key} and ${twin} are the same key, written in different case`;
    return twin === undefined ? [] : [{ message, pointer: pointerOf(key), part: 'key' as const }];
  });
}

function undeclared(pid: string, schemas: readonly ConfigurationSchema[]): string {
  const meant = nearest(untargetedPids(pid).at(-1)!, [...new Set(schemas.map((schema) => schema.pid))]);
  return `configuration ${pid}: no installed component reads this PID${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** Gives what a node could not run with its place in the document. */
export function problemsAt({ file }: SoundDocument, problems: readonly ApplyProblem[]): ConfigurationProblem[] {
  const known: readonly ApplyProblem[] =
    problems.length > 0 ? problems : [{ message: 'the node could not run with this change' }];
  return known.map(({ message, pid, pointer = pid === undefined ? '' : pointerOf('configurations', pid) }) => ({
    message,
    pointer,
    ...file.positionOf(pointer, 'key'),
  }));
}

/** PIDs of the configurations that refer to a secret. */
export function usersOf(secret: string, document: RuntimeDocument): string[] {
  return Object.entries(document.configurations)
    .filter(([, configuration]) =>
      replaceReferences(configuration, () => null).references.some(({ name }) => name === secret),
    )
    .map(([pid]) => pid);
}
