import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import * as rackwatt from 'rackwatt';
import { hostModules, ModuleSpace, RevisionTokens, TransformCache } from '../space/built.js';
import { type BenchOptions, type Print, slope, SUBJECT } from './figures.js';

const SWAPS = 5000;
const SAMPLE_EVERY = 250;
const WARM_UP = 250;
const TIMED = 400;

const host = hostModules({ rackwatt });

/** Ten files of 45 KB, a private dependency, a shared host module and one megabyte on module scope. */
function bundleFiles(held: number): Record<string, string> {
  const filler = Array.from(
    { length: 70 },
    (_, index) => `exports.f${index} = (a, b) => a + b * ${index}; // filler`,
  ).join('\n');
  const parts = Array.from({ length: 8 }, (_, index) => index);
  return {
    'package.json': '{}',
    'index.js': `const { Scope } = require('rackwatt'); const parts = [${parts.map((part) => `require('./part${part}.js')`).join(', ')}];
      const held = new Array(${held}).fill(1.5); exports.scope = new Scope('bench'); exports.sum = () => parts.length + held[0] + require('dependency').value;`,
    ...Object.fromEntries(parts.map((part) => [`part${part}.js`, `'use strict';\n${filler}`])),
    'node_modules/dependency/index.js': 'exports.value = 1;',
  };
}

/** Same shape in TypeScript and ES modules. */
const TYPESCRIPT: Record<string, string> = {
  'package.json': '{ "type": "module" }',
  'index.ts': Array.from(
    { length: 8 },
    (_, part) => `import { f0 as g${part} } from './part${part}.ts';\nexport const h${part}: number = g${part}(1, 2);`,
  ).join('\n'),
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, part) => [
      `part${part}.ts`,
      Array.from(
        { length: 70 },
        (_, index) => `export const f${index} = (a: number, b: number): number => a + b * ${index};`,
      ).join('\n'),
    ]),
  ),
};

function folderOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

async function collect(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    await immediately();
    global.gc?.();
  }
  return process.memoryUsage().heapUsed / 1024;
}

/** Loads revision after revision, each beside the one before, which then goes. */
class Swapper {
  readonly tokens = new RevisionTokens();
  readonly #root: string;
  readonly #entry: string;
  readonly #transforms = new TransformCache();
  #current: ModuleSpace | undefined;

  constructor(root: string, entry: string) {
    this.#root = root;
    this.#entry = entry;
  }

  async swap(): Promise<void> {
    const next = new ModuleSpace({ root: this.#root, label: 'bench@1', host, transforms: this.#transforms });
    this.tokens.track(next.token);
    await next.load(this.#entry);
    this.#current?.dispose();
    this.#current = next;
  }

  /** Milliseconds of each swap, sorted. */
  async times(count: number): Promise<number[]> {
    const times: number[] = [];
    for (let index = 0; index < count; index++) {
      const started = performance.now();
      await this.swap();
      times.push(performance.now() - started);
    }
    return times.sort((one, other) => one - other);
  }

  dispose(): void {
    this.#current?.dispose();
  }
}

/**
 * What a reload of a bundle's modules keeps and takes, without the container around it: the slope of the heap over
 * 5,000 reloads of a bundle that holds 1 MB, the revisions not freed, and the median of a reload. Needs `--expose-gc`.
 */
export async function spaceBench(print: Print, { quick }: BenchOptions = { quick: false }): Promise<void> {
  const swaps = quick ? SWAPS / 10 : SWAPS;
  if (!global.gc)
    throw new rackwatt.RackwattError(
      'BENCH_SETUP',
      'The space bench forces garbage collections: run node with --expose-gc.',
    );
  const put = (metric: string, value: number, unit: string): void => print({ metric, value, unit, subject: SUBJECT });
  await withSwapper(bundleFiles(131_072), 'index.js', async (swapper) => {
    for (let index = 0; index < WARM_UP; index++) await swapper.swap();
    const samples: [number, number][] = [[0, await collect()]];
    for (let count = 1; count <= swaps; count++) {
      await swapper.swap();
      if (count % SAMPLE_EVERY === 0) samples.push([count, await collect()]);
    }
    put('space.kept-kb', slope(samples), 'KB');
    put('space.tokens-left', swapper.tokens.live().length - 1, 'revisions');
  });
  await withSwapper(bundleFiles(1), 'index.js', async (swapper) => {
    await swapper.times(TIMED);
    put('space.reload-p50-ms', (await swapper.times(TIMED))[TIMED / 2] ?? Number.NaN, 'ms');
  });
  await withSwapper(TYPESCRIPT, 'index.ts', async (swapper) => {
    const [first] = await swapper.times(1);
    put('space.typescript-first-ms', first ?? Number.NaN, 'ms');
    await swapper.times(TIMED);
    put('space.typescript-reload-p50-ms', (await swapper.times(TIMED))[TIMED / 2] ?? Number.NaN, 'ms');
  });
}

async function withSwapper(
  files: Record<string, string>,
  entry: string,
  run: (swapper: Swapper) => Promise<void>,
): Promise<void> {
  const root = folderOf(files);
  const swapper = new Swapper(root, entry);
  try {
    await run(swapper);
  } finally {
    swapper.dispose();
    rmSync(root, { recursive: true, force: true });
  }
}
