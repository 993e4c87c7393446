import type { Diagnosis, HeldReport } from '../node/doctor.js';
import type { Command } from './contract.js';
import { json } from './output.js';

/** What to do about each kind of holder. */
const ADVICE: Record<string, string> = {
  timer:
    'it was started past the container, by globalThis or by shared code; start it with the plain setTimeout of the module, or clear it in scope.add(...)',
  listener: 'take it off when the component goes down: scope.add("listener", () => emitter.off(...))',
  global: 'delete it when the component goes down, or keep it in a module instead',
  module: 'who keeps it must forget it when the component goes down: undo what was registered there in scope.add(...)',
  promise: 'settle it when the component goes down: scope.signal aborts then',
  error: 'keep its message and stack as texts instead of the error, or read .stack where it is caught',
  'async-context': 'keep no functions or objects of the bundle in an AsyncLocalStorage that outlives it',
  handle: 'close it when the component goes down: scope.own("handle", handle)',
  registry: 'it goes with its key or target; hold no closure of the bundle there',
  revision: 'it goes with that one',
  unknown: 'the way to it, in the terms of V8, is in --json',
};

/** Revisions that are told with what holds them; of the rest, how many. */
const MOST = 4;

export const doctor: Command = {
  summary: 'which old revisions of a bundle are still in memory, what holds them, and at what cost',
  arguments: '<name>',
  options: {
    '--quick': 'without the heap snapshot, for which the node stands still: only whether something is held',
    '--json': 'print JSON',
  },
  async run({ arguments: [name], options, stdout, stderr, call }) {
    const quick = options['quick'] === true;
    if (!quick && !options['json'])
      stderr.write('collecting garbage; if something is held, the node stands still while a heap snapshot is taken\n');
    const diagnosis = (await call('bundle.doctor', { name, quick })) as Diagnosis;
    stdout.write(options['json'] ? json(diagnosis) : told(diagnosis, quick));
  },
};

function told(diagnosis: Diagnosis, quick: boolean): string {
  const { name, version, state, live, held, contracts, pauses, heap } = diagnosis;
  const lines = [`${name} ${version} is ${state}`, `  runs now: ${liveText(live)}`];
  for (const { revision, users } of contracts) lines.push(`  ${revision} are in use by ${users.join(', ')}: no leak`);
  lines.push('');
  if (held.length === 0) lines.push('no old revision is in memory: every swap so far was clean');
  else {
    const kilobytes = held.reduce((sum, each) => sum + (each.kilobytes ?? 0), 0);
    const cost = quick ? '' : `, ${size(kilobytes)} in all`;
    lines.push(
      `${held.length === 1 ? 'an old revision is' : `${held.length} old revisions are`} still in memory${cost}:`,
    );
    for (const each of held.slice(0, MOST)) lines.push(...heldLines(each));
    if (held.length > MOST) lines.push(`  ... and ${held.length - MOST} more; --json shows all`);
    if (quick) lines.push('', 'without --quick it is said what holds them');
  }
  const stood = [`${pauses.collection.toFixed(0)} ms for the collection of garbage`];
  if (pauses.snapshot !== undefined) stood.push(`${pauses.snapshot.toFixed(0)} ms for the snapshot of ${heap} MB`);
  lines.push('', `the node stood still for ${stood.join(' and ')}`);
  return `${lines.join('\n')}\n`;
}

function liveText({ components, services, effects }: Diagnosis['live']): string {
  const of = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([what, count]) => (count === 1 ? what : `${count} x ${what}`))
      .join(', ') || 'none';
  return `components: ${of(components)}; services: ${services}; open: ${of(effects)}`;
}

function heldLines({ revision, since, kilobytes, holders }: HeldReport): string[] {
  const cost = kilobytes === undefined ? '' : `, about ${size(kilobytes)}`;
  const lines = [`  ${revision}, ${since === undefined ? 'no longer imported' : `dropped ${ago(since)} ago`}${cost}`];
  for (const { kind, by, count, held } of holders ?? []) {
    const what = held ? ` holds ${held}` : '';
    lines.push(`    ${count === 1 ? '' : `${count} x `}${by}${what}`, `      -> ${ADVICE[kind] ?? ADVICE['unknown']}`);
  }
  return lines;
}

function size(kilobytes: number): string {
  return kilobytes >= 10_000 ? `${(kilobytes / 1024).toFixed(0)} MB` : `${kilobytes} kB`;
}

function ago(since: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
