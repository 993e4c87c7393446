import { fuzz } from '../driver-snmp/fuzz.js';
import type { BenchOptions, Print } from './figures.js';

const MUTATED = 1_000_000;
const MUTATED_QUICK = 50_000;
const PARTS = 5;

/**
 * Mutated answers to the SNMP driver, a million of them: what was called good that nobody told, and what the heap keeps of them
 * (kB for a thousand, between the first part and the last, garbage collected).
 */
export async function fuzzBench(print: Print, { quick }: BenchOptions): Promise<void> {
  const mutated = (quick ? MUTATED_QUICK : MUTATED) / PARTS;
  const heaps: number[] = [];
  const resident: number[] = [];
  let [sent, good, wrong, failed] = [0, 0, 0, 0];
  const started = performance.now();
  for (let part = 0; part < PARTS; part++) {
    const result = await fuzz({ seed: 1 + part * 104_729, mutated, credentials: 'public' });
    sent += result.sent;
    good += result.good;
    wrong += result.wrong.length;
    failed += [...result.failed.values()].reduce((sum, count) => sum + count, 0);
    globalThis.gc?.();
    heaps.push(process.memoryUsage().heapUsed);
    resident.push(process.memoryUsage().rss);
  }
  const row = (metric: string, value: number, unit: string): void =>
    print({ metric, value, unit, subject: 'rackwatt' });
  const kept = (heaps.at(-1)! - heaps[0]!) / 1024 / ((sent * (PARTS - 1)) / PARTS / 1000);
  row('fuzz.answers', sent, 'mutated');
  row('fuzz.wrong', wrong, `of ${good} good values`);
  row('fuzz.failed-reads', failed, 'reads');
  row('fuzz.kept-kb', Math.round(kept * 100) / 100, 'kB / 1,000 answers');
  row('fuzz.rss-mb', Math.round(resident.at(-1)! / 2 ** 20), 'MB');
  row('fuzz.answers-per-s', Math.round(sent / ((performance.now() - started) / 1000)), '/s');
}
