import { resolve } from 'node:path';

/** Folder of the runtime's own package. */
export const runtimeFolder = resolve(import.meta.dirname, '..');

/**
 * A file of the runtime that is named by its place, such as the one that a thread starts with: modules are joined, so that
 * none can tell where another lies.
 * @param module its place in `src/`, such as `isolation/child/main.js`
 */
export function builtModule(module: string): string {
  return resolve(import.meta.dirname, module);
}
