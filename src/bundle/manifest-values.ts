import { RackwattError } from '../errors.js';

const INSIDE = /^\.\/(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\0]+$/;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function record(value: unknown, file: string, key: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw invalid(file, `"${key}" must be an object`);
  return value;
}

export function strings(value: unknown, file: string, key: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.some((entry) => typeof entry !== 'string'))
    throw invalid(file, `"${key}" must be a list of strings`);
  return value as string[];
}

/** Texts by name. */
export function texts(value: unknown, file: string, key: string, what: string): Record<string, string> {
  const entries = Object.entries(record(value, file, key));
  for (const [name, text] of entries) {
    if (typeof text !== 'string') throw invalid(file, `"${key}.${name}" must be ${what}`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

export function isInside(path: string): boolean {
  return INSIDE.test(dotted(path));
}

/** A path inside the bundle, as `./dist/index.js`. */
export function inside(value: unknown, file: string, key: string): string {
  if (typeof value !== 'string' || !isInside(value)) throw invalid(file, `"${key}" must be a path inside the bundle`);
  return dotted(value);
}

export function dotted(path: string): string {
  return path.startsWith('./') || path.startsWith('/') || path.startsWith('../') ? path : `./${path}`;
}

export function invalid(file: string, what: string): RackwattError {
  // What is quoted of the file may have line breaks and control characters.
  return new RackwattError('BUNDLE_MANIFEST', `${file} ${what.replace(/[\s\p{Cc}]+/gu, ' ')}`, { context: { file } });
}
