import { readFileSync } from 'node:fs';
import { createRequire, findSourceMap, SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attributeError, originOf } from './origin.js';

/** A script of a space: what its frames stand for. */
export interface Script {
  /** The file as the reader knows it; the script's name in V8 may carry a mark. */
  path: string;
  /** From the evaluated text back to the original, step by step. */
  maps?: readonly SourceMapPayload[];
  /** `sourceMappingURL` of the file itself, read when the first error needs it. */
  mapUrl?: string;
}

/** What the directory knows of a space. It holds no space: contracts live as long as somebody imports them, and nobody disposes them. */
export interface SpaceRecord {
  readonly label: string;
  readonly root: string;
  /** Its code runs on behalf of whoever imports it. */
  readonly isContract: boolean;
  /** Names of its scripts. */
  readonly scripts: string[];
  /** Who is told of an error of its that nobody caught. */
  failed?: ((error: unknown) => void) | undefined;
}

interface Claim {
  space: SpaceRecord;
  script: Script;
  decoders?: SourceMap[];
}

const hostRequire = createRequire(import.meta.url);
const MARK = '?space=';
const RELEASED_NAMES = 1024;
/** Errors that are looked at behind one error: causes and parts. */
const MOST_CAUSES = 16;

/** The spaces of this process and their scripts: names the frames of errors, and the space that an error came from. */
export class SpaceDirectory {
  readonly #claims = new Map<string, Claim[]>();
  readonly #spaces = new Set<SpaceRecord>();
  readonly #byLabel = new Map<string, SpaceRecord>();
  readonly #forgotten = new FinalizationRegistry<SpaceRecord>((record) => this.release(record));
  /** Late errors of a revision that is gone still say whose they are. */
  readonly #released = new Map<string, Pick<SpaceRecord, 'label' | 'isContract'>>();

  /** @param space released at the latest when it was collected */
  enter(space: object, known: Omit<SpaceRecord, 'scripts'>): SpaceRecord {
    const record = { ...known, scripts: [] };
    this.#spaces.add(record);
    this.#byLabel.set(known.label, record);
    this.#forgotten.register(space, record);
    return record;
  }

  /**
   * Names a script for V8. A file that another live space has evaluated as well (the revision before, or a bundle with
   * the same dependency in a shared `node_modules`) gets a mark, so that frames tell the two apart; stacks show it
   * without. Revisions of one root go unmarked while a debugger is attached, or breakpoints would not hold.
   */
  claim(space: SpaceRecord, script: Script): string {
    const others = this.#claims.get(script.path);
    const ambiguous = others?.some(
      (claim) => claim.space !== space && (claim.space.root !== space.root || !isDebugged()),
    );
    const name = ambiguous ? this.#marked(script.path) : script.path;
    this.#released.delete(name);
    const claims = this.#claims.get(name);
    if (claims) claims.push({ space, script });
    else this.#claims.set(name, [{ space, script }]);
    space.scripts.push(name);
    return name;
  }

  /** The lowest mark that is free: names come again, so that V8 and this directory keep but a few. */
  #marked(path: string): string {
    for (let mark = 2; ; mark++) {
      const name = `${path}${MARK}${mark}`;
      if (!this.#claims.has(name)) return name;
    }
  }

  release(space: SpaceRecord): void {
    if (!this.#spaces.delete(space)) return;
    if (this.#byLabel.get(space.label) === space) this.#byLabel.delete(space.label);
    for (const name of space.scripts) {
      const left = this.#claims.get(name)?.filter((claim) => claim.space !== space) ?? [];
      if (left.length > 0) {
        this.#claims.set(name, left);
        continue;
      }
      this.#claims.delete(name);
      this.#released.set(name, { label: space.label, isContract: space.isContract });
    }
    for (const name of this.#released.keys()) {
      if (this.#released.size <= RELEASED_NAMES) break;
      this.#released.delete(name);
    }
  }

  /** Tells who runs a space of an error that nobody caught. @returns whether there is somebody; not when the space is gone */
  fail(label: string, error: unknown): boolean {
    const failed = this.#byLabel.get(label)?.failed;
    failed?.(error);
    return failed !== undefined;
  }

  /** The newest claim, since the revision that loaded a file last is the one that runs it. */
  claimOf(scriptName: string): Claim | undefined {
    return this.#claims.get(scriptName)?.at(-1);
  }

  /** The space that a script belongs to, or belonged to before it was disposed. */
  spaceOf(scriptName: string): Pick<SpaceRecord, 'label' | 'isContract'> | undefined {
    return this.claimOf(scriptName)?.space ?? this.#released.get(scriptName);
  }

  /**
   * The label of the space that an error came from: by the topmost frame of a space, by the socket, worker or process
   * that failed, or by what caused it. A frame of a contract counts only where no other does, since others call it. Reads `.stack`, after which the error keeps no
   * revision in memory. Takes anything, also what throws when it is looked at.
   */
  attribute(error: unknown): string | undefined {
    const seen = new Set<unknown>();
    const open = [error];
    for (let next = open.shift(); next !== undefined && seen.size < MOST_CAUSES; next = open.shift()) {
      if (typeof next !== 'object' || next === null || seen.has(next)) continue;
      seen.add(next);
      const stack = guarded(next, 'stack');
      const label = originOf(next) ?? (typeof stack === 'string' ? this.ownerOf(stack)?.label : undefined);
      if (label !== undefined) return label;
      // Of an AggregateError or a SuppressedError the parts have the frames.
      const parts = guarded(next, 'errors');
      open.push(...(Array.isArray(parts) ? (parts as unknown[]).slice(0, MOST_CAUSES) : []));
      for (const key of ['cause', 'error', 'suppressed']) open.push(guarded(next, key));
    }
    return undefined;
  }

  /** The space whose file comes first in the text of a stack, contracts last. */
  ownerOf(stack: string): SpaceRecord | undefined {
    let contract: SpaceRecord | undefined;
    for (const [, location] of stack.matchAll(/(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()\n]+?):\d+(?::\d+)?\)?$/gm)) {
      const owner = location === undefined ? undefined : this.#ownerOfFile(location);
      if (owner && !owner.isContract) return owner;
      contract ??= owner;
    }
    return contract;
  }

  #ownerOfFile(location: string): SpaceRecord | undefined {
    let file = location;
    try {
      if (location.startsWith('file:')) file = fileURLToPath(location);
    } catch {
      // A stack is only a text, and may say anything.
      return undefined;
    }
    const claim = this.claimOf(file);
    if (claim) return claim.space;
    if (file.includes(`${sep}node_modules${sep}`)) return undefined;
    return [...this.#spaces].findLast((space) => file.startsWith(space.root + sep));
  }
}

function guarded(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    // A getter or a proxy of whoever threw.
    return undefined;
  }
}

/** The inspector is asked for late: no start needs it. */
function isDebugged(): boolean {
  const { url } = hostRequire('node:inspector') as typeof import('node:inspector');
  return url() !== undefined;
}

/** All spaces of this process: V8 has one place to ask for stacks, so there is one directory. */
export const spaces = new SpaceDirectory();

type PrepareStackTrace = (error: Error, frames: NodeJS.CallSite[]) => unknown;

let installed: { prepare: PrepareStackTrace; limit: number } | undefined;

/** Packages put a function of their own there, or a limit, and forget to take it away; it is everybody's. */
export function keepStackTraces(): void {
  if (!installed) return;
  if (Error.prepareStackTrace !== installed.prepare) Error.prepareStackTrace = installed.prepare;
  if (Error.stackTraceLimit !== installed.limit) Error.stackTraceLimit = installed.limit;
}

/** Makes `.stack` of any error show original positions in files of spaces; other frames stay as Node prints them. */
export function installStackTraces(): void {
  if (installed) return;
  const before = (Error as { prepareStackTrace?: PrepareStackTrace }).prepareStackTrace;
  const prepare: PrepareStackTrace = (error, frames) => {
    let touched = false;
    let contract: string | undefined;
    const lines = frames.map((frame) => {
      const name = frame.getFileName();
      const space = typeof name === 'string' ? spaces.spaceOf(name) : undefined;
      if (typeof name !== 'string' || space === undefined) return frame;
      touched = true;
      if (space.isContract) contract ??= space.label;
      else attributeError(error, space.label);
      const claim = spaces.claimOf(name);
      return claim ? frameText(frame, claim) : textOf(frame).replace(name, name.split(MARK, 1)[0] ?? name);
    });
    if (contract !== undefined) attributeError(error, contract);
    if (!touched && before) return before(error, frames);
    const head = headOf(error);
    const text = lines.map((line) => `\n    at ${typeof line === 'string' ? line : hostFrameText(line)}`);
    return head + text.join('');
  };
  installed = { prepare, limit: Error.stackTraceLimit };
  keepStackTraces();
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    // A getter of a hostile error threw: the frames are worth more than its name.
    return 'Error';
  }
}

/** V8's own text of a frame. */
function textOf(frame: { toString(): string }): string {
  return frame.toString();
}

function frameText(frame: NodeJS.CallSite, claim: Claim): string {
  const text = textOf(frame);
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (line === null || column === null) return text;
  const original = originalPosition(claim, line, column);
  return text.replace(
    `${frame.getFileName()}:${line}:${column}`,
    () => `${original.file}:${original.line}:${original.column}`,
  );
}

function hostFrameText(frame: NodeJS.CallSite): string {
  const text = textOf(frame);
  const file = frame.getFileName();
  const line = frame.getLineNumber();
  const column = frame.getColumnNumber();
  if (!process.sourceMapsEnabled || typeof file !== 'string' || line === null || column === null) return text;
  const origin = findSourceMap(file)?.findOrigin(line, column);
  if (!origin || !('fileName' in origin)) return text;
  const original = origin.fileName.startsWith('file:') ? fileURLToPath(origin.fileName) : origin.fileName;
  return text.replace(`${file}:${line}:${column}`, () => `${original}:${origin.lineNumber}:${origin.columnNumber}`);
}

/** @param line 1-based @param column 1-based */
function originalPosition(claim: Claim, line: number, column: number): { file: string; line: number; column: number } {
  claim.decoders ??= decodersOf(claim.script);
  const position = { file: claim.script.path, line, column };
  for (const decoder of claim.decoders) {
    const entry = decoder.findEntry(position.line - 1, position.column - 1);
    if (!('originalSource' in entry)) break;
    position.line = entry.originalLine + 1;
    position.column = entry.originalColumn + 1;
    if (entry.originalSource) position.file = resolve(dirname(claim.script.path), localPath(entry.originalSource));
  }
  return position;
}

function localPath(source: string): string {
  return source.startsWith('file:') ? fileURLToPath(source) : source;
}

function decodersOf(script: Script): SourceMap[] {
  const payloads = [...(script.maps ?? [])];
  const own = script.mapUrl === undefined ? undefined : readMap(script.path, script.mapUrl);
  if (own) payloads.push(own);
  return payloads.map((payload) => new SourceMap(payload));
}

const INLINE = /^data:application\/json[^,]*?(;base64)?,/;

/** A map that is missing or broken is no failure: the frame then shows the evaluated file. */
function readMap(file: string, url: string): SourceMapPayload | undefined {
  try {
    const inline = INLINE.exec(url);
    const mapFile = resolve(dirname(file), url);
    const text = inline
      ? Buffer.from(
          inline[1] ? url.slice(inline[0].length) : decodeURIComponent(url.slice(inline[0].length)),
          inline[1] ? 'base64' : 'utf8',
        ).toString()
      : readFileSync(mapFile, 'utf8');
    const payload = JSON.parse(text) as SourceMapPayload;
    const base = inline ? dirname(file) : dirname(mapFile);
    const sources = payload.sources.map((source) => resolve(base, payload.sourceRoot ?? '', localPath(source)));
    return { ...payload, sourceRoot: '', sources };
  } catch {
    return undefined;
  }
}

/** The last `sourceMappingURL` comment near the end of a text. */
export function sourceMapUrl(source: string): string | undefined {
  const at = source.lastIndexOf('sourceMappingURL=');
  if (at < 0) return undefined;
  const url = /^[^\s'"`]+/.exec(source.slice(at + 'sourceMappingURL='.length))?.[0];
  return /[@#]\s*$/.test(source.slice(Math.max(0, at - 4), at)) ? url : undefined;
}
