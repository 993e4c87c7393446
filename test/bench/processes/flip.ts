/**
 * A bundle updated between two revisions that both lie on the disk, in a whole container.
 * Arguments: the folder of the revisions `1` and `2`; how many swaps.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import { emptyFramework, loadSpace, rackwatt, readManifest } from '../built.js';
import { median, slope } from '../figures.js';

const [folder = '', swaps] = [process.argv[2], Number(process.argv[3])];
const WARM_UP = 250;
const SAMPLES = 20;

const { RevisionTokens } = await loadSpace();
const tokens = new RevisionTokens();
const framework = emptyFramework(tmpdir(), tokens);
await framework.setStartLevel(1);
const Swapped = rackwatt.contract<{ version: number }>('bench/Swapped', { major: 1 });
const sources = await Promise.all(
  ['1', '2'].map(async (name) => {
    const root = join(folder, name);
    return { location: `link:${root}`, root, manifest: await readManifest(root) };
  }),
);
const bundle = framework.install(sources[0]!, { startLevel: 1 });
await bundle.start();

const client = { id: 99, name: 'client' };
let stale = 0;
let next = 1;

/** @returns milliseconds */
async function swap(): Promise<number> {
  const source = sources[next]!;
  const started = performance.now();
  await bundle.update(source);
  const took = performance.now() - started;
  const reference = framework.registry.reference(Swapped)!;
  if (framework.registry.get(client, reference)?.version !== next + 1) stale++;
  framework.registry.release(client, reference);
  next = 1 - next;
  return took;
}

async function heapKb(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    await immediately();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024;
}

const first = await swap();
for (let i = 1; i < WARM_UP; i++) await swap();
const times: number[] = [];
const heaps: [number, number][] = [[0, await heapKb()]];
const every = Math.ceil(swaps / SAMPLES);
let cpuMs = 0;
for (let done = every; done <= swaps; done += every) {
  const cpu = process.cpuUsage();
  for (let i = 0; i < every; i++) times.push(await swap());
  const { user, system } = process.cpuUsage(cpu);
  cpuMs += (user + system) / 1e3;
  heaps.push([done, await heapKb()]);
}
if (stale > 0) throw new rackwatt.RackwattError('BENCH_FAILED', `old code ran after ${stale} of ${swaps} swaps`);
times.sort((a, b) => a - b);
const figures = {
  firstMs: first,
  flipMs: median(times),
  p99Ms: times[Math.floor(times.length * 0.99)]!,
  cpuMs: cpuMs / times.length,
  keptKb: slope(heaps),
  tokensLeft: tokens.live().length - 1,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
