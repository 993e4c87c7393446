/**
 * `npm run bench [-- NAME...] [--json] [--quick]`: measures, each bench in fresh processes, and prints the medians with what is
 * to be reached. NAME is a bench (`swap`) or a metric or the beginning of one (`swap.flip-ms`, `pipeline`).
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { needsPeer } from '../support/peers.js';
import { BENCHES, type BenchEntry } from './benches.js';
import { type Figure, median, rounded, SUBJECT } from './figures.js';
import { reached, TARGETS } from './targets.js';

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});

const child = fileURLToPath(new URL('./child.js', import.meta.url));

/** Why a bench cannot run here; undefined when it can. */
function hindrance({ name, needs = [] }: BenchEntry): string | undefined {
  if (!existsSync(fileURLToPath(new URL(`./${name}.js`, import.meta.url)))) return 'this bench is not written yet';
  const missing = needs.filter((command) => needsPeer(command) !== false);
  return missing.length > 0 ? `needs ${missing.join(', ')}, which is not installed here` : undefined;
}

/** @throws the status of a bench that failed */
async function runOnce({ name }: BenchEntry): Promise<Figure[]> {
  const figures: Figure[] = [];
  const bench = fork(child, [name, flags.quick ? 'quick' : 'full'], {
    execArgv: ['--expose-gc', '--enable-source-maps'],
    // What a bench or its modules print is no figure.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  bench.on('message', (figure) => void figures.push(figure as Figure));
  const status = await new Promise<number | string>((resolve) =>
    bench.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing')),
  );
  if (status !== 0) complain(`${name} ended with ${status}`);
  return figures;
}

async function run(entry: BenchEntry): Promise<Figure[]> {
  const all: Figure[] = [];
  for (let round = 0; round < (flags.quick ? 1 : (entry.rounds ?? 1)); round++) all.push(...(await runOnce(entry)));
  const rows = Map.groupBy(all, ({ metric, subject, unit }) => JSON.stringify([metric, subject, unit]));
  return [...rows.values()].map((row) => ({ ...row[0]!, value: rounded(median(row.map(({ value }) => value))) }));
}

function complain(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
  process.exitCode = 1;
}

function isWanted(metric: string): boolean {
  const hasBench = ({ name, gives, with: other = name }: BenchEntry): boolean =>
    (names.includes(name) || names.includes(other)) && gives.some((beginning) => metric.startsWith(beginning));
  return names.length === 0 || names.some((name) => metric.startsWith(name)) || BENCHES.some(hasBench);
}

function chosen(): readonly BenchEntry[] {
  if (names.length === 0) return BENCHES;
  for (const name of names) {
    if (BENCHES.some((entry) => matches(entry, name)) || TARGETS.some(({ metric }) => metric.startsWith(name)))
      continue;
    complain(`there is no bench or metric "${name}"; benches are ${BENCHES.map((entry) => entry.name).join(', ')}`);
  }
  return BENCHES.filter((entry) => names.some((name) => matches(entry, name)));
}

function matches({ name, gives, with: other }: BenchEntry, wanted: string): boolean {
  return (
    wanted === name ||
    wanted === other ||
    gives.some((beginning) => beginning.startsWith(wanted) || wanted.startsWith(beginning))
  );
}

const WIDTHS = [36, 11, 24, 16, 15];

function line(cells: readonly string[]): void {
  process.stdout.write(
    `${cells
      .map((cell, i) => (i === 1 ? cell.padStart(WIDTHS[i]!) : cell.padEnd(WIDTHS[i] ?? 0)))
      .join(' ')
      .trimEnd()}\n`,
  );
}

function show(figure: Figure): void {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(figure)}\n`);
    return;
  }
  const { metric, value, unit, subject } = figure;
  const target = TARGETS.find((each) => each.metric === metric);
  const ours = target && subject === SUBJECT;
  const verdict = ours ? (reached(target, value) ? 'reached' : 'MISSED') : '';
  line([
    metric,
    value.toLocaleString('en', { maximumSignificantDigits: 6 }),
    unit,
    subject,
    ours ? target.reach : '',
    verdict,
  ]);
}

const measured = new Set<string>();
if (!flags.json) line(['metric', 'value', 'unit', 'subject', 'reach']);
for (const entry of chosen()) {
  const why = hindrance(entry);
  if (why !== undefined) {
    process.stderr.write(`bench: ${entry.name}: ${why}\n`);
    continue;
  }
  for (const figure of await run(entry)) {
    measured.add(figure.metric);
    if (isWanted(figure.metric)) show(figure);
  }
}
const unmeasured = TARGETS.filter(({ metric }) => !measured.has(metric) && isWanted(metric));
if (unmeasured.length > 0) {
  process.stderr.write(`bench: not measured: ${unmeasured.map(({ metric }) => metric).join(', ')}\n`);
}
