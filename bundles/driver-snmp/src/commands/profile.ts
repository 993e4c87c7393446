import { lintProfile, type Profile, type ProfileProblem, profiles } from '@rackwatt/device-profiles';
import { type Command, type CommandInput, RackwattError } from 'rackwatt';
import { readDocument, readProfile, readProfiles } from '../profile-files.js';

const command: Command = {
  summary: 'models as data: what is known, and whether a profile of your own is right',
  commands: {
    list: {
      summary: 'families that can be read, with what is read of them and how well that is known',
      options: {
        '--profiles <folder>': 'also those of this folder',
        '--json': 'print JSON',
      },
      run: list,
    },
    lint: {
      summary: 'check profiles: every problem with its place',
      arguments: '<file...>',
      options: {
        '--mib <file>': {
          description: "also compare them with this module of the maker's MIB; those that it imports first",
          repeatable: true,
        },
        '--json': 'print JSON',
      },
      run: lint,
    },
  },
};

export default command;

/** A family as `profile list --json` prints it. */
export interface ListedProfile {
  name: string;
  title: string;
  vendor: string;
  /** `recording`: seen to read a recorded device; `facts`: made from the MIB alone. */
  evidence: Profile['evidence'];
  source: string;
  sysObjectId: string[];
  /** Metrics by level: inlet, phase, branch, outlet, sensor, unit. */
  measures: Record<string, string[]>;
  switches: boolean;
  thresholds: boolean;
  notifications: number;
}

export function listed({
  name,
  title,
  vendor,
  evidence,
  source,
  recognise,
  parts,
  notifications,
}: Profile): ListedProfile {
  const measures: Record<string, string[]> = {};
  for (const { part, points } of parts) {
    const metrics = (measures[levelName(part)] ??= []);
    for (const { metric, threshold } of points)
      if (threshold === undefined && !metrics.includes(metric)) metrics.push(metric);
  }
  return {
    name,
    title,
    vendor,
    evidence,
    source,
    sysObjectId: [...new Set(recognise.flatMap(({ sysObjectId }) => sysObjectId ?? []))],
    measures: Object.fromEntries(Object.entries(measures).filter(([, metrics]) => metrics.length > 0)),
    switches: parts.some((part) => part.switch !== undefined),
    thresholds: parts.some(({ points }) => points.some((point) => point.thresholds ?? point.threshold)),
    notifications: notifications?.length ?? 0,
  };
}

function levelName(part: string): string {
  // A name may stand for `phase/L1` as a whole.
  const [level = '', , ...rest] = part.split('/');
  if (rest.length === 0) return level;
  return level === 'inlet' ? 'phase' : 'pole';
}

async function list(input: CommandInput): Promise<void> {
  const folder = input.options['profiles'];
  const own = typeof folder === 'string' ? readProfiles(folder) : [];
  const names = new Set(own.map(({ name }) => name));
  const all = [...own, ...profiles().filter(({ name }) => !names.has(name))]
    .map(listed)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (input.options['json'] === true) return input.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  const rows = all.map((each) => [
    each.name,
    each.evidence,
    Object.keys(each.measures).join(' '),
    each.switches ? 'switches' : '',
    each.title,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  input.stdout.write(`${lines.join('\n')}\n\n${all.length} profiles; "rackwatt probe HOST" finds the one that fits\n`);
}

async function lint(input: CommandInput): Promise<number> {
  const mib = await mibOf(input.options['mib']);
  const results = input.arguments.map((path) => ({ path, problems: problemsOf(path, mib) }));
  if (input.options['json'] === true) {
    input.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  } else {
    for (const { path, problems } of results) {
      for (const { severity, place, problem } of problems)
        input.stdout.write(`${path}: ${severity}: ${place}: ${problem}\n`);
      if (problems.length === 0) input.stdout.write(`${path}: right\n`);
    }
  }
  return results.some(({ problems }) => problems.some(({ severity }) => severity === 'error')) ? 1 : 0;
}

type ComparedWith = (profile: Profile) => ProfileProblem[];

/** The reader of MIBs is loaded only when one is named. */
async function mibOf(paths: CommandInput['options'][string]): Promise<ComparedWith | undefined> {
  if (paths === undefined || typeof paths === 'boolean') return undefined;
  const [{ readMibs }, { checkAgainst }] = await Promise.all([import('../mib/module.js'), import('../mib/check.js')]);
  const mib = readMibs([paths].flat());
  return (profile) => checkAgainst(mib, profile);
}

/** What cannot be read is a problem of that file, so that the others are checked all the same. */
function problemsOf(path: string, mib: ComparedWith | undefined): ProfileProblem[] {
  try {
    const problems = lintProfile(readDocument(path));
    if (!mib || problems.some(({ severity }) => severity === 'error')) return problems;
    return [...problems, ...mib(readProfile(path))];
  } catch (error) {
    if (!(error instanceof RackwattError)) throw error;
    return [{ severity: 'error', place: '/', problem: error.message }];
  }
}
