import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { RackwattError } from 'rackwatt';

/** What a process measured, and the milliseconds from before it was started until it was gone, as `wallMs`. */
export type Measured = Readonly<Record<string, number>> & { readonly wallMs: number };

/** A Node process that prints its figures as one line of JSON. */
export interface Measuring {
  subject: string;
  file: string;
  args: readonly string[];
  cwd?: string;
}

/** A process of `test/bench/processes`. */
export function own(subject: string, name: string, ...args: readonly string[]): Measuring {
  return { subject, file: fileURLToPath(new URL(`./processes/${name}.js`, import.meta.url)), args };
}

/** Runs a fresh process. @throws RackwattError `BENCH_FAILED` with what it said */
export function measure({ file, args, cwd, subject }: Measuring): Measured {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', file, ...args], {
    encoding: 'utf8',
    ...(cwd === undefined ? {} : { cwd }),
    timeout: 300_000,
  });
  const wallMs = performance.now() - started;
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0) {
    const said = `${line}\n${stderr}`.trim().slice(-400);
    throw new RackwattError('BENCH_FAILED', `${subject}: ${file} ${args.join(' ')} ended with ${status}: ${said}`);
  }
  return { ...(line.startsWith('{') ? (JSON.parse(line) as Record<string, number>) : {}), wallMs };
}

/**
 * Runs each of several processes in turn, round by round, so that a machine that is slow for a while is slow for all.
 * A peer that fails is left out with a word on standard error; what is measured for ourselves must not fail.
 */
export function alternate(processes: readonly Measuring[], rounds: number): Map<string, Measured[]> {
  const measured = new Map<string, Measured[]>();
  const broken = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    for (const process_ of processes) {
      if (broken.has(process_.subject)) continue;
      try {
        const list = measured.get(process_.subject) ?? [];
        list.push(measure(process_));
        measured.set(process_.subject, list);
      } catch (error) {
        if (process_.cwd === undefined) throw error;
        broken.add(process_.subject);
        process.stderr.write(`  ${(error as Error).message}\n`);
      }
    }
  }
  return measured;
}
