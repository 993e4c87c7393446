import { join } from 'node:path';
import { inTemporaryFolder, signedArchives, swappedBundle, writeBundle } from './bundles.js';
import { type BenchOptions, median, type Print, SUBJECT } from './figures.js';
import { peers } from './peers.js';
import { alternate, own } from './process.js';

const ARCHIVES = 40;

/** A bundle of peerbench's shape swapped in a whole container: how long, from where, and what each swap leaves behind. */
export async function swapBench(print: Print, { quick }: BenchOptions = { quick: false }): Promise<void> {
  await inTemporaryFolder(async (folder) => flips(print, folder, quick));
  await inTemporaryFolder(async (folder) => archives(print, folder, quick ? 1 : 3));
}

const FLIPS = [
  ['swap.flip-ms', 'flipMs', 'ms'],
  ['swap.flip-p99-ms', 'p99Ms', 'ms'],
  ['swap.first-flip-ms', 'firstMs', 'ms'],
  ['swap.flip-cpu-ms', 'cpuMs', 'ms'],
  ['swap.kept-kb', 'keptKb', 'KB'],
  ['swap.tokens-left', 'tokensLeft', 'revisions'],
] as const;

// oxlint-disable-next-line typescript/require-await -- runs in a temporary folder
async function flips(print: Print, folder: string, quick: boolean): Promise<void> {
  for (const version of [1, 2]) writeBundle(join(folder, String(version)), swappedBundle(version));
  const runs = alternate([own(SUBJECT, 'flip', folder, quick ? '500' : '5000')], quick ? 1 : 3).get(SUBJECT)!;
  for (const [metric, key, unit] of FLIPS) {
    print({ metric, value: median(runs.map((run) => run[key]!)), unit, subject: SUBJECT });
  }
  for (const variant of ['cjs', 'esm']) {
    const others = peers(['cordis'], (peer) => [`${peer}.mjs`, 'f', '1000', variant]);
    for (const [peer, measured] of alternate(others, quick ? 1 : 3)) {
      const subject = `${peer} ${variant}`;
      const put = (metric: string, key: string, unit: string): void =>
        print({ metric, value: median(measured.map((run) => run[key]!)), unit, subject });
      put('swap.flip-ms', 'swap_ms_median', 'ms');
      put('swap.kept-kb', 'leak_kb_per_swap', 'KB');
    }
  }
}

async function archives(print: Print, folder: string, rounds: number): Promise<void> {
  await signedArchives(
    folder,
    Array.from({ length: ARCHIVES }, (_, i) => swappedBundle(i + 1)),
  );
  const runs = alternate([own(SUBJECT, 'archive', folder)], rounds).get(SUBJECT)!;
  print({
    metric: 'swap.archive-ms',
    value: median(runs.map((run) => run['archiveMs']!)),
    unit: 'ms',
    subject: SUBJECT,
  });
}
