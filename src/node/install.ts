import { join } from 'node:path';
import type { BundleInfo } from '../bundle/index.js';
import { SecretStore } from '../configuration/index.js';
import { acquireArchive, type Progress } from '../deployment/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Node } from './node.js';

export interface InstallRequest {
  /** Files, addresses, or `NAME@RANGE`: all of them or none. */
  sources: string[];
  registry?: string | undefined;
  digest?: string | undefined;
}

/** What comes while a bundle is being installed: how much was downloaded, and at last the bundle. */
export type InstallEvent = { progress: Progress } | { installed: BundleInfo[] };

/** ms between two reports. */
const REPORT_EVERY = 200;

/**
 * Brings archives here and installs them, telling how far that is. Whoever stops listening cancels it, until the first step that changes
 * what runs.
 */
export function installing(node: Node, home: string, request: InstallRequest): AsyncIterable<InstallEvent> {
  return told((report, signal) => {
    let next = 0;
    return install(node, home, request, signal, (progress) => {
      if (performance.now() < next && progress.received !== progress.total) return;
      next = performance.now() + REPORT_EVERY;
      report({ progress });
    });
  });
}

async function install(
  node: Node,
  home: string,
  { sources, registry, digest }: InstallRequest,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<InstallEvent> {
  const { storage } = node.configuration;
  const cancelled = AbortSignal.any([signal, node.stopping]);
  const acquired: Awaited<ReturnType<typeof acquireArchive>>[] = [];
  try {
    for (const source of sources)
      acquired.push(
        await acquireArchive(source, {
          folder: join(storage, 'downloads'),
          home,
          registry,
          digest,
          secret: (name) => new SecretStore(storage).get(name),
          signal: cancelled,
          onProgress,
        }),
      );
    return { installed: await node.installation.install(acquired, cancelled) };
  } finally {
    for (const archive of acquired) await archive.dispose();
  }
}

/**
 * Values that a task tells while it runs, and its result as the last. A task that nobody waits for any more is told so at once, not at its
 * next value.
 */
function told<T>(work: (report: (value: T) => void, signal: AbortSignal) => Promise<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const abort = new AbortController();
      const values: T[] = [];
      let wake = (): void => undefined;
      let failure: { error: unknown } | undefined;
      let isDone = false;
      const task = work((value) => {
        values.push(value);
        wake();
      }, abort.signal)
        .then((result) => void values.push(result))
        .catch((error: unknown) => {
          failure = { error };
          void errorMessage(error);
        })
        .finally(() => {
          isDone = true;
          wake();
        });
      return {
        async next() {
          while (values.length === 0 && !isDone) await new Promise<void>((resolve) => (wake = resolve));
          if (values.length > 0) return { value: values.shift()!, done: false };
          await task;
          if (failure && !abort.signal.aborted) throw failure.error;
          return { value: undefined, done: true };
        },
        async return() {
          abort.abort();
          await task;
          return { value: undefined, done: true };
        },
      };
    },
  };
}

/** What a caller sent. @throws `USAGE` */
export function installRequest(parameters: unknown): InstallRequest {
  const { sources, registry, digest } = (parameters ?? {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';
  const areTexts =
    Array.isArray(sources) && sources.length > 0 && sources.every((source) => typeof source === 'string');
  if (!areTexts || !isText(registry) || !isText(digest))
    throw new RackwattError('USAGE', 'an installation wants "sources", and may have a "registry" and a "digest"');
  if (digest !== undefined && sources.length > 1)
    throw new RackwattError('USAGE', 'a digest is that of one bundle; install the others by themselves');
  return { sources: sources as string[], registry, digest };
}
