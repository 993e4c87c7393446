import { errorMessage, RackwattError } from '../../errors.js';
import { builtModule } from '../../runtime-folder.js';
import type { HeldRevision } from './holders.js';

export interface WhoHolds {
  revisions: HeldRevision[];
  /** ms for which this process stood still at the longest. */
  pause: number;
  /** Bytes of the heap that was looked at. */
  heap: number;
}

/** ms between the ticks by which a standstill is measured. */
const TICK = 2;
/** ms for the analysis of a snapshot; a large heap on a busy machine takes long. */
const PATIENCE = 120_000;

/**
 * Looks into the heap of this process for what holds these revisions. The process stands still while V8 takes the snapshot; a worker
 * reads it. Nothing is written to disk, since the snapshot has every secret in it.
 * @throws RackwattError `HEAP_SNAPSHOT`
 */
export async function whoHolds(labels: readonly string[]): Promise<WhoHolds> {
  // Nothing of this is needed unless somebody asks.
  const [{ getHeapSnapshot }, { Worker }] = await Promise.all([import('node:v8'), import('node:worker_threads')]);
  const worker = new Worker(builtModule('space/heap/worker.js'), { workerData: { labels }, execArgv: [] });
  let pause = 0;
  let before = performance.now();
  const tick = setInterval(() => {
    const now = performance.now();
    pause = Math.max(pause, now - before - TICK);
    before = now;
  }, TICK);
  const { promise, resolve, reject } = Promise.withResolvers<HeldRevision[]>();
  const failed = (cause: unknown, why: string): void =>
    reject(new RackwattError('HEAP_SNAPSHOT', `the heap snapshot could not be read: ${why}`, { cause }));
  const late = setTimeout(() => failed(undefined, `it took longer than ${PATIENCE / 1000} s`), PATIENCE);
  worker.once('message', resolve);
  worker.once('error', (error) => failed(error, error.message));
  worker.once('exit', (code) => failed(undefined, `its worker ended with ${code}`));
  // Awaited below, after the snapshot was sent, so that what it rejects with is told there.
  promise.catch((error: unknown) => void errorMessage(error));
  try {
    await new Promise((go) => setTimeout(go, TICK));
    const { heapUsed } = process.memoryUsage();
    for await (const chunk of getHeapSnapshot()) {
      const bytes = Uint8Array.from(chunk as Buffer);
      worker.postMessage(bytes, [bytes.buffer]);
    }
    worker.postMessage(null);
    const revisions = await promise;
    return { revisions, pause, heap: heapUsed };
  } finally {
    clearInterval(tick);
    clearTimeout(late);
    await worker.terminate();
  }
}

/**
 * Collects garbage until `done`, or for a few rounds; a node runs without the flag that gives programs this power.
 * @returns ms for which this process stood still at the longest
 */
export async function collectGarbage(done: () => boolean, rounds = 8): Promise<number> {
  const [{ setFlagsFromString }, { runInNewContext }] = await Promise.all([import('node:v8'), import('node:vm')]);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let pause = 0;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    collect();
    pause = Math.max(pause, performance.now() - before);
    // Looking at a weak reference keeps its target for the rest of the task, so the next collection is in another.
    await new Promise((go) => setTimeout(go, 5));
    if (done()) break;
    await new Promise((go) => setTimeout(go, 0));
  }
  return pause;
}
