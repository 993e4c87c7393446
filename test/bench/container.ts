import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder, signedArchives, trivialBundle, writeBundle } from './bundles.js';
import { type BenchOptions, median, type Print, SUBJECT } from './figures.js';
import { peers } from './peers.js';
import { alternate, own } from './process.js';

const BUNDLES = 1000;
const EMPTY = 'node';
const NODE = 'rackwatt node';

/** Cold starts, and 1,000 bundles installed and started; every run in a fresh process. */
export async function containerBench(print: Print, { quick }: BenchOptions = { quick: false }): Promise<void> {
  await inTemporaryFolder(async (folder) => coldStart(print, folder, quick ? 3 : 21));
  await inTemporaryFolder(async (folder) => startMany(print, folder, quick ? 1 : 5));
  await inTemporaryFolder(async (folder) => installMany(print, folder, quick ? 1 : 5));
}

/** The medians of alternating pairs, each against the empty Node process of the same rounds. */
// oxlint-disable-next-line typescript/require-await -- runs in a temporary folder
async function coldStart(print: Print, folder: string, rounds: number): Promise<void> {
  const config = { id: 'bench', framework: { storage: './var' }, bundles: [], configurations: {} };
  writeFileSync(join(folder, 'runtime.config.json'), JSON.stringify(config));
  const measured = alternate(
    [
      own(EMPTY, 'empty'),
      own(SUBJECT, 'framework'),
      own(NODE, 'node', folder),
      ...peers(['awilix', 'tsyringe', 'cordis'], (peer) => [`start-${peer}.mjs`]),
    ],
    rounds,
  );
  const wall = (subject: string): number => median(measured.get(subject)!.map((run) => run.wallMs));
  for (const subject of measured.keys()) {
    print({ metric: 'container.cold-start-ms', value: wall(subject), unit: 'ms', subject });
    if (subject === EMPTY) continue;
    print({ metric: 'container.cold-start-ratio', value: wall(subject) / wall(EMPTY), unit: 'ratio', subject });
  }
}

// oxlint-disable-next-line typescript/require-await -- runs in a temporary folder
async function startMany(print: Print, folder: string, rounds: number): Promise<void> {
  for (let i = 0; i < BUNDLES; i++) writeBundle(join(folder, `bundle-${i}`), trivialBundle(i));
  const others = peers(['awilix', 'tsyringe', 'cordis'], (peer) => [`${peer}.mjs`, 'b', String(BUNDLES)]);
  for (const [subject, runs] of alternate([own(SUBJECT, 'start', folder), ...others], rounds)) {
    const value = median(runs.map((run) => run['startMs'] ?? run['total_ms']!));
    print({ metric: 'container.start-1000-ms', value, unit: 'ms', subject });
    if (subject !== SUBJECT) continue;
    print({ metric: 'container.stop-1000-ms', value: median(runs.map((run) => run['stopMs']!)), unit: 'ms', subject });
  }
}

async function installMany(print: Print, folder: string, rounds: number): Promise<void> {
  await signedArchives(
    folder,
    Array.from({ length: BUNDLES }, (_, i) => trivialBundle(i)),
  );
  const runs = alternate([own(SUBJECT, 'install', folder)], rounds).get(SUBJECT)!;
  const value = median(runs.map((run) => run['installMs']!));
  print({ metric: 'container.install-1000-ms', value, unit: 'ms', subject: SUBJECT });
}
