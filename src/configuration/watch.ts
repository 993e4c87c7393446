import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Scope } from '../scope/index.js';
import { readStructure } from './candidate.js';
import { readIfThere } from './disk.js';
import { revisionOf } from './file.js';

/** Saving comes as several events; they are one change when they are this close. ms */
const QUIET = 50;

/** Patience with a file that is not sound or not there: whoever writes in place may be in the middle. ms */
const HALF_WRITTEN = 400;

/**
 * Calls `onTouched` after a file was saved in whatever way: written in place, renamed over, removed. Its folders are
 * watched, not the file, because a rename gives the name another file.
 */
export async function watchFile(file: string, scope: Scope, onTouched: () => void): Promise<void> {
  const { watch } = await import('chokidar');
  const paths = new Set([resolve(file), realpathSync(file)]);
  const folders = new Set([...paths].map((path) => dirname(path)));
  const names = new Set([...paths].map((path) => basename(path)));
  const watcher = watch([...folders], {
    depth: 0,
    ignoreInitial: true,
    ignored: (path) => !folders.has(resolve(path)) && !names.has(basename(path)),
  });
  // One that is closed before it is ready never is.
  const ready = Promise.withResolvers<void>();
  watcher.once('ready', ready.resolve);
  let timer: NodeJS.Timeout | undefined;
  scope.add(`watch of ${file}`, async () => {
    clearTimeout(timer);
    ready.resolve();
    await watcher.close();
  });
  watcher.on('all', (_event, path) => {
    if (!names.has(basename(path)) || scope.closed) return;
    clearTimeout(timer);
    timer = setTimeout(onTouched, QUIET);
  });
  await ready.promise;
}

/** Content of a file once nobody seems to be writing it; `undefined` when it is gone. */
export async function settledContent(
  file: string,
  seen: string | undefined,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const now = await readIfThere(file);
  if (now !== undefined && (revisionOf(now) === seen || (await readStructure(now)).ok)) return now;
  await pause(HALF_WRITTEN, undefined, { signal }).catch((aborted: unknown) => void aborted);
  return readIfThere(file);
}
