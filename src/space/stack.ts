import { readFileSync } from 'node:fs';
import { createRequire, findSourceMap, SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A script of a space: what its frames stand for. */
export interface Script {
  /** The file as the reader knows it; the script's name in V8 may carry a mark. */
  path: string;
  /** From the evaluated text back to the original, step by step. */
  maps?: readonly SourceMapPayload[];
  /** `sourceMappingURL` of the file itself, read when the first error needs it. */
  mapUrl?: string;
}

interface Space {
  readonly label: string;
  readonly root: string;
}

interface Claim {
  space: Space;
  script: Script;
  decoders?: SourceMap[];
}

const hostRequire = createRequire(import.meta.url);
const MARK = '?space=';
const RELEASED_NAMES = 1024;

/** Which label an error belongs to; known once its frames were looked at, as a string that keeps no revision. */
const origins = new WeakMap<object, string>();

export function attributeError(error: unknown, label: string): void {
  if (typeof error === 'object' && error !== null && !origins.has(error)) origins.set(error, label);
}

/** The spaces of this process and their scripts: names the frames of errors, and the space that an error came from. */
export class SpaceDirectory {
  readonly #claims = new Map<string, Claim[]>();
  readonly #spaces = new Set<Space>();
  /** Late errors of a revision that is gone still say whose they are. */
  readonly #released = new Map<string, string>();

  /**
   * Names a script for V8. A file that another live space has evaluated as well (the revision before, or a bundle with
   * the same dependency in a shared `node_modules`) gets a mark, so that frames tell the two apart; stacks show it
   * without. Revisions of one root go unmarked while a debugger is attached, or breakpoints would not hold.
   */
  claim(space: Space, script: Script): string {
    this.#spaces.add(space);
    const others = this.#claims.get(script.path);
    const ambiguous = others?.some(
      (claim) => claim.space !== space && (claim.space.root !== space.root || !isDebugged()),
    );
    const name = ambiguous ? this.#marked(script.path) : script.path;
    this.#released.delete(name);
    const claims = this.#claims.get(name);
    if (claims) claims.push({ space, script });
    else this.#claims.set(name, [{ space, script }]);
    return name;
  }

  /** The lowest mark that is free: names come again, so that V8 and this directory keep but a few. */
  #marked(path: string): string {
    for (let mark = 2; ; mark++) {
      const name = `${path}${MARK}${mark}`;
      if (!this.#claims.has(name)) return name;
    }
  }

  release(space: Space, names: Iterable<string>): void {
    this.#spaces.delete(space);
    for (const name of names) {
      const left = this.#claims.get(name)?.filter((claim) => claim.space !== space) ?? [];
      if (left.length > 0) {
        this.#claims.set(name, left);
        continue;
      }
      this.#claims.delete(name);
      this.#released.set(name, space.label);
    }
    for (const name of this.#released.keys()) {
      if (this.#released.size <= RELEASED_NAMES) break;
      this.#released.delete(name);
    }
  }

  /** The newest claim, since the revision that loaded a file last is the one that runs it. */
  claimOf(scriptName: string): Claim | undefined {
    return this.#claims.get(scriptName)?.at(-1);
  }

  /** The label of the space that a script belongs to, or belonged to before it was disposed. */
  labelOf(scriptName: string): string | undefined {
    return this.claimOf(scriptName)?.space.label ?? this.#released.get(scriptName);
  }

  /**
   * The label of the space that an error came from: by the topmost frame of a space, or by the socket, worker or
   * process that failed. Reads `.stack`, after which the error keeps no revision in memory.
   */
  attribute(error: unknown): string | undefined {
    if (typeof error !== 'object' || error === null) return undefined;
    const { stack } = error as { stack?: unknown };
    const known = origins.get(error);
    if (known !== undefined) return known;
    const space = typeof stack === 'string' ? this.ownerOf(stack) : undefined;
    return space?.label ?? this.attribute((error as { cause?: unknown }).cause);
  }

  /** The space whose file comes first in the text of a stack. */
  ownerOf(stack: string): Space | undefined {
    for (const [, location] of stack.matchAll(/(?:\(|at (?:async )?)((?:file:\/\/)?\/[^()\n]+?):\d+(?::\d+)?\)?$/gm)) {
      const file = location?.startsWith('file:') ? fileURLToPath(location) : location;
      if (file === undefined) continue;
      const claim = this.claimOf(file);
      if (claim) return claim.space;
      if (file.includes(`${sep}node_modules${sep}`)) continue;
      const owner = [...this.#spaces].findLast((space) => file.startsWith(space.root + sep));
      if (owner) return owner;
    }
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

let installed = false;

/** Makes `.stack` of any error show original positions in files of spaces; other frames stay as Node prints them. */
export function installStackTraces(): void {
  if (installed) return;
  installed = true;
  const before = (Error as { prepareStackTrace?: PrepareStackTrace }).prepareStackTrace;
  Error.prepareStackTrace = (error, frames) => {
    let touched = false;
    const lines = frames.map((frame) => {
      const name = frame.getFileName();
      const label = typeof name === 'string' ? spaces.labelOf(name) : undefined;
      if (typeof name !== 'string' || label === undefined) return frame;
      if (!touched) attributeError(error, label);
      touched = true;
      const claim = spaces.claimOf(name);
      return claim ? frameText(frame, claim) : textOf(frame).replace(name, name.split(MARK, 1)[0] ?? name);
    });
    if (!touched && before) return before(error, frames);
    const head = headOf(error);
    const text = lines.map((line) => `\n    at ${typeof line === 'string' ? line : hostFrameText(line)}`);
    return head + text.join('');
  };
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
